"""What requests travel through: the network in small pools, a proxy, or an application in this process."""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from urllib.request import getproxies, proxy_bypass

import httpx

from reconciler.client.connection import LOOPBACK
from reconciler.errors import ControlPlaneError

Application: TypeAlias = Callable[..., Awaitable[None]]
"""An ASGI application."""

_POOL = 8
"""Connections of one pool: httpx slows down with the square of them."""


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
        return _Only(methods, httpx.ASGITransport(app, raise_app_exceptions=False))
    limits = httpx.Limits(max_connections=_POOL, max_keepalive_connections=_POOL)
    trust = _trust()
    try:
        pools = [
            httpx.AsyncHTTPTransport(verify=trust, proxy=_proxy(host), limits=limits)
            for _ in range(-(-connections // _POOL))
        ]
    except (ValueError, ImportError, httpx.InvalidURL):
        # Their text would quote the address, which may hold a password.
        raise ControlPlaneError(
            "the environment names a proxy that can not be used",
            "set HTTPS_PROXY and ALL_PROXY to http://HOST:PORT, or unset them",
        ) from None
    return _Only(methods, pools[0] if len(pools) == 1 else _Pools(pools))


class _Only(httpx.AsyncBaseTransport):
    """Lets some methods through."""

    def __init__(self, methods: Sequence[str], transport: httpx.AsyncBaseTransport) -> None:
        self._methods = methods
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method not in self._methods:
            raise AssertionError(f"{request.method} through a transport for {self._methods}")
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()


class _Pools(httpx.AsyncBaseTransport):
    """Several pools, of which the least busy gets the next request."""

    def __init__(self, pools: Sequence[httpx.AsyncBaseTransport]) -> None:
        self._pools = pools
        self._busy = [0] * len(pools)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        index = min(range(len(self._pools)), key=self._busy.__getitem__)
        self._busy[index] += 1
        try:
            return await self._pools[index].handle_async_request(request)
        finally:
            self._busy[index] -= 1

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.aclose()


def _trust() -> ssl.SSLContext:
    """The certificate authorities to trust: those that httpx would, else the vendor's own tools."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    try:
        if bundle and not os.environ.get("SSL_CERT_FILE") and not os.environ.get("SSL_CERT_DIR"):
            return ssl.create_default_context(cafile=bundle)
        return httpx.create_ssl_context()
    except OSError as error:
        raise ControlPlaneError(
            f"can not load certificates: {error.strerror}",
            "check SSL_CERT_FILE, SSL_CERT_DIR and REQUESTS_CA_BUNDLE",
        ) from None


def _proxy(host: str) -> str | None:
    """The proxy that the environment names for a host; never one for this machine itself."""
    url = httpx.URL(host)
    if url.host in LOOPBACK or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    return proxies.get(url.scheme) or proxies.get("all")
