"""Files of a commit, whose contents are read from git's store."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Self

from reconciler.codes import Code
from reconciler.errors import Place, Problem
from reconciler.source.git import Git
from reconciler.source.ids import Ids
from reconciler.source.objects import Entry, read_blobs
from reconciler.source.snapshot import Files, make_file_name_problem


class CommittedFiles(Files):
    """Files of a commit: their contents are read from git's store.

    Of an entry only what is asked for later is kept, in a few bytes: worker processes begin as copies of
    this one, with all that it ever held.
    """

    has_ids = True

    def __init__(self, git: Git, named: Collection[str] = ()) -> None:
        self.paths: list[str] = []
        self.sizes: array[int] = array("l")
        self.named = named
        self.faults: dict[int, Problem] = {}
        self._git = git
        self._ids = Ids()

    def add(self, entry: Entry) -> None:
        """Add a file; `sort_by_path` comes after the last."""
        if entry.fault:
            self.faults[len(self.paths)] = make_file_name_problem(entry.path, entry.fault)
        self.paths.append(entry.path)
        self.sizes.append(entry.size or 0)
        self._ids.append(entry.oid.decode())

    def sort_by_path(self) -> Self:
        """These files in order of their paths, as git lists them but for a tree that was made by hand."""
        order = sorted(range(len(self)), key=self.paths.__getitem__)
        unordered, self._ids = self._ids, Ids()
        for number in order:
            self._ids.append(unordered[number])
        self.paths = [self.paths[number] for number in order]
        self.sizes = array("l", (self.sizes[number] for number in order))
        self.faults = {at: self.faults[number] for at, number in enumerate(order) if number in self.faults}
        for number, (path, following) in enumerate(pairwise(self.paths), start=1):
            if path == following:
                self.faults.setdefault(number, make_duplicate_problem(path))
        return self

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents of some of the files; see `Files`."""
        oids = [self._ids[number].encode() for number in numbers]
        named = frozenset(at for at, number in enumerate(numbers) if self.paths[number] in self.named)
        return read_blobs(self._git, oids, named)

    def list_ids(self) -> Sequence[str]:
        """The ids of their blobs; see `Files`."""
        return self._ids


def make_duplicate_problem(path: str) -> Problem:
    """The problem of a path that a tree, which was made by hand, has twice."""
    message = "two files of one name in the commit"
    return Problem(Place(path, 1, 1), Code.DUPLICATE_FILE, message, "remove one of them")
