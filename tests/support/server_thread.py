"""The embedded registry's server in a thread of its own, which ends as soon as it is asked to.

uvicorn looks ten times a second whether it should end, and then waits a tenth of a second for whatever may
come. In hundreds of tests that is minutes.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress

from starlette.types import ASGIApp

from reconciler.registry import Server

_MAX_SECONDS = 10
_TICK_SECONDS = 0.1


class ServerThread(Server):
    """Serves an application from `start` to `end`.

    Args:
        app: what to serve.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, ready=lambda _: self._listening.set())
        self._listening = threading.Event()
        self._ending = asyncio.Event()
        self._thread = threading.Thread(target=self.run, name="registry", daemon=True)

    def start(self) -> None:
        """Begin; return when requests are taken."""
        self._thread.start()
        assert self._listening.wait(_MAX_SECONDS), "the registry did not start"

    def end(self) -> None:
        """Finish open requests, and return when nothing is served any more."""
        self.stop()
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(_MAX_SECONDS)

    async def main_loop(self) -> None:
        """Do what is due from time to time, until the end."""
        self._loop = asyncio.get_running_loop()
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and finish those that are open, or give them up when that takes too long."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # in which those with nothing to send are closed
        try:
            await asyncio.wait_for(self._wait_tasks_to_complete(), self.config.timeout_graceful_shutdown)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()
