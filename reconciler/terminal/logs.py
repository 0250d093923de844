"""What libraries log: printed as notes of ours, where Python would print it as it is."""

from __future__ import annotations

import logging

from reconciler.terminal.output import print_failure, print_note


class _Notes(logging.Handler):
    """Prints records, tracebacks too, a line at a time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        say = print_failure if record.levelno >= logging.ERROR else print_note
        for line in self.format(record).splitlines():
            say(line)


def print_logs() -> None:
    """Print the warnings and errors of libraries that nothing else takes."""
    logging.lastResort = _Notes(logging.WARNING)
