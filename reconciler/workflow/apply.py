"""A plan brought about on the control plane that it was made for."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.applying.attempts import Tools
from reconciler.applying.outcome import Observer, Outcome
from reconciler.applying.run import apply_plan
from reconciler.applying.stop import Stop
from reconciler.client.pace import Pace
from reconciler.client.patience import Deadline, Patience
from reconciler.planning.change import Plan
from reconciler.workflow.control_plane import ControlPlane


class Terms(NamedTuple):
    """How long an apply may take, how often it tries, and how many writes are under way at once."""

    deadline: Deadline
    patience: Patience
    concurrency: int


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
