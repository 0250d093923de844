"""What there is to read about codes, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from reconciler.codes.pages import Example, Page
from reconciler.report.text.plan import BLANK, Line

_WIDEST = 100
"""Columns; longer lines are hard to read."""
_INDENT = "    "


def page_lines(page: Page, width: int) -> Iterator[Line]:
    """A page: what is wrong, the example, and why the rule is there."""
    width = min(width, _WIDEST)
    yield from (Line(f"{page.code}: {page.title}", "strong"), BLANK)
    yield from _paragraphs(page.about, width)
    for title, example in (("Wrong", page.wrong), ("Right", page.right)):
        if example:
            yield from (BLANK, Line(f"{title}:", "strong"), BLANK)
            yield from _example_lines(example)
    yield from (BLANK, Line("Why:", "strong"), BLANK)
    yield from _paragraphs(page.why, width)


def list_lines(pages: Sequence[Page]) -> Iterator[Line]:
    """Every code, with what is wrong in a few words."""
    widest = max(len(page.code) for page in pages)
    return (Line(f"{page.code:{widest}}  {page.title}") for page in pages)


def _paragraphs(text: str, width: int) -> Iterator[Line]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield BLANK
        lines = wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)
        yield from map(Line, lines)


def _example_lines(example: Example) -> Iterator[Line]:
    return (Line(f"{_INDENT}{line}".rstrip()) for line in example.text.split("\n"))
