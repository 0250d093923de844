"""What each commit on the first-parent line of one did to the contents of files, as numbers.

Of a change of a file three numbers are kept, of a commit and a content the id: a history of 100,000
commits, of which each changes ten files, takes 200 MiB at most while it is made, and a quarter of that from
then on. It is a value that can be written down: what led to a commit never changes.
"""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterator, Sequence
from itertools import chain, groupby, islice
from operator import attrgetter
from typing import Any, NamedTuple

from reconciler.source.git import Git
from reconciler.source.history.commits import History, Touch
from reconciler.source.history.eras import Eras, ReadBy
from reconciler.source.ids import Ids
from reconciler.source.snapshot import SETTINGS_FILE, is_json, is_named_like_a_manifest

_NOTHING = -1
_SETTINGS = str(SETTINGS_FILE)
_YAML, _JSON = ".yaml", ".json"
_MOST_HELD = 10_000
"""Touches of one commit, among which its settings are looked for: one may add 100,000 files."""


class Step(NamedTuple):
    """What a commit did to a file: the numbers of the commit and of the contents before and after."""

    commit: int
    before: int
    after: int


class Names(Sequence[str]):
    """Names of contents, as `name_content` gives them, in a fifth of the bytes that texts take."""

    def __init__(self) -> None:
        self._ids = Ids()
        self._are_json = bytearray()

    def append(self, name: str) -> None:
        """Add one behind the others.

        Raises:
            ValueError: it is none, or its id is of another length.
        """
        oid, kind = name[: -len(_YAML)], name[-len(_YAML) :]
        if kind not in {_YAML, _JSON}:
            raise ValueError(name)
        self._ids.append(oid)
        self._are_json.append(kind == _JSON)

    def find_numbers(self, names: Container[str]) -> dict[str, int]:
        """The numbers of those of some names that are among them."""
        return {name: number for number, name in enumerate(self) if name in names}

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[str]:
        each = zip(self._ids, self._are_json, strict=True)
        return (f"{oid}{_JSON if is_json else _YAML}" for oid, is_json in each)

    def __getitem__(self, index: Any) -> Any:
        return f"{self._ids[index]}{_JSON if self._are_json[index] else _YAML}"


class Record:
    """What commits did.

    Args:
        commits: their full ids, the last first.
        names: of the contents, each once, as `name_content` gives them.
        steps: what they did, in their order: a column for each field of `Step`.
        turns: what settings did to files that stayed as they were, in no order.
    """

    def __init__(
        self,
        commits: Sequence[str] = (),
        names: Sequence[str] = (),
        steps: Sequence[Sequence[int]] = ((), (), ()),
        turns: Sequence[Sequence[int]] = (),
    ) -> None:
        self.commits = list(commits)
        self.names = Names()
        for name in names:
            self.names.append(name)
        self._steps = tuple(array("i", column) for column in steps)
        self._turns: dict[int, list[Step]] = {}
        for turn in turns:
            self.add_turn(Step(*turn))

    @classmethod
    def decode(cls, data: Any) -> Record:
        """The record that `encode` gave.

        Raises:
            ValueError: it gave none.
        """
        try:
            commits, names, steps, turns = data
            record = cls(commits, names, steps, turns)
            whole = record._is_whole(steps) and record._is_whole(tuple(zip(*turns, strict=True)))
            whole = whole and len(frozenset(names)) == len(names)
        except (AttributeError, OverflowError, TypeError, ValueError) as error:
            raise ValueError from error
        if not whole:
            raise ValueError
        return record

    def _is_whole(self, columns: Sequence[Sequence[int]]) -> bool:
        """Whether commits are texts, and columns of steps have numbers only of what there is."""
        contents = range(_NOTHING, len(self.names))
        bounds = zip(columns, (range(len(self.commits)), contents, contents), strict=bool(columns))
        return all(type(each) is str for each in self.commits) and all(
            not column or (min(column) in numbers and max(column) in numbers) for column, numbers in bounds
        )

    def encode(self) -> Any:
        """All of it, as JSON can hold it."""
        turns = list(chain.from_iterable(self._turns.values()))
        return self.commits, list(self.names), [column.tolist() for column in self._steps], turns

    def add_step(self, step: Step) -> None:
        """Add what the last commit did."""
        for column, value in zip(self._steps, step, strict=True):
            column.append(value)

    def add_turn(self, turn: Step) -> None:
        """Add what the settings of an earlier one did."""
        self._turns.setdefault(turn.commit, []).append(turn)

    def iterate_steps(self) -> Iterator[Step]:
        """What they did, commit by commit, the last first."""
        for number, of_commit in groupby(map(Step, *self._steps), key=attrgetter("commit")):
            yield from of_commit
            yield from self._turns.get(number, ())


def record_history(git: Git, history: History, commit: str, read_by: ReadBy) -> Record:
    """What was done up to a commit.

    Args:
        git: that repository's git.
        history: the repository's.
        commit: its full id.
        read_by: says what is read by the settings of a commit; what they leave out does not count.

    Raises:
        SourceError: git failed, or there is no end to it.
    """
    walk = _Walk(Eras(git, history, commit, read_by))
    touches = history.iterate_first_parent_touches(commit, may_matter)
    for oid, of_commit in groupby(touches, key=attrgetter("commit")):
        walk.add_commit(oid, of_commit)
    return walk.record


class _Walk:
    """Goes back from commit to commit, by the settings that held in each."""

    def __init__(self, eras: Eras) -> None:
        self.record = Record()
        self._eras = eras
        self._numbers: dict[bytes, int] = {}
        """Of the contents, by their names; what is made of 100,000 is let go of with the walk."""
        self._began: list[int] = []
        """The numbers of the commits with which eras began, the last first."""
        self._until: dict[str, int] = {}
        """The era in which a file had the content that its last touch replaced, unless that is the last."""

    def add_commit(self, commit: str, touches: Iterator[Touch]) -> None:
        """Add what a commit did, by the settings in it and in its parent."""
        number, era = len(self.record.commits), len(self._began)
        self.record.commits.append(commit)
        first = list(islice(touches, _MOST_HELD))
        settings = next((touch for touch in first if touch.path == _SETTINGS), None)
        if settings is None and len(first) == _MOST_HELD:  # it may come later: compare with the parent
            settings = Touch(commit, "", _SETTINGS, (), None)
        if settings and self._eras.go_back(settings):
            self._began.append(number)
            self.record.add_step(Step(number, _NOTHING, _NOTHING))
        earlier = len(self._began)
        for touch in chain(first, touches):
            if (path := touch.path) == _SETTINGS:
                continue
            self._add_turns(path, touch.after, era)
            before = self._find_number(touch.before[0] if touch.before else None, path, earlier)
            after = self._find_number(touch.after, path, era)
            if (before, after) != (_NOTHING, _NOTHING):
                self.record.add_step(Step(number, before, after))
            if earlier:
                self._until[path] = earlier

    def _add_turns(self, path: str, oid: str | None, since: int) -> None:
        """Add what changes of settings did to a file while it stayed what it was, from an era on."""
        for era in range(self._until.get(path, 0), since):
            newer, older = self._find_number(oid, path, era), self._find_number(oid, path, era + 1)
            if newer != older:
                self.record.add_turn(Step(self._began[era], older, newer))

    def _find_number(self, oid: str | None, path: str, era: int) -> int:
        """The number of a content of a file, if it was read from there in an era."""
        if oid is None or not self._eras.are_read[era](path):
            return _NOTHING
        name, count = name_content(oid, path), len(self._numbers)
        number = self._numbers.setdefault(name.encode(), count)
        if number == count:
            self.record.names.append(name)
        return number


def may_matter(path: str) -> bool:
    """Whether a file is one of the few whose contents some settings have read, or the settings themselves."""
    return path == _SETTINGS or is_named_like_a_manifest(path)


def name_content(oid: str, path: str) -> str:
    """A name for a content: its id, and the suffix by which it is read as JSON or as YAML."""
    return f"{oid}{_JSON if is_json(path) else _YAML}"
