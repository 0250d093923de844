"""Data from outside gives a runner of CI jobs no command; the rules are those of GitHub's own parser."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.escape import as_json, for_log, for_terminal

# The runner trims a line's start and takes `::command ...::`; the older form is found anywhere in it.
_COMMAND = re.compile(r"^\s*::")
_OLD_COMMAND = re.compile(r"##\[")

hostile = st.text(st.sampled_from("#[]:: \t\n\r\x1b\x85\u2028\u202eaé\ud800"), max_size=30)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("::error file=x::boo", r"\x3a:error file=x::boo"),
        ("  ::warning::boo", r"  \x3a:warning::boo"),
        ("a ::error::b", "a ::error::b"),
        ("a ##[error]b", r"a \x23#[error]b"),
        ("###[x", r"#\x23#[x"),
    ],
)
def test_a_command_is_shown_and_not_given(line: str, expected: str) -> None:
    assert for_log(line) == expected


@given(hostile)
def test_no_line_of_text_is_a_command(text: str) -> None:
    line = for_log(for_terminal(text))
    assert not _COMMAND.search(line)
    assert not _OLD_COMMAND.search(line)


@given(st.dictionaries(hostile.filter(str.isprintable), hostile, max_size=3))
def test_json_reads_back_as_it_was_and_gives_no_command(document: dict[str, str]) -> None:
    text = as_json(document)
    assert json.loads(text) == document
    for line in text.splitlines():
        assert not _COMMAND.search(line)
        assert not _OLD_COMMAND.search(line)
        assert for_terminal(line) == line
