"""Errors of connections, as httpcore raises them."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpcore


class TlsError(httpcore.ConnectError):
    """There is a connection, but the two sides do not agree in TLS.

    Args:
        message: what the system says.
        name: of the other side.
    """

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


@contextmanager
def raise_connect_errors() -> Iterator[None]:
    """Raise what goes wrong while connecting as httpcore does."""
    try:
        yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout("it does not answer") from error
    except OSError as error:
        raise httpcore.ConnectError(describe_reason(error)) from error


@contextmanager
def raise_tls_errors(name: str) -> Iterator[None]:
    """Raise what goes wrong while TLS begins, with the name of the other side."""
    try:
        yield
    except TimeoutError as error:
        raise TlsError("it takes the connection, and then says nothing in TLS", name) from error
    except OSError as error:
        raise TlsError(describe_reason(error), name) from error


def describe_reason(error: Exception) -> str:
    """The system's message, in place of which asyncio may have put words of its own."""
    if isinstance(error, ssl.SSLError) or not isinstance(error, OSError) or error.errno is None:
        return str(error)
    return str(error.strerror) if isinstance(error, socket.gaierror) else os.strerror(error.errno)
