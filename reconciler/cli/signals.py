"""Ctrl-C and requests to terminate: a plan ends at once, an apply ends what is under way."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.cli.exits import Exit, choose_signal_exit

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from reconciler.applying.stop import Stop
    from reconciler.terminal.terminal import Terminal

_Returned = TypeVar("_Returned")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_GRACE_SECONDS = 4.0
"""For what is under way: runners of CI jobs kill 7.5 s after they ask."""


class SignalledError(Exception):
    """A signal asked the process to end.

    Args:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = choose_signal_exit(number)


def end_on_terminate() -> None:
    """Have SIGTERM end the process as Ctrl-C does: by an exception, so that everything is cleaned up."""

    def handle(number: int, _: object) -> None:
        raise SignalledError(number)

    signal.signal(signal.SIGTERM, handle)


def run(terminal: Terminal, call: Coroutine[Any, Any, _Returned]) -> _Returned:
    """Run a call that changes nothing: a signal ends it at once.

    Raises:
        SignalledError: one did.
    """
    import asyncio

    seen: list[int] = []

    async def cancellable() -> _Returned:
        task = asyncio.ensure_future(call)

        def end(number: int) -> None:
            seen.append(number)
            task.cancel()

        _handle(asyncio.get_running_loop(), end)
        return await task

    try:
        return _run(terminal, cancellable())
    except asyncio.CancelledError:
        raise SignalledError(seen[0]) from None


def run_to_its_end(
    terminal: Terminal, call: Coroutine[Any, Any, _Returned], stop: Stop
) -> tuple[_Returned, int | None]:
    """Run an apply: a signal stops new writes, and a while later what is under way.

    A second Ctrl-C ends the process on the spot.

    Returns:
        What the call returned, and the signal that stopped it, if one did.
    """
    import asyncio

    seen: list[int] = []

    async def stoppable() -> _Returned:
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            if number == signal.SIGINT and signal.SIGINT in seen:
                terminal.streams.erase()
                os._exit(Exit.INTERRUPTED)
            seen.append(number)
            stop.now("interrupted")
            loop.call_later(_GRACE_SECONDS, stop.abandon)

        _handle(loop, end)
        return await call

    return _run(terminal, stoppable()), seen[0] if seen else None


def _run(terminal: Terminal, call: Coroutine[Any, Any, _Returned]) -> _Returned:
    """Run a call on an event loop, which takes our handler of SIGTERM with it when it goes."""
    import asyncio

    from reconciler.terminal.logs import print_logs

    print_logs(terminal)
    try:
        return asyncio.run(call)
    finally:
        end_on_terminate()


def _handle(loop: AbstractEventLoop, end: Callable[[int], None]) -> None:
    for number in _SIGNALS:
        loop.add_signal_handler(number, end, number)
