"""DIFF: two JSON documents, compared by value with types kept apart.

`1`, `true` and `"1"` differ; `1` and `1.0` do not, because servers write numbers either way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.manifest.rules.secrets import mask_secrets
from reconciler.model import Document, Json, Pointer, is_list, write_path

_MAX_CHARACTERS = 80


class Missing:
    """The type of `MISSING`, which stands for a field that a document does not have."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs: its path, and its value on both sides."""

    path: Pointer
    before: Json | Missing
    after: Json | Missing

    @property
    def says_nothing(self) -> bool:
        """Whether neither side has a value: on one the field is missing, on the other it is `None`."""
        return all(side is None or isinstance(side, Missing) for side in (self.before, self.after))


def are_same(left: Json, right: Json) -> bool:
    """Whether two values are equal as JSON."""
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(are_same(value, right[key]) for key, value in left.items())
        )
    if is_list(left):
        return (
            is_list(right)
            and len(left) == len(right)
            and all(are_same(a, b) for a, b in zip(left, right, strict=True))
        )
    if type(left) is type(right):
        return left == right
    return _is_number(left) and _is_number(right) and left == right


def find_differences(before: Document, after: Document) -> tuple[Difference, ...]:
    """The fields that differ, mappings taken apart, lists whole; in order of their paths."""
    return tuple(sorted(_walk_differences(before, after, ()), key=lambda difference: difference.path))


def make_json_patch(before: Document | None, after: Document) -> list[dict[str, Any]]:
    """The RFC 6902 patch that turns `before` into `after`; `None` stands for no document.

    Whatever it replaces or removes it tests first, so that it fits no other document than `before`; a value
    that moves is removed and added, as nothing tests what a `move` takes along.
    """
    if before is None:
        return [{"op": "add", "path": "", "value": after}]
    from jsonpatch import JsonPatch  # noqa: PLC0415  most runs make no patch

    patch = JsonPatch.from_diff(before, after, optimization=False, generate_test_ops=True)
    operations: list[dict[str, Any]] = patch.patch
    return operations


def describe_difference(difference: Difference) -> str:
    """A difference in words: where, and both sides as JSON, bounded; credentials by their fingerprints."""
    before, after = (_format_side(side, difference.path) for side in (difference.before, difference.after))
    return f"{write_path(difference.path)} from {before} to {after}"


def _format_side(side: Json | Missing, path: Pointer) -> str:
    if isinstance(side, Missing):
        return "nothing"
    text = json.dumps(mask_secrets(side, path), ensure_ascii=False)
    return text if len(text) <= _MAX_CHARACTERS else text[:_MAX_CHARACTERS] + "..."


def _walk_differences(before: Document, after: Document, path: Pointer) -> Iterator[Difference]:
    for key in before.keys() | after.keys():
        left, right = before.get(key, MISSING), after.get(key, MISSING)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            yield from _walk_differences(left, right, (*path, key))
        elif isinstance(left, Missing) or isinstance(right, Missing) or not are_same(left, right):
            yield Difference((*path, key), left, right)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
