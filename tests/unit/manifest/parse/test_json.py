"""JSON text to values, with positions, and stricter than the standard library where that loses data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diff import are_same
from reconciler.manifest.parse.document import MAX_DEPTH, MAX_NODES, ParsedDocument, UnreadableError
from reconciler.manifest.parse.json import parse_json
from tests.support.manifests import json_values


def parsed(text: str) -> ParsedDocument:
    document = parse_json(text)
    assert [fault for fault in document.faults if not fault.is_warning] == []
    return document


def faults(text: str) -> list[str]:
    """The faults of a text as `line:column message (hint)`."""
    return [
        "{}:{} {}".format(*fault.position, fault.message) + (f" ({fault.hint})" if fault.hint else "")
        for fault in parse_json(text).faults
    ]


def unreadable(text: str) -> str:
    with pytest.raises(UnreadableError) as caught:
        parse_json(text)
    return "{}:{} {}".format(*caught.value.position, caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("null", None),
        ("true", True),
        ("false", False),
        ("0", 0),
        ("-0", 0),
        ("-0.0", -0.0),
        ("1", 1),
        ("1.0", 1.0),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("-1.5e-3", -0.0015),
        ("9223372036854775807", 2**63 - 1),
        ('""', ""),
        ('"\\u00e9\\n\\"\\\\\\/"', 'é\n"\\/'),
        ('"\\ud83d\\ude00"', "😀"),
        ("[]", []),
        ("{}", {}),
        (' \t\r\n[ 1 , {"a" : [ ] } ] \n', [1, {"a": []}]),
    ],
)
def test_values_have_the_types_that_the_text_says(text: str, expected: object) -> None:
    value = parsed(text).value
    assert value == expected
    assert type(value) is type(expected)


@given(json_values(), st.booleans(), st.sampled_from([None, 0, 3]))
def test_what_json_writes_is_read_back(value: Any, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001
    assert are_same(parsed(json.dumps(value, ensure_ascii=ascii_only, indent=indent)).value, value)


@given(json_values())
def test_the_types_are_those_of_the_standard_library(value: Any) -> None:
    text = json.dumps(value)
    assert repr(parsed(text).value) == repr(json.loads(text))


@given(st.text(max_size=40) | st.text('{}[]",:\\0123456789.eE+-truefalsn \n', max_size=40))
def test_a_text_is_refused_exactly_where_the_standard_library_refuses_it(text: str) -> None:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        assert unreadable(text)
    else:
        parse_json(text)


def test_every_key_and_value_has_its_line_and_column() -> None:
    node = parsed('{"a": 1,\r\n "é": {"c": [10,\n   "d"]}}').node
    assert node.position == (1, 1)
    assert node.find_position(["a"], key=True) == (1, 2)
    assert node.find_position(["a"]) == (1, 7)
    assert node.find_position(["é"], key=True) == (2, 2)
    assert node.find_position(["é", "c", 0]) == (2, 14)
    assert node.find_position(["é", "c", 1]) == (3, 4)
    assert node.find_position(["é", "missing"]) == (2, 7)


def test_positions_are_right_behind_many_empty_lines_and_within_long_ones() -> None:
    node = parsed(f'[\n\n\n1,{" " * 1000}{{\n\n "a"\n:\n\n\t2}}\n, 3]').node
    assert [node.find_position([0]), node.find_position([1]), node.find_position([2])] == [
        (4, 1),
        (4, 1003),
        (10, 3),
    ]
    assert (node.find_position([1, "a"], key=True), node.find_position([1, "a"])) == ((6, 2), (9, 2))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1 not valid JSON: expected a value"),
        ('{"a" 1}', "1:6 not valid JSON: expected ':' after the key"),
        ("{a: 1}", "1:2 not valid JSON: expected a key in double quotes"),
        ('{"a": 1,}', "1:9 not valid JSON: expected a key in double quotes"),
        ('{"a": 1\n"b": 2}', "2:1 not valid JSON: expected ',' or '}'"),
        ("[1,]", "1:4 not valid JSON: expected a value"),
        ("[1 2]", "1:4 not valid JSON: expected ',' or ']'"),
        ("[1", "1:3 not valid JSON: expected ',' or ']'"),
        ('{"a": 1}\n{"b": 2}', "2:1 not valid JSON: more text after the end of the value"),
        ("{'a': 1}", "1:2 not valid JSON: expected a key in double quotes"),
        ("// comment\n1", "1:1 not valid JSON: expected a value"),
        ("NaN", "1:1 not valid JSON: NaN is no number of JSON"),
        ("-Infinity", "1:1 not valid JSON: -Infinity is no number of JSON"),
        ("nan", "1:1 not valid JSON: expected a value"),
        ("NaNa", "1:1 not valid JSON: expected a value"),
        ("True", "1:1 not valid JSON: expected a value"),
        ("+1", "1:1 not valid JSON: expected a value"),
        (".5", "1:1 not valid JSON: expected a value"),
        ("01", "1:2 not valid JSON: more text after the end of the value"),
        ("1.", "1:2 not valid JSON: more text after the end of the value"),
    ],
)
def test_what_is_no_json_is_refused_at_its_place(text: str, expected: str) -> None:
    assert unreadable(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"', "1:1 not valid JSON: unterminated string"),
        ('"\\q"', "1:2 not valid JSON: invalid \\escape"),
        ('"a\nb"', "1:3 not valid JSON: invalid control character"),
        ('"\x00"', "1:2 not valid JSON: invalid control character"),
        ('"\x1b"', "1:2 not valid JSON: invalid control character"),
        ('\n["\\u12"]', "2:4 not valid JSON: invalid \\uXXXX escape"),
    ],
)
def test_a_broken_string_is_refused_at_its_place(text: str, expected: str) -> None:
    assert unreadable(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1,\n "a": 2}', ["2:2 key given twice (first at line 1, column 2)"]),
        ('{"a": 1, "\\u0061": 2}', ["1:10 key given twice (first at line 1, column 2)"]),
        ("[1e999, -1e999]", ["1:2 not a finite number", "1:9 not a finite number"]),
        ('["\\ud800"]', ["1:2 half of a surrogate pair is no character"]),
        ('{"\\udc00": 1}', ["1:2 half of a surrogate pair is no character"]),
        ("[9223372036854775808]", ["1:2 integer beyond 64 bits (quote it to keep it as text)"]),
        (f"[-{'9' * 99_999}]", ["1:2 integer beyond 64 bits (quote it to keep it as text)"]),
    ],
)
def test_what_would_lose_data_silently_is_a_fault(text: str, expected: list[str]) -> None:
    assert faults(text) == expected


@pytest.mark.parametrize("member", ["[{}]", '{{"a": {}}}'])
def test_nesting_is_bounded(member: str) -> None:
    opening, closing = member.replace("{{", "{").replace("}}", "}").split("{}")
    assert parsed(opening * MAX_DEPTH + "1" + closing * MAX_DEPTH).value
    refused = f"nested deeper than {MAX_DEPTH} levels"
    assert unreadable(opening * (MAX_DEPTH + 1) + "1" + closing * (MAX_DEPTH + 1)).endswith(refused)
    assert unreadable(opening * 100_000).endswith(refused)


def test_values_are_counted() -> None:
    assert parsed(f"[{','.join('1' * (MAX_NODES - 1))}]").value
    assert unreadable(f"[{','.join('1' * MAX_NODES)}]").endswith(
        "more than 50,000 values in one document, aliases expanded"
    )
