"""What libraries log: printed as notes, where Python would print it unescaped."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.terminal.terminal import Terminal


class _Notes(logging.Handler):
    """Prints records, tracebacks too, a line at a time."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.WARNING)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        terminal = self._terminal
        print_line = terminal.print_failure if record.levelno >= logging.ERROR else terminal.print_note
        for line in self.format(record).splitlines():
            print_line(line)


def print_logs(terminal: Terminal) -> None:
    """Print warnings and errors of libraries that have no other handler."""
    logging.lastResort = _Notes(terminal)
