"""The schema of a plan, and plans as they are written, hold the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from reconciler.client.port import Extent
from reconciler.compare.selector import Shard
from reconciler.planfile.schema import plan_json_schema
from reconciler.planning.document import Share
from tests.support.documents import document
from tests.support.saved_plans import as_file, without_field

GOLDEN = Path(__file__).parents[2] / "golden"
SCHEMA: dict[str, Any] = json.loads(json.dumps(plan_json_schema()))
VALIDATOR = Draft202012Validator(SCHEMA)
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
    VALIDATOR.validate(json.loads((GOLDEN / name).read_text()))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_field_of_a_plan_is_in_the_schema_and_the_other_way_round() -> None:
    rich, empty = (json.loads((GOLDEN / name).read_text()) for name in ("plan.json", "plan-empty.json"))
    written = (
        set(in_document(rich)) | set(in_document(empty)) | {f"diagnostics.{field}" for field in DIAGNOSTIC}
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
    rich = json.loads((GOLDEN / "plan.json").read_text())
    for path in (("digest",), ("source", "base"), ("changes", 0, "fqn"), ("changes", 0, "patch", 0, "path")):
        assert not VALIDATOR.is_valid(without_field(rich, path)), path


def test_a_newer_minor_version_may_have_more_fields_and_another_major_one_does_not_fit() -> None:
    rich = json.loads((GOLDEN / "plan.json").read_text())
    assert VALIDATOR.is_valid({**rich, "format_version": "1.7", "new": 1})
    assert not VALIDATOR.is_valid({**rich, "format_version": "2.0"})
