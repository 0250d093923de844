"""Manifests, read and valid."""

from __future__ import annotations

from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import Self

from reconciler.errors import InvalidManifestsError, Problem
from reconciler.library.calls import SECONDS
from reconciler.manifest.load import Declaration, Loading
from reconciler.workflow.read import Selection, select_snapshot
from reconciler.workflow.validate import validate


class Manifests:
    """What a commit or a work tree declares, all of it valid.

    Only what was fetched from a remote repository has to be closed, by `with` or `close`; until then it
    can be planned with.

    Attributes:
        labels: of what is declared, e.g. `fraud/scorer:4`, in order.
        warnings: about it, in order of place.
        commit: its whole id; `None` outside git, and before the first one.
        in_work_tree: whether files of the work tree were read, which can be planned and not applied.
    """

    labels: tuple[str, ...]
    warnings: tuple[Problem, ...]
    commit: str | None
    in_work_tree: bool

    def __init__(
        self, selection: Selection, loading: Loading, declaration: Declaration, held: ExitStack
    ) -> None:
        self.labels = tuple(outline.label for outline in declaration.manifests)
        self.warnings = declaration.problems
        self.commit = loading.snapshot.commit
        self.in_work_tree = loading.snapshot.in_work_tree
        self._selection = selection
        self._loading = loading
        self._held = held

    def __repr__(self) -> str:
        where = "the work tree" if self.in_work_tree else (self.commit or "")[:10]
        return f"<Manifests {len(self.labels):,} of {where}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was fetched; nothing can be planned with it any more."""
        self._held.close()


def load(
    *paths: str | PathLike[str], ref: str | None = None, repo: str | None = None, timeout: float = SECONDS
) -> Manifests:
    """Read the manifests below some paths, or all of the repository that the current folder is in.

    Args:
        paths: files and folders of one repository.
        ref: the commit to read, by branch, tag or id; without it the work tree is read.
        repo: the https or ssh address of a repository to fetch one commit of, in which the paths are.
        timeout: seconds that fetching may take.

    Raises:
        InvalidManifestsError: there are errors in the manifests; it has all problems, each with its place.
        SourceError: git or the file system does not give the files, or there is none.
    """
    selection = Selection(tuple(map(Path, paths)), ref, repo, timeout)
    with ExitStack() as held:
        loading = Loading(held.enter_context(select_snapshot(selection)))
        declaration = validate(loading)
        if not declaration.is_valid:
            raise InvalidManifestsError(declaration.problems)
        return Manifests(selection, loading, declaration, held.pop_all())
