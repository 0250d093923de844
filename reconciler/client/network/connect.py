"""Connections to the first address of a host that answers."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

import httpcore

from reconciler.client.network.errors import raise_connect_errors
from reconciler.client.network.stream import Stream

_NEXT_ADDRESS_SECONDS = 0.25
"""After which a host's next address is tried beside the one that does not answer (RFC 8305)."""


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
        with raise_connect_errors():
            async with asyncio.timeout(timeout):
                return await _connect_to_first(await _resolve_addresses(host), port)


async def _resolve_addresses(host: str) -> Sequence[str]:
    """The addresses of a host, the one to be preferred first."""
    try:
        return [str(ip_address(host))]
    except ValueError:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def _connect_to_first(addresses: Sequence[str], port: int) -> Stream:
    """A connection to the first address that answers; the next is tried too after a while.

    asyncio can do the same, but loses connections when it is cancelled.
    """
    left = deque(addresses)
    attempts: list[asyncio.Task[Stream]] = []
    try:
        while True:
            if left:
                attempts.append(asyncio.create_task(_connect_to(left.popleft(), port)))
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
            attempt.add_done_callback(_close_stream)


async def _connect_to(address: str, port: int) -> Stream:
    _, stream = await asyncio.get_running_loop().create_connection(Stream, address, port)
    return stream


def _close_stream(attempt: asyncio.Task[Stream]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().abort()
