"""Sentences of a page: plain text with code and links in it, for the macro in `sentence.html.j2`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from reconciler.report.shorten import shorten_end
from reconciler.report.web import WebPages

MAX_TEXT_CHARACTERS = 300
_MAX_NAMES = 10


class Inline(NamedTuple):
    """A part of a sentence that is data, set as code, or a link, or both; `address` is that of the link."""

    text: str
    address: str | None = None
    is_code: bool = True


Sentence: TypeAlias = Iterable[str | Inline]


def make_code(text: str, address: str | None = None) -> Inline:
    """Data in a length that a page can hold."""
    return Inline(shorten_end(text, MAX_TEXT_CHARACTERS), address)


def make_commit(commit: str, web: WebPages | None, characters: int | None = None) -> Inline:
    """A commit, or its first `characters`, linked to its web page if there is one."""
    return make_code(commit[:characters], web.link_commit(commit) if web else None)


def list_names(names: tuple[str, ...]) -> Iterator[str | Inline]:
    """The first names as code, and the number of the others."""
    for name in names[:_MAX_NAMES]:
        yield from (", ", make_code(name)) if name is not names[0] else (make_code(name),)
    if len(names) > _MAX_NAMES:
        yield f" and {len(names) - _MAX_NAMES:,} more"
