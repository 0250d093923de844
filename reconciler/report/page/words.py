"""Which words differ between two texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

# What is read as one is one word: a date, a number, a version. A selector that says how to draw a
# pictograph stays with it.
_WORD = re.compile("\\w+(?:[-+.=~]+\\w+)*|\\s+|.[\ufe0e\ufe0f]*", re.DOTALL)
_MOST_CELLS = 40_000
"""Of the table that two texts are compared by; those that need more have all that differs marked as one."""
_LEAST_IN_COMMON = 0.25
"""Of the letters and digits from the first difference to the last: below that, marks would be confetti."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and whether the other text has none like it there."""

    text: str
    is_changed: bool


Pieces: TypeAlias = tuple[Piece, ...]


def word_differences(before: str, after: str) -> tuple[Pieces, Pieces]:
    """Both texts in pieces, those that differ marked; the time taken is bounded but for their lengths."""
    left, right = _WORD.findall(before), _WORD.findall(after)
    start = _common(left, right)
    end = _common(left[start:][::-1], right[start:][::-1])
    middle_left, middle_right = left[start : len(left) - end], right[start : len(right) - end]
    kept_left, kept_right = _kept(middle_left, middle_right)
    return (
        _pieces(left, start, _joined(middle_left, kept_left)),
        _pieces(right, start, _joined(middle_right, kept_right)),
    )


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words two texts begin with that are the same."""
    shorter = min(len(left), len(right))
    return next((n for n in range(shorter) if left[n] != right[n]), shorter)


def _kept(left: Sequence[str], right: Sequence[str]) -> tuple[list[bool], list[bool]]:
    """Which words are in both, in the same order, as many as can be; none where they are too few."""
    nothing = [False] * len(left), [False] * len(right)
    if not left or not right or len(left) * len(right) > _MOST_CELLS:
        return nothing
    lengths = _lengths(left, right)
    kept_left, kept_right = nothing
    common = row = column = 0
    while row < len(left) and column < len(right):
        if left[row] == right[column]:
            kept_left[row] = kept_right[column] = True
            common += _weight(left[row])
            row, column = row + 1, column + 1
        elif lengths[row + 1][column] >= lengths[row][column + 1]:
            row += 1
        else:
            column += 1
    longer = max(sum(map(_weight, left)), sum(map(_weight, right)))
    if common < _LEAST_IN_COMMON * longer:
        return [False] * len(left), [False] * len(right)
    return kept_left, kept_right


def _lengths(left: Sequence[str], right: Sequence[str]) -> list[list[int]]:
    """For every pair of places, how much the texts from there on have in common, blanks for least."""
    lengths = [[0] * (len(right) + 1)]
    for word in reversed(left):
        below, row = lengths[-1], [0]
        weight = 2 * _weight(word) + 1
        for column in range(len(right) - 1, -1, -1):
            same = word == right[column]
            row.append(below[column + 1] + weight if same else max(below[column], row[-1]))
        row.reverse()
        lengths.append(row)
    lengths.reverse()
    return lengths


def _weight(word: str) -> int:
    """How much of a text a word is: punctuation and blanks are nothing."""
    return len(word) if word[0].isalnum() or word[0] == "_" else 0


def _joined(words: Sequence[str], kept: Sequence[bool]) -> list[bool]:
    """Which words are marked: those not kept, and blanks between two of them."""
    marked = [not keep for keep in kept]
    for place in range(1, len(words) - 1):
        if words[place].isspace() and marked[place - 1] and marked[place + 1]:
            marked[place] = True
    return marked


def _pieces(words: Sequence[str], start: int, marked: Sequence[bool]) -> Pieces:
    """The words put together again: the first ones are the same, then come those of the middle."""
    end = len(words) - start - len(marked)
    marks = [*[False] * start, *marked, *[False] * end]
    return tuple(_together(zip(words, marks, strict=True)))


def _together(words: Iterable[tuple[str, bool]]) -> Iterable[Piece]:
    for is_changed, group in groupby(words, key=itemgetter(1)):
        yield Piece("".join(word for word, _ in group), is_changed)
