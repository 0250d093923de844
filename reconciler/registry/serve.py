"""The registry as a process: one uvicorn server on a socket of its own. Prints nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

_SECONDS_FOR_OPEN_REQUESTS = 1
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """Serves an application on an address that is bound from the start.

    Args:
        app: What to serve.
        host: Name or address to listen on.
        port: Port to listen on; 0 takes any that is free.
        ready: Called with the URL, once requests are taken.

    Raises:
        OSError: The address cannot be bound.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        ready: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_SECONDS_FOR_OPEN_REQUESTS,
            )
        )
        self._ready = ready
        self._socket = _bind_socket(host, port)
        bound = self._socket.getsockname()
        shown = f"[{bound[0]}]" if self._socket.family is socket.AF_INET6 else bound[0]
        self.url = f"http://{shown}:{bound[1]}"

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `stop` is called or, in the main thread, SIGINT or SIGTERM arrives."""
        super().run(sockets or [self._socket])

    def close(self) -> None:
        """Give the address back; `run` does so by itself when it ends."""
        self._socket.close()

    def stop(self) -> None:
        """Finish open requests and return from `run`, within 2 s. May be called from any thread."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self._ready is not None:
            self._ready(self.url)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take a signal as the wish to stop, which uvicorn would raise again after having stopped."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._take_signal) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _take_signal(self, _: int, __: FrameType | None) -> None:
        self.stop()


def serve(app: ASGIApp, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` gets the URL, once requests are taken.

    Raises:
        OSError: The address cannot be bound.
    """
    Server(app, host, port, ready=ready).run()


def _bind_socket(host: str, port: int) -> socket.socket:
    """Bind an address. The socket says that it is TCP, or asyncio would leave Nagle's delay on."""
    hints = {"type": socket.SOCK_STREAM, "proto": socket.IPPROTO_TCP, "flags": socket.AI_PASSIVE}
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, **hints)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere the option lets two processes share one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
