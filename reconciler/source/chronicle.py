"""Every content that files have had on the first-parent line of a commit, and what took contents away.

Of a change of a file three numbers are kept, of a commit and a content the id: a history of 100,000
commits, of which each changes ten files, takes 200 MiB at most.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from reconciler.errors import SourceError
from reconciler.source.eras import Eras, ReadBy
from reconciler.source.git import Git
from reconciler.source.history import History, Touch
from reconciler.source.objects import read_blobs, read_sizes
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import SETTINGS_FILE, Files, is_json

_NOTHING = -1
_SETTINGS = str(SETTINGS_FILE)
_MOST_BYTES = 4 * 1024**3
"""Of all contents together, which are read one after another."""


class _Step(NamedTuple):
    """What a commit did to a file: the numbers of the commit and of the contents before and after."""

    commit: int
    before: int
    after: int


class Chronicle:
    """What files have been.

    Args:
        git: git, told where the repository is.
        commit: the full id of the last commit that counts.
        read_by: says what is read by the settings of a commit; what they leave out is not told of.

    Raises:
        SourceError: git failed, or there is no end to it.
    """

    def __init__(self, git: Git, commit: str, read_by: ReadBy) -> None:
        self._git = git
        self._eras = Eras(git, commit, read_by)
        self._commits: list[str] = []
        self._numbers: dict[bytes, int] = {}
        self._steps = tuple(array("i") for _ in _Step._fields)
        self._turns: dict[int, list[_Step]] = {}
        """What settings did to files that stayed as they were, by the number of their commit."""
        self._began: list[int] = []
        """The numbers of the commits with which eras began, the last first."""
        self._until: dict[str, int] = {}
        """In which era a file was what it was before it was touched last, where that is not the last era."""
        for touch in History(git).first_parent_touches(commit, self._is_wanted):
            self._take(touch)

    def contents(
        self, but_for: Iterable[tuple[str, str]], are_wanted: Callable[[bytes], bool] = lambda _: True
    ) -> Contents:
        """The contents, each once, that some other files do not have.

        Args:
            but_for: their paths, and the ids of their blobs.
            are_wanted: says of a content whether it is to be among them.

        Raises:
            SourceError: git does not have them all, or they are too large together.
        """
        known = {name_content(oid, path).encode() for path, oid in but_for}
        found = Contents(self._git, [name.decode() for name in self._numbers if name not in known])
        wanted = [file.path for file in found if are_wanted(file.data)]
        return Contents(self._git, wanted)

    def removals(self, holders: Mapping[str, Collection[str]]) -> Mapping[str, str]:
        """The last commit that took something away from all contents that have it, by its id.

        Args:
            holders: for each thing looked for, the contents that have it, as `Contents` names them; some may
                be of other histories.
        """
        found: dict[str, str] = {}
        things: dict[int, set[str]] = {}
        for thing, names in holders.items():
            for name in names:
                if (number := self._numbers.get(name.encode())) is not None:
                    things.setdefault(number, set()).add(thing)
        steps = map(_Step, *self._steps)
        nothing: frozenset[str] = frozenset()
        for number, of_commit in groupby(steps, key=lambda step: step.commit):
            lost: set[str] = set()
            kept: set[str] = set()
            for step in chain(of_commit, self._turns.get(number, ())):
                lost |= things.get(step.before, nothing)
                kept |= things.get(step.after, nothing)
            for thing in lost - kept:
                found.setdefault(thing, self._commits[number])
        return found

    def _is_wanted(self, path: str) -> bool:
        return path == _SETTINGS or self._eras.ever_read(path)

    def _take(self, touch: Touch) -> None:
        """Note what a commit did, by the settings in it and in its parent."""
        if not self._commits or self._commits[-1] != touch.commit:
            self._commits.append(touch.commit)
            if touch.commit in self._eras.began:
                self._began.append(len(self._commits) - 1)
        number, path = len(self._commits) - 1, touch.path
        if path == _SETTINGS:
            self._add(_Step(number, _NOTHING, _NOTHING))
            return
        earlier = len(self._began)
        era = earlier - (touch.commit in self._eras.began)
        before = touch.before[0] if touch.before else None
        for turn in range(self._until.get(path, 0), era):
            newer, older = self._number(touch.after, path, turn), self._number(touch.after, path, turn + 1)
            if newer != older:
                of_settings = self._began[turn]
                self._turns.setdefault(of_settings, []).append(_Step(of_settings, older, newer))
        self._add(_Step(number, self._number(before, path, earlier), self._number(touch.after, path, era)))
        if earlier:
            self._until[path] = earlier

    def _number(self, oid: str | None, path: str, era: int) -> int:
        """The number of a content of a file, if it was read from there in an era."""
        if oid is None or not self._eras.are_read[era](path):
            return _NOTHING
        return self._numbers.setdefault(name_content(oid, path).encode(), len(self._numbers))

    def _add(self, step: _Step) -> None:
        for column, value in zip(self._steps, step, strict=True):
            column.append(value)


class Contents(Files):
    """Contents that files have had: as files that are named by them.

    Args:
        git: git, told where the repository is.
        names: the id of each blob, and what a file of its kind ends with.

    Raises:
        SourceError: git does not have them all, or they are too large together.
    """

    def __init__(self, git: Git, names: Sequence[str]) -> None:
        self._git = git
        sizes = list(read_sizes(git, [_oid(name) for name in names]))
        if None in sizes:
            raise SourceError(
                "git does not have all contents that files have had", "fetch all of the repository"
            )
        told = [
            (name, size) for name, size in zip(names, sizes, strict=True) if size and size <= MAX_FILE_BYTES
        ]
        self.paths = [name for name, _ in told]
        self.sizes = array("l", (size for _, size in told))
        if sum(self.sizes) > _MOST_BYTES:
            raise SourceError(
                f"more than {_MOST_BYTES // 1024**3} GiB of YAML and JSON in the history",
                "keep manifests in a repository of their own",
            )

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The contents of some; see `Files`."""
        return read_blobs(self._git, [_oid(self.paths[number]) for number in numbers])

    def ids(self) -> Sequence[str]:
        """What tells them apart; see `Files`."""
        return [_oid(name).decode() for name in self.paths]


def name_content(oid: str, path: str) -> str:
    """A content as a file is named, by its id and where it is: what it says may depend on how it is read."""
    return f"{oid}{'.json' if is_json(path) else '.yaml'}"


def _oid(name: str) -> bytes:
    return name.partition(".")[0].encode()
