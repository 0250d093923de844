"""What text is laid out for: the width of the terminal, and characters that the stream can hold."""

from __future__ import annotations

import io

import pytest

from reconciler.cli.views.text_layout import make_text_layout
from reconciler.terminal.terminal import Terminal


@pytest.mark.parametrize(("encoding", "arrow"), [("utf-8", "→"), ("ascii", "->"), ("latin-1", "->")])
def test_the_arrow_is_one_that_the_stream_can_hold(terminal: Terminal, encoding: str, arrow: str) -> None:
    assert make_text_layout(terminal, io.TextIOWrapper(io.BytesIO(), encoding)).arrow == arrow


@pytest.mark.parametrize(("columns", "width"), [("120", 120), ("40", 80), ("nonsense", 80)])
def test_the_width_is_the_terminals_and_never_below_80(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert make_text_layout(terminal, io.StringIO()).width == width
