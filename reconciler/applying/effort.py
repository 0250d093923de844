"""What it takes to bring about one change: when its turn came, and the requests to write it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from reconciler.applying.outcome import Outcome


@dataclass(slots=True)
class Effort:
    """What one change has taken so far, which becomes a part of its outcome.

    Args:
        run_began: when the apply began, by `time.monotonic`.
        began: when the turn of the change came, by the same clock; `None` until then.
        attempts: how many requests to write it were begun.
        request_id: what the last answer to one of them called it; `None` without one.
    """

    run_began: float
    began: float | None = None
    attempts: int = 0
    request_id: str | None = None

    def begin(self) -> None:
        """Note that its turn has come; only the first time counts."""
        self.began = time.monotonic() if self.began is None else self.began

    def add_to(self, outcome: Outcome) -> Outcome:
        """The outcome, with what it took; as it is where its turn never came."""
        if self.began is None:
            return outcome
        began, seconds = self.began - self.run_began, time.monotonic() - self.began
        attempts, request_id = self.attempts, self.request_id
        return replace(outcome, began=began, seconds=seconds, attempts=attempts, request_id=request_id)
