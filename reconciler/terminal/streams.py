"""Writing to streams that may be closed, full, or unable to show a character, and that show no token.

What a command does is decided before it is printed, so a reader who has seen enough (`| head`) changes
nothing. Any other failure to write is reported once, at the end.

On a terminal, a line that is redrawn may stand below the output: it is erased before anything else is
written, by whatever thread.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from reconciler.terminal.redact import Redactor

_ERASE = "\r\x1b[K"


class _Redacting(io.TextIOWrapper):
    """A stream that shows no token, whoever writes to it: this package, a library, the interpreter."""

    redactor: Redactor

    def write(self, text: str) -> int:
        """Write a text, which holds whole tokens or none."""
        super().write(self.redactor.redact(text))
        return len(text)


def prepare_streams(redactor: Redactor) -> None:
    """Prepare the standard streams of the interpreter.

    Those that the caller has closed, which Python leaves out, are opened: what they get goes nowhere.
    This is done before anything else is opened, or a file or a connection would get their descriptors.
    What was done already, before an interruption, is not done again.

    Args:
        redactor: takes the tokens out of what is written from now on.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  it stays open
        elif isinstance(stream, _Redacting):
            stream.redactor = redactor
        elif mode == "w":
            setattr(sys, name, _make_redacting(stream, redactor))


def _make_redacting(stream: io.TextIOWrapper, redactor: Redactor) -> TextIO:
    """The same stream with redaction; the interpreter keeps the one given, and its file open."""
    redacting = _Redacting(
        stream.buffer,
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    redacting.redactor = redactor
    return redacting


class Streams:
    """Both streams, and the line at the bottom of the terminal that stderr may be.

    Args:
        out: takes the data that was asked for.
        err: takes everything else.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self.out = out
        self.err = err
        self._failures: dict[int, str] = {}
        """Streams that failed, by descriptor, and why; empty for a closed pipe."""
        self._lock = threading.RLock()
        """Held while writing: the line at the bottom is drawn by a thread of its own."""
        self._bottom = ""
        """The line at the bottom, which stands on stderr without an end."""

    def write_line(self, stream: TextIO, text: str) -> None:
        """Write a line, with escapes for what the stream's encoding can not show."""
        encoding = stream.encoding or "ascii"
        line = text.encode(encoding, "backslashreplace").decode(encoding) + "\n"
        with self._lock:
            bottom = self._bottom
            self.erase_bottom()
            self._write_text(stream, line)
            if bottom and stream.isatty():  # a pipe may lead to the same terminal
                self.draw_bottom(bottom)

    def draw_bottom(self, text: str) -> None:
        """Draw the line at the bottom of the terminal that stderr is, in place of the one before.

        Args:
            text: ASCII, and shorter than the terminal is wide: of two lines only one could be erased.
        """
        with self._lock:
            if text != self._bottom:
                self._bottom = text
                self._write_text(self.err, _ERASE + text)
                self.flush(self.err)

    def erase_bottom(self) -> None:
        """Erase the line at the bottom, if there is one."""
        with self._lock:
            if self._bottom:
                self._write_text(self.err, _ERASE)
                self.flush(self.err)
                self._bottom = ""

    def _write_text(self, stream: TextIO, text: str) -> None:
        self._attempt(stream, lambda: stream.write(text))

    def flush(self, stream: TextIO) -> None:
        """Hand what was written to the operating system."""
        self._attempt(stream, stream.flush)

    def _attempt(self, stream: TextIO, call: Callable[[], object]) -> None:
        """Make a call that writes, unless one has failed on this stream before."""
        if stream.fileno() not in self._failures:
            try:
                call()
            except OSError as error:
                self.stop_writing(stream, error)

    def find_failure(self) -> str:
        """Flush both streams, and return why stdout is incomplete; empty if it is complete, or closed."""
        self.flush(self.out)
        self.flush(self.err)
        return self._failures.get(self.out.fileno(), "")

    def stop_writing(self, stream: TextIO, error: OSError) -> None:
        """Write no more to a stream that has failed."""
        self._failures[stream.fileno()] = "" if isinstance(error, BrokenPipeError) else str(error.strerror)
        # The interpreter flushes what is left when it ends, and would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
