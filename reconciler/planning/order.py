"""In which order a lane writes: an alias is given up before it is taken, updates come before creates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.model import PARKING_ALIAS, Document
from reconciler.planning.change import Change, Conflict, Create, Update


@dataclass(frozen=True, slots=True)
class Write:
    """One `PUT` of a lane. Of the writes of one change, the last brings it about; one before only parks."""

    change: Create | Update
    parking: Document | None = None

    @property
    def document(self) -> Document:
        """What is sent."""
        return self.change.after if self.parking is None else self.parking

    @property
    def is_last(self) -> bool:
        """Whether it brings its change about."""
        return self.parking is None


def order_changes(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes of one lane in the order of their writes, conflicts first."""
    listed = list(changes)
    conflicts = sorted((c for c in listed if isinstance(c, Conflict)), key=lambda change: change.label)
    return (*conflicts, *(write.change for write in order_writes(listed) if write.is_last))


def order_writes(changes: Iterable[Change]) -> tuple[Write, ...]:
    """The writes that bring about the changes of one lane; conflicts are never written."""
    listed = list(changes)
    updates = sorted((c for c in listed if isinstance(c, Update)), key=lambda change: change.version)
    creates = sorted((c for c in listed if isinstance(c, Create)), key=_make_creation_key)
    moving = [update for update in updates if _moves_alias(update)]
    rest = [update for update in updates if not _moves_alias(update)]
    others: list[Create | Update] = [*rest, *creates]
    return (*_order_alias_writes(moving), *map(Write, others))


def _make_creation_key(change: Create) -> tuple[bool, int, str, str]:
    if change.version is not None:
        return False, change.version, "", ""
    declared = change.declared
    return True, 0, declared.alias or "", declared.uri or ""


def _moves_alias(update: Update) -> bool:
    return _get_alias(update.registered.document) != _get_alias(update.after)


def _order_alias_writes(moving: Sequence[Update]) -> tuple[Write, ...]:
    """Each update once nobody holds the alias that it takes; a closed ring is opened by parking one.

    The version parked gives up its alias for one that nobody else can want, and takes its own last.
    """
    held = {update.version: _get_alias(update.registered.document) for update in moving}
    pending = list(moving)
    writes: list[Write] = []
    while pending:
        taken = {alias for alias in held.values() if alias}
        ready = next((u for u in pending if _get_alias(u.after) not in taken), None)
        if ready:
            pending.remove(ready)
            held[ready.version] = _get_alias(ready.after)
            writes.append(Write(ready))
        else:
            parked = pending[0]
            held[parked.version] = parking = f"{PARKING_ALIAS}{parked.version}"
            writes.append(Write(parked, {**parked.after, "version_alias": parking}))
    return tuple(writes)


def _get_alias(document: Document) -> str | None:
    alias = document.get("version_alias")
    return alias if isinstance(alias, str) else None
