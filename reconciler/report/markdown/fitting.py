"""Fit sections into a limited number of bytes, each in the richest form for which there is room.

A section shows all its items in the same form: whole, brief, or on one line each. Items that have no room
even for a line are counted, per group. A form that no longer fits is dropped at once, so memory is bounded
by the room and not by the number of items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from reconciler.escape import as_code_span, for_terminal
from reconciler.report.shorten import shorten_end

_MAX_GROUPS_SHARE = 0.25
"""Of the room of a section that can not list everything: the most that the counts per group may take."""
_MAX_GROUP_CHARACTERS = 100
_LAST_GROUPS_BYTES = 40
"""Room for the line that counts the groups that are not listed."""


class Form(IntEnum):
    """How much is shown of an item, the richest form first."""

    WHOLE = 0
    BRIEF = 1
    LINE = 2
    COUNTED = 3


class Kind(NamedTuple):
    """How an item is counted if there is no room for it.

    Args:
        group: the ML repo that it belongs to; empty for items without groups.
        phrase: Markdown that follows a number of them, e.g. `to create`.
    """

    group: str = ""
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class FittedSection:
    """A section as it is shown.

    Args:
        text: Markdown with a final line end; empty if there was no room at all.
        form: the form of its items, the poorest one if there are several.
        unlisted: how many items are only counted.
        is_whole: whether nothing is left out.
    """

    text: str
    form: Form
    unlisted: int
    is_whole: bool

    @property
    def size_bytes(self) -> int:
        """Bytes of the text as UTF-8."""
        return count_bytes(self.text)


def count_bytes(text: str) -> int:
    """Bytes of a text as UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


class Section:
    """Items under a title.

    Args:
        title: Markdown without a line end.
        totals: how many items there are of each kind.
        forms: the forms that the items have, the richest first; `LINE` is the last.
        room: bytes that the whole document may have.
    """

    def __init__(self, title: str, totals: Counter[Kind], forms: Sequence[Form], room: int) -> None:
        self._head = f"{title}\n\n"
        self._totals = totals
        self._entries = {form: _Entries(room - count_bytes(self._head)) for form in forms}
        self._listed: list[Kind] = []

    def __len__(self) -> int:
        return self._totals.total()

    def add(self, kind: Kind, forms: Mapping[Form, Callable[[], str]]) -> None:
        """Add an item, whose forms are rendered only if there is still room for them.

        Items that are not added because the section is full are counted by `totals`.
        """
        for form, entries in self._entries.items():
            if not entries.is_over and entries.add(forms[form]()) and form is Form.LINE:
                self._listed.append(kind)
            if entries.is_over and form is not Form.LINE:
                entries.texts.clear()

    @property
    def is_full(self) -> bool:
        """Whether there is no room for the line of another item, so that none need be added."""
        return self._entries[Form.LINE].is_over

    @property
    def min_bytes(self) -> int:
        """Bytes of the section if it only counts its items."""
        return count_bytes(self._head) + count_bytes(_render_unlisted_count(len(self))) + 1

    @property
    def bytes_in_lines(self) -> int:
        """Bytes of the section with a line per item; more than `room` if that does not fit."""
        entries = self._entries[Form.LINE]
        return count_bytes(self._head) + entries.size + 1

    def fit(self, room: int) -> FittedSection:
        """The section in the richest form that fits into `room` bytes."""
        richest = next(iter(self._entries))
        for form, entries in self._entries.items():
            blank = "\n" if form is Form.LINE else ""
            if not entries.is_over and count_bytes(self._head) + entries.size + len(blank) <= room:
                return FittedSection(f"{self._head}{''.join(entries.texts)}{blank}", form, 0, form is richest)
        return self._fit_in_part(room)

    def _fit_in_part(self, room: int) -> FittedSection:
        """As many lines as fit, and counts of the other items."""
        if room < self.min_bytes:
            return FittedSection("", Form.COUNTED, len(self), is_whole=False)
        lines = self._entries[Form.LINE].texts
        room -= self.min_bytes
        # The counts of the unlisted items take at most as much room as those of all items.
        for_groups = min(sum(map(count_bytes, _list_groups(self._totals))), int(room * _MAX_GROUPS_SHARE))
        shown = _count_fitting(lines, room - for_groups)
        unlisted = self._totals - Counter(self._listed[:shown])
        parts = [self._head, *lines[:shown], _render_unlisted_count(unlisted.total())]
        parts += _fit_groups(list(_list_groups(unlisted)), room - sum(map(count_bytes, lines[:shown])))
        return FittedSection("".join((*parts, "\n")), Form.COUNTED, unlisted.total(), is_whole=False)


def _render_unlisted_count(number: int) -> str:
    return f"- **{number:,}** not listed here\n"


class _Entries:
    """The items of a section in one form."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.texts: list[str] = []
        self.size = 0

    @property
    def is_over(self) -> bool:
        """Whether they take more than the room."""
        return self.size > self._room

    def add(self, text: str) -> bool:
        """Add a text and return true; return false if there is no room for it."""
        self.size += count_bytes(text)
        if self.is_over:
            return False
        self.texts.append(text)
        return True


def fit_sections(sections: Sequence[Section], room: int) -> list[FittedSection]:
    """Fit the sections into `room` bytes together; the first ones matter most.

    Each section may take what is left when the sections after it have a line per item, or half of the
    remaining room if that is more; but it always leaves them enough to count their items.
    """
    fitted = []
    for number, section in enumerate(sections, start=1):
        behind = sections[number:]
        share = max(room - sum(other.bytes_in_lines for other in behind), room // 2)
        fitted.append(section.fit(min(share, room - sum(other.min_bytes for other in behind))))
        room -= fitted[-1].size_bytes
    return fitted


def _count_fitting(texts: Sequence[str], room: int) -> int:
    """How many of the texts fit, from the first on."""
    for number, text in enumerate(texts):
        room -= count_bytes(text)
        if room < 0:
            return number
    return len(texts)


def _fit_groups(lines: Sequence[str], room: int) -> list[str]:
    """The lines of the largest groups, and one that counts the others."""
    if _count_fitting(lines, room) == len(lines):
        return list(lines)
    listed = _count_fitting(lines, room - _LAST_GROUPS_BYTES)
    return [*lines[:listed], f"  - and {len(lines) - listed:,} more ML repos\n"] if listed else []


def _list_groups(totals: Counter[Kind]) -> Iterator[str]:
    """A line per group with its counts, the largest group first; none for items without groups."""
    groups: dict[str, list[str]] = {}
    sizes: Counter[str] = Counter()
    for kind, number in sorted(totals.items()):
        if kind.group:
            groups.setdefault(kind.group, []).append(f"{number:,} {kind.phrase}")
            sizes[kind.group] += number
    for group, _ in sizes.most_common():
        name = as_code_span(shorten_end(for_terminal(group), _MAX_GROUP_CHARACTERS))
        yield f"  - {name}: {', '.join(groups[group])}\n"
