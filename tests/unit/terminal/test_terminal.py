"""Printing: colour where it is wanted and understood, and no character that the stream can not hold."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import ReconcilerError
from reconciler.report.text.plan import BLANK, Line
from reconciler.terminal.terminal import Terminal


class Stream(io.TextIOWrapper):
    """A stream to a file, which says that it is a terminal where it is to be one."""

    is_terminal = True

    def isatty(self) -> bool:
        """Whether it says so."""
        return self.is_terminal

    def text(self) -> str:
        """What was written."""
        self.flush()
        self.seek(0)
        return self.read()


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Stream]:
    with (tmp_path / "stream").open("w+b") as file, Stream(file, encoding="utf-8", newline="\n") as stream:
        yield stream


@pytest.fixture
def file(screen: Stream) -> Stream:
    screen.is_terminal = False
    return screen


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_gets_colour(terminal: Terminal, screen: Stream) -> None:
    terminal.print_lines([Line("added", "good"), BLANK, Line("as it is")], screen)
    assert screen.text() == "\x1b[32madded\x1b[0m\n\nas it is\x1b[0m\n"


@pytest.mark.parametrize(
    ("name", "value", "coloured"),
    [
        ("NO_COLOR", "1", False),
        ("NO_COLOR", "", True),
        ("TERM", "dumb", False),
        ("TERM", None, False),
        ("FORCE_COLOR", "1", True),
        ("FORCE_COLOR", "", True),
    ],
)
def test_the_environment_has_the_say_about_colour(
    terminal: Terminal,
    screen: Stream,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str | None,
    *,
    coloured: bool,
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    terminal.print_lines([Line("added", "good")], screen)
    assert ("\x1b" in screen.text()) == coloured


def test_a_file_gets_no_colour(terminal: Terminal, file: Stream) -> None:
    terminal.print_lines([Line("added", "good")], file)
    assert file.text() == "added\n"


def test_a_file_gets_colour_where_that_is_forced(
    terminal: Terminal, file: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    terminal.print_lines([Line("added", "good")], file)
    assert file.text() == "\x1b[32madded\x1b[0m\n"


def test_what_a_stream_can_not_hold_is_escaped(terminal: Terminal, file: Stream) -> None:
    file.reconfigure(encoding="ascii")
    terminal.print_lines([Line("é: 日本")], file)
    assert file.text() == "\\xe9: \\u65e5\\u672c\n"


def test_data_is_on_stdout_and_errors_are_on_stderr(
    terminal: Terminal, capfd: pytest.CaptureFixture[str]
) -> None:
    terminal.print_json({"é": [1]})
    terminal.print_note("note\x1b")
    terminal.print_error(ReconcilerError("failed\x1b", "do\nthis"))
    out, err = capfd.readouterr()
    assert json.loads(out) == {"é": [1]}
    assert err == "note\\x1b\nerror: failed\\x1b\n  do\\nthis\n"


def test_a_page_is_printed_as_it_is(terminal: Terminal, capfd: pytest.CaptureFixture[str]) -> None:
    terminal.print_page(["::error::meant", "<p>"])
    assert capfd.readouterr() == ("::error::meant\n<p>\n", "")


def test_the_label_of_an_error_is_coloured_on_a_terminal(
    screen: Stream,
) -> None:
    Terminal(screen, screen, {"TERM": "xterm"}).print_error(ReconcilerError("failed"))
    assert screen.text() == "\x1b[31m\x1b[1merror:\x1b[0m failed\n"


def test_no_colour_wins_over_forced_colour_and_that_over_a_dumb_terminal(
    terminal: Terminal, screen: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    terminal.print_lines([Line("added", "good")], screen)
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.print_lines([Line("added", "good")], screen)
    assert screen.text() == "\x1b[32madded\x1b[0m\nadded\n"


def test_whoever_asked_for_quiet_gets_errors_and_data_but_no_notes(
    terminal: Terminal, capfd: pytest.CaptureFixture[str]
) -> None:
    terminal.is_quiet = True
    terminal.print_note("a note")
    terminal.print_failure("what failed\x1b")
    terminal.print_error(ReconcilerError("an error"))
    terminal.print_json([1])
    out, err = capfd.readouterr()
    assert json.loads(out) == [1]
    assert err == "what failed\\x1b\nerror: an error\n"


def test_who_wants_no_colour_gets_none_even_where_it_is_forced(
    terminal: Terminal, screen: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    terminal.is_plain = True
    terminal.print_lines([Line("added", "good")], screen)
    assert screen.text() == "added\n"


def test_what_is_no_command_of_the_caller_is_shown_however_quiet_it_is_to_be(
    terminal: Terminal, capfd: pytest.CaptureFixture[str]
) -> None:
    terminal.is_quiet = True
    terminal.print_line("error: no such option")
    assert capfd.readouterr() == ("", "error: no such option\n")
