"""What requests travel through: the network in small pools, a proxy, or an application in this process."""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from reconciler.client.connection import LARGEST_PORT, LOOPBACK
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
    proxy = _proxy(host)
    try:
        pools = [
            httpx.AsyncHTTPTransport(verify=trust, proxy=proxy, limits=limits)
            for _ in range(-(-connections // _POOL))
        ]
    except ImportError:  # a kind of proxy that takes one more package
        raise _unusable_proxy() from None
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


def proxy_shown(host: str) -> str | None:
    """The proxy for a host, without the password that its address may hold; `None` if there is none.

    Raises:
        ControlPlaneError: it can not be used.
    """
    proxy = _proxy(host)
    return None if proxy is None else f"{proxy.url.scheme}://{proxy.url.netloc.decode()}"


def trusted_shown() -> str:
    """Where the certificate authorities are from that are trusted."""
    variable, path = _trusted()
    return f"{path} ({variable})" if path else "those that come with httpx"


def _trusted() -> tuple[str, str]:
    """The variable that names the authorities to trust, and their file or folder; both may be empty.

    There is none that has all be trusted.
    """
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        if path := os.environ.get(variable):
            return variable, path
    return "", ""


def _trust() -> ssl.SSLContext:
    variable, path = _trusted()
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


def _proxy(host: str) -> httpx.Proxy | None:
    """The proxy that the environment names for a host; never one for this machine itself."""
    parts = urlsplit(host)
    if parts.hostname in LOOPBACK or proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    address = proxies.get(parts.scheme) or proxies.get("all")
    if not address:
        return None
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    except (ValueError, httpx.InvalidURL):
        raise _unusable_proxy() from None
    if (proxy.url.port or 0) > LARGEST_PORT:  # which httpx lets pass, and the system's call does not
        raise _unusable_proxy()
    return proxy


def _unusable_proxy() -> ControlPlaneError:
    # Not what it is: its address may hold a password.
    return ControlPlaneError(
        "the environment names a proxy that can not be used",
        "set HTTPS_PROXY and ALL_PROXY to http://HOST:PORT, or unset them",
    )
