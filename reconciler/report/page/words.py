"""Which words differ between two texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import groupby, takewhile
from operator import itemgetter
from typing import NamedTuple, TypeAlias

# What is read as one is one word: a date, a number, a version. A selector that says how to draw a
# pictograph stays with it.
_WORD = re.compile("\\w+(?:[-+.=~]+\\w+)*|\\s+|.[\ufe0e\ufe0f]*", re.DOTALL)
_MAX_CELLS = 40_000
"""Of the table that two texts are compared by; those that need more have all that differs marked as one."""
_MIN_COMMON_SHARE = 0.25
"""Of the letters and digits from the first difference to the last: below that, marks would be confetti."""


class Piece(NamedTuple):
    """A part of a text, and whether the other text has none like it there."""

    text: str
    is_changed: bool


Pieces: TypeAlias = tuple[Piece, ...]


def compare_words(before: str, after: str) -> tuple[Pieces, Pieces]:
    """Both texts in pieces, those that differ marked; the time taken is bounded but for their lengths."""
    left, right = _WORD.findall(before), _WORD.findall(after)
    start = _count_common(left, right)
    end = _count_common(left[start:][::-1], right[start:][::-1])
    middle_left, middle_right = left[start : len(left) - end], right[start : len(right) - end]
    kept_left, kept_right = _find_kept(middle_left, middle_right)
    return (
        _make_pieces(left, start, _mark_changed(middle_left, kept_left)),
        _make_pieces(right, start, _mark_changed(middle_right, kept_right)),
    )


def _count_common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words two texts begin with that are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


def _find_kept(left: Sequence[str], right: Sequence[str]) -> tuple[list[bool], list[bool]]:
    """Which words are in both, in the same order; none where they are too few."""
    kept_left, kept_right = [False] * len(left), [False] * len(right)
    if len(left) * len(right) > _MAX_CELLS:
        return kept_left, kept_right
    common = 0
    for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        for n in range(block.size):
            kept_left[block.a + n] = kept_right[block.b + n] = True
            common += _count_letters(left[block.a + n])
    if common < _MIN_COMMON_SHARE * max(sum(map(_count_letters, left)), sum(map(_count_letters, right))):
        return [False] * len(left), [False] * len(right)
    return kept_left, kept_right


def _count_letters(word: str) -> int:
    """How much of a text a word is: punctuation and blanks are nothing."""
    return len(word) if word[0].isalnum() or word[0] == "_" else 0


def _mark_changed(words: Sequence[str], kept: Sequence[bool]) -> list[bool]:
    """Which words are marked: those not kept, and blanks between two of them."""
    marked = [not keep for keep in kept]
    for place in range(1, len(words) - 1):
        if words[place].isspace() and marked[place - 1] and marked[place + 1]:
            marked[place] = True
    return marked


def _make_pieces(words: Sequence[str], start: int, marked: Sequence[bool]) -> Pieces:
    """The words put together again: the first ones are the same, then come those of the middle."""
    end = len(words) - start - len(marked)
    marks = [*[False] * start, *marked, *[False] * end]
    return tuple(_join_words(zip(words, marks, strict=True)))


def _join_words(words: Iterable[tuple[str, bool]]) -> Iterable[Piece]:
    for is_changed, group in groupby(words, key=itemgetter(1)):
        yield Piece("".join(word for word, _ in group), is_changed)
