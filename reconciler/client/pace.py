"""How many requests are under way at once: fewer when the server asks for it, slowly more again."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reconciler.errors import RefusedError

_OVERLOADED = frozenset({429, 503})


class Pace:
    """Slots for requests.

    A server that is overloaded halves their number; each success adds a fraction, so that a whole
    round of successes adds one.

    Args:
        most: the number of slots at first, and ever.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._not_before = 0.0

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return int(self._limit)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot and hold it, first come, first served; what the block raises sets the pace."""
        await self._take()
        try:
            if (seconds := self._not_before - time.monotonic()) > 0:
                await asyncio.sleep(seconds)
            yield
            self._limit = min(float(self._most), self._limit + 1 / self._limit)
        except RefusedError as error:
            if error.status in _OVERLOADED:
                self._slow_down(error.retry_after or 0.0)
            raise
        finally:
            self._give_back()

    async def _take(self) -> None:
        if self._taken < self.limit:  # then nobody waits
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was this one's turn already
                self._give_back()
            raise

    def _give_back(self) -> None:
        """Free a slot, and hand on what is free to those that wait: it is theirs before they wake up."""
        self._taken -= 1
        while self._waiting and self._taken < self.limit:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self._taken += 1
                turn.set_result(None)

    def _slow_down(self, seconds: float) -> None:
        self._limit = max(1.0, self._limit / 2)
        self._not_before = max(self._not_before, time.monotonic() + seconds)
