"""The layout of text for a stream: how wide it is, and which arrow it can show."""

from __future__ import annotations

from typing import TextIO

from reconciler.report.text.plan import TextLayout
from reconciler.terminal.terminal import Terminal

_ARROW = "→"
_LEAST_COLUMNS = 80


def make_text_layout(terminal: Terminal, stream: TextIO, *, shows_all: bool = False) -> TextLayout:
    """The layout for a stream: the terminal's width, at least 80, and an arrow that it can encode."""
    arrow = _ARROW if _can_show(_ARROW, stream) else "->"
    return TextLayout(max(terminal.columns, _LEAST_COLUMNS), arrow, shows_all)


def _can_show(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
