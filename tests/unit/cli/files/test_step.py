"""The files of a step of GitHub Actions: what is added to them, and what is said where that can not be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click import IntRange

from reconciler.applying.document import ApplyDocument, OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.cli.commands.plan import plan as command
from reconciler.cli.exits import Exit
from reconciler.cli.files.step import Run, StepFiles
from reconciler.errors import SettingsError
from reconciler.planning.approval import make_approval
from reconciler.planning.document import PlanDocument
from reconciler.report.markdown import budget
from reconciler.report.markdown.plan import render_plan_markdown
from reconciler.terminal.terminal import Terminal
from reconciler.workflow.read import Selection
from tests.support.canary import TOKEN
from tests.support.documents import DIGEST, Changes, change, document

MIB = 2**20
RUN = Run("plan", Selection())


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return given_file(tmp_path / "summary", "GITHUB_STEP_SUMMARY", monkeypatch)


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return given_file(tmp_path / "output", "GITHUB_OUTPUT", monkeypatch)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may themselves be run by a step."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)


def given_file(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    path.touch()
    monkeypatch.setenv(name, str(path))
    return path


def tell(terminal: Terminal, plan: PlanDocument, code: Exit = Exit.DONE) -> Exit:
    with StepFiles(terminal, RUN, is_wanted=True) as files:
        return files.report_plan(plan, code)


def markdown(plan: PlanDocument, most_bytes: int) -> str:
    return "".join(f"{line}\n" for line in render_plan_markdown(plan, most_bytes))


MANY = document(changes=Changes(3_000))
"""More than fits a summary of any size that is tried here."""


def test_a_summary_is_added_to_what_stands_there(terminal: Terminal, summary: Path) -> None:
    summary.write_text("others end in the middle of a line")
    plan = document(change(1, author="é", commit="a" * 40))
    assert tell(terminal, plan) == Exit.DONE
    assert summary.read_text() == f"others end in the middle of a line\n\n{markdown(plan, 1_000_000)}"


@pytest.mark.parametrize(
    ("there", "room"),
    [(0, 999_998), (MIB - 1_000_000, 999_998), (MIB - 90_000, 89_998), (MIB - 4_002, 4_000)],
)
def test_a_summary_takes_no_more_than_is_left(
    terminal: Terminal, summary: Path, there: int, room: int
) -> None:
    summary.write_bytes(b"x" * there)
    assert tell(terminal, MANY) == Exit.DONE
    assert summary.read_text()[there:] == "\n\n" + markdown(MANY, room)
    assert summary.stat().st_size <= MIB


@pytest.mark.parametrize("there", [MIB - 4_001, MIB, MIB + 9])
def test_a_full_summary_is_left_as_it_is_and_reported(
    terminal: Terminal, summary: Path, there: int, capfd: pytest.CaptureFixture[str]
) -> None:
    summary.write_bytes(b"x" * there)
    assert tell(terminal, document()) == Exit.FAILED
    assert tell(terminal, document(), Exit.BLOCKED) == Exit.BLOCKED
    assert summary.stat().st_size == there
    assert "error: the summary that GITHUB_STEP_SUMMARY names has no room left\n" in capfd.readouterr().err


def test_an_apply_adds_its_outcomes(terminal: Terminal, summary: Path, output: Path) -> None:
    plan = document(change(1))
    outcomes = (OutcomeDocument(change(1), Result.FAILED, None, "422, too long"),)
    with StepFiles(terminal, RUN, is_wanted=True) as files:
        assert files.report_apply(ApplyDocument(plan, outcomes, 1, 1), Exit.FAILED) == Exit.FAILED
    assert "\n## Apply: 1 failed\n" in summary.read_text()
    assert output.read_text().endswith(
        f"\nupdate=1\ndelete=0\nconflict=0\ndigest={DIGEST}\napproval={make_approval(plan)}\nexit_code=1\n"
    )


def test_the_outputs_are_what_the_plan_counts(terminal: Terminal, output: Path) -> None:
    output.write_text("before=1")
    plan = document(change(1), change(2), change(3, "create"), change(4, "conflict"))
    assert tell(terminal, plan, Exit.BLOCKED) == Exit.BLOCKED
    assert output.read_text() == (
        "before=1\nchanges=4\ncreate=1\nupdate=2\ndelete=0\nconflict=1\n"
        f"digest={DIGEST}\napproval={make_approval(plan)}\nexit_code=4\n"
    )


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x85", "\u2028"])
def test_no_value_sets_another_output(terminal: Terminal, output: Path, end: str) -> None:
    tell(terminal, document(digest=f"a{end}exit_code=0{end}b<<c"), Exit.FAILED)
    lines = output.read_text().splitlines()
    assert [line.partition("=")[0] for line in lines[1:]] == [
        "changes", "create", "update", "delete", "conflict", "digest", "approval", "exit_code",
    ]  # fmt: skip


def test_the_outputs_are_written_at_once(
    terminal: Terminal, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []

    def write(_: int, data: bytes) -> int:
        written.append(data)
        return len(data)

    monkeypatch.setattr(os, "write", write)
    tell(terminal, document())
    assert len(written) == 1
    assert output.read_bytes() == b""


def test_a_token_is_kept_out(terminal: Terminal, summary: Path, output: Path) -> None:
    terminal.redactor.learn(TOKEN)
    tell(terminal, document(change(1, "conflict", reason=TOKEN), digest=TOKEN))
    assert TOKEN not in summary.read_text() + output.read_text()
    assert "\n! ***\n" in summary.read_text()
    assert "\ndigest=***\n" in output.read_text()


def test_what_is_not_wanted_is_not_opened(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/not/there")
    with StepFiles(terminal, RUN, is_wanted=False) as files:
        assert files.report_plan(document(), Exit.PENDING) == Exit.PENDING


@pytest.mark.parametrize("value", [None, ""])
def test_elsewhere_nothing_is_written(
    terminal: Terminal, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is not None:
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", value)
    assert tell(terminal, document(), Exit.PENDING) == Exit.PENDING


@pytest.mark.usefixtures("summary")
@pytest.mark.parametrize("name", ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"])
def test_a_file_that_is_not_there_is_reported_before_anything_is_done(
    terminal: Terminal, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match=f"the file that {name} names, .*missing: No such file") as raised:
        StepFiles(terminal, RUN, is_wanted=True)
    assert "--summary" in raised.value.hint
    assert not (tmp_path / "missing").exists()


def test_a_file_that_takes_nothing_is_reported(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", "/dev/full")
    assert tell(terminal, document()) == Exit.FAILED
    assert capfd.readouterr().err == (
        "error: can not write the file that GITHUB_OUTPUT names: No space left on device\n"
    )


def test_the_bounds_of_an_option_are_those_of_the_renderers() -> None:
    (option,) = (each for each in command.params if each.name == "max_bytes")
    assert isinstance(option.type, IntRange)
    assert (option.type.min, option.default) == (budget.MIN_BYTES, budget.MAX_COMMENT_BYTES)
