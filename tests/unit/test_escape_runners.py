"""Data from outside gives a runner of CI jobs no command; random texts are in `tests/property/test_sinks`."""

from __future__ import annotations

import json

import pytest

from reconciler.escape import (
    as_json,
    as_json_line,
    for_annotation,
    for_annotation_property,
    for_log,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("::error file=x::boo", r"\x3a:error file=x::boo"),
        ("  ::warning::boo", r"  \x3a:warning::boo"),
        ("\u00a0\u2003::debug::x", "\u00a0\u2003\\x3a:debug::x"),
        ("a ::error::b", "a ::error::b"),
        (": :error::b", ": :error::b"),
        ("a ##[error]b", r"a \x23#[error]b"),
        ("###[x", r"#\x23#[x"),
        ("##vso[task.complete]x", r"\x23#vso[task.complete]x"),
        ("##teamcity[message text='x']", r"\x23#teamcity[message text='x']"),
        ("# [x] ##a b[c] #a#[d]", "# [x] ##a b[c] #a#[d]"),
    ],
)
def test_a_command_is_shown_and_not_given(line: str, expected: str) -> None:
    assert for_log(line) == expected


@pytest.mark.parametrize("weightless", ["\u0640", "\u0488", "\u20e3", "\u06dd", "\u07fa"])
def test_what_has_no_weight_in_a_comparison_hides_no_command(weightless: str) -> None:
    assert for_log(f"{weightless}::error::x") == rf"{weightless}\x3a:error::x"
    assert for_log(f":{weightless}:error::x") == rf"\x3a{weightless}:error::x"
    assert for_log(f"a #{weightless}#{weightless}[error]x") == rf"a \x23{weightless}#{weightless}[error]x"


def test_an_annotation_is_written_as_github_reads_it() -> None:
    assert for_annotation("100%, a: b\r\n::error::") == r"100%25, a: b\r\n::error::"
    assert for_annotation_property("a:b, 50%0A") == "a%3Ab%2C 50%250A"


def test_an_annotation_ends_its_properties_before_a_mark() -> None:
    assert for_annotation("\u0301,file=b::x") == " \u0301,file=b::x"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("##[error]x", r'"\u0023#[error]x"'),
        ("\x7f\x9b\u2028\u202e", r'"\u007f\u009b\u2028\u202e"'),
        ("\U000e0041", r'"\udb40\udc41"'),
        ("\udce9", r'"\udce9"'),
        ("é日😀❤\ufe0f", '"é日😀❤\ufe0f"'),
    ],
)
def test_json_spells_what_would_be_obeyed_or_unseen(value: str, expected: str) -> None:
    assert as_json(value) == as_json_line(value) == expected
    assert json.loads(expected) == value


def test_json_is_on_several_lines_or_on_one() -> None:
    assert as_json({"a": [1]}) == '{\n  "a": [\n    1\n  ]\n}'
    assert as_json_line({"a": [1]}) == '{"a": [1]}'
    assert as_json("é", ascii_only=True) == r'"\u00e9"'
