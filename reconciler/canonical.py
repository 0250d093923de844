"""The canonical value of a version and its digest: enough to see that nothing is to be done.

Of a manifest its shape is kept, which is what it declares, and the digest of its canonical value: JSON
with sorted keys and types kept apart. A registered version whose value of that shape has the same
digest is as declared. Where digests differ, nothing is known yet: then the documents have to be looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from reconciler.model import Document, Json, Pointer, Shape
from reconciler.wire.rules import INTERNAL_METADATA_PREFIX

_encode = json.JSONEncoder(check_circular=False, sort_keys=True, separators=(",", ":")).encode
_DIGEST_BYTES = 16
_INTEGRAL = re.compile(r"\.0[,}\]]")


def shape_of(document: Document) -> Shape:
    """What a manifest declares: its fields, and those of its source."""
    source = document.get("source")
    return tuple(sorted(document)), tuple(sorted(source)) if isinstance(source, Mapping) else ()


def digest(document: Document, shape: Shape, ignore: Iterable[Pointer] = ()) -> bytes:
    """The digest of what a document says, as far as a manifest of some shape declares it.

    `1` and `1.0` are one value, and so are a field that is cleared and one that is not there.

    Args:
        document: declared or registered, whole.
        shape: what counts of it.
        ignore: parts that are left to others.

    Raises:
        ValueError: it holds a number that can not be written.
    """
    part: Any = _declared_part(document, shape)
    for pointer in ignore:
        part = _without(part, pointer)
    return blake2b(canonical_json(part).encode(), digest_size=_DIGEST_BYTES).digest()


def canonical_json(value: Json) -> str:
    """A value as JSON of its own, on one line: keys sorted, and whole numbers without a fraction.

    Raises:
        ValueError: it holds a number that can not be written.
    """
    text = _encode(value)
    # To search for one character is much quicker than for two.
    if ("+" in text and "e+" in text) or _INTEGRAL.search(text):  # perhaps a whole number with a fraction
        text = _encode(_with_whole_numbers(value))
    return text


def _declared_part(document: Document, shape: Shape) -> dict[str, Json]:
    fields, of_source = shape
    part = {field: document.get(field) for field in fields}
    source, metadata = part.get("source"), part.get("metadata")
    if isinstance(source, dict):
        part["source"] = {field: source.get(field) for field in of_source}
    if isinstance(metadata, dict):
        internal = [key for key in metadata if key.startswith(INTERNAL_METADATA_PREFIX)]
        if internal:
            part["metadata"] = metadata = metadata.copy()
            for key in internal:
                del metadata[key]
    if "step" in part and part["step"] is None:
        part["step"] = 0
    return part


def _without(value: Any, pointer: Pointer) -> Any:
    """A value without what a pointer names; within lists nothing is taken away."""
    head, rest = pointer[0], pointer[1:]
    if not isinstance(value, dict) or head not in value:
        return value
    if rest:
        return {**value, head: _without(value[head], rest)}
    return {key: inner for key, inner in value.items() if key != head}


def _with_whole_numbers(value: Json) -> Json:
    """A value in which numbers have no fraction if they need none."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _with_whole_numbers(inner) for key, inner in value.items()}
    return [_with_whole_numbers(inner) for inner in value] if isinstance(value, list) else value
