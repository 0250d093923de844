"""How long an outcome took, by how many requests, and which of many took longest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nlargest

from reconciler.applying.document import OutcomeDocument
from reconciler.phrases import format_count
from reconciler.report.view import format_label

_MINUTE_SECONDS = 60
_MOST_SLOWEST = 5


def format_duration(seconds: float) -> str:
    """A duration for people, e.g. `250 ms`, `1.5 s`, `2 min 5 s`."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < _MINUTE_SECONDS:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // _MINUTE_SECONDS} min {int(seconds) % _MINUTE_SECONDS} s"


def describe_requests(outcome: OutcomeDocument) -> str:
    """By how many requests, and what the last answer called its own: `2 attempts, request 4f1c`."""
    attempts = format_count(outcome.attempts, "attempt") if outcome.attempts else ""
    return ", ".join(filter(None, (attempts, outcome.request_id and f"request {outcome.request_id}")))


def describe_retries(outcome: OutcomeDocument) -> str:
    """The same where it took more than one request; empty where it did not."""
    return describe_requests(outcome) if outcome.attempts > 1 else ""


def describe_slowest(outcomes: Iterable[OutcomeDocument]) -> Iterator[str]:
    """A line for each of the few outcomes that took longest, longest first: `1.5 s  fraud/scorer:4  ...`."""
    timed = ((outcome.seconds, outcome) for outcome in outcomes if outcome.seconds is not None)
    for seconds, outcome in nlargest(_MOST_SLOWEST, timed, key=lambda pair: pair[0]):
        took, about = format_duration(seconds), describe_requests(outcome)
        yield f"{took:>10}  {format_label(outcome.change)}{about and f'  {about}'}"
