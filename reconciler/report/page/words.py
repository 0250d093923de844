"""Which words differ between two texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import groupby, takewhile
from operator import itemgetter
from typing import NamedTuple, TypeAlias

# What is read as one is one word: a date, a number, a version. A selector that says how to draw a
# pictograph stays with it.
_WORD = re.compile("\\w+(?:[-+.=~]+\\w+)*|\\s+|.[\ufe0e\ufe0f]*", re.DOTALL)
_MAX_CELLS = 40_000
"""Of the table that texts are compared by; where it would be larger, all that differs is marked as one."""
_MIN_COMMON_SHARE = 0.25
"""Of the letters and digits from the first difference to the last; with less, marks would be confetti."""


class Piece(NamedTuple):
    """A part of a text, and whether the other text has none like it there."""

    text: str
    is_changed: bool


Pieces: TypeAlias = tuple[Piece, ...]


def compare_words(before: str, after: str) -> tuple[Pieces, Pieces]:
    """Both texts in pieces, those that differ marked; the time is bounded by the lengths of the texts."""
    left, right = _WORD.findall(before), _WORD.findall(after)
    common = list(_find_common(left, right))
    in_left = {place for match in common for place in range(match.a, match.a + match.size)}
    in_right = {place for match in common for place in range(match.b, match.b + match.size)}
    return _make_pieces(left, in_left), _make_pieces(right, in_right)


def _find_common(left: Sequence[str], right: Sequence[str]) -> Iterator[Match]:
    """The words that both have: at the beginning, at the end and, if there are enough, between."""
    start = _count_common(left, right)
    end = _count_common(left[start:][::-1], right[start:][::-1])
    yield from (Match(0, 0, start), Match(len(left) - end, len(right) - end, end))
    left, right = left[start : len(left) - end], right[start : len(right) - end]
    if len(left) * len(right) <= _MAX_CELLS:
        found = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
        letters = sum(_count_letters(left[match.a : match.a + match.size]) for match in found)
        if letters >= _MIN_COMMON_SHARE * max(_count_letters(left), _count_letters(right)):
            yield from (Match(start + match.a, start + match.b, match.size) for match in found)


def _count_common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words at the beginning of both are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


def _count_letters(words: Sequence[str]) -> int:
    """How long words are together; punctuation and blanks count nothing."""
    return sum(len(word) for word in words if word[0].isalnum() or word[0] == "_")


def _make_pieces(words: Sequence[str], common: Collection[int]) -> Pieces:
    """The text in as few pieces as possible; a blank between two changed words is changed as well."""
    changed = [place not in common for place in range(len(words))]
    for place in range(1, len(words) - 1):
        if words[place].isspace() and changed[place - 1] and changed[place + 1]:
            changed[place] = True
    groups = groupby(zip(words, changed, strict=True), key=itemgetter(1))
    return tuple(Piece("".join(word for word, _ in group), is_changed) for is_changed, group in groups)
