"""What text for people is laid out for."""

from __future__ import annotations

from typing import TextIO

from reconciler.report.text.plan import Paper
from reconciler.terminal.terminal import Terminal

_ARROW = "→"
_LEAST_COLUMNS = 80


def make_paper(terminal: Terminal, stream: TextIO) -> Paper:
    """What text on a stream is for: the terminal's width, and whether it can show an arrow."""
    return Paper(max(terminal.columns, _LEAST_COLUMNS), _ARROW if _can_show(_ARROW, stream) else "->")


def _can_show(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
