"""Who owns what: the whole document that a version is to have, and whether it can have it."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.diff import aligned, same
from reconciler.model import Declared, Document, Json, Registered
from reconciler.wire.fields import INTERNAL_METADATA_PREFIX

IMMUTABLE_FIELDS = ("source", "step", "run_id")
"""A version's contents, and where they came from, can not change once it is registered."""

_DEFAULTS: Mapping[str, Json] = {"step": 0}


def desired_document(declared: Declared, registered: Registered | None) -> Document:
    """The declared fields over the registered ones.

    A field that the manifest leaves out keeps its registered value, `None` clears it, and internal
    metadata stays as it is. What equals the registered value is written as it is registered.
    """
    given = declared.document
    if registered is None:
        return {field: value for field, value in given.items() if value is not None}
    before = registered.document
    document = dict(before)
    for field, value in given.items():
        match field:
            case "metadata":
                value = _with_internal(value, before.get("metadata"))  # noqa: PLW2901
            case "source":
                value = {**_mapping(before.get("source")), **_mapping(value)}  # noqa: PLW2901
        if not _is_same(field, before.get(field), value):
            document[field] = aligned(before.get(field), value)
    return document


def immutable_differences(before: Document, after: Document) -> tuple[str, ...]:
    """The immutable fields in which two documents of one version differ."""
    return tuple(
        field for field in IMMUTABLE_FIELDS if not _is_same(field, before.get(field), after.get(field))
    )


def _is_same(field: str, before: Json, after: Json) -> bool:
    default = _DEFAULTS.get(field)
    return same(default if before is None else before, default if after is None else after)


def _with_internal(metadata: Json, registered: Json) -> Json:
    internal = {
        key: value for key, value in _mapping(registered).items() if key.startswith(INTERNAL_METADATA_PREFIX)
    }
    return {**_mapping(metadata), **internal}


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
