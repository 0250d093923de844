"""APPLY: a plan becomes writes, and each change of it one outcome, always.

Lanes run side by side, a bounded number of writes at a time; in a lane the first failure stops what
follows it. A conflict stops its lane before the first write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.client.port import Writer
from reconciler.diff import Difference, differences
from reconciler.errors import (
    ControlPlaneError,
    InterruptedAnswerError,
    RefusedError,
    UnauthorizedError,
    UnexpectedAnswerError,
)
from reconciler.model import Document, Registered
from reconciler.plan.change import Change, Conflict, Create, Lane, Plan
from reconciler.plan.order import Write, lane_writes
from reconciler.wire.fields import INTERNAL_METADATA_PREFIX


class Result(StrEnum):
    """What became of a change. `unknown`: it was sent, and no answer tells whether it was applied."""

    CREATED = "created"
    UPDATED = "updated"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


APPLIED = frozenset({Result.CREATED, Result.UPDATED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change.

    Args:
        change: the change.
        result: what became of it.
        version: the version registered, where one was.
        message: why it failed or was skipped, or what the control plane did differently.
        hint: what to do about that.
    """

    change: Change
    result: Result
    version: int | None = None
    message: str = ""
    hint: str = ""


Observer = Callable[[Outcome], None]


async def apply_plan(
    plan: Plan, writer: Writer, *, concurrency: int, on_outcome: Observer
) -> tuple[Outcome, ...]:
    """Bring about every change of a plan that can be.

    Args:
        plan: what to do.
        writer: the control plane.
        concurrency: how many writes may be under way at once.
        on_outcome: is told each outcome as it becomes known.

    Returns:
        One outcome for each change, in the plan's order.
    """
    run = _Run(writer, concurrency, on_outcome)
    outcomes = await asyncio.gather(*(run.lane(lane) for lane in plan.lanes()))
    flat = tuple(outcome for lane in outcomes for outcome in lane)
    if tuple(outcome.change for outcome in flat) != plan.changes:
        raise AssertionError("an apply has to tell what became of every change")
    return flat


class _Run:
    """One apply: what its lanes share."""

    def __init__(self, writer: Writer, concurrency: int, on_outcome: Observer) -> None:
        self._writer = writer
        self._writes = asyncio.Semaphore(concurrency)
        self._on_outcome = on_outcome
        self._stopped = ""

    async def lane(self, lane: Lane) -> Sequence[Outcome]:
        """Apply the changes of one artifact."""
        outcomes: dict[int, Outcome] = {}

        def settle(outcome: Outcome) -> None:
            outcomes[id(outcome.change)] = outcome
            self._on_outcome(outcome)

        if lane.conflict:
            for change in lane.changes:
                settle(_blocked(change, lane.conflict))
        else:
            stopped = ""
            for write in lane_writes(lane.changes):
                stopped = stopped or self._stopped
                if id(write.change) in outcomes:
                    continue
                if stopped:
                    settle(Outcome(write.change, Result.SKIPPED, message=stopped))
                    continue
                outcome = await self._write(write)
                if write.is_last or outcome.result not in APPLIED:
                    settle(outcome)
                if outcome.result not in APPLIED:
                    stopped = f"{write.change.label} before it {_FAILURES[outcome.result]}"
        return [outcomes[id(change)] for change in lane.changes]

    async def _write(self, write: Write) -> Outcome:
        async with self._writes:
            if self._stopped:
                return Outcome(write.change, Result.SKIPPED, message=self._stopped)
            try:
                answer = await self._writer.put(write.document)
            except ControlPlaneError as error:
                if isinstance(error, UnauthorizedError):
                    self._stopped = "the control plane no longer accepts the token"
                result = Result.UNKNOWN if _is_unknown(error) else Result.FAILED
                return Outcome(write.change, result, message=str(error), hint=error.hint)
        return _outcome(write, answer)


_FAILURES = {Result.FAILED: "failed", Result.UNKNOWN: "may have failed", Result.SKIPPED: "was skipped"}
_UNKNOWN_STATUSES = frozenset({408, 409})
_SERVER_ERRORS = 500


def _is_unknown(error: ControlPlaneError) -> bool:
    """Whether the write may have been applied all the same."""
    if isinstance(error, RefusedError):
        return error.status >= _SERVER_ERRORS or error.status in _UNKNOWN_STATUSES
    return isinstance(error, InterruptedAnswerError | UnexpectedAnswerError)


def _blocked(change: Change, conflict: Conflict) -> Outcome:
    if isinstance(change, Conflict):
        return Outcome(change, Result.SKIPPED, message=change.reason, hint=change.hint)
    return Outcome(change, Result.SKIPPED, message=f"{conflict.label} is in conflict")


def _outcome(write: Write, answer: Registered) -> Outcome:
    """Compare the answer with what was asked."""
    change, asked = write.change, write.document
    if answer.artifact != change.artifact or (asked.get("version") not in {None, answer.version}):
        return Outcome(
            change,
            Result.FAILED,
            answer.version,
            f"asked for {change.label}, but the control plane registered {answer}",
            "it numbers versions itself: look at what it made, and declare that version",
        )
    result = Result.CREATED if isinstance(change, Create) else Result.UPDATED
    changed = _changed_by_server(asked, answer.document)
    message = f"the control plane changed {', '.join(map(_described, changed))}" if changed else ""
    return Outcome(change, result, answer.version, message)


def _changed_by_server(asked: Document, got: Document) -> list[Difference]:
    """Where the answer differs from what was asked; fields that the server adds are its own."""
    return [
        difference
        for difference in differences(asked, got)
        if difference.path[0] in asked
        and difference.path[0] != "version"
        and not (
            difference.path[0] == "metadata"
            and difference.path[1:2]
            and difference.path[1].startswith(INTERNAL_METADATA_PREFIX)
        )
        and not (difference.before is None and difference.path[0] not in got)
    ]


def _described(difference: Difference) -> str:
    return f"{'.'.join(difference.path)} from {difference.before!r} to {difference.after!r}"
