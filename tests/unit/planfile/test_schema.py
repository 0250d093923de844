"""The schema of a plan, plans as they are written, and what is read hold the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from reconciler.client.port import Extent
from reconciler.compare.selector import Shard
from reconciler.errors import SavedFileError
from reconciler.planfile import shapes
from reconciler.planfile.schema import check_shape, make_plan_json_schema
from reconciler.planning.document import Share
from tests.support.documents import document
from tests.support.manifests import json_values
from tests.support.saved_plans import as_file, fields, without_field

GOLDEN = Path(__file__).parents[2] / "golden"
RICH = json.loads((GOLDEN / "plan.json").read_text())
SCHEMA: dict[str, Any] = json.loads(json.dumps(make_plan_json_schema()))
VALIDATOR = Draft202012Validator(SCHEMA)
PATTERNED = {"format_version", "made", "digest", "checksum"}
OF_OTHERS = {"before", "after", "value"}
"""Fields that hold manifests, or parts of them."""


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema, or what it refers to; of several kinds of operation, all fields."""
    if "$ref" in schema:
        found: dict[str, Any] = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
        return found
    if "oneOf" in schema:
        return {"properties": {k: v for kind in schema["oneOf"] for k, v in kind["properties"].items()}}
    return schema


def in_schema(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """The path of every field that a schema knows."""
    for name, about in resolved(schema).get("properties", {}).items():
        yield f"{path}{name}"
        if name not in OF_OTHERS:
            yield from in_schema(about, f"{path}{name}.")
    if "items" in schema:
        yield from in_schema(schema["items"], path)


def in_document(value: Any, path: str = "") -> Iterator[str]:
    """The path of every field that a document has."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path}{name}"
            if name not in OF_OTHERS:
                yield from in_document(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for member in value:
            yield from in_document(member, path)


@pytest.mark.parametrize("name", ["plan.json", "plan-empty.json"])
def test_the_golden_plans_are_as_the_schema_says(name: str) -> None:
    assert list(VALIDATOR.iter_errors(json.loads((GOLDEN / name).read_text()))) == []


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_field_of_a_plan_is_in_the_schema_and_the_other_way_round() -> None:
    empty = json.loads((GOLDEN / "plan-empty.json").read_text())
    written = (
        set(in_document(RICH)) | set(in_document(empty)) | {f"diagnostics.{field}" for field in DIAGNOSTIC}
    )
    share = Share(Shard(1, 2), ("fraud/*",), {"fraud": Extent(3, 2)}, {"fraud": 1})
    written |= set(in_document(json.loads(as_file(document(share=share)))))
    assert written == set(in_schema(SCHEMA))


DIAGNOSTIC = ("file", "line", "column", "severity", "code", "message", "hint")


def test_every_field_is_described() -> None:
    def undescribed(schema: dict[str, Any], path: str) -> Iterator[str]:
        for name, about in resolved(schema).get("properties", {}).items():
            if not resolved(about).get("description", "").endswith((".", "empty.")):
                yield f"{path}{name}"
            yield from undescribed(about, f"{path}{name}.")
        if "items" in schema:
            yield from undescribed(schema["items"], path)

    assert list(undescribed(SCHEMA, "")) == []


def test_the_schema_does_not_fit_a_plan_that_lacks_a_field() -> None:
    for path in (("digest",), ("source", "base"), ("changes", 0, "fqn"), ("changes", 0, "patch", 0, "path")):
        assert not VALIDATOR.is_valid(without_field(RICH, path)), path


def test_a_newer_minor_version_may_have_more_fields_and_another_major_one_does_not_fit() -> None:
    assert VALIDATOR.is_valid({**RICH, "format_version": "1.7", "new": 1})
    assert not VALIDATOR.is_valid({**RICH, "format_version": "2.0"})


VALUES = st.one_of(
    json_values(st.none() | st.booleans() | st.integers() | st.text(max_size=9)),
    st.sampled_from(
        [0, 1, -1, True, "", "1.0", "1.0\n", "a" * 64, "update", "remove", "\ud800", [], [1], {}]
    ),
)


def with_field(path: tuple[str | int, ...], value: Any) -> Any:
    """The rich plan with another value where a path leads to."""
    changed = json.loads(json.dumps(RICH))
    part = changed
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return changed


def is_of_shape(value: Any) -> bool:
    """Whether a plan is read, as far as its shape decides that."""
    try:
        check_shape(shapes.Plan, value)
    except SavedFileError:
        return False
    return True


@given(st.sampled_from(fields(RICH)), VALUES)
def test_what_is_read_is_what_a_library_for_the_schema_says(path: tuple[str | int, ...], value: Any) -> None:
    plan = with_field(path, value)
    # In Python, a $ of a pattern stands also before a line end.
    is_valid = VALIDATOR.is_valid(plan) and not (
        isinstance(value, str) and value.endswith("\n") and path[-1] in PATTERNED
    )
    assert is_of_shape(plan) == is_valid


OTHER = "is none of the values that it may have"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("made",), 1, "made is not string or null"),
        (("changes", 1, "left_alone"), {}, "changes 2.left_alone is not array"),
        (("changes", 1), None, "changes 2 is not object"),
        (("changes", 1, "patch"), [{"op": "test"}], f"changes 2.patch 1 {OTHER}"),
        (("changes", 1, "action"), "move", f"changes 2.action {OTHER}"),
        (("digest",), "a" * 63, f"digest {OTHER}"),
        (("scope", "rows"), -1, f"scope.rows {OTHER}"),
        (("scope", "rows"), 1.0, "scope.rows is not integer"),
        (("scope",), {"rows": "many"}, "scope.ml_repos is missing"),
    ],
)  # fmt: skip
def test_a_fault_is_reported_with_its_place(path: tuple[str | int, ...], value: Any, said: str) -> None:
    with pytest.raises(SavedFileError) as caught:
        check_shape(shapes.Plan, with_field(path, value))
    assert str(caught.value) == f"it can not be relied on: {said}"


def test_a_fault_of_the_whole_is_reported_with_the_place_that_is_given() -> None:
    for path, said in (("", "it is not object"), ("line 3", "line 3 is not object")):
        with pytest.raises(SavedFileError, match=f": {said}$"):
            check_shape(shapes.Plan, [], path)
