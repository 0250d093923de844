"""The proxy on the way to a host: which one the environment names, and whether it has connected."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from reconciler.client.requests.connection import LARGEST_PORT, LOOPBACK
from reconciler.errors import ControlPlaneError


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy.

    Args:
        address: its address, user and password.
        variable: the variable of the environment that names it.
    """

    address: httpx.Proxy
    variable: str

    def __str__(self) -> str:
        """Its address, without user and password."""
        return f"{self.address.url.scheme}://{self.address.url.netloc.decode()}"


def find_proxy(host: str) -> Proxy | None:
    """The proxy that the environment names for a host; never one for this machine itself.

    Raises:
        ControlPlaneError: it can not be used.
    """
    parts = urlsplit(host)
    if parts.hostname in LOOPBACK or proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    kind = parts.scheme if proxies.get(parts.scheme) else "all"
    address = proxies.get(kind)
    if not address:
        return None
    names = (f"{kind}_proxy", f"{kind}_proxy".upper())
    variable = next((name for name in names if os.environ.get(name)), "the system")
    # With a bare @ or # in the password, a part of it would be taken for the host, and shown.
    if "#" in address or address.count("@") > 1:
        raise describe_unusable_proxy(variable)
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    except (ValueError, httpx.InvalidURL):
        raise describe_unusable_proxy(variable) from None
    if (proxy.url.port or 0) > LARGEST_PORT:  # which httpx lets pass, and the system's call does not
        raise describe_unusable_proxy(variable)
    return Proxy(proxy, variable)


def convert_proxy(proxy: httpx.Proxy) -> httpcore.Proxy:
    """The same proxy, for httpcore."""
    url = proxy.url
    return httpcore.Proxy(
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        auth=proxy.raw_auth,
        headers=proxy.headers.raw,
        ssl_context=proxy.ssl_context,
    )


def describe_unusable_proxy(variable: str) -> ControlPlaneError:
    """The error for a proxy; its address is not shown, because it may hold a password."""
    return ControlPlaneError(
        f"{variable} names a proxy that can not be used",
        "set it to http://HOST:PORT, with @ and # of a password as %40 and %23, or unset it",
    )


async def fetch_by_new_connection(
    connection: httpcore.AsyncConnectionInterface, request: httpcore.Request
) -> httpcore.Response:
    """The head of the answer to the first request of a connection, for which a proxy may have to connect.

    httpcore waits for the proxy's answer to `CONNECT` without a bound, and raises what goes wrong meanwhile
    as if the request itself had been sent. How far it has come can be seen by its extension `trace` only.

    Args:
        connection: that has carried no request.
        request: the first one; its time to connect bounds the answer to `CONNECT` too.

    Raises:
        httpcore.ProxyError: the proxy does not connect; nothing of the request was sent.
    """
    seconds = request.extensions.get("timeout", {}).get("connect", math.inf)
    try:
        async with asyncio.timeout(None) as connecting:

            async def trace(event: str, info: Mapping[str, Any]) -> None:
                if event == "http11.send_request_headers.started" and info["request"].method == b"CONNECT":
                    connecting.reschedule(asyncio.get_running_loop().time() + seconds)
                elif event == "http11.receive_response_headers.complete":
                    connecting.reschedule(None)

            request.extensions["trace"] = trace
            try:
                return await connection.handle_async_request(request)
            except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
                if connecting.when() is None:
                    raise
                raise httpcore.ProxyError(str(error)) from error
    except TimeoutError:
        raise httpcore.ProxyError(f"no answer within {seconds:g} s") from None
