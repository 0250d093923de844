"""All printing of a process: data on stdout, everything else on stderr, and no token on either.

Colour is used where it is wanted and shown. With `--log-format json` stderr is records, a line each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from reconciler.terminal.redact import Redactor
from reconciler.terminal.streams import Streams, prepare_streams
from reconciler.terminal.width import find_columns

if TYPE_CHECKING:
    from reconciler.errors import Problem, ReconcilerError

_COLOURS: Mapping[str, str] = {
    "plain": "",
    "good": "\x1b[32m",
    "changed": "\x1b[33m",
    "bad": "\x1b[31m",
    "faint": "\x1b[2m",
    "strong": "\x1b[1m",
    "error": "\x1b[31m\x1b[1m",
}
_RESET = "\x1b[0m"
_LINES_WRITTEN_TOGETHER = 200


class Line(Protocol):
    """A line of text, and how it is to look: a name in the table of colours."""

    @property
    def text(self) -> str:
        """What it says."""

    @property
    def style(self) -> str:
        """How it looks."""


def open_terminal(environment: Mapping[str, str]) -> Terminal:
    """Prepare the standard streams, and make the terminal that prints on them.

    Args:
        environment: of the process; RECONCILER_LOG_FORMAT counts from the first line on.
    """
    redactor = Redactor()
    prepare_streams(redactor)
    terminal = Terminal(sys.stdout, sys.stderr, environment, redactor)
    terminal.is_logged = environment.get("RECONCILER_LOG_FORMAT") == "json"
    return terminal


class Terminal:
    """Prints all that there is to print.

    Args:
        out: takes the data that was asked for.
        err: takes everything else.
        environment: gives the width of the terminal, and whether it shows colours.
        redactor: learns the tokens; the streams redact by it.

    Attributes:
        is_quiet: whether only errors and the data asked for are to be printed.
        is_plain: whether there is to be no colour.
        is_logged: whether stderr is written as records, for programs.
    """

    def __init__(
        self, out: TextIO, err: TextIO, environment: Mapping[str, str], redactor: Redactor | None = None
    ) -> None:
        self.out = out
        self.err = err
        self.streams = Streams(out, err)
        self.redactor = redactor or Redactor()
        self.is_quiet = False
        self.is_plain = False
        self.is_logged = False
        self._environment = environment

    @property
    def columns(self) -> int:
        """Characters in a line."""
        return find_columns(self._environment)

    def obeys(self, stream: TextIO) -> bool:
        """Whether a stream is a terminal that understands control sequences."""
        return stream.isatty() and self._environment.get("TERM", "dumb") != "dumb"

    def can_ask(self) -> bool:
        """Whether a person can be asked: at a terminal, and reading stderr as text."""
        return sys.stdin.isatty() and not self.is_logged

    def print_lines(self, lines: Iterable[Line], stream: TextIO | None = None) -> None:
        """Print styled lines, on stdout unless another stream is given."""
        from reconciler.escape import for_log

        stream = stream or self.out
        style = _add_style if self._wants_colour(stream) else _keep_plain
        self._print_all(stream, (style(for_log(line.text), line.style) for line in lines))

    def print_json(self, document: Any) -> None:
        """Print a document on stdout."""
        from reconciler.escape import as_json

        self.write(self.out, as_json(document, ascii_only=not self.can_show_unicode(self.out)))
        self.streams.flush(self.out)

    def print_page(self, lines: Iterable[str]) -> None:
        """Print what a renderer has made safe for its reader, on stdout."""
        self._print_all(self.out, lines)

    def print_note(self, text: str) -> None:
        """Print a line on stderr that is no error, unless it is to be quiet."""
        if not self.is_quiet:
            self.print_line(text)

    def print_failure(self, text: str) -> None:
        """Print a line about a failure on stderr."""
        self.print_line(text, "error")

    def print_line(self, text: str, level: str = "info") -> None:
        """Print a line on stderr, even if it is to be quiet.

        Args:
            text: on one line.
            level: of the record, where the text has no label.
        """
        from reconciler.escape import for_log, for_terminal

        if self.is_logged:
            from reconciler.terminal.records import make_text_record

            self.streams.write_line(self.err, make_text_record(text, level))
        else:
            self.write(self.err, for_log(for_terminal(text)))

    def print_error(self, error: ReconcilerError) -> None:
        """Print an error and its hint on stderr."""
        from reconciler.escape import for_log, for_terminal

        if self.is_logged:
            from reconciler.terminal.records import make_record

            fields = {"hint": error.hint, **error.fields}
            self.streams.write_line(self.err, make_record("error", str(error), fields))
            return
        label = _add_style("error:", "error") if self._wants_colour(self.err) else "error:"
        self.write(self.err, f"{label} {for_log(for_terminal(error.full_message))}")
        if error.hint:
            self.write(self.err, f"  {for_log(for_terminal(error.hint))}")

    def print_records(self, problems: Iterable[Problem]) -> None:
        """Write a record of each problem on stderr."""
        from reconciler.terminal.records import make_problem_record

        for problem in problems:
            self.streams.write_line(self.err, make_problem_record(problem))

    def write(self, stream: TextIO, text: str) -> None:
        """Write a line, with escapes for what the stream can not show; on stderr perhaps as a record."""
        if self.is_logged and stream is self.err:
            from reconciler.terminal.records import make_text_record

            text = make_text_record(text)
        self.streams.write_line(stream, text)

    def finish(self) -> bool:
        """Flush both streams at the end; if the data is incomplete, print that and return false."""
        failure = self.streams.find_failure()
        if failure:
            self.write(self.err, f"error: the output is incomplete: {failure}")
            self.streams.flush(self.err)
        return not failure

    def can_show_unicode(self, stream: TextIO) -> bool:
        """Whether the encoding of a stream has every character."""
        return (stream.encoding or "").lower().replace("-", "").startswith("utf")

    def _print_all(self, stream: TextIO, lines: Iterable[str]) -> None:
        left = iter(lines)
        while together := list(islice(left, _LINES_WRITTEN_TOGETHER)):
            self.write(stream, "\n".join(together))
        self.streams.flush(stream)

    def _wants_colour(self, stream: TextIO) -> bool:
        if self.is_plain or self._environment.get("NO_COLOR"):
            return False
        return bool(self._environment.get("FORCE_COLOR")) or self.obeys(stream)


def _add_style(text: str, style: str) -> str:
    return f"{_COLOURS[style]}{text}{_RESET}" if text else text


def _keep_plain(text: str, _style: str) -> str:
    return text
