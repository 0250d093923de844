"""Numbers and lists of things in words."""

from __future__ import annotations

import pytest

from reconciler.phrases import format_count, format_counts, name_first


def test_a_noun_has_its_plural_unless_there_is_one() -> None:
    assert [format_count(number, "file") for number in (0, 1, 1_200)] == ["0 files", "1 file", "1,200 files"]


def test_what_there_is_none_of_is_not_counted() -> None:
    assert list(format_counts((0, "file", ""), (2, "file", " of others"))) == ["2 files of others"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ""),
        (["a", "b"], "a, b"),
        (["a", "b", "c"], "a, b and 1 more"),
        (["a"] * 1_002, "a, a and 1,000 more"),
    ],
)
def test_further_names_are_counted(names: list[str], expected: str) -> None:
    assert name_first(names, 2) == expected
