"""How many requests are under way at once, and when the next one may be sent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reconciler.client.requests.rate import Rate
from reconciler.errors import OutOfTimeError, RefusedError

_OVERLOADED_STATUS = 503


class Pace:
    """Slots for requests.

    A server that is overloaded halves their number; each success adds a fraction, so that a whole
    round of successes adds one. Where the rate is limited, there are only as many slots as requests in
    half a second: what was read before a write should not get old while the write waits for its turn.

    Args:
        most: the number of slots at first, and ever.
        rate: that all requests of the run share.
    """

    def __init__(self, most: int, rate: Rate) -> None:
        self._most = most
        self._rate = rate
        self._limit = float(most)
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return int(max(min(self._limit, self._rate.requests_a_second / 2), 1.0))

    @asynccontextmanager
    async def hold_slot(self) -> AsyncIterator[None]:
        """Wait for a slot and hold it, first come, first served; what the block raises sets the pace."""
        await self._take_slot()
        try:
            yield
            self._limit = min(float(self._most), self._limit + 1 / self._limit)
        except RefusedError as error:
            if error.status == _OVERLOADED_STATUS and not error.is_throttled:
                self._limit = max(1.0, self._limit / 2)
            raise
        finally:
            self._free_slot()

    @asynccontextmanager
    async def take_turn(self, seconds: float) -> AsyncIterator[None]:
        """Wait until a request may be sent, which the block sends; what it raises sets the rate.

        Args:
            seconds: what the run has left.

        Raises:
            OutOfTimeError: its turn would come later.
        """
        try:
            async with asyncio.timeout(seconds):
                turn = await self._rate.take_turn()
        except TimeoutError:
            message = "the control plane takes no more requests before the time for the whole run is over"
            raise OutOfTimeError(message, "run again, or give more: --timeout") from None
        try:
            yield
        except RefusedError as error:
            self._rate.add_result(turn, is_refused=error.is_throttled, seconds=error.retry_after)
            raise
        except BaseException:
            self._rate.end_probe()
            raise
        self._rate.add_result(turn, is_refused=False)

    async def _take_slot(self) -> None:
        if self._taken < self.limit:  # nobody waits
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the slot was handed to it already
                self._free_slot()
            raise

    def _free_slot(self) -> None:
        """Free a slot, and give free slots to those that wait: they hold them before they wake up."""
        self._taken -= 1
        while self._waiting and self._taken < self.limit:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self._taken += 1
                turn.set_result(None)
