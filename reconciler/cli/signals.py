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
"""For requests under way: runners of CI jobs kill 7.5 s after they ask to end."""


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

    def raise_signalled(number: int, _: object) -> None:
        raise SignalledError(number)

    signal.signal(signal.SIGTERM, raise_signalled)


def run_until_signal(terminal: Terminal, call: Coroutine[Any, Any, _Returned]) -> _Returned:
    """Run a call that changes nothing: a signal ends it at once.

    Raises:
        SignalledError: one did.
    """
    import asyncio

    seen: list[int] = []

    async def run_cancellable() -> _Returned:
        task = asyncio.ensure_future(call)

        def handle_signal(number: int) -> None:
            seen.append(number)
            task.cancel()

        _add_handlers(asyncio.get_running_loop(), handle_signal)
        return await task

    try:
        return _run_on_loop(terminal, run_cancellable())
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

    async def run_stoppable() -> _Returned:
        loop = asyncio.get_running_loop()

        def handle_signal(number: int) -> None:
            if number == signal.SIGINT and signal.SIGINT in seen:
                terminal.streams.erase_bottom()
                os._exit(Exit.INTERRUPTED)
            seen.append(number)
            stop.end_run("interrupted")
            loop.call_later(_GRACE_SECONDS, stop.abandon)

        _add_handlers(loop, handle_signal)
        return await call

    return _run_on_loop(terminal, run_stoppable()), seen[0] if seen else None


def _run_on_loop(terminal: Terminal, call: Coroutine[Any, Any, _Returned]) -> _Returned:
    """Run a call on an event loop; closing the loop removes our handler of SIGTERM, which is set again."""
    import asyncio

    from reconciler.terminal.logs import print_logs

    print_logs(terminal)
    try:
        return asyncio.run(call)
    finally:
        end_on_terminate()


def _add_handlers(loop: AbstractEventLoop, end: Callable[[int], None]) -> None:
    for number in _SIGNALS:
        loop.add_signal_handler(number, end, number)
