"""Who owns what: the whole document that a version is to have, and whether it has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, combinations

from reconciler.compare.ignore import restore_ignored
from reconciler.diff import Difference, are_same, find_differences
from reconciler.model import (
    EXACT,
    NORMALISERS,
    Comparison,
    Declared,
    Document,
    Json,
    Pointer,
    Registered,
    is_list,
)
from reconciler.wire.rules import INTERNAL_METADATA_PREFIX

IMMUTABLE_FIELDS = ("source", "step", "run_id")
"""A version's contents, and where they came from, can not change once it is registered."""

_FIELD_DEFAULTS: Mapping[str, Json] = {"step": 0}
_ALL_NORMALISERS = frozenset(NORMALISERS)
IDENTITY_FIELDS = frozenset({"type", "name", "ml_repo", "version"})


def make_desired_document(
    declared: Declared, registered: Registered | None, comparison: Comparison = EXACT
) -> Document:
    """The declared fields over the registered ones.

    A field that the manifest leaves out keeps its registered value, `None` clears it, and internal
    metadata stays as it is. A value that counts as the registered one is written as it is registered.

    Args:
        declared: the manifest.
        registered: the version that it is about, if there is one.
        comparison: what is left to others, and which values count as written in another way.
    """
    given = declared.document
    if registered is None:
        return {field: value for field, value in given.items() if value is not None}
    before = registered.document
    document = dict(before)
    for field, value in given.items():
        if field == "metadata":
            wanted: Json = {**_as_mapping(value), **_pick_internal(before.get("metadata"))}
        elif field == "source":
            wanted = _merge_source(_as_mapping(before.get("source")), _as_mapping(value))
        else:
            wanted = value
        if not _counts_as_same(field, wanted, before.get(field), comparison.normalise):
            document[field] = _write_as_registered(before.get(field), wanted, comparison.normalise)
    return restore_ignored(document, before, comparison.ignore.in_manifest(declared))


def _merge_source(before: Mapping[str, Json], declared: Mapping[str, Json]) -> Mapping[str, Json]:
    """The declared parts over the registered ones; one that is cleared and not there asks for nothing."""
    asked = {part: value for part, value in declared.items() if value is not None or part in before}
    return {**before, **asked}


def find_immutable_differences(before: Document, after: Document) -> tuple[Pointer, ...]:
    """The parts of immutable fields in which two documents of one version differ, by their paths."""
    return tuple(
        difference.path
        for field in IMMUTABLE_FIELDS
        if not _counts_as_same(field, after.get(field), before.get(field))
        for difference in find_differences({field: before.get(field)}, {field: after.get(field)})
    )


def join_field_names(parts: Iterable[Pointer]) -> str:
    """The fields that parts are of, as people say them."""
    return " and ".join(dict.fromkeys(field for field, *_ in parts))


def find_unmet(
    asked: Document, got: Document, normalise: frozenset[str] = EXACT.normalise
) -> tuple[Difference, ...]:
    """The differences between what was asked of a version and what it is.

    Identity is not compared, nor internal metadata, which the control plane may add or hide.

    Args:
        asked: what a write is to bring about.
        got: what is registered.
        normalise: the known ways of the control plane to write values other than it was sent.
    """
    found: list[Difference] = []
    for field in asked.keys() - IDENTITY_FIELDS:
        wanted, given = asked[field], got.get(field)
        if field == "metadata":
            wanted, given = _drop_internal(wanted), _drop_internal(given)
        if not _counts_as_same(field, wanted, given, normalise):
            found += find_differences({field: _write_as_registered(given, wanted, normalise)}, {field: given})
    return tuple(sorted(found, key=lambda difference: difference.path))


def find_normalisers(asked: Document, got: Document) -> tuple[str, ...] | None:
    """The fewest of `NORMALISERS` that explain all differences, by name; `None` where they do not."""
    for names in chain.from_iterable(combinations(NORMALISERS, n) for n in range(len(NORMALISERS) + 1)):
        if not find_unmet(asked, got, frozenset(names)):
            return names
    return None


def is_written_as(asked: Document, got: Document) -> bool:
    """Whether a version may be what a control plane made of a write, in whatever known way it writes."""
    return not find_unmet(asked, got, _ALL_NORMALISERS)


def _counts_as_same(
    field: str, wanted: Json, given: Json, normalise: frozenset[str] = EXACT.normalise
) -> bool:
    default = _FIELD_DEFAULTS.get(field)
    return _is_same(default if wanted is None else wanted, default if given is None else given, normalise)


def _write_as_registered(before: Json, wanted: Json, normalise: frozenset[str]) -> Json:
    """`wanted`, in which every part that is kept as declared is written as it is registered.

    So that a patch shows, and a `PUT` sends, only what differs: not `1.0` in place of `1`.
    """
    if _is_same(wanted, before, normalise):
        return before
    if isinstance(before, Mapping) and isinstance(wanted, Mapping):
        return {
            key: _write_as_registered(before[key], value, normalise) if key in before else value
            for key, value in wanted.items()
            if key in before or value is not None or "drop-null" not in normalise
        }
    return wanted


def _is_same(wanted: Json, given: Json, normalise: frozenset[str]) -> bool:
    """Whether `given` is `wanted`, or what a control plane that normalises in these ways makes of it.

    How a number is written, and the order of keys, never makes a difference.
    """
    if isinstance(wanted, str):
        return wanted == given or (
            "trim" in normalise and isinstance(given, str) and _is_trimmed(wanted, given)
        )
    if isinstance(wanted, Mapping):
        dropped = wanted.keys() - given.keys() if isinstance(given, Mapping) else ()
        return (
            isinstance(given, Mapping)
            and wanted.keys() >= given.keys()
            and (not dropped or "drop-null" in normalise)
            and all(wanted[key] is None for key in dropped)
            and all(_is_same(wanted[key], value, normalise) for key, value in given.items())
        )
    if is_list(wanted):
        return (
            is_list(given)
            and len(wanted) == len(given)
            and all(_is_same(a, b, normalise) for a, b in zip(wanted, given, strict=True))
        )
    return are_same(wanted, given)


def _is_trimmed(text: str, given: str) -> bool:
    """Whether `given` is a text without some or all of the white space at its ends."""
    return given in text and given.strip() == text.strip()


def _pick_internal(metadata: Json) -> Mapping[str, Json]:
    return {key: value for key, value in _as_mapping(metadata).items() if is_internal_key(key)}


def _drop_internal(metadata: Json) -> Json:
    if not isinstance(metadata, Mapping):
        return metadata
    return {key: value for key, value in metadata.items() if not is_internal_key(key)}


def is_internal_key(key: str) -> bool:
    """Whether a key of metadata belongs to the platform."""
    return key.startswith(INTERNAL_METADATA_PREFIX)


def _as_mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
