"""Writing to streams that may be closed, full, or unable to show a character, and that show no token.

What a command does is decided before it is printed, so a reader who has seen enough (`| head`) changes
nothing. Any other failure to write is told once, at the end.

Below what is written, on a terminal, one line may stand that is drawn over and over: it is taken away
before anything else is written, from whatever thread.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from reconciler.terminal.redact import redacted

_lost: dict[int, str] = {}
"""Streams that take no more, by descriptor, and why; nothing for a closed pipe."""
_turn = threading.RLock()
"""Whose turn it is to write: the line at the bottom is drawn by a thread of its own."""
_bottom = [""]
"""The line at the bottom, which stands on stderr without an end."""
_ERASE = "\r\x1b[K"
_record: list[Callable[[str], str]] = []
"""What makes a record of a line for stderr, where programs read it."""


class _Redacting(io.TextIOWrapper):
    """A stream that shows no token, whoever writes to it: this package, a library, the interpreter."""

    def write(self, text: str) -> int:
        """Write a text, of which a token is all or nothing."""
        super().write(redacted(text))
        return len(text)


def prepare() -> None:
    """Make the streams what the whole process can rely on.

    Those that the caller has closed, which Python leaves out, are opened: what they get goes nowhere.
    This is done before anything else is opened, or a file or a connection would get their descriptors.
    What was done already is not done again. RECONCILER_LOG_FORMAT counts from the first line on.
    """
    if os.environ.get("RECONCILER_LOG_FORMAT") == "json":
        from reconciler.terminal import records

        records.use("json")
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  it stays open
        elif mode == "w" and not isinstance(stream, _Redacting):
            setattr(sys, name, _redacting(stream))


def _redacting(stream: io.TextIOWrapper) -> TextIO:
    """The same stream by way of the redaction; the interpreter keeps the one given, and its file open."""
    return _Redacting(
        stream.buffer,
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def log_as(record: Callable[[str], str] | None) -> None:
    """Have each line for stderr made a record, or written as it is again."""
    _record[:] = [record] if record else []


def is_logged() -> bool:
    """Whether stderr is written as records, for programs."""
    return bool(_record)


def write(stream: TextIO, text: str) -> None:
    """Write a line, with escapes for what the stream's encoding can not show; on stderr maybe a record."""
    write_line(stream, _record[0](text) if _record and stream is sys.stderr else text)


def write_line(stream: TextIO, text: str) -> None:
    """Write a line as `write` does, and as it is: on stderr it is text or a record by now."""
    encoding = stream.encoding or "ascii"
    line = text.encode(encoding, "backslashreplace").decode(encoding) + "\n"
    with _turn:
        bottom = _bottom[0]
        erase()
        _put(stream, line)
        if bottom and stream.isatty():  # what goes into a pipe may be on its way to the same terminal
            draw(bottom)


def draw(text: str) -> None:
    """Draw the line at the bottom of the terminal that stderr is, in place of the one before.

    Args:
        text: ASCII, and shorter than the terminal is wide: of two lines only one could be taken away.
    """
    with _turn:
        if text != _bottom[0]:
            _bottom[0] = text
            _put(sys.stderr, _ERASE + text)
            flush(sys.stderr)


def erase() -> None:
    """Take the line at the bottom away, if there is one."""
    with _turn:
        if _bottom[0]:
            _put(sys.stderr, _ERASE)
            flush(sys.stderr)
            _bottom[0] = ""


def _put(stream: TextIO, text: str) -> None:
    if stream.fileno() not in _lost:
        try:
            stream.write(text)
        except OSError as error:
            lose(stream, error)


def flush(stream: TextIO) -> None:
    """Hand what was written to the operating system."""
    if stream.fileno() not in _lost:
        try:
            stream.flush()
        except OSError as error:
            lose(stream, error)


def flushed() -> bool:
    """Flush both streams at the end; false, and said, if the output is incomplete."""
    flush(sys.stdout)
    flush(sys.stderr)
    reason = _lost.get(sys.stdout.fileno(), "")
    if reason:
        write(sys.stderr, f"error: the output is incomplete: {reason}")
        flush(sys.stderr)
    return not reason


def lose(stream: TextIO, error: OSError) -> None:
    """Write no more to a stream that has failed."""
    _lost[stream.fileno()] = "" if isinstance(error, BrokenPipeError) else str(error.strerror)
    # The interpreter flushes what is left when it ends, and would fail once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
