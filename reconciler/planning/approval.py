"""Whether a plan is the one that was approved, or what is left of it.

Changes count as the digest has them: by what they are about, what is registered and what is to be. What was
done since then is no mismatch; whatever else differs is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from reconciler.diff import described, differences
from reconciler.model import Artifact
from reconciler.planning.digest import digest_of
from reconciler.planning.document import ChangeDocument, PlanDocument
from reconciler.planning.order import PARKING_ALIAS

LEAST_DIGITS = 12
"""Of a digest, to tell a plan by."""


def mismatches(approved: PlanDocument, planned: PlanDocument) -> Iterator[str]:
    """In what a plan goes beyond an approved one, each a sentence; none if it may be applied.

    Each of its changes has to be one that was approved. An update whose alias a killed apply had parked has
    begun as approved, so that it may be brought to its end.
    """
    ours, theirs = planned.target, approved.target
    if ours.host != theirs.host:
        yield f"it was approved for {theirs.host}, and is for {ours.host}"
        return
    # A shard of nothing has asked nobody whose it is.
    if ours.tenant != theirs.tenant and (ours.tenant is not None or planned.changes):
        before, now = (target.tenant or "unknown" for target in (theirs, ours))
        yield f"it was approved for tenant {before}, and is for tenant {now}"
        return
    left = Counter(_name(approved, change) for change in approved.changes)
    begun = Counter(
        _name(approved, parked) for change in approved.changes if (parked := _parked(change)) is not None
    )
    changed = []
    for change in planned.changes:
        name = _name(planned, change)
        if left[name]:
            left[name] -= 1
        elif begun[name]:
            begun[name] -= 1
        else:
            changed.append(change)
    yield from _explained(changed, approved)


def fits_digest(planned: PlanDocument, expected: str) -> bool:
    """Whether a plan has a digest that begins in some way; a plan that changes nothing fits every digest."""
    return not planned.changes or planned.digest.startswith(expected)


def _name(plan: PlanDocument, change: ChangeDocument) -> str:
    """What names a change: equal for equal changes."""
    return digest_of(plan.target, (change,))


def _parked(change: ChangeDocument) -> ChangeDocument | None:
    """What an update looks like once its alias was parked; `None` where no apply parks one."""
    if change.action != "update" or not isinstance(change.after.get("version_alias"), str):
        return None
    parked = {**change.after, "version_alias": f"{PARKING_ALIAS}{change.version}"}
    return replace(change, before=parked)


def _explained(changed: list[ChangeDocument], approved: PlanDocument) -> Iterator[str]:
    """Why changes are not those that were approved."""
    wanted = {_place(change) for change in changed}
    known = {_place(change): change for change in approved.changes if _place(change) in wanted}
    for change in changed:
        before = known.get(_place(change))
        if before is None:
            yield f"{change.action} {change.label}: not in the approved plan"
        else:
            how = "; ".join(_how(before, change)) or "numbers in it are written in another way"
            yield f"{change.action} {change.label}: {how}"


def _how(approved: ChangeDocument, planned: ChangeDocument) -> Iterator[str]:
    """In what a change differs from the one that was approved for the same version, and on which side."""
    if approved.action != planned.action:
        yield f"approved as {approved.action}"
    if approved.id != planned.id and approved.id is not None:
        yield "another version is registered under its number" if planned.id else "no longer registered"
    if approved.before is not None and planned.before is not None:
        for difference in differences(approved.before, planned.before):
            yield f"registered since then, {described(difference)}"
    elif approved.before is None and planned.before is not None:
        yield "registered since then"
    for difference in differences(approved.after, planned.after):
        yield f"to be set, {described(difference)}"


def _place(change: ChangeDocument) -> tuple[Artifact, str]:
    """What a change is about, whatever it does."""
    return change.artifact, change.label
