"""From files to declared versions: every file read, every problem found in one go.

Of a manifest an outline is kept. Whoever needs the document has it read again, which is why a snapshot
keeps its files at hand and not their contents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from reconciler.errors import Problem, SourceError
from reconciler.manifest.memory import Memory
from reconciler.manifest.outlines import ChangedError, Outlines
from reconciler.manifest.places import FieldPlaces
from reconciler.manifest.rules.collisions import find_collisions
from reconciler.manifest.rules.problems import Problems
from reconciler.manifest.settings import Settings, find_unused_paths, load_settings
from reconciler.model import Declared, Outline
from reconciler.source.snapshot import EVERYTHING, Snapshot

_GROUPS_TOGETHER = 200
"""Artifacts whose manifests are read again at once: about 2,500 manifests, which take 8 MiB."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a snapshot declares, in an order that does not depend on the files'.

    `files` counts those that may hold manifests, `other_files` the YAML and JSON of other tools, and `others`
    the documents of other types in `files`. With an error among
    `problems`, `manifests` is incomplete: those that can not stand beside others are not among them.
    """

    snapshot: Snapshot
    manifests: tuple[Outline, ...]
    files: int
    other_files: int
    others: int
    problems: tuple[Problem, ...]
    settings: Settings = field(default_factory=Settings)

    @property
    def documents(self) -> int:
        """How many documents were found, manifests or not; broken manifests count as problems only."""
        return len(self.manifests) + self.others

    @property
    def is_valid(self) -> bool:
        """Whether no problem is an error."""
        return all(problem.severity != "error" for problem in self.problems)


class Loading:
    """The manifests of a snapshot, as they are read; where other processes are worth it, they begin at once.

    Attributes:
        snapshot: where the files are.
        settings: what the repository says about how they are to be read.
        memory: what is known of some of them already.
        to_look_at: how many manifests were asked for as a whole; another thread may ask.
        looked_at: how many of them were given by now.
        places: finds where fields of the manifests stand.
    """

    def __init__(self, snapshot: Snapshot, memory: Memory | None = None) -> None:
        self.snapshot = snapshot
        self.settings, problems = load_settings(snapshot.settings)
        self.to_look_at = self.looked_at = 0
        self.memory = memory
        self._problems = Problems()
        self._problems.add(chain(snapshot.problems, problems, self._find_unused_paths()))
        self._outlines = Outlines(snapshot.files, self.settings.comparison, memory)
        self.places = FieldPlaces(snapshot.files)
        self._manifests: list[Outline] = []
        self._declaration: Declaration | None = None

    @property
    def found_count(self) -> int:
        """How many manifests were found so far; another thread may ask."""
        return len(self._manifests)

    def load_batches(self) -> Iterator[Sequence[Outline]]:
        """The manifests as they are found, some at a time, in no order; all at once if known already.

        Raises:
            ReconcilerError: a file, or YAML at all, can not be read here.
        """
        if self._declaration:
            yield self._declaration.manifests
            return
        for batch in self._outlines:
            self._manifests += batch
            yield batch

    def stop(self) -> None:
        """Read no more; may be called from another thread than the one that reads."""
        self._outlines.stop()

    def load_declaration(self) -> Declaration:
        """All of the manifests, once they are found, and all problems, as far as `Problems` keeps them.

        Raises:
            ReconcilerError: as `load_batches`.
        """
        if self._declaration:
            return self._declaration
        for _ in self.load_batches():
            pass
        self._manifests.sort(key=_make_sort_key)
        self._problems.add(self._outlines.list_problems())
        collisions = list(find_collisions(self._manifests))
        self._problems.add(collisions)
        refused = {problem.place for problem in collisions if problem.severity == "error"}
        outlines = self._outlines
        self._declaration = Declaration(
            self.snapshot,
            tuple(manifest for manifest in self._manifests if manifest.place not in refused),
            outlines.files_read,
            outlines.other_files + len(self.snapshot.unread),
            outlines.others,
            self._problems.list_by_place(),
            self.settings,
        )
        return self._declaration

    def read_again(self, outlines: Sequence[Outline]) -> list[Declared]:
        """The manifests whose outlines are given, as a whole and in that order.

        Raises:
            SourceError: one of them can not be read, or says something else by now.
        """
        try:
            return self._outlines.read_again(outlines)
        except ChangedError as error:
            if self.memory:
                self.memory.delete()  # it may be what was wrong
            raise SourceError(str(error), error.hint) from None

    def read_documents(self, groups: Sequence[Sequence[Outline]]) -> Iterator[Sequence[Declared]]:
        """The manifests of groups of outlines, as a whole; only those of some groups are held at a time.

        Raises:
            SourceError: as `read_again`.
        """
        self.to_look_at = sum(map(len, groups))
        for begin in range(0, len(groups), _GROUPS_TOGETHER):
            together = groups[begin : begin + _GROUPS_TOGETHER]
            again = iter(self.read_again(list(chain.from_iterable(together))))
            for group in together:
                yield tuple(islice(again, len(group)))
                self.looked_at += len(group)

    def _find_unused_paths(self) -> Iterator[Problem]:
        """Of the settings; paths on the command line count in their place."""
        snapshot, paths = self.snapshot, self.settings.paths
        if snapshot.settings and paths and snapshot.scopes == EVERYTHING:
            yield from find_unused_paths(
                snapshot.settings, paths, chain(snapshot.files.paths, snapshot.unread)
            )


def _make_sort_key(outline: Outline) -> tuple[Any, ...]:
    version, place = outline.version, outline.place
    return (
        outline.artifact.ml_repo,
        outline.artifact.name,
        version is None,
        version or 0,
        outline.alias or "",
        outline.uri or "",
        place.file,
        place.line,
        place.column,
    )
