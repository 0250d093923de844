"""Why a control plane was not reached: the host, its certificate, TLS, or the proxy in between."""

from __future__ import annotations

import ssl

import httpx

from reconciler.client.network import TlsError
from reconciler.client.requests.proxy import Proxy
from reconciler.errors import UnreachableError

NOT_SENT: tuple[type[httpx.HTTPError], ...] = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""The errors of httpx that are raised before a byte of the request is sent; others may come after."""


def describe_unreachable(host: str, proxy: Proxy | None, error: httpx.HTTPError) -> UnreachableError:
    """The error for a request of which nothing was sent.

    Args:
        host: the control plane.
        proxy: on the way to it.
        error: one of `NOT_SENT`.
    """
    tls_error = error.__cause__ if isinstance(error.__cause__, TlsError) else None
    name = tls_error.name if tls_error else host
    match _find_tls_error(error):
        case ssl.SSLCertVerificationError() as untrusted:
            message = f"the certificate of {name} is not trusted: {untrusted.verify_message}"
            hint = "if it is signed by a certificate authority of your own, set SSL_CERT_FILE to that one"
            return UnreachableError(message, hint, is_passing=False)
        case ssl.SSLError(reason=str(reason)):
            message = f"can not speak TLS with {name}: {reason.replace('_', ' ').lower()}"
            hint = "check the port, and that the host offers https with TLS 1.2 or newer"
            return UnreachableError(message, hint, is_passing=False)
    cause = describe_cause(error)
    if tls_error:
        hint = "check the port, and that nothing between here and there holds TLS up"
        return UnreachableError(f"can not speak TLS with {name}: {cause}", hint)
    if isinstance(error, httpx.ProxyError):
        hint = f"check user and password in {proxy.variable}, and what the proxy allows" if proxy else ""
        return UnreachableError(f"the proxy {proxy} does not connect to {host}: {cause}", hint)
    if proxy:
        hint = f"check {proxy.variable}, or have {host} reached without it: NO_PROXY"
        return UnreachableError(
            f"can not reach the proxy {proxy}, which {proxy.variable} names: {cause}", hint
        )
    return UnreachableError(
        f"can not reach {host}: {cause}", "check the host, and that this machine may reach it"
    )


def _find_tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """The error of TLS below another; `None` without one, and where the connection was merely cut."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return None if isinstance(error, ssl.SSLEOFError) else error


def describe_cause(error: Exception) -> str:
    """The text of an error of httpx, or its class where it has none."""
    return str(error) or type(error).__name__
