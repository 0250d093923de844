"""JSON that can be read in two ways, or not at all, is refused with its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from reconciler.planfile.strict_json import MAX_DEPTH, HostileJsonError, parse_strict_json
from tests.support.manifests import json_values


@given(json_values())
def test_what_is_json_is_read_as_it_is(value: Any) -> None:
    assert parse_strict_json(json.dumps(value)) == value
    assert json.dumps(parse_strict_json(json.dumps(value))) == json.dumps(value)


def test_what_is_nested_as_deeply_as_may_be_is_read() -> None:
    depth = MAX_DEPTH - 1
    assert json.dumps(parse_strict_json("[" * depth + "]" * depth)) == "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is not valid JSON"),
        ("{", "it is not valid JSON"),
        ('{"a": 1,}', "it is not valid JSON"),
        ("{} {}", "it is not valid JSON"),
        ('"\t"', "it is not valid JSON"),
        ('{"a": 1, "a": 1}', "a key in it is given twice"),
        ('{"b": [{"a": 1, "c": 2, "\\u0061": 1}]}', "a key in it is given twice"),
        ("NaN", "it holds a number that JSON does not know"),
        ('{"a": -Infinity}', "it holds a number that JSON does not know"),
        ("1e999", "a number in it is too large"),
        ("[-1e400]", "a number in it is too large"),
        ("1" * 5000, "a number in it has too many digits"),
        ("[" * 101 + "]" * 101, "it nests more than 100 levels deep"),
        ('{"a":' * 101 + "1" + "}" * 101, "it nests more than 100 levels deep"),
        ("[" * 100_000, "it nests more than 100 levels deep"),
        ("[" * 200_000 + "]" * 200_000, "it nests more than 100 levels deep"),
    ],
    ids=lambda given: given[:12],
)
def test_what_is_not_is_refused(text: str, reason: str) -> None:
    with pytest.raises(HostileJsonError, match=reason):
        parse_strict_json(text)
