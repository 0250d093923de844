"""Why a run starts no more writes, and the news of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from reconciler.client.requests.patience import Deadline


class Stop:
    """Ends a run early: at first it lets what is under way finish, then no longer.

    The first reason given stands.

    Args:
        deadline: the end of the run; nobody waits for longer.
    """

    def __init__(self, deadline: Deadline) -> None:
        self.reason = ""
        self._deadline = deadline
        self._stopped = asyncio.Event()
        self._lanes: Sequence[asyncio.Future[Any]] = ()

    @property
    def left(self) -> float:
        """What is left of the run, in seconds."""
        return self._deadline.left

    def end_run(self, reason: str) -> None:
        """Start no more writes."""
        if not self.reason:
            self.reason = reason
            self._stopped.set()

    def watch_tasks(self, lanes: Sequence[asyncio.Future[Any]]) -> None:
        """Say what `abandon` is to end."""
        self._lanes = lanes

    def abandon(self) -> None:
        """Wait no longer for what is under way."""
        for lane in self._lanes:
            lane.cancel()

    async def sleep(self, seconds: float) -> None:
        """Wait, but no longer than until the run is to end."""
        await self._wait_for_first([self._stopped], seconds)

    async def wait_for(self, event: asyncio.Event) -> None:
        """Wait for an event, but no longer than until the run is to end."""
        if not event.is_set():
            await self._wait_for_first([event, self._stopped], self._deadline.left)

    async def _wait_for_first(self, events: Sequence[asyncio.Event], seconds: float) -> None:
        waiting = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            timeout = min(seconds, self._deadline.left)
            await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        if not self._deadline.left:
            self.end_run("the time for the whole run is over")
