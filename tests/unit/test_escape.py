"""Data from outside never steers a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.escape import for_terminal

DRAWN_AS_NOTHING = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0" + "".join(
    map(chr, range(0xFE00, 0xFE10))
)
"""What Unicode calls letters and marks, and nobody sees."""


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
        ("a\U000e0041\U000e007fb", "a\\U000e0041\\U000e007fb"),  # tag characters
        (
            "\u034f\u115f\u1160\u17b4\u180b\u180e\u3164\uffa0",
            "\\u034f\\u115f\\u1160\\u17b4\\u180b\\u180e\\u3164\\uffa0",
        ),
        ("\u2065\ufff0\ufff8\ufe00", "\\u2065\\ufff0\\ufff8\\ufe00"),
        ("\U0001d173\U000e0100", "\\U0001d173\\U000e0100"),
        ("\u00a0\u2800\u3000", "\u00a0\u2800\u3000"),  # blank, but they take up room
        ("❤\ufe0f ☺\ufe0e ©\ufe0f", "❤\ufe0f ☺\ufe0e ©\ufe0f"),
        ("❤\ufe0f\ufe0f a\ufe0f #\ufe0f\u20e3 \ufe0e", "❤\ufe0f\\ufe0f a\\ufe0f #\\ufe0f\u20e3 \\ufe0e"),
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


@given(
    st.text(
        st.characters(
            categories=("L", "M", "N", "P", "S", "Zs"),
            exclude_characters=DRAWN_AS_NOTHING,
            max_codepoint=0xDFFFF,
        ),
        max_size=50,
    )
)
def test_what_can_be_seen_is_left_alone(text: str) -> None:
    assert for_terminal(text) == text
