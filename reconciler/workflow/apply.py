"""A commit brought about on a control plane: planned, judged, agreed to, and written."""

from __future__ import annotations

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
from reconciler.workflow.control_plane import ControlPlane
from reconciler.workflow.options import ApplyOptions
from reconciler.workflow.plan import PlanWatcher, decide
from reconciler.workflow.read import read_committed

BeginApplying: TypeAlias = Callable[[Observer], Coroutine[Any, Any, tuple[Outcome, ...]]]
"""Begins to apply; whom it is given is told each outcome as it becomes known."""


class Terms(NamedTuple):
    """How long an apply may take, how often it tries, and how many writes are under way at once."""

    deadline: Deadline
    patience: Patience
    concurrency: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How an apply has ended.

    Args:
        plan: what was to be done.
        document: describes it.
        mismatches: in what it is not what was approved; if there are any, nothing was applied.
        is_agreed: whether it was agreed to; else nothing was applied.
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
    """Sees an apply, runs its calls, and answers for the caller."""

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
    """Bring about what a commit declares; how it ended can be told of within `with`.

    Args:
        asked: what is applied, and how.
        opening: the control plane, opened once the commit is read.
        watcher: sees it.

    Raises:
        InvalidManifestsError: the manifests have errors.
        SettingsError: the manifests are for another control plane, or what is to be deleted can not be told.
        SourceError: the commit can not be read, or the work tree differs from it.
        ControlPlaneError: what is registered can not be told, or nothing can be sent there at all.
    """
    deadline, patience = Deadline(asked.planning.seconds), Patience(settle=asked.settle_seconds)
    selection = replace(asked.planning.selection, seconds=deadline.left)
    planning = replace(asked.planning, selection=selection)
    with read_committed(selection) as snapshot, opening as plane:
        # Nothing is taken from a cache here: what is written was read from git.
        decided = decide(planning, Loading(snapshot), plane.reader(deadline, patience), watcher)
        document = describe_plan(decided, allows_mass_change=planning.allows_mass_change)
        document = asked.approval.judged(document)
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
            deadline = Deadline(planning.seconds)  # whoever was asked took some of it
        terms, stop = Terms(deadline, patience, asked.concurrency), Stop(deadline)
        outcomes, signal = watcher.watch_applying(lambda tell: apply(decided, plane, terms, stop, tell), stop)
        yield replace(ended, outcomes=outcomes, signal=signal)


async def apply(
    plan: Plan, plane: ControlPlane, terms: Terms, stop: Stop, tell: Observer
) -> tuple[Outcome, ...]:
    """Bring about every change of a plan that can be.

    Args:
        plan: what to do.
        plane: where.
        terms: how.
        stop: ends it early.
        tell: is told each outcome as it becomes known.

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
        return await apply_plan(plan, Tools(reader, writer, pace, patience, stop, tell))
