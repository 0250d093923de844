"""What a caller asks of a plan and of an apply, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.compare.selector import EVERYTHING, Selector
from reconciler.planning.orphans import Pruning
from reconciler.workflow.approval import ANYTHING, Approval
from reconciler.workflow.read import Selection


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan is about, and how long it may take.

    Args:
        selection: which files are read.
        selector: which versions it is about.
        pruning: which orphans are to be deleted.
        owned_by: names further branches that are ours.
        allows_mass_change: whether more than the guard allows may be changed at once.
        seconds: for the whole run.
    """

    selection: Selection = field(default_factory=Selection)
    selector: Selector = EVERYTHING
    pruning: Pruning = Pruning.NONE
    owned_by: tuple[str, ...] = ()
    allows_mass_change: bool = False
    seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What is applied, and how.

    Args:
        planning: what the plan is about.
        approval: what was approved.
        concurrency: writes under way at once.
        settle_seconds: how long the control plane may be busy with a write whose answer was lost.
        must_ask: whether somebody has to agree to the plan first.
    """

    planning: PlanOptions
    approval: Approval = ANYTHING
    concurrency: int = 8
    settle_seconds: float = 60.0
    must_ask: bool = False
