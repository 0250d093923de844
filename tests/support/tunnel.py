"""A proxy that connects whoever asks to one port of this machine, whatever host is asked for."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def open_tunnel(
    port: int, asked: list[bytes], certificate: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Such a proxy; gives its URL.

    Args:
        port: that all are connected to.
        asked: gets the head of each request.
        certificate: what the proxy shows, if it speaks TLS itself.
    """

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        there = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_carry(reader, there[1]), _carry(there[0], writer), return_exceptions=True)

    proxy = await asyncio.start_server(connect, "127.0.0.1", 0, ssl=certificate)
    scheme = "https" if certificate else "http"
    async with proxy:
        yield f"{scheme}://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        await asyncio.sleep(0.1)  # for the connections to end


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(64 * 1024):
            target.write(data)
            await target.drain()
    finally:
        target.close()
