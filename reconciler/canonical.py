"""The canonical value of a version and its digest: enough to see that a version is unchanged.

The shape of a manifest is the set of fields that it declares. Its canonical value is JSON with sorted keys
and types kept apart. A registered version whose fields of that shape have the same digest is as declared.
Where the digests differ, the documents themselves have to be compared: a server may write the same otherwise.
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


def read_shape(document: Document) -> Shape:
    """What a manifest declares: its fields, and those of its source."""
    source = document.get("source")
    return tuple(sorted(document)), tuple(sorted(source)) if isinstance(source, Mapping) else ()


def compute_digest(document: Document, shape: Shape, ignore: Iterable[Pointer] = ()) -> bytes:
    """The digest of what a document says, as far as a manifest of some shape declares it.

    `1` and `1.0` are one value, and so are a field that is cleared and one that is not there.

    Args:
        document: declared or registered, whole.
        shape: the fields that count.
        ignore: parts that are left to others.

    Raises:
        ValueError: it holds a number that can not be written.
    """
    part: Any = _select_declared(document, shape)
    for pointer in ignore:
        part = _remove_pointer(part, pointer)
    return blake2b(encode_canonical_json(part).encode(), digest_size=_DIGEST_BYTES).digest()


def encode_canonical_json(value: Json) -> str:
    """A value as JSON on one line: keys sorted, and whole numbers without a fraction.

    Raises:
        ValueError: it holds a number that can not be written.
    """
    text = _encode(value)
    # To search for one character is much quicker than for two.
    if ("+" in text and "e+" in text) or _INTEGRAL.search(text):  # perhaps a whole number with a fraction
        text = _encode(_convert_whole_numbers(value))
    return text


def _select_declared(document: Document, shape: Shape) -> dict[str, Json]:
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


def _remove_pointer(value: Any, pointer: Pointer) -> Any:
    """A value without what a pointer names; within lists nothing is taken away."""
    head, rest = pointer[0], pointer[1:]
    if not isinstance(value, dict) or head not in value:
        return value
    if rest:
        return {**value, head: _remove_pointer(value[head], rest)}
    return {key: inner for key, inner in value.items() if key != head}


def _convert_whole_numbers(value: Json) -> Json:
    """A value in which numbers have no fraction if they need none."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _convert_whole_numbers(inner) for key, inner in value.items()}
    return [_convert_whole_numbers(inner) for inner in value] if isinstance(value, list) else value
