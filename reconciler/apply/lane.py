"""One lane: its writes one after another, each brought to a result.

A write is sent only while the registered state is the one that it was decided by. Where its answer
is lost, the artifact is looked at before anything is sent again: what is found is adopted. A creation
may be numbered anew by each request, so it is only sent again once the control plane has had the time
to finish the first one, and nothing of it is to be seen.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

from reconciler.apply.belief import Belief, Done, Pending, Stale
from reconciler.apply.breaker import Breaker
from reconciler.apply.outcome import REACHED, Observer, Outcome, Result, applied
from reconciler.apply.stop import Stop
from reconciler.client.listing import look
from reconciler.client.pace import Pace
from reconciler.client.patience import Patience
from reconciler.client.port import Reader, Writer
from reconciler.diff import described
from reconciler.errors import ControlPlaneError, OutOfTimeError, RefusedError, UnauthorizedError
from reconciler.model import Registered
from reconciler.plan.change import Change, Conflict, Lane, Update
from reconciler.plan.desired import unmet
from reconciler.plan.order import Write, lane_writes

_CONFLICT = 409
_CLIENT_ERRORS = range(400, 500)
_OVERLOAD = frozenset({408, 429})
_SENDS_OF_A_NUMBERED_CREATION = 2
_NEXT = "see what is registered with: reconciler plan"
_STALE = "nothing was overwritten: look at the change, then plan and apply again"


@dataclass(frozen=True, slots=True)
class Tools:
    """What all lanes of a run share."""

    reader: Reader
    writer: Writer
    pace: Pace
    patience: Patience
    stop: Stop
    tell: Observer


@dataclass(eq=False)
class _History:
    """What was tried for one write."""

    tries: int = 0
    sends: int = 0
    error: ControlPlaneError | None = None
    lost: ControlPlaneError | None = None
    lost_at: float = 0.0


class _CanNotLookError(Exception):
    """What is registered can not be told."""


class LaneRun:
    """Applies one lane.

    Args:
        lane: what to do.
        tools: with what.
        breaker: holds new writes back while the server is in trouble.
    """

    def __init__(self, lane: Lane, tools: Tools, breaker: Breaker) -> None:
        self._lane = lane
        self._tools = tools
        self._breaker = breaker
        self._belief = Belief(lane)
        self._outcomes: dict[int, Outcome] = {}
        self._parked: set[int] = set()
        self._under_way: tuple[Write, _History] | None = None

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
                self._settle(_blocked(change, conflict))
        return tuple(self._outcomes[id(change)] for change in self._lane.changes)

    async def _write_all(self) -> None:
        stopped = ""
        for write in lane_writes(self._lane.changes):
            if id(write.change) in self._outcomes:
                continue
            if stopped:
                self._settle(Outcome(write.change, Result.SKIPPED, message=stopped))
                continue
            outcome = await self._bring_about(write)
            if outcome.result not in REACHED:
                stopped = f"{write.change.label} before it {_ENDINGS[outcome.result]}"
            if write.is_last or stopped:
                self._settle(outcome)
            else:
                self._parked.add(id(write.change))

    def _settle(self, outcome: Outcome) -> None:
        if id(outcome.change) in self._parked and outcome.result not in REACHED:
            # It was sent, if not to the end: no longer only skipped.
            result = Result.FAILED if outcome.result is Result.SKIPPED else outcome.result
            message = f"{outcome.message}; its alias stays parked until the next apply"
            outcome = replace(outcome, result=result, message=message)
        self._outcomes[id(outcome.change)] = outcome
        self._tools.tell(outcome)

    def _abandon(self) -> None:
        """Give the outcomes of a lane that may not go on."""
        reason = self._tools.stop.reason
        if self._under_way:
            write, history = self._under_way
            if history.sends:
                self._settle(_unknown(write, history.lost, f"{reason} before the answer came"))
        for change in self._lane.changes:
            if id(change) not in self._outcomes:
                self._settle(Outcome(change, Result.SKIPPED, message=reason))

    async def _bring_about(self, write: Write) -> Outcome:
        history = _History()
        self._under_way = write, history
        outcome = None
        while outcome is None:
            outcome = await self._try(write, history)
        self._under_way = None
        in_trouble = outcome.result not in REACHED and _is_trouble(history.error)
        if outcome.result is not Result.SKIPPED:
            self._breaker.ended(history, in_trouble=in_trouble)
        return outcome

    async def _try(self, write: Write, history: _History) -> Outcome | None:
        """One more try; `None` if another one is due."""
        tools = self._tools
        if history.tries == 0:
            await self._breaker.wait()
        try:
            async with tools.pace.slot():
                if history.tries == 0 and self._breaker.is_open and not tools.stop.reason:
                    return None
                history.tries += 1
                if tools.stop.reason and history.lost is None:
                    return Outcome(write.change, Result.SKIPPED, message=tools.stop.reason)
                if not self._belief.is_fresh(write, tools.patience):
                    await self._look(history)
                if outcome := self._conclusion(write, history):
                    return outcome
                if tools.stop.reason:
                    return _unknown(write, history.lost, tools.stop.reason)
                if not self._has_to_settle(write, history):
                    history.sends += 1
                    return self._answered(write, await tools.writer.put(write.document))
        except _CanNotLookError:
            return _not_looked(write, history)
        except ControlPlaneError as error:
            return await self._failed(write, history, error)
        await tools.stop.sleep(self._until_next_look(history))
        self._belief.doubt()
        return None

    async def _look(self, history: _History) -> None:
        lane, tools = self._lane, self._tools
        try:
            self._belief.renew(await look(tools.reader, lane.artifact, lane.seen.ml_repo_id))
        except ControlPlaneError as error:
            history.error = error
            self._stop_if_hopeless(error)
            raise _CanNotLookError from error

    def _stop_if_hopeless(self, error: ControlPlaneError) -> None:
        if isinstance(error, UnauthorizedError):
            self._tools.stop.now("the control plane does not accept the token any more")
        elif isinstance(error, OutOfTimeError):
            self._tools.stop.now(str(error))

    def _conclusion(self, write: Write, history: _History) -> Outcome | None:
        """The outcome, if what is registered tells it."""
        change = write.change
        match self._belief.judge(write, was_sent=history.lost is not None):
            case Done(registered):
                self._belief.note(registered)
                if history.lost is None:
                    return Outcome(change, Result.UNCHANGED, registered.version, "somebody else was faster")
                message = "its answer was lost, but it is registered"
                return Outcome(change, applied(change), registered.version, message)
            case Stale(message):
                if history.lost is None:
                    return Outcome(change, Result.SKIPPED, message=message, hint=_STALE)
                return Outcome(change, Result.FAILED, message=f"{history.lost}; {message}", hint=_NEXT)
            case Pending():
                return self._out_of_tries(write, history)

    def _out_of_tries(self, write: Write, history: _History) -> Outcome | None:
        """The outcome, if nothing is registered of the write and it may not be sent again."""
        lost = history.lost
        if lost is None:
            return None
        if isinstance(lost, RefusedError) and lost.status == _CONFLICT:
            return Outcome(write.change, Result.FAILED, message=str(lost), hint=_NEXT)
        most = self._tools.patience.tries if _is_pinned(write) else _SENDS_OF_A_NUMBERED_CREATION
        if history.sends >= most and not self._has_to_settle(write, history):
            return _unknown(write, lost)
        return None

    def _has_to_settle(self, write: Write, history: _History) -> bool:
        """Whether a request without an answer may still be at work, and harm what is sent after it.

        A creation makes a second version if the control plane numbers it; if not, it erases what was
        noted in the first. An alias parked late takes the place of the one that the lane gave at last.
        An update that is the only one of its version does no harm at any time.
        """
        if history.lost is None or (isinstance(write.change, Update) and write.is_last):
            return False
        return time.monotonic() - history.lost_at < self._tools.patience.settle

    def _until_next_look(self, history: _History) -> float:
        patience = self._tools.patience
        settled = history.lost_at + patience.settle - time.monotonic()
        doubling = patience.first_delay * 2.0 ** min(history.tries, 16)
        return max(min(doubling, patience.longest_delay, settled), 0.01)

    async def _failed(self, write: Write, history: _History, error: ControlPlaneError) -> Outcome | None:
        """What follows from an error; `None` if another try is due."""
        patience = self._tools.patience
        history.error = error
        if _is_trouble(error):
            self._breaker.failed(history)
        self._stop_if_hopeless(error)
        if error.is_unknown:
            history.lost, history.lost_at = error, time.monotonic()
            self._belief.doubt()
        elif isinstance(error, OutOfTimeError) and history.lost is None:
            return Outcome(write.change, Result.SKIPPED, message=str(error), hint=error.hint)
        elif not error.is_passing or history.tries >= patience.tries:
            if history.lost:
                return _unknown(write, history.lost, str(error))
            return Outcome(write.change, Result.FAILED, message=str(error), hint=error.hint)
        asked = error.retry_after if isinstance(error, RefusedError) else None
        await self._tools.stop.sleep(patience.delay(history.tries, asked))
        return None

    def _answered(self, write: Write, answer: Registered) -> Outcome:
        """Compare the answer with what was asked."""
        change, asked = write.change, write.document
        if answer.artifact != change.artifact or asked.get("version") not in {None, answer.version}:
            message = f"asked for {change.label}, but the control plane registered {answer}"
            hint = "it numbers versions itself: look at what it made, and declare that version"
            return Outcome(change, Result.FAILED, answer.version, message, hint)
        self._belief.note(answer)
        changed = unmet(asked, answer.document)
        message = f"the control plane changed {', '.join(map(described, changed))}" if changed else ""
        hint = "declare what it keeps, or every plan will show this again" if changed else ""
        return Outcome(change, applied(change), answer.version, message, hint)


_ENDINGS = {Result.FAILED: "failed", Result.UNKNOWN: "may have failed", Result.SKIPPED: "was skipped"}


def _unknown(write: Write, lost: ControlPlaneError | None, reason: str = "") -> Outcome:
    message = "; ".join(filter(None, (str(lost or ""), reason)))
    return Outcome(write.change, Result.UNKNOWN, message=message, hint=_NEXT)


def _not_looked(write: Write, history: _History) -> Outcome:
    """The outcome where what is registered can not be told: without that, nothing is sent."""
    error = history.error
    if history.lost:
        return _unknown(write, history.lost, str(error))
    if isinstance(error, OutOfTimeError):
        return Outcome(write.change, Result.SKIPPED, message=str(error), hint=error.hint)
    return Outcome(write.change, Result.FAILED, message=str(error), hint=error.hint if error else "")


def _is_pinned(write: Write) -> bool:
    return write.document.get("version") is not None


def _is_trouble(error: ControlPlaneError | None) -> bool:
    """Whether an error says something about the server, and not about this one write."""
    if isinstance(error, RefusedError):
        return error.status not in _CLIENT_ERRORS or error.status in _OVERLOAD
    return error is not None


def _blocked(change: Change, conflict: Conflict) -> Outcome:
    if isinstance(change, Conflict):
        return Outcome(change, Result.SKIPPED, message=change.reason, hint=change.hint)
    return Outcome(change, Result.SKIPPED, message=f"{conflict.label} is in conflict")
