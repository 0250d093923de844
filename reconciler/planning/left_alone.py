"""What differs between a manifest and its registered version and is no change, and why it is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.compare.desired import IDENTITY_FIELDS, is_internal_key
from reconciler.diff import MISSING, Difference, Missing, are_same, find_differences
from reconciler.model import Document, Ignore, Json, Pointer, write_pointer
from reconciler.planning.change import Change
from reconciler.planning.document import LeftAlone, Reason


def find_left_alone(change: Change, ignore: Ignore) -> Iterator[LeftAlone]:
    """The differences that a change leaves as they are, by their paths.

    Args:
        change: of a version that is registered and declared; else there are none.
        ignore: parts of documents that are left to others.
    """
    registered = change.registered
    if registered is None or change.declared is None:
        return
    declared = change.declared
    pointers = ignore.in_manifest(declared)
    for difference in find_differences(declared.document, registered.document):
        path = difference.path
        if path[0] in IDENTITY_FIELDS or difference.says_nothing:
            continue
        if _is_same(_get_part(change.after, path), difference.after):
            yield LeftAlone(write_pointer(path), _find_reason(difference, pointers))


def _find_reason(difference: Difference, ignore: Iterable[Pointer]) -> Reason:
    """Why what is registered stays: `before` is what the manifest gives."""
    path = difference.path
    if path[0] == "metadata" and len(path) > 1:  # which is declared as a whole
        if is_internal_key(path[1]):
            return "internal"
    elif isinstance(difference.before, Missing):
        return "undeclared"
    if any(_overlap(path, pointer) for pointer in ignore):
        return "ignored"
    return "normalised"


def _overlap(path: Pointer, pointer: Pointer) -> bool:
    """Whether one of the two is part of the other."""
    shorter = min(len(path), len(pointer))
    return path[:shorter] == pointer[:shorter]


def _is_same(after: Json | Missing, registered: Json | Missing) -> bool:
    if isinstance(after, Missing) or isinstance(registered, Missing):
        return after is registered
    return are_same(after, registered)


def _get_part(document: Document, path: Pointer) -> Json | Missing:
    found: Json | Missing = document
    for key in path:
        if not isinstance(found, Mapping):
            return MISSING
        found = found.get(key, MISSING)
    return found
