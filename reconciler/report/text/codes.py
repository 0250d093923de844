"""The pages of `explain`, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from reconciler.codes.pages import Example, Page
from reconciler.report.text.plan import BLANK, Line

_MAX_COLUMNS = 100
"""Columns; longer lines are hard to read."""
_INDENT = "    "


def render_page(page: Page, width: int) -> Iterator[Line]:
    """The page of a code: what is wrong, an example of wrong and right, and the reason for the rule."""
    width = min(width, _MAX_COLUMNS)
    yield from (Line(f"{page.code}: {page.title}", "strong"), BLANK)
    yield from _wrap_paragraphs(page.about, width)
    for title, example in (("Wrong", page.wrong), ("Right", page.right)):
        if example:
            yield from (BLANK, Line(f"{title}:", "strong"), BLANK)
            yield from _indent_example(example)
    yield from (BLANK, Line("Why:", "strong"), BLANK)
    yield from _wrap_paragraphs(page.why, width)


def render_list(pages: Sequence[Page]) -> Iterator[Line]:
    """One line per code, with its title."""
    widest = max(len(page.code) for page in pages)
    return (Line(f"{page.code:{widest}}  {page.title}") for page in pages)


def _wrap_paragraphs(text: str, width: int) -> Iterator[Line]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield BLANK
        lines = wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)
        yield from map(Line, lines)


def _indent_example(example: Example) -> Iterator[Line]:
    return (Line(f"{_INDENT}{line}".rstrip()) for line in example.text.split("\n"))
