"""Data from outside never steers a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.escape import for_terminal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text, ümläut, 日本, 😀", "plain text, ümläut, 日本, 😀"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("\x00\x7f\x85", "\\x00\\x7f\\x85"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066a\u2069", "\\u2066a\\u2069"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\udce9", "\\udce9"),
    ],
)
def test_what_a_terminal_obeys_or_hides_is_shown_as_an_escape(text: str, expected: str) -> None:
    assert for_terminal(text) == expected


@given(st.text(st.characters(), max_size=50))
def test_no_text_at_all_holds_a_control_or_a_line_end_afterwards(text: str) -> None:
    safe = for_terminal(text)
    assert safe.splitlines() in ([], [safe])
    assert not {unicodedata.category(character) for character in safe} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(character) for character in safe} & {
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
    }  # fmt: skip


@given(st.text(max_size=50))
def test_escaping_twice_is_escaping_once(text: str) -> None:
    assert for_terminal(for_terminal(text)) == for_terminal(text)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=50))
def test_printable_text_is_left_alone(text: str) -> None:
    assert for_terminal(text) == text
