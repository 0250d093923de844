"""Printing: data on stdout, everything else on stderr; colour where it is wanted and understood."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

import click

from reconciler.cli.streams import flush, is_logged, write, write_line
from reconciler.cli.width import columns
from reconciler.errors import ReconcilerError
from reconciler.escape import as_json, for_log, for_terminal

if TYPE_CHECKING:
    from reconciler.report.text.plan import Line, Paper

_COLOURS: dict[str, dict[str, Any]] = {
    "plain": {},
    "good": {"fg": "green"},
    "changed": {"fg": "yellow"},
    "bad": {"fg": "red"},
    "faint": {"dim": True},
    "strong": {"bold": True},
}
_ARROW = "→"
_QUIET = "reconciler.quiet"
_WRITTEN_TOGETHER = 200
"""Lines."""


def paper(stream: TextIO) -> Paper:
    """What text on a stream is for: the terminal's width, and whether it can show an arrow."""
    from reconciler.report.text.plan import Paper

    return Paper(max(columns(), 80), _ARROW if _can_show(_ARROW, stream) else "->")


def print_lines(lines: Iterable[Line], stream: TextIO | None = None) -> None:
    """Print styled lines, on stdout unless another stream is given."""
    stream = stream or sys.stdout
    coloured = _wants_colour(stream)
    _print(stream, (_styled(line) if coloured else for_log(line.text) for line in lines))


def _styled(line: Line) -> str:
    text = for_log(line.text)
    return click.style(text, **_COLOURS[line.style]) if text else text


def print_json(document: Any) -> None:
    """Print a document on stdout."""
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    write(sys.stdout, as_json(document, ascii_only=not is_unicode))
    flush(sys.stdout)


def print_page(lines: Iterable[str]) -> None:
    """Print what a renderer has made safe for its reader, on stdout."""
    _print(sys.stdout, lines)


def _print(stream: TextIO, lines: Iterable[str]) -> None:
    left = iter(lines)
    while together := list(islice(left, _WRITTEN_TOGETHER)):
        write(stream, "\n".join(together))
    flush(stream)


def can_ask() -> bool:
    """Whether somebody sits at a terminal, and reads what is asked on stderr."""
    return sys.stdin.isatty() and not is_logged()


def be_quiet() -> None:
    """Have the command under way print nothing but errors and the data asked for."""
    click.get_current_context().meta[_QUIET] = True


def is_quiet() -> bool:
    """Whether only errors and the data asked for are to be printed."""
    context = click.get_current_context(silent=True)
    return context is not None and _QUIET in context.meta


def print_note(text: str) -> None:
    """Say something on stderr that is no error."""
    if not is_quiet():
        _say(text, "info")


def print_failure(text: str) -> None:
    """Say what failed on stderr, as it is."""
    _say(text, "error")


def _say(text: str, level: str) -> None:
    if is_logged():
        from reconciler.cli import records

        write_line(sys.stderr, records.of_text(text, level))
    else:
        write(sys.stderr, for_log(for_terminal(text)))


def print_error(error: ReconcilerError) -> None:
    """Say what failed, and what to do, on stderr."""
    if is_logged():
        from reconciler.cli import records

        write_line(sys.stderr, records.of("error", str(error), {"hint": error.hint, **error.fields}))
        return
    label = click.style("error:", fg="red", bold=True) if _wants_colour(sys.stderr) else "error:"
    write(sys.stderr, f"{label} {for_log(for_terminal(error.full_message))}")
    if error.hint:
        write(sys.stderr, f"  {for_log(for_terminal(error.hint))}")


def _can_show(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _wants_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return obeys(stream)


def obeys(stream: TextIO) -> bool:
    """Whether a stream is a terminal that does more with what it is sent than show it."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
