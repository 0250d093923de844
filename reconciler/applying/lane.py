"""One lane: its writes one after another; the first that does not succeed stops what follows it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from reconciler.applying.attempts import Attempts, Tools
from reconciler.applying.belief import Belief
from reconciler.applying.breaker import Breaker
from reconciler.applying.outcome import REACHED, Outcome, Result
from reconciler.planning.change import Change, Conflict, Lane
from reconciler.planning.order import order_writes

_ENDINGS = {Result.FAILED: "failed", Result.UNKNOWN: "may have failed", Result.SKIPPED: "was skipped"}


class LaneRun:
    """Applies one lane.

    Args:
        lane: what to do.
        normalise: the known ways of the control plane to write values other than it was sent.
        tools: with what.
        breaker: holds new writes back while the server is in trouble.
    """

    def __init__(self, lane: Lane, normalise: frozenset[str], tools: Tools, breaker: Breaker) -> None:
        self._lane = lane
        self._tools = tools
        self._breaker = breaker
        self._belief = Belief(lane, normalise)
        self._outcomes: dict[int, Outcome] = {}
        self._parked: dict[int, Outcome] = {}
        self._under_way: Attempts | None = None

    async def run(self) -> tuple[Outcome, ...]:
        """Apply the lane; one outcome for each change, in order, also when cancelled."""
        conflict = self._lane.conflict
        try:
            if conflict is None:
                await self._write_all()
        except asyncio.CancelledError:
            self._abandon()
        for change in self._lane.changes:
            if id(change) not in self._outcomes:
                assert conflict
                self._settle(_make_blocked(change, conflict))
        return tuple(self._outcomes[id(change)] for change in self._lane.changes)

    async def _write_all(self) -> None:
        stopped = ""
        for write in order_writes(self._lane.changes):
            if id(write.change) in self._outcomes:
                continue
            if stopped:
                self._settle(Outcome(write.change, Result.SKIPPED, message=stopped))
                continue
            ml_repo_id = self._lane.seen.ml_repo_id
            self._under_way = Attempts(write, ml_repo_id, self._belief, self._tools, self._breaker)
            outcome = await self._under_way.reach_outcome()
            self._under_way = None
            if outcome.result not in REACHED:
                stopped = f"{write.change.label} before it {_ENDINGS[outcome.result]}"
            if write.is_last or stopped:
                self._settle(outcome)
            else:
                self._parked[id(write.change)] = outcome

    def _settle(self, outcome: Outcome) -> None:
        if parked := self._parked.get(id(outcome.change)):
            outcome = _add_effort(parked, outcome)
            if outcome.result not in REACHED:
                # It was sent, if not to the end: no longer only skipped.
                result = Result.FAILED if outcome.result is Result.SKIPPED else outcome.result
                message = f"{outcome.message}; its alias stays parked until the next apply"
                outcome = replace(outcome, result=result, message=message)
        self._outcomes[id(outcome.change)] = outcome
        self._tools.report(outcome)

    def _abandon(self) -> None:
        """Give the outcomes of a lane that may not go on."""
        reason = self._tools.stop.reason
        if self._under_way:
            self._settle(self._under_way.abandon(reason))
        for change in self._lane.changes:
            if id(change) not in self._outcomes:
                self._settle(Outcome(change, Result.SKIPPED, message=reason))


def _make_blocked(change: Change, conflict: Conflict) -> Outcome:
    if isinstance(change, Conflict):
        return Outcome(change, Result.SKIPPED, message=change.reason, hint=change.hint)
    return Outcome(change, Result.SKIPPED, message=f"{conflict.label} is in conflict")


def _add_effort(first: Outcome, last: Outcome) -> Outcome:
    """The outcome of a change that took two writes, timed from the first of them on."""
    seconds = first.seconds
    if first.began is not None and last.began is not None and last.seconds is not None:
        seconds = last.began + last.seconds - first.began
    return replace(
        last,
        began=first.began,
        seconds=seconds,
        attempts=first.attempts + last.attempts,
        request_id=last.request_id or first.request_id,
    )
