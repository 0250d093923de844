"""Whether a plan is the one that was approved, or what is left of it.

Changes count as the digest has them: by what they are about, what is registered and what is to be. What was
done since then is no mismatch; whatever else differs is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from reconciler.diff import describe_difference, find_differences
from reconciler.model import Artifact
from reconciler.planning.digest import change_digests, combine_digests, digest_change, registered_state
from reconciler.planning.document import ChangeDocument, PlanDocument

LEAST_DIGITS = 12
"""Of a digest, to tell a plan by."""

_DIGITS = 64
_SEPARATOR = ":"
_APPROVAL = re.compile(
    rf"[0-9a-f]{{{LEAST_DIGITS},{_DIGITS}}}|[0-9a-f]{{{_DIGITS}}}:([0-9a-f]{{{_DIGITS}}})+"
)
_MOST_DIGESTS = 1_500
"""In an approval: 96 KiB, as Linux takes no argument or variable above 128 KiB."""


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
    if planned.digest == approved.digest:  # which is told without a digest of each of 100,000 changes
        return
    left = Counter(digest for change in approved.changes for digest in change_digests(change))
    changed = [change for change in planned.changes if not _take(left, change)]
    yield from _explained(changed, approved)
    yield from _kept(approved, planned)


def approval_of(plan: PlanDocument) -> str:
    """What `--expect` knows a plan by, and also what is left of it: its digest and those of its changes.

    It is short enough for a command line; of a plan with more than some 1,500 changes it is the digest alone.
    """
    digests: list[str] = []
    for change in plan.changes:
        digests += change_digests(change)
        if len(digests) > _MOST_DIGESTS:
            return plan.digest
    return f"{plan.digest}{_SEPARATOR}{''.join(digests)}" if digests else plan.digest


def is_approval(text: str) -> bool:
    """Whether a text can be what a plan is known by: a digest or how one begins, or an `approval_of`."""
    return _APPROVAL.fullmatch(text) is not None


def expected_mismatches(approval: str, planned: PlanDocument) -> Iterator[str]:
    """In what a plan goes beyond what it is to be known by, each a sentence; none if it may be applied.

    A plan that changes nothing is always right.

    Args:
        approval: `is_approval`.
        planned: the plan.
    """
    if not planned.changes:
        return
    digest, separator, digests = approval.partition(_SEPARATOR)
    if planned.digest.startswith(digest):
        return
    if not separator:
        yield f"its digest is {planned.digest}, and not {digest}"
        yield "a digest does not tell what differs, or what is left: --plan FILE does, or the output approval"
        return
    known = [digests[start : start + _DIGITS] for start in range(0, len(digests), _DIGITS)]
    if combine_digests(planned.target, known) != digest:
        yield f"what was approved was for another control plane than {planned.target.host}, or was changed"
        return
    left = Counter(known)
    for change in planned.changes:
        if not _take(left, change):
            yield f"{change.action} {change.label}: not in the approved plan, or not in this way"


def _take(left: Counter[str], change: ChangeDocument) -> bool:
    """Whether a change is one of those that are left, from which it is taken."""
    digest = digest_change(change)
    left[digest] -= 1
    return left[digest] >= 0


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


def _kept(approved: PlanDocument, planned: PlanDocument) -> Iterator[str]:
    """Deletions that are not done, and not left to do either, as what they are of has come into use."""
    before = {orphan.id for orphan in approved.orphans.found}
    kept = {orphan.id: orphan.in_use for orphan in planned.orphans.found if orphan.id not in before}
    for change in approved.changes if kept else ():
        added = [use for use in kept.get(change.id or "", ()) if use not in change.in_use]
        if added and change.action == "delete":
            yield f"delete {change.label}: in use since then: {', '.join(added)}"


def _how(approved: ChangeDocument, planned: ChangeDocument) -> Iterator[str]:
    """In what a change differs from the one that was approved for the same version, and on which side."""
    if approved.action != planned.action:
        yield f"approved as {approved.action}"
    if approved.id != planned.id and approved.id is not None:
        yield "another version is registered under its number" if planned.id else "no longer registered"
    before, now = registered_state(approved), registered_state(planned)
    if before is not None and now is not None:
        for difference in find_differences(before, now):
            yield f"registered since then, {describe_difference(difference)}"
    elif before is None and now is not None:
        yield "registered since then"
    if added := [use for use in planned.in_use if use not in approved.in_use]:
        yield f"in use since then: {', '.join(added)}"
    if ended := [use for use in approved.in_use if use not in planned.in_use]:
        yield f"no longer in use: {', '.join(ended)}"
    for difference in find_differences(approved.after, planned.after):
        yield f"to be set, {describe_difference(difference)}"


def _place(change: ChangeDocument) -> tuple[Artifact, str]:
    """What a change is about, whatever it does."""
    return change.artifact, change.label
