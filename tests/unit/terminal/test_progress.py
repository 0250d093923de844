"""Progress: when it is said, and that it stands in nobody's way. On real terminals: `e2e/test_terminal`."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from reconciler.terminal.progress import Progress, draw_line, print_lines
from reconciler.terminal.terminal import Terminal


class Turns:
    """Waits for no time at all, so many times; then it is over."""

    def __init__(self, turns: int) -> None:
        self.waited: list[float] = []
        self._turns = turns

    def __call__(self, seconds: float) -> bool:
        """Note what is waited for, and tell whether it is over."""
        self.waited.append(seconds)
        return len(self.waited) > self._turns


def counting() -> Callable[[], str]:
    """A line that is another one each time."""
    numbers = iter(range(1, 1000))
    return lambda: f"applied {next(numbers)} of 400"


@pytest.fixture(autouse=True)
def usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def test_a_line_is_shown_every_10_seconds(terminal: Terminal, capfd: pytest.CaptureFixture[str]) -> None:
    turns = Turns(3)
    print_lines(terminal, counting(), turns)
    assert turns.waited == [10.0] * 4
    assert capfd.readouterr() == ("", "applied 1 of 400\napplied 2 of 400\napplied 3 of 400\n")


def test_nothing_is_shown_of_what_takes_less(terminal: Terminal, capfd: pytest.CaptureFixture[str]) -> None:
    print_lines(terminal, counting(), Turns(0))
    draw_line(terminal, counting(), Turns(0))
    assert capfd.readouterr() == ("", "")


def test_a_line_is_drawn_after_half_a_second_and_then_five_times_a_second(
    terminal: Terminal, capfd: pytest.CaptureFixture[str]
) -> None:
    turns = Turns(3)
    draw_line(terminal, counting(), turns)
    assert turns.waited == [0.5, 0.2, 0.2, 0.2]
    assert capfd.readouterr().err == "".join(f"\r\x1b[Kapplied {number} of 400" for number in (1, 2, 3))


def test_a_line_that_is_the_same_is_not_drawn_again(
    terminal: Terminal, capfd: pytest.CaptureFixture[str]
) -> None:
    draw_line(terminal, lambda: "applied 1 of 400", Turns(3))
    assert capfd.readouterr().err == "\r\x1b[Kapplied 1 of 400"


def test_what_is_written_takes_the_line_away(terminal: Terminal, capfd: pytest.CaptureFixture[str]) -> None:
    draw_line(terminal, lambda: "applied 1 of 400", Turns(1))
    terminal.write(terminal.out, "created")
    terminal.print_note("a note")
    out, err = capfd.readouterr()
    assert out == "created\n"
    assert err == "\r\x1b[Kapplied 1 of 400\r\x1b[Ka note\n"


def test_no_thread_outlives_the_run(terminal: Terminal, capfd: pytest.CaptureFixture[str]) -> None:
    before = threading.active_count()
    with Progress(terminal, counting()):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    with pytest.raises(ValueError, match="failed"), Progress(terminal, counting()):
        raise ValueError("failed")
    assert threading.active_count() == before
    assert capfd.readouterr() == ("", "")


def test_the_line_is_gone_after_the_run(terminal: Terminal, capfd: pytest.CaptureFixture[str]) -> None:
    with Progress(terminal, counting()):
        draw_line(terminal, lambda: "applied 1 of 400", Turns(1))
    assert capfd.readouterr().err == "\r\x1b[Kapplied 1 of 400\r\x1b[K"


def test_whoever_asked_for_quiet_is_shown_nothing(terminal: Terminal) -> None:
    before = threading.active_count()
    terminal.is_quiet = True
    with Progress(terminal, counting()):
        assert threading.active_count() == before
