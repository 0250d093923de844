"""One connection, in TLS where that is asked for."""

from __future__ import annotations

import asyncio
import select
import ssl
from typing import Any

import httpcore

from reconciler.client.network.errors import TlsError, describe_reason, raise_tls_errors

_MAX_UNREAD_BYTES = 256 * 1024
"""Bytes that wait to be read; a server that sends more has to wait itself."""


class Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection."""

    def __init__(self) -> None:
        self._unsent = bytearray()
        self._unread = bytearray()
        self._is_over = False
        self._error: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._is_paused = False

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket"), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """Keep what arrived until it is read."""
        self._unread += data
        if len(self._unread) > _MAX_UNREAD_BYTES:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake_reader()

    def eof_received(self) -> None:
        """Remember that nothing more will arrive, and have the connection closed."""
        self._is_over = True
        self._wake_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember the end, and its error, if there is one."""
        self._is_over = True
        self._error = exc
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    # Called by httpcore

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
                raise httpcore.ReadError(describe_reason(self._error)) from self._error
            if self._is_over:
                return b""
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        data = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        if self._is_paused and len(self._unread) <= _MAX_UNREAD_BYTES:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Send something, at the latest with the next read."""
        self._unsent += buffer

    async def aclose(self) -> None:
        """Close the connection without waiting for what is still on its way."""
        self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  as httpcore calls it
    ) -> httpcore.AsyncNetworkStream:
        """Go on in TLS.

        Raises:
            TlsError: the two sides do not agree, or not in time.
        """
        try:
            self._transport = await self._switch_to_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            self.abort()
            raise
        return self

    async def _switch_to_tls(
        self, context: ssl.SSLContext, server_name: str | None, seconds: float | None
    ) -> asyncio.Transport:
        name = server_name or ""
        if self._unread:  # it would be taken for what came in TLS
            raise TlsError("something was said before TLS began", name)
        loop = asyncio.get_running_loop()
        with raise_tls_errors(name):
            async with asyncio.timeout(seconds):
                transport = await loop.start_tls(self._transport, self, context, server_hostname=server_name)
        if transport is None:
            raise TlsError("the connection was closed", name)
        return transport

    def get_extra_info(self, info: str) -> Any:
        """Whether an idle connection has ended (`is_readable`), and facts about TLS."""
        if info == "is_readable":
            return self._is_over or bool(self._unread) or bool(self._poll.poll(0))
        return self._transport.get_extra_info(info)
