"""How many requests are under way at once: fewer when the server asks for it, slowly more again."""

from __future__ import annotations

import asyncio
import time
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
        self._changed = asyncio.Condition()
        self._not_before = 0.0

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return int(self._limit)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot and hold it; what the block raises sets the pace."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._taken < self.limit)
            self._taken += 1
        try:
            await asyncio.sleep(max(0.0, self._not_before - time.monotonic()))
            yield
            self._limit = min(float(self._most), self._limit + 1 / self._limit)
        except RefusedError as error:
            if error.status in _OVERLOADED:
                self._slow_down(error.retry_after or 0.0)
            raise
        finally:
            async with self._changed:
                self._taken -= 1
                self._changed.notify(max(self.limit - self._taken, 1))

    def _slow_down(self, seconds: float) -> None:
        self._limit = max(1.0, self._limit / 2)
        self._not_before = max(self._not_before, time.monotonic() + seconds)
