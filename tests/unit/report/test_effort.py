"""How long outcomes took."""

from __future__ import annotations

import pytest

from reconciler.applying.document import OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.report.effort import describe_requests, describe_slowest, format_duration
from tests.support.documents import change


def outcome(
    number: int, seconds: float | None, attempts: int = 0, request: str | None = None
) -> OutcomeDocument:
    return OutcomeDocument(
        change(number), Result.UPDATED, 1, seconds=seconds, attempts=attempts, request_id=request
    )


@pytest.mark.parametrize(("seconds", "told"), [(0.25, "250 ms"), (1.5, "1.5 s"), (125, "2 min 5 s")])
def test_a_duration_is_as_exact_as_it_is_read(seconds: float, told: str) -> None:
    assert format_duration(seconds) == told


@pytest.mark.parametrize(
    ("attempts", "request_id", "told"),
    [(0, None, ""), (1, None, "1 attempt"), (2, "a-1", "2 attempts, request a-1")],
)
def test_requests_are_reported_as_far_as_they_are_known(
    attempts: int, request_id: str | None, told: str
) -> None:
    assert describe_requests(outcome(1, 1.0, attempts, request_id)) == told


def test_the_five_slowest_come_first_and_what_was_not_begun_not_at_all() -> None:
    found = [outcome(0, None), *(outcome(number, float(number)) for number in range(1, 8))]
    told = list(describe_slowest([*found, outcome(8, 9.0, 2)]))
    assert [line.split()[2] for line in told] == [f"fraud/scorer-{number}:1" for number in (8, 7, 6, 5, 4)]
    assert told[0] == "     9.0 s  fraud/scorer-8:1  2 attempts"
