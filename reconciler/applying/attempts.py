"""One write, brought to an outcome by as many tries as it takes and as may be.

A write is sent only while the registered state is the one that it was decided by. Where its answer
is lost, the artifact is looked at before anything is sent again: what is found is adopted. A creation
may be numbered anew by each request, so it is only sent again once the control plane has had the time
to finish the first one, and nothing of it is to be seen. One that names its version waits less where a
connection was dropped before it answered: hardly any server has read it then.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from reconciler.applying.belief import Belief, Done, Pending, Stale
from reconciler.applying.breaker import Breaker
from reconciler.applying.effort import Effort
from reconciler.applying.outcome import REACHED, Observer, Outcome, Result, get_applied_result
from reconciler.applying.stop import Stop
from reconciler.client.listing import observe_artifact
from reconciler.client.port import Reader, Writer
from reconciler.client.requests.pace import Pace
from reconciler.client.requests.patience import Patience
from reconciler.errors import (
    ConnectionDroppedError,
    ControlPlaneError,
    OutOfTimeError,
    RefusedError,
    UnauthorizedError,
)
from reconciler.model import Registered
from reconciler.planning.change import Update
from reconciler.planning.order import Write

_CONFLICT = 409
_CLIENT_ERRORS = range(400, 500)
_TIMEOUT = 408
_SENDS_OF_A_NUMBERED_CREATION = 2
_DROPPED_SETTLE_SECONDS = 5.0
"""After which the server is done with a request on a connection that it dropped, if it has read it at all."""
_LONG_WAIT_SECONDS = 2.0
"""For a turn. A look takes a turn as well: if a shorter wait asked for another look, it might never end."""
_NEXT = "see what is registered with: reconciler plan"
_STALE = "nothing was overwritten: look at the change, then plan and apply again"


class LateTurnError(Exception):
    """A turn to write is left to others: the run is to end, or what was looked at may be old by now."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What all lanes of a run share; they are taken up when it begins."""

    reader: Reader
    writer: Writer
    pace: Pace
    patience: Patience
    stop: Stop
    report: Observer
    began: float = field(default_factory=time.monotonic)

    @asynccontextmanager
    async def take_turn(self) -> AsyncIterator[None]:
        """Wait until a write may be sent, which the block sends.

        Raises:
            LateTurnError: it is not to be sent before another look.
            OutOfTimeError: the time for the whole run is over.
        """
        asked = time.monotonic()
        async with self.pace.take_turn(self.stop.left):
            if self.stop.reason or time.monotonic() - asked > _LONG_WAIT_SECONDS:
                raise LateTurnError
            yield

    def stop_if_hopeless(self, error: ControlPlaneError) -> None:
        """Start no more writes where an error shows that none can succeed."""
        if isinstance(error, UnauthorizedError):
            self.stop.end_run("the control plane does not accept the token any more")
        elif isinstance(error, OutOfTimeError):
            self.stop.end_run(str(error))


class _CanNotLookError(Exception):
    """What is registered can not be read.

    Args:
        error: why.
    """

    def __init__(self, error: ControlPlaneError) -> None:
        super().__init__(str(error))
        self.error = error


class Attempts:
    """Tries to make one write.

    Args:
        write: what to send.
        ml_repo_id: the id of the ML repo that holds the artifact.
        belief: what its lane takes to be registered.
        tools: with what.
        breaker: holds new writes back while the server is in trouble.
    """

    def __init__(self, write: Write, ml_repo_id: str, belief: Belief, tools: Tools, breaker: Breaker) -> None:
        self._write = write
        self._change = write.change
        self._ml_repo_id = ml_repo_id
        self._belief = belief
        self._tools = tools
        self._breaker = breaker
        self._effort = Effort(tools.began)
        self._tries = 0
        self._sends = 0
        self._error: ControlPlaneError | None = None
        self._lost: ControlPlaneError | None = None
        self._lost_at = 0.0

    async def reach_outcome(self) -> Outcome:
        """Try until the outcome is known."""
        outcome = None
        while outcome is None:
            outcome = await self._try()
        if outcome.result is not Result.SKIPPED:
            in_trouble = outcome.result not in REACHED and _is_trouble(self._error)
            self._breaker.note_end(self, in_trouble=in_trouble)
        return self._effort.add_to(outcome)

    def abandon(self, reason: str) -> Outcome:
        """The outcome, if nobody waits for it any longer."""
        outcome = Outcome(self._change, Result.SKIPPED, message=reason)
        if self._sends:
            outcome = self._make_unknown(f"{reason} before the answer came")
        return self._effort.add_to(outcome)

    async def _try(self) -> Outcome | None:
        """One more try; `None` if another one is due."""
        tools = self._tools
        if self._tries == 0:
            await self._breaker.wait()
        try:
            async with tools.pace.hold_slot():
                if self._tries == 0 and self._breaker.is_open and not tools.stop.reason:
                    return None
                self._tries += 1
                if tools.stop.reason and self._lost is None:
                    return Outcome(self._change, Result.SKIPPED, message=tools.stop.reason)
                self._effort.begin()
                if not self._belief.is_fresh(self._write, tools.patience):
                    await self._look()
                if outcome := self._conclude():
                    return outcome
                if tools.stop.reason:
                    return self._make_unknown(tools.stop.reason)
                if not self._has_to_settle():
                    return await self._send()
        except _CanNotLookError as unseen:
            return self._conclude_unseen(unseen.error)
        except ControlPlaneError as error:
            return await self._handle_error(error)
        await tools.stop.sleep(self._compute_wait())
        self._belief.doubt()
        return None

    async def _send(self) -> Outcome | None:
        """Send the write when its turn comes; `None` if it comes too late."""
        try:
            async with self._tools.take_turn():
                self._sends += 1
                self._effort.attempts += 1
                answer = await self._tools.writer.put(self._write.document)
                self._effort.request_id = answer.request_id
                return self._check_answer(answer.registered)
        except LateTurnError:
            self._tries -= 1
            return None

    async def _look(self) -> None:
        try:
            self._belief.take_sighting(
                await observe_artifact(self._tools.reader, self._change.artifact, self._ml_repo_id)
            )
        except ControlPlaneError as error:
            self._error = error
            self._tools.stop_if_hopeless(error)
            raise _CanNotLookError(error) from error

    def _conclude(self) -> Outcome | None:
        """The outcome, if what is registered shows it."""
        change = self._change
        match self._belief.judge(self._write, was_sent=self._lost is not None):
            case Done(registered):
                self._belief.note_answer(registered)
                if self._lost is None:
                    return Outcome(change, Result.UNCHANGED, registered.version, "somebody else was faster")
                difference, hint = self._belief.compare(self._write.document, registered)
                message = "; ".join(filter(None, ("its answer was lost, but it is registered", difference)))
                return Outcome(change, get_applied_result(change), registered.version, message, hint)
            case Stale(message):
                if self._lost is None:
                    return Outcome(change, Result.SKIPPED, message=message, hint=_STALE)
                return Outcome(
                    change, Result.FAILED, message=f"{self._lost.full_message}; {message}", hint=_NEXT
                )
            case Pending():
                return self._check_tries()

    def _check_tries(self) -> Outcome | None:
        """The outcome, if nothing is registered of the write and it may not be sent again."""
        lost = self._lost
        if lost is None:
            return None
        if isinstance(lost, RefusedError) and lost.status == _CONFLICT:
            return Outcome(self._change, Result.FAILED, message=lost.full_message, hint=_NEXT)
        most = self._tools.patience.tries if self._is_pinned else _SENDS_OF_A_NUMBERED_CREATION
        if self._sends >= most and not self._has_to_settle():
            return self._make_unknown()
        return None

    def _has_to_settle(self) -> bool:
        """Whether a request without an answer may still be at work, and harm what is sent after it.

        A creation makes a second version if the control plane numbers it; if not, it erases what was
        noted in the first. An alias parked late takes the place of the one that the lane gave at last.
        An update that is the only one of its version does no harm at any time.
        """
        if self._lost is None or (isinstance(self._change, Update) and self._write.is_last):
            return False
        return time.monotonic() < self._settled_at

    @property
    def _settled_at(self) -> float:
        """When the server is done with a request without an answer, by the monotonic clock."""
        seconds = self._tools.patience.settle
        if self._is_pinned and isinstance(self._lost, ConnectionDroppedError):
            seconds = min(seconds, _DROPPED_SETTLE_SECONDS)
        return self._lost_at + seconds

    def _compute_wait(self) -> float:
        patience = self._tools.patience
        settled = self._settled_at - time.monotonic()
        doubling = patience.first_delay * 2.0 ** min(self._tries, 16)
        return max(min(doubling, patience.longest_delay, settled), 0.01)

    async def _handle_error(self, error: ControlPlaneError) -> Outcome | None:
        """What follows from an error; `None` if another try is due."""
        patience = self._tools.patience
        self._error = error
        self._effort.request_id = error.request_id or self._effort.request_id
        if error.is_throttled:
            self._tries -= 1
            self._sends -= 1
            return None
        if _is_trouble(error):
            self._breaker.note_failure(self)
        self._tools.stop_if_hopeless(error)
        if error.is_unknown:
            self._lost, self._lost_at = error, time.monotonic()
            self._belief.doubt()
        elif isinstance(error, OutOfTimeError) and self._lost is None:
            return Outcome(self._change, Result.SKIPPED, message=str(error), hint=error.hint)
        elif not error.is_passing or self._tries >= patience.tries:
            if self._lost:
                return self._make_unknown(error.full_message)
            return Outcome(self._change, Result.FAILED, message=error.full_message, hint=error.hint)
        await self._tools.stop.sleep(patience.choose_delay(self._tries, error.retry_after))
        return None

    def _check_answer(self, answer: Registered) -> Outcome:
        """Compare the answer with what was asked."""
        change, asked = self._change, self._write.document
        if answer.artifact != change.artifact or asked.get("version") not in {None, answer.version}:
            message = f"asked for {change.label}, but the control plane registered {answer}"
            hint = "it numbers versions itself: look at what it made, and declare that version"
            return Outcome(change, Result.FAILED, answer.version, message, hint)
        self._belief.note_answer(answer)
        message, hint = self._belief.compare(asked, answer)
        return Outcome(change, get_applied_result(change), answer.version, message, hint)

    def _make_unknown(self, reason: str = "") -> Outcome:
        message = "; ".join(filter(None, (self._lost.full_message if self._lost else "", reason)))
        return Outcome(self._change, Result.UNKNOWN, message=message, hint=_NEXT)

    def _conclude_unseen(self, error: ControlPlaneError) -> Outcome:
        """The outcome where what is registered can not be read: nothing is sent then."""
        if self._lost:
            return self._make_unknown(error.full_message)
        result = Result.SKIPPED if isinstance(error, OutOfTimeError) else Result.FAILED
        return Outcome(self._change, result, message=error.full_message, hint=error.hint)

    @property
    def _is_pinned(self) -> bool:
        return self._write.document.get("version") is not None


def _is_trouble(error: ControlPlaneError | None) -> bool:
    """Whether an error says something about the server, and not about this one write."""
    if isinstance(error, RefusedError):
        return error.status not in _CLIENT_ERRORS or error.status == _TIMEOUT
    return error is not None
