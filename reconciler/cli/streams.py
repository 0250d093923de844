"""Writing to streams that may be closed, full, or unable to show a character, and that show no token.

What a command does is decided before it is printed, so a reader who has seen enough (`| head`) changes
nothing. Any other failure to write is told once, at the end.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from reconciler.cli.redact import redacted

_lost: dict[int, str] = {}
"""Streams that take no more, by descriptor, and why; nothing for a closed pipe."""


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
    What was done already is not done again.
    """
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


def write(stream: TextIO, text: str) -> None:
    """Write a line, with escapes for what the stream's encoding can not show."""
    encoding = stream.encoding or "ascii"
    line = text.encode(encoding, "backslashreplace").decode(encoding) + "\n"
    if stream.fileno() not in _lost:
        try:
            stream.write(line)
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
