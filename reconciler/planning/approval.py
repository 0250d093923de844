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
from reconciler.planning.digest import (
    combine_digests,
    compute_change_digest,
    get_registered_state,
    list_change_digests,
)
from reconciler.planning.document import ChangeDocument, PlanDocument

MIN_DIGITS = 12
"""Of a digest, at least, to name a plan by."""

_DIGEST_DIGITS = 64
_SEPARATOR = ":"
_APPROVAL = re.compile(
    rf"[0-9a-f]{{{MIN_DIGITS},{_DIGEST_DIGITS}}}|[0-9a-f]{{{_DIGEST_DIGITS}}}:([0-9a-f]{{{_DIGEST_DIGITS}}})+"
)
_MAX_DIGESTS = 1_500
"""In an approval: 96 KiB, as Linux takes no argument or variable above 128 KiB."""


def find_mismatches(approved: PlanDocument, planned: PlanDocument) -> Iterator[str]:
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
    if planned.digest == approved.digest:  # found without a digest of each of 100,000 changes
        return
    if changed := _find_changed(approved, planned):
        yield from _explain_changes(changed, approved)
    yield from _explain_kept_deletions(approved, planned)


def make_approval(plan: PlanDocument) -> str:
    """What `--expect` knows a plan by, and also what is left of it: its digest and those of its changes.

    It is short enough for a command line; of a plan with more than some 1,500 changes it is the digest alone.
    """
    digests: list[str] = []
    for change in plan.changes:
        digests += list_change_digests(change)
        if len(digests) > _MAX_DIGESTS:
            return plan.digest
    return f"{plan.digest}{_SEPARATOR}{''.join(digests)}" if digests else plan.digest


def is_approval(text: str) -> bool:
    """Whether a text can be what a plan is known by: a digest or how one begins, or a `make_approval`."""
    return _APPROVAL.fullmatch(text) is not None


def find_expected_mismatches(approval: str, planned: PlanDocument) -> Iterator[str]:
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
    known = [digests[start : start + _DIGEST_DIGITS] for start in range(0, len(digests), _DIGEST_DIGITS)]
    if combine_digests(planned.target, known) != digest:
        yield f"what was approved was for another control plane than {planned.target.host}, or was changed"
        return
    left = Counter(known)
    for change in planned.changes:
        if not _take(left, change):
            yield f"{change.action} {change.label}: not in the approved plan, or not in this way"


def _find_changed(approved: PlanDocument, planned: PlanDocument) -> list[ChangeDocument]:
    """The changes of a plan that were not approved."""
    # What is left of a plan is in its order: so much is seen without holding 100,000 digests, in 25 MiB.
    in_order = _iterate_digests(approved)
    if all(compute_change_digest(change) in in_order for change in planned.changes):
        return []
    left = Counter(_iterate_digests(approved))
    return [change for change in planned.changes if not _take(left, change)]


def _iterate_digests(plan: PlanDocument) -> Iterator[str]:
    """What the changes of a plan may be known by."""
    return (digest for change in plan.changes for digest in list_change_digests(change))


def _take(left: Counter[str], change: ChangeDocument) -> bool:
    """Whether a change is one of those that are left, from which it is taken."""
    digest = compute_change_digest(change)
    left[digest] -= 1
    return left[digest] >= 0


def _explain_changes(changed: list[ChangeDocument], approved: PlanDocument) -> Iterator[str]:
    """Why changes are not those that were approved."""
    wanted = {_get_subject(change) for change in changed}
    known = {_get_subject(change): change for change in approved.changes if _get_subject(change) in wanted}
    for change in changed:
        before = known.get(_get_subject(change))
        if before is None:
            yield f"{change.action} {change.label}: not in the approved plan"
        else:
            how = "; ".join(_explain_difference(before, change)) or "numbers in it are written in another way"
            yield f"{change.action} {change.label}: {how}"


def _explain_kept_deletions(approved: PlanDocument, planned: PlanDocument) -> Iterator[str]:
    """Deletions that are not done, and not left to do either, as what they are of has come into use."""
    before = {orphan.id for orphan in approved.orphans.found}
    kept = {orphan.id: orphan.in_use for orphan in planned.orphans.found if orphan.id not in before}
    for change in approved.changes if kept else ():
        added = [use for use in kept.get(change.id or "", ()) if use not in change.in_use]
        if added and change.action == "delete":
            yield f"delete {change.label}: in use since then: {', '.join(added)}"


def _explain_difference(approved: ChangeDocument, planned: ChangeDocument) -> Iterator[str]:
    """In what a change differs from the one that was approved for the same version, and on which side."""
    if approved.action != planned.action:
        yield f"approved as {approved.action}"
    if approved.id != planned.id and approved.id is not None:
        yield "another version is registered under its number" if planned.id else "no longer registered"
    before, now = get_registered_state(approved), get_registered_state(planned)
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


def _get_subject(change: ChangeDocument) -> tuple[Artifact, str]:
    """What a change is about, whatever it does."""
    return change.artifact, change.label
