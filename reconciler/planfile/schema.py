"""What a plan document holds, as the JSON Schema that `reconciler schema plan` prints; and checks by it.

Both are pydantic's, made from `shapes`. It takes a tenth of a second to load: only what reads files and what
prints the schema imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reconciler.errors import SavedFileError
from reconciler.model import Json
from reconciler.planfile import report_shapes, shapes

_NULL = {"type": "null"}


def make_plan_json_schema() -> Mapping[str, Json]:
    """The JSON Schema (2020-12) of a plan document."""
    plan = _make_schema(shapes.Plan)
    change = plan["properties"]["changes"].pop("items")
    plan["properties"]["changes"]["items"] = {"$ref": "#/$defs/change"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "reconciler plan",
        **plan,
        "$defs": {"change": change},
    }


def make_report_json_schema() -> Mapping[str, Json]:
    """The JSON Schema (2020-12) of a line of a report."""
    line = _make_schema(report_shapes.Begin | report_shapes.OutcomeEvent | report_shapes.End)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "a line of a report of reconciler apply",
        **line,
    }


def check_shape(shape: Any, value: Any, path: str = "") -> dict[str, Any]:
    """The fields of a shape, of a value that is of that shape.

    Args:
        shape: a class in `shapes` or `report_shapes`.
        value: as JSON types.
        path: of the value, for errors about it.

    Raises:
        SavedFileError: it is not of that shape; missing fields are reported first.
    """
    try:
        checked: dict[str, Any] = _make_adapter(shape).validate_python(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        fault = min(faults, key=lambda fault: fault["type"] != "missing")
        raise make_refusal(_describe_fault(shape, fault["loc"], fault["type"], path)) from None
    return checked


def make_refusal(why: str) -> SavedFileError:
    """The error for a file that is not as it was written."""
    return SavedFileError(f"it can not be relied on: {why}", "make it anew: reconciler plan --out FILE")


def _describe_fault(shape: Any, steps: tuple[int | str, ...], kind: str, path: str) -> str:
    schema = _make_schema(shape)
    for step in steps:
        inner = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
        if inner is None:  # it is none of several kinds of operation: there is no telling which was meant
            return f"{path} is none of the values that it may have"
        schema = inner
        path = f"{path} {step + 1}" if isinstance(step, int) else f"{path}.{step}" if path else step
    if kind == "missing":
        return f"{path} is missing"
    if kind.endswith("_type") and "type" in schema:
        types = schema["type"]
        return f"{path or 'it'} is not {types if isinstance(types, str) else ' or '.join(types)}"
    return f"{path} is none of the values that it may have"


@cache
def _make_adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _make_schema(shape: Any) -> dict[str, Any]:
    schema = _make_adapter(shape).json_schema()
    plain: dict[str, Any] = _simplify_schema(schema, schema.pop("$defs", {}))
    return plain


def _simplify_schema(part: Any, definitions: Mapping[str, Any]) -> Any:
    """A part of a schema in few words: what is referred to in its place, and `null` as one more type."""
    if isinstance(part, list):
        return [_simplify_schema(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    part = {**definitions.get(part.get("$ref", "").rpartition("/")[2], {}), **part}
    kinds = part.pop("anyOf", [])
    if kinds and kinds[-1] == _NULL:
        part = {**kinds[0], **part, "type": [kinds[0]["type"], "null"]}
        if "enum" in part:
            part["enum"] = [*part["enum"], None]
    elif kinds:
        part["oneOf"] = kinds
    return {
        name: _simplify_schema(value, definitions)
        for name, value in part.items()
        if name not in {"$ref", "additionalProperties"} and not (name == "title" and isinstance(value, str))
    }
