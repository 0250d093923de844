"""A text that has only so much room: each of its sections in the richest form that fits.

A section holds things of one kind, all in the same form: as a whole, brief, or on one line each. Of those
that have no room even for a line the section tells how many there are, and where. Nothing is kept of a
form that has outgrown the room, so neither time nor memory grows with what can not be shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from reconciler.escape import as_code_span, for_terminal
from reconciler.report.shorten import shortened

_FOR_GROUPS = 0.25
"""At most, of the room of a section that can not list everything: to tell where the rest is."""
_LONGEST_GROUP = 100
_FOR_LAST_GROUPS = 40
"""Bytes of the line about groups without a line."""


class Form(IntEnum):
    """How much is shown of a thing, the richest first."""

    WHOLE = 0
    BRIEF = 1
    LINE = 2
    COUNTED = 3


class Kind(NamedTuple):
    """What a thing is counted as.

    Args:
        group: where it belongs: data; empty where things are not grouped.
        phrase: what is said of a number of them, as Markdown, e.g. `to create`.
    """

    group: str = ""
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A section as it is shown.

    Args:
        text: of it, with a line end at its end; empty where there was no room at all.
        form: the poorest in it.
        unlisted: how many things are only counted.
        is_whole: whether nothing is left out.
    """

    text: str
    form: Form
    unlisted: int
    is_whole: bool

    @property
    def size(self) -> int:
        """Bytes."""
        return size(self.text)


def size(text: str) -> int:
    """Bytes of a text."""
    return len(text) if text.isascii() else len(text.encode())


class Section:
    """Things of one kind, under a title.

    Args:
        title: Markdown, above the things; without a line end.
        totals: how many there are of each kind.
        forms: those that the things have, the richest first; `LINE` is the last.
        room: bytes that the whole text may have.
    """

    def __init__(self, title: str, totals: Counter[Kind], forms: Sequence[Form], room: int) -> None:
        self._head = f"{title}\n\n"
        self._totals = totals
        self._piles = {form: _Pile(room - size(self._head)) for form in forms}
        self._listed: list[Kind] = []

    def __len__(self) -> int:
        return self._totals.total()

    def add(self, kind: Kind, forms: Mapping[Form, Callable[[], str]]) -> None:
        """Show a thing where there is room: its forms, each made only if it is needed.

        What is not added, because the section is full, is counted all the same.
        """
        for form, pile in self._piles.items():
            if not pile.is_over and pile.add(forms[form]()) and form is Form.LINE:
                self._listed.append(kind)
            if pile.is_over and form is not Form.LINE:
                pile.texts.clear()

    @property
    def is_full(self) -> bool:
        """Whether there is no room for the line of another thing, which then need not be added."""
        return self._piles[Form.LINE].is_over

    @property
    def least(self) -> int:
        """Bytes that it takes to tell how many things there are."""
        return size(self._head) + size(_not_listed(len(self))) + 1

    @property
    def in_lines(self) -> int:
        """Bytes that it takes to give each thing a line, or more than there is room for."""
        pile = self._piles[Form.LINE]
        return size(self._head) + pile.size + 1

    def fitted(self, room: int) -> Fitted:
        """The section in the richest form that takes no more than `room` bytes."""
        richest = next(iter(self._piles))
        for form, pile in self._piles.items():
            blank = "\n" if form is Form.LINE else ""
            if not pile.is_over and size(self._head) + pile.size + len(blank) <= room:
                return Fitted(f"{self._head}{''.join(pile.texts)}{blank}", form, 0, form is richest)
        return self._in_part(room)

    def _in_part(self, room: int) -> Fitted:
        """As many lines as fit, and the number of the others."""
        if room < self.least:
            return Fitted("", Form.COUNTED, len(self), is_whole=False)
        lines = self._piles[Form.LINE].texts
        room -= self.least
        # What is not listed is a part of all there are, and takes no more room to tell.
        for_groups = min(sum(map(size, _group_lines(self._totals))), int(room * _FOR_GROUPS))
        shown = _prefix(lines, room - for_groups)
        unlisted = self._totals - Counter(self._listed[:shown])
        parts = [self._head, *lines[:shown], _not_listed(unlisted.total())]
        parts += _first_groups(list(_group_lines(unlisted)), room - sum(map(size, lines[:shown])))
        return Fitted("".join((*parts, "\n")), Form.COUNTED, unlisted.total(), is_whole=False)


def _not_listed(number: int) -> str:
    return f"- **{number:,}** not listed here\n"


class _Pile:
    """The things of a section in one form."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.texts: list[str] = []
        self.size = 0

    @property
    def is_over(self) -> bool:
        """Whether not all of them fit."""
        return self.size > self._room

    def add(self, text: str) -> bool:
        """Add a text, unless it is too much; false then."""
        self.size += size(text)
        if self.is_over:
            return False
        self.texts.append(text)
        return True


def fit(sections: Sequence[Section], room: int) -> list[Fitted]:
    """The sections, which share `room` bytes, the first ones first.

    Each may take what is left once those behind it have a line for each of their things, and half of what
    there is in any case; but none so much that another can not tell how many it has.
    """
    fitted = []
    for number, section in enumerate(sections, start=1):
        behind = sections[number:]
        share = max(room - sum(other.in_lines for other in behind), room // 2)
        fitted.append(section.fitted(min(share, room - sum(other.least for other in behind))))
        room -= fitted[-1].size
    return fitted


def _prefix(texts: Sequence[str], room: int) -> int:
    """How many of the first texts fit."""
    for number, text in enumerate(texts):
        room -= size(text)
        if room < 0:
            return number
    return len(texts)


def _first_groups(lines: Sequence[str], room: int) -> list[str]:
    """The lines of the largest groups, and one for those that have none."""
    if _prefix(lines, room) == len(lines):
        return list(lines)
    told = _prefix(lines, room - _FOR_LAST_GROUPS)
    return [*lines[:told], f"  - and {len(lines) - told:,} more ML repos\n"] if told else []


def _group_lines(totals: Counter[Kind]) -> Iterator[str]:
    """What is in each group, the largest first; nothing of things that have no groups."""
    groups: dict[str, list[str]] = {}
    sizes: Counter[str] = Counter()
    for kind, number in sorted(totals.items()):
        if kind.group:
            groups.setdefault(kind.group, []).append(f"{number:,} {kind.phrase}")
            sizes[kind.group] += number
    for group, _ in sizes.most_common():
        name = as_code_span(shortened(for_terminal(group), _LONGEST_GROUP))
        yield f"  - {name}: {', '.join(groups[group])}\n"
