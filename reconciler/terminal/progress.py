"""How far a run is, on stderr: on a terminal as one line that is redrawn, elsewhere as a line every 10 s.

By hand, because a library for it (rich) takes 40 ms to import, which is more than a plan of a small
repository takes to compare.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Self, TextIO, TypeAlias

from reconciler.terminal.terminal import Terminal

Wait: TypeAlias = Callable[[float], bool]
"""Waits for a number of seconds, or until the run is over; returns true when it is."""
_NOT_BEFORE_SECONDS = 0.5
"""Nothing is drawn before, as most runs take no longer."""
_DRAWN_EVERY_SECONDS = 0.2
_PRINTED_EVERY_SECONDS = 10.0


class Progress:
    """Shows how far a run is, within `with`, by a thread; a quiet terminal has none.

    Args:
        terminal: where it is shown.
        line: makes the line, in ASCII and without anything that was read; called on the thread.
    """

    def __init__(self, terminal: Terminal, line: Callable[[], str]) -> None:
        self._terminal = terminal
        self._line = line
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        terminal = self._terminal
        if not terminal.is_quiet:
            show = draw_line if terminal.obeys(terminal.err) and not terminal.is_logged else print_lines
            # A daemon, so that a process that ends never waits for it.
            arguments = terminal, self._line, self._over.wait
            self._thread = threading.Thread(target=show, args=arguments, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()
        self._terminal.streams.erase_bottom()


def print_lines(terminal: Terminal, line: Callable[[], str], wait: Wait) -> None:
    """Print a line now and then, as suits logs of CI jobs, until the run is over."""
    while not wait(_PRINTED_EVERY_SECONDS):
        terminal.print_note(line())


def draw_line(terminal: Terminal, line: Callable[[], str], wait: Wait) -> None:
    """Redraw a line at the bottom of the terminal, until the run is over."""
    is_over = wait(_NOT_BEFORE_SECONDS)
    while not is_over:
        if _is_in_front(terminal.err):
            terminal.streams.draw_bottom(line()[: _find_columns(terminal.err) - 1])
        is_over = wait(_DRAWN_EVERY_SECONDS)


def _is_in_front(stream: TextIO) -> bool:
    """Whether this process is in the foreground of a terminal: from behind it would draw over another."""
    try:
        return os.tcgetpgrp(stream.fileno()) in {os.getpgrp(), 0}
    except OSError:  # it is not the controlling terminal
        return True


def _find_columns(stream: TextIO) -> int:
    """The present width of the terminal; COLUMNS does not count, as it moves no edge."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80
