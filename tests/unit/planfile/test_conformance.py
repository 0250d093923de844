"""The words of JSON Schema that our own schemas use, as a library for them understands them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from reconciler.planfile.conformance import first_fault
from reconciler.planfile.schema import BEGIN, CHANGE, END, OUTCOME, OUTCOME_EVENT, PLAN
from tests.support.manifests import json_values

SCHEMAS: tuple[dict[str, Any], ...] = (
    {"type": "string"},
    {"type": "integer", "minimum": 1},
    {"type": ["integer", "null"], "minimum": 1},
    {"type": "number"},
    {"type": "boolean"},
    {"type": "array", "items": {"type": "integer"}},
    {"type": ["object", "null"]},
    {"type": "string", "enum": ["a", "b"]},
    {"type": ["string", "null"], "enum": ["a", None]},
    {"type": "string", "const": "a"},
    {"type": "string", "pattern": "^[0-9a-f]{2}$"},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "null"}}},
    {"description": "anything"},
)
VALUES = st.one_of(
    json_values(st.none() | st.booleans() | st.integers() | st.text(max_size=9)),
    st.sampled_from(["a", "b", "0f", "0f\n", "", 0, 1, -1, True, None, [], [1], [True], {}, {"a": "x"}]),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["x", None, 1])),
)


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
@given(value=VALUES)
def test_a_value_is_at_fault_where_a_library_says_so(schema: dict[str, Any], value: Any) -> None:
    is_valid = Draft202012Validator(schema).is_valid(value)
    if "pattern" in schema and value == "0f\n":
        is_valid = False  # in Python, $ stands also before a line end
    assert (first_fault(value, schema) == "") == is_valid


def test_a_number_with_a_fraction_is_no_integer() -> None:
    assert first_fault(1.0, {"type": "integer"}, "line") == "line is not integer"
    assert first_fault(1.5, {"type": "number"}) == ""


def test_a_fault_is_said_with_its_path() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "array", "items": SCHEMAS[11]}, "b": SCHEMAS[7]},
    }
    assert first_fault({"a": [{"a": "x"}, {}]}, schema) == "a 2.a is missing"
    assert first_fault({"a": [{"a": 1}]}, schema, "changes 7") == "changes 7.a 1.a is not string"
    assert first_fault({"a": [], "b": "c"}, schema) == "b is none of the values that it may have"
    assert first_fault([], schema) == "it is not object"
    assert first_fault({}, {"type": ["string", "null"]}) == "it is not string or null"


UNDERSTOOD = {"type", "description", "required", "properties", "items", "enum", "const", "pattern", "minimum"}
CHECKED_ELSEWHERE = {"$ref", "oneOf"}


@pytest.mark.parametrize(
    "schema", [PLAN, CHANGE, OUTCOME, BEGIN, OUTCOME_EVENT, END], ids=lambda s: s["description"]
)
def test_our_schemas_use_no_other_words(schema: dict[str, Any]) -> None:
    def words(part: dict[str, Any]) -> set[str]:
        inner = [*part.get("properties", {}).values(), *([part["items"]] if "items" in part else [])]
        return set(part).union(*map(words, inner))

    assert words(schema) <= UNDERSTOOD | CHECKED_ELSEWHERE
