"""Why a run starts no more writes, and the news of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

_ENOUGH_FAILURES = 5


class Stop:
    """Ends a run early: at first it lets what is under way finish, then no longer.

    The first reason given stands.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._stopped = asyncio.Event()
        self._failures = 0
        self._lanes: Sequence[asyncio.Future[Any]] = ()

    def now(self, reason: str) -> None:
        """Start no more writes."""
        if not self.reason:
            self.reason = reason
            self._stopped.set()

    def cancels(self, lanes: Sequence[asyncio.Future[Any]]) -> None:
        """Say what `abandon` is to end."""
        self._lanes = lanes

    def abandon(self) -> None:
        """Wait no longer for what is under way."""
        for lane in self._lanes:
            lane.cancel()

    def count(self, *, failed: bool) -> None:
        """Take note of a write that the control plane failed to answer properly, or of one that it did."""
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= _ENOUGH_FAILURES:
            self.now(f"{self._failures} writes in a row failed")

    async def sleep(self, seconds: float) -> None:
        """Wait, but no longer than until the run is to end."""
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return
