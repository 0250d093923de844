"""The commit that a branch is compared with, and what it declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from reconciler.compare.match import get_version_key
from reconciler.diff import are_same
from reconciler.manifest.outlines import Outlines, read_again
from reconciler.manifest.places import FieldPlaces
from reconciler.manifest.settings import load_settings, make_read_filter
from reconciler.model import Artifact, Comparison, Declared, Outline
from reconciler.source.history.commits import Completeness
from reconciler.source.snapshot import EVERYTHING, Snapshot, select_manifests_in

if TYPE_CHECKING:
    from reconciler.source.repository import Repository


@dataclass(frozen=True, slots=True)
class Base:
    """The commit that a branch is compared with.

    Args:
        repository: has all of these.
        commit: the one compared with: where the branch left the tip, if that is known, else the tip.
        tip: the commit asked for.
        head: the commit that is read, or that the work tree is based on.
        scopes: of the repository, what is read.
        is_known: whether `commit` is where the branch left the tip; false where this clone lacks the history.
    """

    repository: Repository
    commit: str
    tip: str
    head: str
    scopes: tuple[PurePosixPath, ...]
    is_known: bool = True


def open_base(
    repository: Repository, scopes: tuple[PurePosixPath, ...], revision: str, read: str | None
) -> tuple[Base, str]:
    """The commit to compare with, and a note about it; empty if there is nothing to note.

    Args:
        repository: the one that is read.
        scopes: what is read of it.
        revision: names the base.
        read: names the commit that is read; `None` for `HEAD`.

    Raises:
        SourceError: either is no commit here.
    """
    tip, head = repository.resolve(revision), repository.resolve(read or "HEAD")
    ancestor = repository.history.find_common_ancestor(tip, head)
    note = "" if ancestor else (
        f"compared with {ascii(revision)[1:-1]} as it is now: where this branch left it is not known here"
        " (in CI: fetch-depth: 0)"
    )  # fmt: skip
    is_known = ancestor is not None or repository.history.completeness is Completeness.WHOLE
    return Base(repository, ancestor or tip, tip, head, scopes, is_known), note


class Before:
    """What the base declares; only files that differ now are read.

    It is read by the settings of now, but with its own defaults, which are part of what it declares.

    Args:
        base: the base.
        snapshot: what is read now.
        comparison: how manifests are compared with what is registered.

    Attributes:
        places: finds where fields of the manifests in files that differ stand.

    Raises:
        SourceError: git or the file system does not give the files.
    """

    def __init__(self, base: Base, snapshot: Snapshot, comparison: Comparison) -> None:
        everywhere, here = select_manifests_in(EVERYTHING), select_manifests_in(base.scopes)
        are_read = make_read_filter(snapshot.settings, has_paths=base.scopes != EVERYTHING)
        files = base.repository.list_files(
            base.commit, lambda path: (everywhere(path) or here(path)) and are_read(path)
        )
        defaults = load_settings(base.repository.read_settings(base.commit))[0].comparison.defaults
        self._comparison = comparison._replace(defaults=defaults)
        self._base_ids = dict(files.iterate_ids())
        self._present_ids: dict[str, str] = {}
        if are_same(defaults, comparison.defaults):  # else every file declares something else
            self._present_ids = dict(snapshot.files.iterate_ids())
            if base.scopes != EVERYTHING:  # a manifest may have moved there
                others = base.repository.list_files(
                    base.head, lambda path: everywhere(path) and not here(path)
                )
                self._present_ids |= dict(others.iterate_ids())
        self._files = files.select(lambda path: not self.has_same(path))
        self.places = FieldPlaces(self._files)

    def has_same(self, path: str) -> bool:
        """Whether a file has the same contents now."""
        now = self._present_ids.get(path)
        return now is not None and now == self._base_ids.get(path)

    @cached_property
    def outlines(self) -> Mapping[tuple[Artifact, tuple[str, object]], Outline]:
        """The manifests in files that differ now, by artifact and version key; broken ones are left out.

        Raises:
            SourceError: git does not give the files.
        """
        reading = Outlines(self._files, self._comparison)
        found = chain.from_iterable(reading)
        return {(outline.artifact, get_version_key(outline)): outline for outline in found}

    def read_again(self, outlines: Iterable[Outline]) -> list[Declared]:
        """Manifests as a whole, in the order of their outlines.

        Raises:
            SourceError: as `outlines`.
        """
        return read_again(self._files, list(outlines), self._comparison)
