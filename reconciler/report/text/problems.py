"""Problems for a terminal, as compilers show them: what and where, the line with a caret, and help."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from reconciler.errors import Place, Problem
from reconciler.escape import for_terminal
from reconciler.manifest.excerpts import Excerpt
from reconciler.report.text.plan import Line, Paper, Style

_STYLES: Mapping[str, Style] = {"error": "bad", "warning": "changed"}
_TAB = "    "
_CUT = "..."
_BEFORE = 2 / 3
"""Of a line that is too long, the most that is shown of what stands before the place."""
_WIDEST = 160
"""Cells of a line; nobody reads longer ones."""


def problem_lines(
    problems: Iterable[Problem], excerpts: Mapping[Place, Excerpt], paper: Paper
) -> Iterator[Line]:
    """Each problem: `file:line:column: severity[code]: message`, its line with a caret, and what to do."""
    for problem in problems:
        yield Line(for_terminal(problem.head), _STYLES[problem.severity])
        if excerpt := excerpts.get(problem.place):
            yield from _excerpt_lines(excerpt, problem.place.line, min(paper.width, _WIDEST))
        if problem.hint:
            yield Line(for_terminal(f"  help: {problem.hint}"))


def concise_lines(problems: Iterable[Problem]) -> Iterator[Line]:
    """Each problem on one line, with nothing but what and where."""
    return (Line(for_terminal(problem.head), _STYLES[problem.severity]) for problem in problems)


def _excerpt_lines(excerpt: Excerpt, number: int, width: int) -> Iterator[Line]:
    margin = f"  {number} | "
    room = width - len(margin)
    before, behind = (_visible(part) for part in excerpt)
    # The caret takes a cell, also behind the end of a line.
    before = _last_cells(before, max(int(room * _BEFORE), room - max(_cells(behind), 1)))
    behind = _first_cells(behind, room - _cells(before))
    yield Line(f"{margin}{before}{behind}")
    yield Line(f"{' ' * (len(margin) - 2)}| {' ' * _cells(before)}^", "bad")


def _visible(text: str) -> str:
    return for_terminal(text.replace("\t", _TAB))


def _first_cells(text: str, room: int) -> str:
    """As much of the beginning of a text as there is room for."""
    if _cells(text) <= room:
        return text
    cells, end = 0, 0
    while cells + _width(text[end]) <= room - len(_CUT):
        cells += _width(text[end])
        end += 1
    return text[:end] + _CUT


def _last_cells(text: str, room: int) -> str:
    """As much of the end of a text as there is room for."""
    if _cells(text) <= room:
        return text
    cells, start = 0, len(text)
    while cells + _width(text[start - 1]) <= room - len(_CUT):
        start -= 1
        cells += _width(text[start])
    # A mark belongs to the letter that is cut away.
    while start < len(text) and not _width(text[start]):
        start += 1
    return _CUT + text[start:]


def _cells(text: str) -> int:
    """How wide a text is on a terminal."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
