"""Keeps a server in trouble from being sent more and more new writes."""

from __future__ import annotations

import asyncio

from reconciler.applying.stop import Stop

_FAILURES_IN_A_ROW = 5


class Breaker:
    """Holds back new writes while those under way fail in a row, and ends the run when they have failed.

    The first success lets new writes through again; so does the end of all that are in trouble, or
    nobody would be left to find out that the server is well again.

    Args:
        stop: what ends the run.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._tries_failed = 0
        self._writes_failed = 0
        self._in_trouble: set[object] = set()
        self._closed = asyncio.Event()
        self._closed.set()

    @property
    def is_open(self) -> bool:
        """Whether new writes have to wait."""
        return not self._closed.is_set()

    async def wait(self) -> None:
        """Wait until new writes may be sent, or none will be."""
        await self._stop.wait_for(self._closed)

    def note_failure(self, write: object) -> None:
        """Take note of a try that failed, and is to be followed by another one."""
        self._tries_failed += 1
        self._in_trouble.add(write)
        self._open_or_close()

    def note_end(self, write: object, *, in_trouble: bool) -> None:
        """Take note of the end of a write, and whether the server was in trouble to its last."""
        self._in_trouble.discard(write)
        if in_trouble:
            self._writes_failed += 1
            if self._writes_failed >= _FAILURES_IN_A_ROW:
                self._stop.end_run(f"{self._writes_failed} writes in a row failed")
        else:
            self._tries_failed = self._writes_failed = 0
        self._open_or_close()

    def _open_or_close(self) -> None:
        if self._tries_failed >= _FAILURES_IN_A_ROW and self._in_trouble:
            self._closed.clear()
        else:
            self._closed.set()
