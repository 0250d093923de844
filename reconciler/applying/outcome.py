"""What became of the changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from reconciler.planning.change import Change, Create


class Result(StrEnum):
    """What became of a change.

    `unchanged`: somebody else had brought it about already. `unknown`: it was sent, and nothing tells
    whether it was applied. `skipped`: it was not sent.
    """

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


APPLIED = frozenset({Result.CREATED, Result.UPDATED, Result.DELETED})
REACHED = APPLIED | {Result.UNCHANGED}
"""What is registered is as declared."""


@dataclass(frozen=True, slots=True)
class Outcome:
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

    change: Change
    result: Result
    version: int | None = None
    message: str = ""
    hint: str = ""
    began: float | None = None
    seconds: float | None = None
    attempts: int = 0
    request_id: str | None = None


Observer: TypeAlias = Callable[[Outcome], None]
"""Is called with each outcome as it becomes known."""


def get_applied_result(change: Change) -> Result:
    """The result of a change that was brought about."""
    return Result.CREATED if isinstance(change, Create) else Result.UPDATED
