"""What `ignore` leaves to others: parts of a document that keep their registered value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.diff import MISSING, Missing
from reconciler.model import Document, Json, Pointer, is_list


def restore_ignored(after: Document, before: Document, pointers: Iterable[Pointer]) -> Document:
    """`after`, with what the pointers name as it is in `before`, or absent where it is absent there."""
    document: Json | Missing = after
    for pointer in pointers:
        document = _restore_part(document, before, pointer)
    assert isinstance(document, Mapping)
    return document


def _restore_part(after: Json | Missing, before: Json | Missing, pointer: Pointer) -> Json | Missing:
    if not pointer:
        return before
    head, rest = pointer[0], pointer[1:]
    if is_list(after) and is_list(before):
        return _restore_item(after, before, head, rest)
    theirs = before if isinstance(before, Mapping) else {}
    if not isinstance(after, Mapping | Missing) or (isinstance(after, Missing) and not theirs):
        return after
    ours = {} if isinstance(after, Missing) else dict(after)
    value = _restore_part(ours.get(head, MISSING), theirs.get(head, MISSING), rest)
    if isinstance(value, Missing):
        ours.pop(head, None)
    else:
        ours[head] = value
    return ours if ours or not isinstance(after, Missing) else MISSING


def _restore_item(after: Sequence[Json], before: Sequence[Json], index: str, rest: Pointer) -> Json:
    if not (index.isascii() and index.isdigit() and int(index) < min(len(after), len(before))):
        return after
    item = _restore_part(after[int(index)], before[int(index)], rest)
    assert not isinstance(item, Missing)
    return [*after[: int(index)], item, *after[int(index) + 1 :]]
