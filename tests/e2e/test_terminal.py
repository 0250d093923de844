"""The tool on a terminal of its own: progress in one line that is gone when anything else is shown."""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.fault_answers import control_plane
from tests.support.fault_registry import SlowRegistry
from tests.support.fault_runs import declaring
from tests.support.git_repository import GitRepository
from tests.support.processes import await_idle
from tests.support.raw_server import Exchange, RawServer
from tests.support.terminal import Terminal, screen

NAMES = tuple(f"scorer-{number}" for number in range(12))
CHANGES = 5 * len(NAMES)
XTERM = {"TERM": "xterm"}
DRAWN = r"\r\x1b\[K([^\r\x1b]+)"
APPLIED = rf"applied \d+ of {CHANGES}(, \d+ a (second|minute), about \d+ (s|min) left)?"
LISTED, COMPARED = r"listed \d+ of \d+ versions", r"compared \d+ of \d+"
PLANNED = rf"found \d+ manifests in {len(NAMES)} files, ({LISTED}|{COMPARED}), \d+ s"
EITHER = f"{PLANNED}|{APPLIED}"
"""What is drawn in an apply: first, where the machine is busy enough to show it, how far the planning is."""


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return declaring(tmp_path / "repository", *NAMES, versions=5)


@pytest.fixture
def registry() -> Iterator[SlowRegistry]:
    """A registry whose every write takes long enough for progress to be drawn."""
    with SlowRegistry(0.25) as running:
        yield running


def drawn(sent: str) -> list[str]:
    """The lines that were drawn at the bottom, in order."""
    return re.findall(DRAWN, sent)


def outcomes(shown: Sequence[str]) -> list[str]:
    return [line for line in shown if line.startswith("  + created")]


def test_an_apply_is_drawn_below_its_outcomes_and_leaves_nothing(
    repository: GitRepository, registry: SlowRegistry
) -> None:
    cli = Cli(repository.folder, registry.url, env=XTERM)
    with Terminal(cli, "apply", "--yes") as terminal:
        assert terminal.end() == 0
    found = drawn(terminal.sent)
    assert len(set(found)) > 3
    assert {line for line in found if not re.fullmatch(EITHER, line)} == set()
    assert any(" left" in line for line in found)
    shown = list(terminal.shown)
    assert len(outcomes(shown)) == CHANGES
    assert shown[-2:] == [f"Apply: {CHANGES} created", ""]
    assert [line for line in shown if "applied " in line] == []


def test_between_two_writes_the_line_always_stands_alone(
    repository: GitRepository, registry: SlowRegistry
) -> None:
    cli = Cli(repository.folder, registry.url, env=XTERM)
    with Terminal(cli, "apply", "--yes") as terminal:
        assert terminal.end() == 0
    for each in re.finditer(r"\r\x1b\[K", terminal.sent):
        for end in (each.start(), each.end()):
            last = screen(terminal.sent[:end])[-1]
            assert last == "" or re.fullmatch(EITHER, last), last


def test_a_plan_is_drawn_while_it_waits(repository: GitRepository) -> None:
    with RawServer(control_plane(versions=Exchange.stall)) as server:
        cli = Cli(repository.folder, server.url, env=XTERM)
        with Terminal(cli, "plan") as terminal:
            assert re.fullmatch(PLANNED, terminal.await_text(DRAWN).group(1))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_a_signal_clears_the_line(
    number: signal.Signals, command: list[str], repository: GitRepository
) -> None:
    with RawServer(control_plane(versions=Exchange.stall)) as server:
        cli = Cli(repository.folder, server.url, env=XTERM)
        with Terminal(cli, *command) as terminal:
            terminal.await_text(DRAWN)
            terminal.signal(number)
            assert terminal.end() == 128 + number
    assert list(terminal.shown) == ["interrupted", ""]


def test_a_second_ctrl_c_clears_the_line_too(repository: GitRepository) -> None:
    with RawServer(control_plane(put=Exchange.stall)) as server:
        cli = Cli(repository.folder, server.url, env=XTERM)
        with Terminal(cli, "apply", "--yes") as terminal:
            terminal.await_text("applied 0 of")
            terminal.signal(signal.SIGINT)
            await_idle(terminal.pid)  # two at once would be one
            terminal.signal(signal.SIGINT)
            assert terminal.end() == 130
    assert "Apply: " not in terminal.sent
    assert terminal.shown[-1] == ""
    assert [line for line in terminal.shown if "applied " in line] == []


def test_an_end_by_force_leaves_what_was_shown(repository: GitRepository, registry: SlowRegistry) -> None:
    cli = Cli(repository.folder, registry.url, env=XTERM)
    with Terminal(cli, "apply", "--yes") as terminal:
        terminal.await_text("applied [1-9]")
        terminal.signal(signal.SIGKILL)
        terminal.end()
    assert outcomes(terminal.shown)
    assert [line for line in terminal.shown[:-1] if "applied " in line] == []


def test_a_line_is_no_wider_than_the_terminal(repository: GitRepository) -> None:
    with RawServer(control_plane(versions=Exchange.stall)) as server:
        cli = Cli(repository.folder, server.url, env=XTERM)
        with Terminal(cli, "plan", columns=30) as terminal:
            terminal.await_text("found 60 manifests in 12 file")
            assert {line for line in drawn(terminal.sent) if len(line) >= 30} == set()


# Where nothing is drawn


@pytest.mark.parametrize(("term", "more"), [("dumb", []), ("", []), ("xterm", ["--quiet"])])
def test_nothing_is_drawn_where_it_is_not_understood_or_wanted(
    term: str, more: list[str], repository: GitRepository, registry: SlowRegistry
) -> None:
    env = {"TERM": term} if term else {}
    with Terminal(Cli(repository.folder, registry.url, env=env), "apply", "--yes", *more) as terminal:
        assert terminal.end() == 0
    assert "applied" not in terminal.sent
    assert "\x1b[K" not in terminal.sent


def test_a_file_for_errors_gets_no_progress_of_a_short_run(
    repository: GitRepository, registry: SlowRegistry, tmp_path: Path
) -> None:
    cli = Cli(repository.folder, registry.url, env=XTERM)
    with (tmp_path / "err").open("w+b") as file:
        with Terminal(cli, "apply", "--yes", err=file) as terminal:
            assert terminal.end() == 0
        file.seek(0)
        assert file.read() == b""
    assert drawn(terminal.sent) == []


def test_a_file_for_data_gets_data_only(
    repository: GitRepository, registry: SlowRegistry, tmp_path: Path
) -> None:
    cli = Cli(repository.folder, registry.url, env=XTERM)
    with (tmp_path / "out").open("w+b") as file:
        with Terminal(cli, "apply", "--yes", out=file) as terminal:
            assert terminal.end() == 0
        file.seek(0)
        written = file.read()
    assert b"\x1b" not in written
    assert b"applied " not in written
    assert drawn(terminal.sent)
    assert list(terminal.shown) == [""]


class InShell(Cli):
    """Runs the tool from a shell that rules the terminal: in front."""

    after = ""

    def forked(self, *arguments: str) -> list[str]:
        """The words of a shell with jobs, each a group of processes of its own."""
        return ["setsid", "--ctty", "bash", "-mc", shlex.join(self.command(*arguments)) + self.after]


class Behind(InShell):
    """The same, behind the shell."""

    after = " & wait $!"


@pytest.mark.parametrize("kind", [InShell, Behind])
def test_from_behind_another_command_nothing_is_drawn(
    repository: GitRepository, registry: SlowRegistry, kind: type[InShell]
) -> None:
    with Terminal(kind(repository.folder, registry.url, env=XTERM), "apply", "--yes") as terminal:
        assert terminal.end() == 0
    assert len(outcomes(terminal.shown)) == CHANGES
    assert bool(drawn(terminal.sent)) == (kind is InShell)


# Colour


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Cli]:
    """A command against a registry, with one change to plan."""
    with SlowRegistry() as running:
        yield Cli(declaring(tmp_path / "plain").folder, running.url, env=XTERM)


def with_environment(cli: Cli, **more: str) -> Cli:
    return replace(cli, env={**(cli.env or {}), **more})


@pytest.mark.parametrize(
    ("environment", "options", "is_coloured"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], False),
        ({}, ["--no-color"], False),
        ({"FORCE_COLOR": "1"}, ["--no-color"], False),
        ({"TERM": "dumb"}, [], False),
    ],
)
def test_a_terminal_gets_colour_unless_somebody_objects(
    plain: Cli, environment: dict[str, str], options: list[str], *, is_coloured: bool
) -> None:
    with Terminal(with_environment(plain, **environment), "plan", *options) as terminal:
        assert terminal.end() == 0
    assert ("\x1b[32m  + create" in terminal.sent) == is_coloured
    assert bool(re.search(r"\x1b\[[\d;]*m", terminal.sent)) == is_coloured
    assert any(line.startswith("  + create    fraud/scorer:1") for line in terminal.shown)


@pytest.mark.parametrize(
    ("environment", "options", "is_coloured"),
    [({}, [], False), ({"FORCE_COLOR": "1"}, [], True), ({"FORCE_COLOR": "1"}, ["--no-color"], False)],
)
def test_a_pipe_gets_colour_where_it_is_forced(
    plain: Cli, environment: dict[str, str], options: list[str], *, is_coloured: bool
) -> None:
    ended = with_environment(plain, **environment)("plan", *options)
    assert ("\x1b[32m  + create" in ended.out) == is_coloured
    assert ("\x1b" in ended.out + ended.err) == is_coloured
    failed = with_environment(plain, **environment)("plan", "--ref", "nothing", *options, expect=1)
    assert ("\x1b[31m" in failed.err) == is_coloured


# Quiet


def test_a_quiet_plan_is_the_plan_and_nothing_else(plain: Cli) -> None:
    said = plain("plan", "-v")
    assert "control plane: " in said.err
    quiet = plain("plan", "-v", "--quiet")
    assert (quiet.out, quiet.err) == (said.out, "")


def test_a_quiet_apply_says_nothing_of_what_succeeds(plain: Cli) -> None:
    ended = plain("apply", "--yes", "-q")
    assert (ended.out, ended.err) == ("", "")
    assert "Nothing to do" in plain("plan").out


def test_a_quiet_apply_says_what_fails(repository: GitRepository) -> None:
    with RawServer(control_plane()) as server:
        ended = Cli(repository.folder, server.url)("apply", "--yes", "-q", expect=1)
    assert ended.err == ""
    assert "  + create " not in ended.out
    assert len(re.findall("^  x failed ", ended.out, re.MULTILINE)) == len(NAMES)
    assert ended.out.endswith(f"Apply: {len(NAMES)} failed, {CHANGES - len(NAMES)} skipped\n")


def test_a_quiet_apply_that_asks_shows_what_it_asks_about(plain: Cli) -> None:
    with Terminal(plain, "apply", "-q") as terminal:
        terminal.await_text(r"Apply this\?")
        terminal.type("n\n")
        assert terminal.end() == 1
    assert any(line.startswith("  + create    fraud/scorer:1") for line in terminal.shown)


def test_a_quiet_validate_says_what_is_wrong_and_nothing_else(plain: Cli) -> None:
    assert "1 valid manifest" in plain("validate").err
    quiet = plain("validate", "-q")
    assert (quiet.out, quiet.err) == ("", "")
    (plain.folder / "broken.yaml").write_text("type: artifact-version\n")
    said, quiet = plain("validate", expect=1), plain("validate", "-q", expect=1)
    assert quiet.out == said.out != ""
    assert (bool(said.err), quiet.err) == (True, "")


def test_an_error_is_shown_however_quiet_it_is_to_be(plain: Cli) -> None:
    said, quiet = (plain("plan", "--ref", "nothing", *more, expect=1).err for more in ([], ["-q"]))
    assert quiet == said != ""
    assert "error: No such option" in plain("plan", "-q", "--nothing", expect=64).err
