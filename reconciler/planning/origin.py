"""Whose change it is: of this branch, of an earlier commit that was not applied yet, or of somebody else.

A branch brings what the base would not bring as well: what counts is the document that a version
would have, not how a manifest is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.compare.desired import IMMUTABLE_FIELDS, find_immutable_differences, make_desired_document
from reconciler.compare.ignore import restore_ignored
from reconciler.compare.match import get_version_key, list_version_keys
from reconciler.diff import are_same
from reconciler.model import PARKING_ALIAS, Comparison, Declared, Document, Ignore, Pointer
from reconciler.planning.change import Change, Conflict
from reconciler.planning.document import Origin

_PRECEDENCE: tuple[Origin, ...] = ("unknown", "branch", "drift", "pending")


def list_keys_at_base(change: Change) -> tuple[tuple[str, object], ...]:
    """By what the base may know the version of a change, see `match.get_version_key`; the best first."""
    own = (get_version_key(change.declared),) if change.declared else ()
    return (*own, *list_version_keys(change.registered)) if change.registered else own


def asks_for_change(change: Change, comparison: Comparison) -> bool:
    """Whether a change's own manifest asks for anything, and not only another one for its alias."""
    declared, registered = change.declared, change.registered
    if declared is None or registered is None:
        return declared is not None
    return not are_same(registered.document, make_desired_document(declared, registered, comparison))


def is_of_branch(change: Change, at_base: Declared | None, comparison: Comparison) -> bool:
    """Whether the base would not ask for the same.

    Args:
        change: has a manifest.
        at_base: what the base declares of the version, if it does.
        comparison: how manifests are compared with what is registered.
    """
    assert change.declared
    if at_base is None:
        return True
    ours, theirs = (
        make_desired_document(declared, change.registered, comparison)
        for declared in (change.declared, at_base)
    )
    return not are_same(ours, theirs)


def was_declared(change: Change, earlier: Declared, comparison: Comparison) -> bool:
    """Whether what is registered is what an earlier commit declared, where it differs from the manifest.

    A value that the earlier manifest says nothing of came from elsewhere.
    """
    registered = change.registered
    assert registered
    before = registered.document
    if not are_same(before, make_desired_document(earlier, registered, comparison)):
        return False
    differing = (field for field in change.after if not are_same(change.after[field], before.get(field)))
    return all(field in earlier.document or not before.get(field) for field in differing)


def trace_aliases(changes: Sequence[Change], own: Sequence[Origin | None]) -> list[Origin | None]:
    """The origins of the changes of one artifact: what only gives up an alias is of whoever takes it.

    Where a change has several parts, what this branch brings to it comes first, then what others did.

    Args:
        changes: all of the artifact.
        own: of each, the origin of what its own manifest asks for; `None` where that is nothing.
    """
    takers = {
        alias: origin
        for change, origin in zip(changes, own, strict=True)
        if not isinstance(change, Conflict)
        and (alias := change.after.get("version_alias"))
        and not (change.registered and change.registered.alias == alias)
    }
    origins: list[Origin | None] = []
    for change, origin in zip(changes, own, strict=True):
        parts = {origin}
        if alias := _find_released_alias(change):
            # An interrupted run leaves aliases of ours behind.
            parts.add(takers.get(alias, "pending" if alias.startswith(PARKING_ALIAS) else None))
        origins.append(next((part for part in _PRECEDENCE if part in parts), None))
    return origins


def _find_released_alias(change: Change) -> str | None:
    """The alias that a change takes from its version, if it takes one and gives none."""
    if isinstance(change, Conflict) or change.registered is None or change.after.get("version_alias"):
        return None
    return change.registered.alias


def find_edited_contents(declared: Declared, at_base: Declared, ignore: Ignore) -> tuple[Pointer, ...]:
    """The parts in which two manifests of one version declare other contents, by their paths.

    What only one of them declares may be as it is registered, and is left out.
    """
    before, after = _pick_shared_contents(at_base.document, declared.document)
    return find_immutable_differences(before, restore_ignored(after, before, ignore.in_manifest(declared)))


def _pick_shared_contents(one: Document, other: Document) -> tuple[Document, Document]:
    """The contents fields that both documents have, and of those of their sources."""
    fields = [field for field in IMMUTABLE_FIELDS if field in one and field in other]
    sources = one.get("source"), other.get("source")
    both = [{field: document[field] for field in fields} for document in (one, other)]
    if isinstance(sources[0], Mapping) and isinstance(sources[1], Mapping):
        shared = sources[0].keys() & sources[1].keys()
        for document, source in zip(both, sources, strict=True):
            assert isinstance(source, Mapping)
            document["source"] = {field: source[field] for field in shared}
    return both[0], both[1]
