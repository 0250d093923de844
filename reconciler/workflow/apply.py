"""A commit brought about on a control plane: planned, judged, agreed to, and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, TypeAlias

from reconciler.applying.attempts import Tools
from reconciler.applying.outcome import Observer, Outcome
from reconciler.applying.run import apply_plan
from reconciler.applying.stop import Stop
from reconciler.client.requests.pace import Pace
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.manifest.load import Loading
from reconciler.planning.change import Plan
from reconciler.planning.describe import describe_plan
from reconciler.planning.document import PlanDocument
from reconciler.spans import enter_in_stage, open_stage
from reconciler.workflow.control_plane import ControlPlane
from reconciler.workflow.options import ApplyOptions
from reconciler.workflow.plan import PlanWatcher, decide_plan
from reconciler.workflow.read import read_committed

BeginApplying: TypeAlias = Callable[[Observer], Coroutine[Any, Any, tuple[Outcome, ...]]]
"""Begins to apply; calls the observer that it is given with each outcome."""


class Terms(NamedTuple):
    """How long an apply may take, how often it tries, and how many writes are under way at once."""

    deadline: Deadline
    patience: Patience
    concurrency: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of an apply.

    Args:
        plan: the plan.
        document: describes it.
        mismatches: how it differs from what was approved; if there are any, nothing was applied.
        is_agreed: false where somebody was asked and said no, so that nothing was applied.
        outcomes: one for each change, in the plan's order, if it was applied.
        signal: the number of the one that stopped it, if one did.
    """

    plan: Plan
    document: PlanDocument
    mismatches: tuple[str, ...] = ()
    is_agreed: bool = True
    outcomes: tuple[Outcome, ...] = ()
    signal: int | None = None

    @property
    def is_held_back(self) -> bool:
        """Whether the guard or a missing approval stood in the way, so that nothing was applied."""
        return self.document.guard.blocks or bool(self.mismatches)


class ApplyWatcher(PlanWatcher, Protocol):
    """Runs the calls of an apply, shows how far they are, and answers for the caller."""

    def show_plan(self, plan: Plan, document: PlanDocument) -> None:
        """Show what is to be done; nothing is written yet."""

    def confirm(self) -> bool:
        """Ask whether to go on."""

    def watch_applying(self, begin: BeginApplying, stop: Stop) -> tuple[tuple[Outcome, ...], int | None]:
        """Run the call that writes, which `stop` ends early; also the signal that stopped it, if one did."""


@contextmanager
def run_apply(
    asked: ApplyOptions, opening: AbstractContextManager[ControlPlane], watcher: ApplyWatcher
) -> Iterator[Ended]:
    """Bring about what a commit declares; its end can be reported within `with`.

    Args:
        asked: what is applied, and how.
        opening: opens the control plane, once the commit is read.
        watcher: runs the calls and shows how far they are.

    Raises:
        InvalidManifestsError: the manifests have errors.
        SettingsError: the manifests are for another control plane, or what is to be deleted is not known.
        SourceError: the commit can not be read, or the work tree differs from it.
        ControlPlaneError: what is registered can not be read, or nothing can be sent there at all.
    """
    deadline, patience = Deadline(asked.planning.seconds), Patience(settle=asked.settle_seconds)
    selection = replace(asked.planning.selection, seconds=deadline.left)
    planning = replace(asked.planning, selection=selection)
    with enter_in_stage("read", read_committed(selection)) as snapshot, opening as plane:
        # Without a cache: what is written has to come from git itself.
        decided = decide_plan(planning, Loading(snapshot), plane.reader(deadline, patience), watcher)
        document = describe_plan(decided, allows_mass_change=planning.allows_mass_change)
        document = asked.approval.adapt_guard(document)
        watcher.show_plan(decided, document)
        mismatches = tuple(asked.approval.iterate_mismatches(document, planning.pruning))
        ended = Ended(decided, document, mismatches)
        if ended.is_held_back:
            yield ended
            return
        if asked.must_ask and decided.has_writes:
            if not watcher.confirm():
                yield replace(ended, is_agreed=False)
                return
            deadline = Deadline(planning.seconds)  # answering took some of it
        terms, stop = Terms(deadline, patience, asked.concurrency), Stop(deadline)
        outcomes, signal = watcher.watch_applying(
            lambda observe: apply(decided, plane, terms, stop, observe), stop
        )
        yield replace(ended, outcomes=outcomes, signal=signal)


async def apply(
    plan: Plan, plane: ControlPlane, terms: Terms, stop: Stop, observe: Observer
) -> tuple[Outcome, ...]:
    """Bring about every change of a plan that can be.

    Args:
        plan: what to do.
        plane: where.
        terms: how.
        stop: ends it early.
        observe: is called with each outcome as it becomes known.

    Returns:
        One outcome for each change, in the plan's order.

    Raises:
        ControlPlaneError: nothing can be sent there at all.
    """
    deadline, patience, concurrency = terms
    async with (
        plane.reader(deadline, patience) as reader,
        plane.writer(deadline, patience, concurrency) as writer,
    ):
        pace = Pace(concurrency, plane.connection.rate)
        with open_stage("apply") as span:
            outcomes = await apply_plan(plan, Tools(reader, writer, pace, patience, stop, observe))
            span.count(**Counter[str](outcome.result for outcome in outcomes))
            return outcomes
