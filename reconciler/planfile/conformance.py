"""Whether a value is as a schema of ours says; the few words of JSON Schema that `schema` uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


def first_fault(value: Any, schema: Mapping[str, Any], path: str = "") -> str:
    """The first thing in which a value is not as a schema says, as a sentence; empty if there is none.

    Args:
        value: the value, as JSON types.
        schema: made of `type`, `required`, `properties`, `items`, `enum`, `const`, `pattern` and `minimum`;
            what it says with other words is checked elsewhere.
        path: of the value, in what is said of it.
    """
    return next(_faults(value, schema, path), "")


def _faults(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if "type" in schema and not _is_of(value, schema["type"]):
        yield f"{path or 'it'} is not {_said(schema['type'])}"
    elif isinstance(value, dict):
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{_at(path, name)} is missing"
        for name, about in schema.get("properties", {}).items():
            if name in value:
                yield from _faults(value[name], about, _at(path, name))
    elif isinstance(value, list):
        for number, member in enumerate(value, start=1):
            yield from _faults(member, schema.get("items", {}), f"{path} {number}")
    elif not _is_allowed(value, schema):
        yield f"{path} is none of the values that it may have"


def _is_allowed(value: Any, schema: Mapping[str, Any]) -> bool:
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "minimum" in schema and value is not None and value < schema["minimum"]:
        return False
    if "pattern" not in schema or value is None:
        return True
    return re.search(schema["pattern"].replace("$", r"\Z"), value) is not None


def _is_of(value: Any, told: str | list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in ([told] if isinstance(told, str) else told)  # in Python it is an integer as well
    if isinstance(told, str):
        return isinstance(value, _TYPES[told])
    return any(isinstance(value, _TYPES[kind]) for kind in told)


def _said(told: str | list[str]) -> str:
    return told if isinstance(told, str) else " or ".join(told)


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
