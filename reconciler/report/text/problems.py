"""Problems for a terminal, as compilers show them: place and message, the line with a caret, a hint."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from reconciler.errors import Place, Problem
from reconciler.escape import for_terminal
from reconciler.manifest.excerpts import Excerpt
from reconciler.report.text.plan import Line, Style, TextLayout

_STYLES: Mapping[str, Style] = {"error": "bad", "warning": "changed"}
_TAB = "    "
_CUT = "..."
_MAX_BEFORE_SHARE = 2 / 3
"""Of the room for a line that is too long: how much may be used for text before the caret."""
_MAX_LINE_CELLS = 160
"""Cells of the terminal; longer lines are hard to read."""


def render_problems(
    problems: Iterable[Problem], excerpts: Mapping[Place, Excerpt], layout: TextLayout
) -> Iterator[Line]:
    """Each problem: `file:line:column: severity[code]: message`, its line with a caret, and the hint."""
    for problem in problems:
        yield Line(for_terminal(problem.head), _STYLES[problem.severity])
        if excerpt := excerpts.get(problem.place):
            yield from _render_excerpt(excerpt, problem.place.line, min(layout.width, _MAX_LINE_CELLS))
        if problem.hint:
            yield Line(for_terminal(f"  help: {problem.hint}"))


def render_concise_problems(problems: Iterable[Problem]) -> Iterator[Line]:
    """Each problem on one line: place, severity, code and message."""
    return (Line(for_terminal(problem.head), _STYLES[problem.severity]) for problem in problems)


def _render_excerpt(excerpt: Excerpt, number: int, width: int) -> Iterator[Line]:
    margin = f"  {number} | "
    room = width - len(margin)
    before, behind = (_make_visible(part) for part in excerpt)
    # The caret takes a cell, also behind the end of a line.
    before = _cut_start(before, max(int(room * _MAX_BEFORE_SHARE), room - max(_count_cells(behind), 1)))
    behind = _cut_end(behind, room - _count_cells(before))
    yield Line(f"{margin}{before}{behind}")
    yield Line(f"{' ' * (len(margin) - 2)}| {' ' * _count_cells(before)}^", "bad")


def _make_visible(text: str) -> str:
    return for_terminal(text.replace("\t", _TAB))


def _cut_end(text: str, room: int) -> str:
    """At most `room` cells of a text; where it is longer, its beginning and `...`."""
    if _count_cells(text) <= room:
        return text
    cells, end = 0, 0
    while cells + _count_cells_of_character(text[end]) <= room - len(_CUT):
        cells += _count_cells_of_character(text[end])
        end += 1
    return text[:end] + _CUT


def _cut_start(text: str, room: int) -> str:
    """At most `room` cells of a text; where it is longer, `...` and its end."""
    if _count_cells(text) <= room:
        return text
    cells, start = 0, len(text)
    while cells + _count_cells_of_character(text[start - 1]) <= room - len(_CUT):
        start -= 1
        cells += _count_cells_of_character(text[start])
    # A mark belongs to the letter that is cut away.
    while start < len(text) and not _count_cells_of_character(text[start]):
        start += 1
    return _CUT + text[start:]


def _count_cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_count_cells_of_character, text))


def _count_cells_of_character(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
