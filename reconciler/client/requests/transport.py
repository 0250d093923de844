"""What requests travel through: the network, or an application in this process."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import httpcore
import httpx

from reconciler.client.network import Network
from reconciler.client.requests.proxy import (
    Proxy,
    convert_proxy,
    describe_unusable_proxy,
    fetch_by_new_connection,
    find_proxy,
)
from reconciler.errors import ControlPlaneError

Application: TypeAlias = Callable[..., Awaitable[None]]
"""An ASGI application."""

_IDLE_SECONDS = 5.0
"""After which a connection is not used again: the other side may be about to close it."""


class DroppedError(httpx.RemoteProtocolError):
    """A connection that had answered before has ended without a byte of an answer."""


def open_transport(
    host: str, app: Application | None, methods: Sequence[str], connections: int
) -> httpx.AsyncBaseTransport:
    """A transport that sends requests of these methods and no other.

    Args:
        host: where to, as a URL.
        app: an application that answers in place of the host.
        methods: what may be sent.
        connections: how many may be open at once.

    Raises:
        ControlPlaneError: the environment names a proxy or certificates that can not be used.
    """
    if app is not None:
        return _MethodFilter(methods, httpx.ASGITransport(app, raise_app_exceptions=False))
    proxy = find_proxy(host)
    pool = _make_pool(host, proxy)
    return _MethodFilter(methods, _Connections(pool, connections, by_proxy=proxy is not None))


def _make_pool(host: str, proxy: Proxy | None) -> httpcore.AsyncConnectionPool:
    """A pool that is only asked to make connections: by proxy and with certificates, as need be."""
    if proxy and proxy.address.url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise describe_unusable_proxy(proxy.variable)  # which takes one more package
    return httpcore.AsyncConnectionPool(
        ssl_context=_make_ssl_context() if urlsplit(host).scheme == "https" else None,
        proxy=convert_proxy(proxy.address) if proxy else None,
        keepalive_expiry=_IDLE_SECONDS,
        network_backend=Network(),
    )


class _MethodFilter(httpx.AsyncBaseTransport):
    """Lets requests of some methods through, and no others."""

    def __init__(self, methods: Sequence[str], transport: httpx.AsyncBaseTransport) -> None:
        self._methods = methods
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method not in self._methods:
            raise AssertionError(f"{request.method} through a transport for {self._methods}")
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()


class _Connections(httpx.AsyncBaseTransport):
    """Connections that carry one request at a time each; the one used last is used first.

    It stands in place of httpcore's own pool, which httpx uses: for each request that looks at all of its
    connections, and for each of those at all again.

    Some servers close a connection after a number of requests without notice. Once that happened, no
    connection carries as many requests again.

    Args:
        pool: makes them.
        most: how many may be open at once.
        by_proxy: whether they go by one.
    """

    def __init__(self, pool: httpcore.AsyncConnectionPool, most: int, *, by_proxy: bool) -> None:
        self._pool = pool
        self._by_proxy = by_proxy
        self._free = asyncio.Semaphore(most)
        self._idle: list[_Connection] = []
        self._most_requests = sys.maxsize

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        assert isinstance(request.stream, httpx.AsyncByteStream)
        core_request = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        await self._free.acquire()
        try:
            with _raise_as_httpx():
                connection = await self._take_connection(core_request.url.origin)
                answer = await self._fetch_answer(connection, core_request)
        except BaseException:
            self._free.release()
            raise
        body = _Body(answer, lambda: self._give_back(connection))
        return httpx.Response(
            answer.status, headers=answer.headers, stream=body, extensions=answer.extensions
        )

    async def _take_connection(self, origin: httpcore.Origin) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.requests < self._most_requests and not connection.open.has_expired():
                return connection
            await connection.open.aclose()
        return _Connection(self._pool.create_connection(origin))

    async def _fetch_answer(self, connection: _Connection, request: httpcore.Request) -> httpcore.Response:
        """The head of an answer.

        Raises:
            DroppedError: the connection, which had answered before, ended without a byte of it.
        """
        connection.requests += 1
        try:
            if self._by_proxy and connection.requests == 1:
                return await fetch_by_new_connection(connection.open, request)
            return await connection.open.handle_async_request(request)
        except BaseException as error:
            await connection.open.aclose()
            if connection.requests > 1 and _is_orderly_end(error):
                self._most_requests = min(self._most_requests, connection.requests - 1)
                raise DroppedError(str(error)) from error
            raise

    async def _give_back(self, connection: _Connection) -> None:
        self._free.release()
        if connection.open.is_idle():
            self._idle.append(connection)
        else:  # its answer was not read to the end, or whoever read it was cancelled
            await connection.open.aclose()

    async def aclose(self) -> None:
        for connection in self._idle:
            await connection.open.aclose()


@dataclass(slots=True)
class _Connection:
    """A connection, and how many requests were sent on it."""

    open: httpcore.AsyncConnectionInterface
    requests: int = 0


def _is_orderly_end(error: BaseException) -> bool:
    """Whether a connection ended without an answer; httpcore marks an orderly end by its message only."""
    return isinstance(error, httpcore.ReadError) or (
        isinstance(error, httpcore.RemoteProtocolError) and "disconnected without" in str(error)
    )


class _Body(httpx.AsyncByteStream):
    """The body of an answer; once it is closed, its connection is free."""

    def __init__(self, answer: httpcore.Response, give_back: Callable[[], Awaitable[None]]) -> None:
        self._answer = answer
        self._give_back = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._answer.stream, AsyncIterable)
        with _raise_as_httpx():
            async for chunk in self._answer.stream:
                yield chunk

    async def aclose(self) -> None:
        try:
            await self._answer.aclose()
        finally:
            await self._give_back()


_HTTPX_ERRORS: Mapping[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ProxyError: httpx.ProxyError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.WriteError: httpx.WriteError,
    httpcore.WriteTimeout: httpx.WriteTimeout,
}


@contextmanager
def _raise_as_httpx() -> Iterator[None]:
    """Raise what httpcore raises as httpx does."""
    try:
        yield
    except tuple(_HTTPX_ERRORS) as error:
        error_type = next(ours for theirs, ours in _HTTPX_ERRORS.items() if isinstance(error, theirs))
        raise error_type(str(error)) from error


def describe_trusted() -> str:
    """Where the trusted certificate authorities come from, for people to read."""
    variable, path = _find_trusted()
    return f"{path} ({variable})" if path else "those that come with httpx"


def _find_trusted() -> tuple[str, str]:
    """The variable that names the authorities to trust, and their file or folder; both may be empty.

    No variable turns the check of certificates off.
    """
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        if path := os.environ.get(variable):
            return variable, path
    return "", ""


def _make_ssl_context() -> ssl.SSLContext:
    return _load_ssl_context(*_find_trusted())


@cache  # it takes as long as fifty requests
def _load_ssl_context(variable: str, path: str) -> ssl.SSLContext:
    try:
        if not path:
            return httpx.create_ssl_context(trust_env=False)
        if variable == "SSL_CERT_DIR" or Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ControlPlaneError(
            f"can not load certificates: {error.strerror}",
            "check SSL_CERT_FILE, SSL_CERT_DIR and REQUESTS_CA_BUNDLE",
        ) from None
