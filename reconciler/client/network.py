"""TCP and TLS below httpcore, by asyncio's own transports.

httpcore's own way is by anyio, which sets a timer for each read and each write. Here whoever asks bounds
the request as a whole, so that only connecting has a time of its own. What is written goes out with the
next read: a request is one packet, not one for its head and one for its body.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import httpcore

_NEXT_ADDRESS_SECONDS = 0.25
"""After which a host's next address is tried beside the one that does not answer (RFC 8305)."""
_MOST_UNREAD = 256 * 1024
"""Bytes that wait to be read; a server that sends more has to wait itself."""


class Network(httpcore.AsyncNetworkBackend):
    """Opens connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  as httpcore calls it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that answers.

        Raises:
            httpcore.ConnectError: none does, or the host has none.
            httpcore.ConnectTimeout: none does in time.
        """
        assert local_address is None
        assert socket_options is None
        with _connecting():
            async with asyncio.timeout(timeout):
                return await _first_to_answer(await _addresses(host), port)


async def _addresses(host: str) -> Sequence[str]:
    """The addresses of a host, the one to be preferred first."""
    try:
        return [str(ip_address(host))]
    except ValueError:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def _first_to_answer(addresses: Sequence[str], port: int) -> _Stream:
    """A connection to the first address that answers; each is given a while before the next is tried too.

    asyncio can do the same, but loses connections when it is cancelled.
    """
    left = deque(addresses)
    attempts: list[asyncio.Task[_Stream]] = []
    try:
        while True:
            if left:
                attempts.append(asyncio.create_task(_connect(left.popleft(), port)))
            if trying := [attempt for attempt in attempts if not attempt.done()]:
                seconds = _NEXT_ADDRESS_SECONDS if left else None
                await asyncio.wait(trying, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for attempt in attempts:
                if attempt.done() and attempt.exception() is None:
                    attempts.remove(attempt)
                    return attempt.result()
            if not left and all(attempt.done() for attempt in attempts):
                return attempts[0].result()  # which raises
    finally:
        for attempt in attempts:
            attempt.cancel()
            attempt.add_done_callback(_discard)


async def _connect(address: str, port: int) -> _Stream:
    _, stream = await asyncio.get_running_loop().create_connection(_Stream, address, port)
    return stream


def _discard(attempt: asyncio.Task[_Stream]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().abort()


class _Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection."""

    def __init__(self) -> None:
        self._unsent = bytearray()
        self._unread = bytearray()
        self._is_over = False
        self._error: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._is_held_up = False

    # What asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._look = select.poll()
        self._look.register(transport.get_extra_info("socket"), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """Keep what arrived until it is read."""
        self._unread += data
        if len(self._unread) > _MOST_UNREAD:
            self._is_held_up = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Take note that nothing more will arrive, and have the connection closed."""
        self._is_over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end, which is no good one if there is an error."""
        self._is_over = True
        self._error = exc
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    # What httpcore asks for

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        """What has arrived, or arrives next; nothing after the end.

        Raises:
            httpcore.ReadError: the connection broke.
        """
        if self._unsent and not self._transport.is_closing():
            self._transport.write(bytes(self._unsent))
        self._unsent.clear()
        while not self._unread:
            if self._error is not None:
                raise httpcore.ReadError(_reason(self._error)) from self._error
            if self._is_over:
                return b""
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        data = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        if self._is_held_up and len(self._unread) <= _MOST_UNREAD:
            self._is_held_up = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Send something, at the latest with the next read."""
        self._unsent += buffer

    async def aclose(self) -> None:
        """Close the connection; nobody waits for what is still on its way."""
        self.abort()

    def abort(self) -> None:
        """Close the connection, with no regard to what is still on its way."""
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  as httpcore calls it
    ) -> httpcore.AsyncNetworkStream:
        """Go on in TLS.

        Raises:
            httpcore.ConnectError: the two sides do not come to terms.
            httpcore.ConnectTimeout: they do not in time.
        """
        try:
            self._transport = await self._in_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            self.abort()
            raise
        return self

    async def _in_tls(
        self, context: ssl.SSLContext, server_name: str | None, seconds: float | None
    ) -> asyncio.Transport:
        if self._unread:  # or it would be taken for what came in TLS
            raise httpcore.ConnectError("something was said before TLS began")
        loop = asyncio.get_running_loop()
        with _connecting():
            async with asyncio.timeout(seconds):
                transport = await loop.start_tls(self._transport, self, context, server_hostname=server_name)
        if transport is None:
            raise httpcore.ConnectError("the connection was closed")
        return transport

    def get_extra_info(self, info: str) -> Any:
        """What httpcore wants to know: whether an idle connection has ended, and of TLS."""
        if info == "is_readable":
            return self._is_over or bool(self._unread) or bool(self._look.poll(0))
        return self._transport.get_extra_info(info)


@contextmanager
def _connecting() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except OSError as error:
        raise httpcore.ConnectError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """What the system says; asyncio puts words of its own in the place of some of it."""
    if isinstance(error, ssl.SSLError) or not isinstance(error, OSError) or error.errno is None:
        return str(error)
    return str(error.strerror) if isinstance(error, socket.gaierror) else os.strerror(error.errno)
