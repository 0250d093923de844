"""Saying on stderr how far a run is: on a terminal in one line, drawn anew; elsewhere by a line every 10 s.

By hand, because a library for it (rich) takes 40 ms to import, which is more than a plan of a small
repository takes to compare.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO, TypeAlias

from reconciler.terminal.terminal import Terminal

Wait: TypeAlias = Callable[[float], bool]
"""Waits for so many seconds, or until the run is over, which it tells by true."""
_NOT_BEFORE_SECONDS = 0.5
"""Of what takes no longer nothing is drawn."""
_DRAWN_EVERY_SECONDS = 0.2
_SAID_EVERY_SECONDS = 10.0


class Progress:
    """A thread that says how far a run is, from `with` to the end of it; none where nothing is to be said.

    Args:
        terminal: where it is said.
        line: says it in ASCII, with nothing of what was read in it; called on that thread.
    """

    def __init__(self, terminal: Terminal, line: Callable[[], str]) -> None:
        self._terminal = terminal
        self._line = line
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        terminal = self._terminal
        if not terminal.is_quiet:
            tell = draw if terminal.obeys(terminal.err) and not terminal.is_logged else say
            # A daemon, so that not even a process that ends in the middle of it waits for it.
            told = terminal, self._line, self._over.wait
            self._thread = threading.Thread(target=tell, args=told, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()
        self._terminal.streams.erase()


def say(terminal: Terminal, line: Callable[[], str], wait: Wait) -> None:
    """Print a line now and then, as logs of CI jobs want it, until it is over."""
    while not wait(_SAID_EVERY_SECONDS):
        terminal.print_note(line())


def draw(terminal: Terminal, line: Callable[[], str], wait: Wait) -> None:
    """Draw a line over and over at the bottom of the terminal that stderr is, until it is over."""
    is_over = wait(_NOT_BEFORE_SECONDS)
    while not is_over:
        if _is_in_front(terminal.err):
            terminal.streams.draw(line()[: _columns(terminal.err) - 1])
        is_over = wait(_DRAWN_EVERY_SECONDS)


def _is_in_front(stream: TextIO) -> bool:
    """Whether this process is the one at work on a terminal: from behind it would draw over another."""
    try:
        return os.tcgetpgrp(stream.fileno()) in {os.getpgrp(), 0}
    except OSError:  # it is not the terminal that rules this process
        return True


def _columns(stream: TextIO) -> int:
    """What there is room for by now; COLUMNS may say how wide text is to be, but moves no edge."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80
