"""An event loop whose clock jumps to the next moment at which something is to happen."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class _Jump(selectors.BaseSelector):
    """Has nothing to wait for but time, which passes at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        self._keys[fileobj] = selectors.SelectorKey(fileobj, 0, events, data)
        return self._keys[fileobj]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen"
        self.now += max(timeout, 0)
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, jump: _Jump) -> None:
        super().__init__(jump)
        self._jump = jump

    def time(self) -> float:
        return self._jump.now


def run_simulated(call: Coroutine[Any, Any, _Result]) -> tuple[_Result, float]:
    """Run something that waits for nothing but time; its result, and how many seconds have passed for it."""
    jump = _Jump()
    loop = _Loop(jump)
    try:
        return loop.run_until_complete(call), jump.now
    finally:
        loop.close()
