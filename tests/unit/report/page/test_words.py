"""Which words differ between two texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.page import words
from reconciler.report.page.words import Pieces, compare_words

TEXTS = st.lists(
    st.sampled_from(["a", "b", "cd", " ", "  ", "-", "/", ".", "1", "\u263a\ufe0f", "\u00e9"])
).map("".join)


def marked(before: str, after: str) -> tuple[str, str]:
    left, right = compare_words(before, after)
    return told(left), told(right)


def told(pieces: Pieces) -> str:
    return "".join(f"[{piece.text}]" if piece.is_changed else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", "", ("", "")),
        ("same", "same", ("same", "same")),
        ("", "new", ("", "[new]")),
        ("the old text here", "the new text here", ("the [old] text here", "the [new] text here")),
        ("s3://a/2026-08-17/x", "s3://a/2026-11-02/x", ("s3://a/[2026-08-17]/x", "s3://a/[2026-11-02]/x")),
        ('["a-b"]', '["a-b", "c-d"]', ('["a-b"]', '["a-b"[, "c-d"]]')),
        ("0.957", "0.961", ("[0.957]", "[0.961]")),
        ("keeps one", "keeps one more", ("keeps one", "keeps one[ more]")),
        ("one, two and three", "two and three", ("[one, ]two and three", "two and three")),
        ("\u263a\ufe0f up", "\u263a down", ("[\u263a\ufe0f up]", "[\u263a down]")),
    ],
)  # fmt: skip
def test_the_words_that_differ_are_marked(before: str, after: str, told: tuple[str, str]) -> None:
    assert marked(before, after) == told


def test_blanks_between_marked_words_are_marked_with_them() -> None:
    assert marked("keep one two three keep", "keep 1 2 3 keep") == (
        "keep [one two three] keep",
        "keep [1 2 3] keep",
    )


def test_texts_with_little_in_common_are_marked_as_a_whole() -> None:
    before, after = "x It was made of an old forest y", "x Is a small net in two layers of trees y"
    assert marked(before, after) == (f"x [{before[2:-2]}] y", f"x [{after[2:-2]}] y")


def test_texts_whose_table_would_be_large_are_marked_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = "x a b c d y", "x a b e d y"
    assert marked(before, after) == ("x a b [c] d y", "x a b [e] d y")
    before, after = "0 a b c d 1", "2 a b c d 3"
    assert marked(before, after) == ("[0] a b c d [1]", "[2] a b c d [3]")
    monkeypatch.setattr(words, "_MAX_CELLS", 120)
    assert marked(before, after) == (f"[{before}]", f"[{after}]")


@given(TEXTS, TEXTS)
def test_the_pieces_are_the_texts_and_what_is_not_marked_is_in_both(before: str, after: str) -> None:
    left, right = compare_words(before, after)
    assert "".join(piece.text for piece in left) == before
    assert "".join(piece.text for piece in right) == after
    kept_left, kept_right = (
        "".join(piece.text for piece in pieces if not piece.is_changed and not piece.text.isspace())
        for pieces in (left, right)
    )
    assert kept_left.split() == kept_right.split()
    assert any(piece.is_changed for piece in (*left, *right)) == (before != after)
