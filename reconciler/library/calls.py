"""What the calls of the library have in common: a time to end by, and an event loop of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_Returned = TypeVar("_Returned")
SECONDS = 3600.0
"""For a whole call, where the caller gives no other time."""


def run(call: Coroutine[Any, Any, _Returned]) -> _Returned:
    """Run a call to its end.

    Raises:
        RuntimeError: an event loop is running in this thread.
    """
    try:
        return asyncio.run(call)
    finally:
        call.close()  # where none could be run; else it has ended
