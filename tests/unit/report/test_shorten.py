"""Long texts are cut, and what matters of them stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.shorten import shorten_around_difference, shorten_end, skip_to_difference

TEXTS = st.text(st.sampled_from("ab"), max_size=200)


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abc..."), ("abcdefg", 2, "a..."), ("", 0, "")],
)
def test_a_text_that_is_too_long_ends_in_dots(text: str, room: int, expected: str) -> None:
    assert shorten_end(text, room) == expected


@given(TEXTS, TEXTS, st.integers(40, 100))
def test_two_texts_fit_the_room_and_still_differ(before: str, after: str, room: int) -> None:
    left, right = shorten_around_difference(before, after, room)
    assert len(left) + len(right) <= room
    assert (left == right) == (before == after)


def test_an_addition_at_the_end_can_be_seen() -> None:
    assert shorten_around_difference("a" * 200, "a" * 200 + "b" * 20, 60) == (
        f"...{'a' * 7}",
        f"...{'a' * 7}{'b' * 20}",
    )


def test_a_pictograph_is_cut_as_a_whole() -> None:
    hearts = "❤\ufe0f" * 100
    before, after = shorten_around_difference(f"{hearts}a", f"{hearts}b", 40)
    assert before == f"...{hearts[:12]}a"
    assert after == f"...{hearts[:12]}b"


def test_a_short_text_leaves_its_room_to_the_other() -> None:
    assert shorten_around_difference("a", "b" * 100, 60) == ("a", "b" * 56 + "...")


@pytest.mark.parametrize(
    ("common", "expected"), [(0, ""), (60, "x" * 60), (61, f"...{'x' * 27}"), (500, f"...{'x' * 27}")]
)
def test_what_two_texts_begin_with_is_left_out_where_it_hides_the_difference(
    common: int, expected: str
) -> None:
    before, after = skip_to_difference("x" * common + "a", "x" * common + "b" * 99, 60)
    assert (before, after) == (f"{expected}a", f"{expected}{'b' * 99}")


@given(TEXTS, TEXTS, st.integers(20, 100))
def test_texts_begun_anew_differ_among_the_characters_that_are_seen(
    before: str, after: str, seen: int
) -> None:
    left, right = skip_to_difference(before, after, seen)
    assert (left == right) == (before == after)
    assert left == right or left[: seen + 1] != right[: seen + 1]
