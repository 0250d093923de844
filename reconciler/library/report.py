"""A plan applied, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.applying.document import OutcomeDocument, describe_outcome
from reconciler.applying.outcome import REACHED, Outcome
from reconciler.applying.stop import Stop
from reconciler.client.patience import Deadline, Patience
from reconciler.errors import BlockedError, SourceError
from reconciler.library.calls import SECONDS, run
from reconciler.library.proposal import Proposal
from reconciler.planning.approval import LEAST_DIGITS, fits_digest
from reconciler.planning.document import PlanDocument
from reconciler.workflow.apply import Terms
from reconciler.workflow.apply import apply as bring_about


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
        expect: the digest that was approved, or how it begins, 12 digits at least.
        on_outcome: is told each outcome as it becomes known.
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
    _check(proposal.document, expect)
    decided, plane = proposal._taken()  # noqa: SLF001  ours

    def tell(outcome: Outcome) -> None:
        if on_outcome:
            on_outcome(describe_outcome(outcome))

    async def call() -> tuple[Outcome, ...]:
        deadline = Deadline(timeout)
        terms = Terms(deadline, Patience(settle=settle), concurrency)
        return await bring_about(decided, plane, terms, Stop(deadline), tell)

    return Report(tuple(map(describe_outcome, run(call()))))


def _check(document: PlanDocument, expected: str | None) -> None:
    """See that a plan may be applied.

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
    if expected is not None and (len(expected) < LEAST_DIGITS or not fits_digest(document, expected)):
        raise BlockedError(
            f"the digest of the plan is {document.digest}, and not {ascii(expected[:64])[1:-1]}",
            "look at the new plan, and have it approved",
        )
