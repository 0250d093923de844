"""What it takes to bring about one change."""

from __future__ import annotations

import time

from reconciler.applying.effort import Effort
from reconciler.applying.outcome import Outcome, Result
from tests.support.builders import creation, declared

SKIPPED = Outcome(creation(declared()), Result.SKIPPED)


def test_a_change_whose_turn_never_came_has_no_times() -> None:
    assert Effort(time.monotonic()).add_to(SKIPPED) is SKIPPED


def test_the_first_turn_counts_from_the_beginning_of_the_run() -> None:
    effort = Effort(time.monotonic() - 10)
    effort.begin()
    first = effort.began
    effort.begin()
    effort.attempts, effort.request_id = 2, "a1"
    outcome = effort.add_to(SKIPPED)
    assert effort.began == first
    assert outcome.began is not None
    assert outcome.began >= 10
    assert outcome.seconds is not None
    assert outcome.seconds >= 0
    assert (outcome.attempts, outcome.request_id) == (2, "a1")
