"""A plan applied, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from reconciler.applying.document import OutcomeDocument, describe_outcome
from reconciler.applying.outcome import REACHED, Outcome
from reconciler.applying.stop import Stop
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.errors import BlockedError, SourceError
from reconciler.library.calls import SECONDS, run
from reconciler.library.proposal import Proposal
from reconciler.planning.approval import find_expected_mismatches, is_approval
from reconciler.planning.describe import Describer
from reconciler.planning.document import PlanDocument
from reconciler.workflow.apply import Terms
from reconciler.workflow.apply import apply as bring_about

_MAX_MISMATCHES = 5
"""Named in an error."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a plan.

    Args:
        outcomes: one for each change, in the plan's order.
    """

    outcomes: tuple[OutcomeDocument, ...]

    @property
    def is_complete(self) -> bool:
        """Whether everything is now registered as the plan has it; of no change, it is."""
        return all(outcome.result in REACHED for outcome in self.outcomes)


def apply(
    proposal: Proposal,
    *,
    expect: str | None = None,
    on_outcome: Callable[[OutcomeDocument], None] | None = None,
    concurrency: int = 8,
    settle: float = 60.0,
    timeout: float = SECONDS,
) -> Report:
    """Bring about what a plan proposes, but for its conflicts; whatever has changed since then is skipped.

    Args:
        proposal: the plan, of a commit.
        expect: the digest that was approved, or how it begins, 12 digits at least; or `Proposal.approval`,
            by which also what is left of that plan is applied.
        on_outcome: is called with each outcome as it becomes known.
        concurrency: writes under way at once.
        settle: seconds that the control plane may be busy with a write whose answer was lost.
        timeout: seconds for all of it; then what is left is skipped.

    Raises:
        BlockedError: the guard stops the plan, it is not the one expected, or was applied before. Nothing was
            applied.
        SourceError: the plan is of a work tree, and a commit is applied. Nothing was applied.
        ControlPlaneError: nothing can be sent there at all.
        RuntimeError: an event loop is running in this thread.
    """
    _check_may_be_applied(proposal.document, expect)
    decided, plane = proposal._take_plan()  # noqa: SLF001  ours
    describer = Describer(decided)

    def report_outcome(outcome: Outcome) -> None:
        if on_outcome:
            on_outcome(describe_outcome(outcome, describer))

    async def call() -> tuple[Outcome, ...]:
        terms = Terms(Deadline(timeout), Patience(settle=settle), concurrency)
        return await bring_about(decided, plane, terms, Stop(terms.deadline), report_outcome)

    return Report(tuple(describe_outcome(outcome, describer) for outcome in run(call())))


def _check_may_be_applied(document: PlanDocument, expected: str | None) -> None:
    """Check that a plan may be applied.

    Raises:
        ReconcilerError: as `apply`.
    """
    if document.source.in_work_tree:
        raise SourceError("the plan is of a work tree, and a commit is applied", 'load one: ref="HEAD"')
    if document.guard.blocks:
        raise BlockedError(
            f"the plan changes too much at once: {'; '.join(document.guard.violations)}",
            "if that is meant: plan(..., allow_mass_change=True)",
        )
    if expected is None:
        return
    mismatches = [f"its digest is {document.digest}, and no digest was given"]
    if is_approval(expected):
        mismatches = list(islice(find_expected_mismatches(expected, document), _MAX_MISMATCHES))
    if mismatches:
        raise BlockedError(
            f"the plan is not the approved one: {'; '.join(mismatches)}",
            "look at the new plan, and have it approved",
        )
