"""Who owns what: the whole document that a version is to have, and whether it has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.diff import Difference, Missing, differences, same
from reconciler.model import Declared, Document, Json, Pointer, Registered, is_list
from reconciler.planning.ignore import left_to_others
from reconciler.wire.rules import INTERNAL_METADATA_PREFIX

IMMUTABLE_FIELDS = ("source", "step", "run_id")
"""A version's contents, and where they came from, can not change once it is registered."""

_DEFAULTS: Mapping[str, Json] = {"step": 0}
IDENTITY_FIELDS = frozenset({"type", "name", "ml_repo", "version"})


def desired_document(
    declared: Declared, registered: Registered | None, ignore: Iterable[Pointer] = ()
) -> Document:
    """The declared fields over the registered ones.

    A field that the manifest leaves out keeps its registered value, `None` clears it, and internal
    metadata stays as it is. What the control plane keeps as declared is written as it is registered.

    Args:
        declared: the manifest.
        registered: the version that it is about, if there is one.
        ignore: parts of a registered version that are left to others.
    """
    given = declared.document
    if registered is None:
        return {field: value for field, value in given.items() if value is not None}
    before = registered.document
    document = dict(before)
    for field, value in given.items():
        if field == "metadata":
            wanted: Json = {**_mapping(value), **_internal(before.get("metadata"))}
        elif field == "source":
            wanted = {**_mapping(before.get("source")), **_mapping(value)}
        else:
            wanted = value
        if not _is_kept(field, wanted, before.get(field)):
            document[field] = _as_registered(before.get(field), wanted)
    return left_to_others(document, before, ignore)


def immutable_differences(before: Document, after: Document) -> tuple[str, ...]:
    """The immutable fields in which two documents of one version differ."""
    return tuple(
        field for field in IMMUTABLE_FIELDS if not _is_kept(field, after.get(field), before.get(field))
    )


def unmet(asked: Document, got: Document) -> tuple[Difference, ...]:
    """What was asked of a version and is not so.

    Identity is not compared, nor internal metadata, which the control plane may add or hide.
    """
    found: list[Difference] = []
    for field in asked.keys() - IDENTITY_FIELDS:
        wanted, given = asked[field], got.get(field)
        if field == "metadata":
            wanted, given = _without_internal(wanted), _without_internal(given)
        if not _is_kept(field, wanted, given):
            found += filter(_is_real, differences({field: wanted}, {field: given}))
    return tuple(sorted(found, key=lambda difference: difference.path))


def _is_real(difference: Difference) -> bool:
    """Whether it is more than a known way to write the same: within one field, both can be found."""
    before, after = difference.before, difference.after
    if isinstance(after, Missing):
        return before is not None
    return isinstance(before, Missing) or not is_normalised(before, after)


def _is_kept(field: str, wanted: Json, given: Json) -> bool:
    default = _DEFAULTS.get(field)
    return is_normalised(default if wanted is None else wanted, default if given is None else given)


def _as_registered(before: Json, wanted: Json) -> Json:
    """`wanted`, in which every part that is kept as declared is written as it is registered.

    So that a patch shows, and a `PUT` sends, only what differs: not `1.0` in place of `1`.
    """
    if is_normalised(wanted, before):
        return before
    if isinstance(before, Mapping) and isinstance(wanted, Mapping):
        return {
            key: _as_registered(before[key], value) if key in before else value
            for key, value in wanted.items()
            if key in before or value is not None
        }
    return wanted


def is_normalised(wanted: Json, given: Json) -> bool:
    """Whether `given` is what a control plane may make of `wanted` without changing what it says.

    Known are: numbers written otherwise, keys in another order, `null` dropped from mappings, and
    white space trimmed from the ends of texts.
    """
    if isinstance(wanted, str):
        return isinstance(given, str) and (given == wanted or given == wanted.strip())
    if isinstance(wanted, dict):
        return (
            isinstance(given, dict)
            and wanted.keys() >= given.keys()
            and all(
                is_normalised(value, given[key]) if key in given else value is None
                for key, value in wanted.items()
            )
        )
    if is_list(wanted):
        return (
            is_list(given)
            and len(wanted) == len(given)
            and all(is_normalised(a, b) for a, b in zip(wanted, given, strict=True))
        )
    return same(wanted, given)


def _internal(metadata: Json) -> Mapping[str, Json]:
    return {key: value for key, value in _mapping(metadata).items() if is_internal(key)}


def _without_internal(metadata: Json) -> Json:
    if not isinstance(metadata, Mapping):
        return metadata
    return {key: value for key, value in metadata.items() if not is_internal(key)}


def is_internal(key: str) -> bool:
    """Whether a key of metadata belongs to the platform."""
    return key.startswith(INTERNAL_METADATA_PREFIX)


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
