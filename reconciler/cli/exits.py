"""Exit codes, which are part of the interface."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.apply.outcome import Outcome
    from reconciler.plan.change import Plan
    from reconciler.plan.document import PlanDocument


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


def plan_exit(document: PlanDocument, *, detailed: bool) -> Exit:
    """The exit code of a plan."""
    if document.guard.blocks or document.counts["conflict"]:
        return Exit.BLOCKED
    return Exit.PENDING if detailed and document.changes else Exit.DONE


def apply_exit(plan: Plan, outcomes: Sequence[Outcome]) -> Exit:
    """The exit code of an apply: what failed weighs more than what was blocked from the start."""
    from reconciler.apply.outcome import REACHED

    blocked = {lane.artifact for lane in plan.lanes if lane.conflict}
    results = {outcome.result for outcome in outcomes if outcome.change.artifact not in blocked}
    if results - REACHED:
        return Exit.PARTIAL if results & REACHED else Exit.FAILED
    return Exit.BLOCKED if blocked else Exit.DONE
