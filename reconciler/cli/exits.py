"""Exit codes, which are part of the interface."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reconciler.applying.document import ApplyDocument
    from reconciler.manifest.load import Declaration
    from reconciler.model import Artifact
    from reconciler.planning.change import Change
    from reconciler.planning.document import PlanDocument
    from reconciler.workflow.apply import Ended


class Exit(IntEnum):
    """What the process ends with."""

    DONE = 0
    """Done, or nothing to do."""
    FAILED = 1
    """Invalid manifests, unreachable, refused."""
    PENDING = 2
    """Changes are pending: only of `plan --detailed-exitcode`."""
    PARTIAL = 3
    """Applied in part."""
    BLOCKED = 4
    """A conflict, the guard or a missing approval stands in the way."""
    USAGE = 64
    """The command was not understood."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
    TERMINATED = 143
    """Ended by a request to terminate."""


def choose_validation_exit(declaration: Declaration) -> Exit:
    """The exit code of a check of manifests."""
    return Exit.DONE if declaration.is_valid else Exit.FAILED


class Strictness(NamedTuple):
    """What the exit code of a plan depends on.

    Args:
        conflicts: `strict` for a code of its own where there are conflicts, else `report`.
        expect_no_orphans: whether orphans, or that they are not known, have one.
        detailed_exitcode: whether pending changes have one.
    """

    conflicts: str = "strict"
    expect_no_orphans: bool = False
    detailed_exitcode: bool = False


_USUAL = Strictness()


def choose_plan_exit(document: PlanDocument, strictness: Strictness = _USUAL) -> Exit:
    """The exit code of a plan."""
    if document.guard.blocks or (strictness.conflicts == "strict" and document.counts["conflict"]):
        return Exit.BLOCKED
    if strictness.expect_no_orphans and may_have_orphans(document):
        return Exit.BLOCKED
    return Exit.PENDING if strictness.detailed_exitcode and document.changes else Exit.DONE


def may_have_orphans(document: PlanDocument) -> bool:
    """Whether there are orphans, or that is not known."""
    from reconciler.report.view import explain_unknown_orphans

    return bool(explain_unknown_orphans(document) or document.orphans.found)


def merge_exits(applies: Sequence[ApplyDocument]) -> int | None:
    """The exit code that one apply would have had for what several did; `None` where one was killed."""
    from reconciler.applying.outcome import REACHED

    codes = [applied.exit_code for applied in applies]
    known = {code for code in codes if code is not None}
    if len(known) < len(set(codes)):
        return None
    if len(known) == 1 or known & {Exit.INTERRUPTED, Exit.TERMINATED}:
        return max(known)
    if known & {Exit.FAILED, Exit.PARTIAL}:
        results = {outcome.result for applied in applies for outcome in applied.outcomes}
        return Exit.PARTIAL if results & REACHED else Exit.FAILED
    return max(known)


def _is_waiting(change: Change, blocked: Collection[Artifact]) -> bool:
    """Whether a change waits for a conflict: of its artifact, or of any if it is a deletion."""
    return change.artifact in blocked or (bool(blocked) and change.action == "delete")


def choose_signal_exit(number: int) -> Exit:
    """What a process ends with that a signal has ended."""
    return Exit(128 + number)


def choose_apply_exit(ended: Ended) -> Exit:
    """The exit code of an apply: what failed weighs more than what was blocked from the start."""
    from reconciler.applying.outcome import REACHED

    if not ended.is_agreed:
        return Exit.FAILED
    if ended.is_held_back:
        return Exit.BLOCKED
    if ended.signal is not None:
        return choose_signal_exit(ended.signal)
    blocked = {lane.artifact for lane in ended.plan.lanes if lane.conflict}
    results = {outcome.result for outcome in ended.outcomes if not _is_waiting(outcome.change, blocked)}
    if results - REACHED:
        return Exit.PARTIAL if results & REACHED else Exit.FAILED
    return Exit.BLOCKED if blocked else Exit.DONE
