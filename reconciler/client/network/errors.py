"""What the system says of a connection, as httpcore raises it."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpcore


@contextmanager
def connecting() -> Iterator[None]:
    """Raise what goes wrong while connecting as httpcore does."""
    try:
        yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except OSError as error:
        raise httpcore.ConnectError(reason(error)) from error


def reason(error: Exception) -> str:
    """What the system says; asyncio puts words of its own in the place of some of it."""
    if isinstance(error, ssl.SSLError) or not isinstance(error, OSError) or error.errno is None:
        return str(error)
    return str(error.strerror) if isinstance(error, socket.gaierror) else os.strerror(error.errno)
