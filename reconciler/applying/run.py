"""A whole apply: lanes side by side, deletions last."""

from __future__ import annotations

from itertools import chain

from reconciler.applying.attempts import Tools
from reconciler.applying.breaker import Breaker
from reconciler.applying.deletions import delete_all
from reconciler.applying.lane import LaneRun
from reconciler.applying.outcome import Outcome
from reconciler.applying.workers import work_off
from reconciler.planning.change import Plan


async def apply_plan(plan: Plan, tools: Tools) -> tuple[Outcome, ...]:
    """Bring about every change of a plan that can be.

    Args:
        plan: what to do.
        tools: with what; they set the pace, and can end the run early.

    Returns:
        One outcome for each change, in the plan's order.
    """
    breaker = Breaker(tools.stop)
    normalise = plan.comparison.normalise
    found = await work_off(
        plan.lanes, lambda lane: LaneRun(lane, normalise, tools, breaker).run(), tools.stop
    )
    outcomes = list(chain.from_iterable(found))
    outcomes += await delete_all(plan, outcomes, tools)
    if tuple(outcome.change for outcome in outcomes) != plan.changes:
        raise AssertionError("an apply has to tell what became of every change")
    return tuple(outcomes)
