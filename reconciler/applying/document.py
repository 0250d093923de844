"""An apply as a document: what was planned, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from reconciler.applying.outcome import Outcome, Result
from reconciler.planning.describe import Describer
from reconciler.planning.document import ChangeDocument, PlanDocument


@dataclass(frozen=True, slots=True)
class OutcomeDocument:
    """What became of one change.

    Args:
        change: the change.
        result: what became of it.
        version: the version registered, where one was.
        message: why it failed or was skipped, or what the control plane did differently.
        hint: what to do about that.
        began: when its turn came, in seconds since the apply began; `None` if it never did.
        seconds: how long it took from then on, waits between tries included.
        attempts: how many requests to write it were begun.
        request_id: what the last answer to one of them called it; `None` without one.
    """

    change: ChangeDocument
    result: Result
    version: int | None = None
    message: str = ""
    hint: str = ""
    began: float | None = None
    seconds: float | None = None
    attempts: int = 0
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class ApplyDocument:
    """An apply.

    Args:
        plan: what was to be done. Of a run that was killed, its changes are those with an outcome.
        outcomes: in the order of the plan; of a report, in that in which they became known.
        planned: how many changes there were.
        exit_code: of the run; `None` where it was killed.
    """

    plan: PlanDocument
    outcomes: Collection[OutcomeDocument]
    planned: int
    exit_code: int | None


class DescribedOutcomes(Collection[OutcomeDocument]):
    """Outcomes in order, each described when it is come to."""

    def __init__(self, outcomes: Sequence[Outcome], describer: Describer) -> None:
        self._outcomes = outcomes
        self._describer = describer

    def __len__(self) -> int:
        return len(self._outcomes)

    def __iter__(self) -> Iterator[OutcomeDocument]:
        return (describe_outcome(outcome, self._describer) for outcome in self._outcomes)

    def __contains__(self, outcome: object) -> bool:
        return any(outcome == each for each in self)


def describe_outcome(outcome: Outcome, describer: Describer) -> OutcomeDocument:
    """Describe one outcome, of a change of the describer's plan."""
    return OutcomeDocument(
        change=describer.describe(outcome.change),
        result=outcome.result,
        version=outcome.version,
        message=outcome.message,
        hint=outcome.hint,
        began=outcome.began,
        seconds=outcome.seconds,
        attempts=outcome.attempts,
        request_id=outcome.request_id,
    )
