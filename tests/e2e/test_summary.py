"""`--summary` in a job of GitHub Actions, as a process: what the step is told, and the exit code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.judges import read_markdown, runner_commands
from tests.support.registry_server import RegistryServer

DIGITS = set("0123456789abcdef")


def manifest(version: int, uri: str = "s3://example/scorer", name: str = "scorer") -> str:
    return json.dumps(
        {
            "type": "artifact-version",
            "ml_repo": "fraud",
            "name": name,
            "version": version,
            "source": {"type": "external", "uri": uri},
            "metadata": {},
        }
    )


@dataclass(frozen=True)
class Step:
    """A step of a job: where it runs, and the files that its runner names."""

    cli: Cli
    repository: GitRepository
    summary: Path
    output: Path

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs set so far, as a runner reads them."""
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines() if line)


@pytest.fixture
def step(tmp_path: Path, repository: GitRepository, registry: RegistryServer) -> Step:
    summary, output = tmp_path / "summary.md", tmp_path / "output"
    for file in (summary, output):
        file.touch()
    repository.write("one.json", manifest(1))
    repository.commit()
    told = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
    return Step(Cli(repository.folder, registry.url, env=told), repository, summary, output)


def test_a_plan_and_an_apply_tell_the_step(step: Step) -> None:
    step.cli("plan", "--summary", "--detailed-exitcode", expect=2)
    planned = step.summary.read_text()
    assert planned.startswith("\n\n<!-- reconciler plan target=")
    assert "\n## Plan: 1 to create, 0 to update, 0 in conflict, 0 unchanged\n" in planned
    digest = step.outputs["digest"]
    assert len(digest) == 64
    assert set(digest) <= DIGITS
    assert f" digest={digest} " in planned
    approval = step.outputs["approval"]
    assert approval.startswith(f"{digest}:")
    assert step.outputs == {
        "changes": "1", "create": "1", "update": "0", "delete": "0", "conflict": "0", "digest": digest,
        "approval": approval, "exit_code": "2",
    }  # fmt: skip

    step.cli("apply", "--yes", "--summary")
    both = step.summary.read_text()
    assert both.startswith(planned)
    assert "\n## Apply: 1 created\n" in both[len(planned) :]
    assert (step.outputs["digest"], step.outputs["exit_code"]) == (digest, "0")

    step.cli("plan", "--summary")
    assert step.outputs["changes"] == "0"


def test_a_conflict_is_reported_with_its_exit_code(step: Step) -> None:
    step.cli("apply", "--yes")
    step.repository.write("one.json", manifest(1, uri="s3://example/other"))
    step.repository.commit()
    for command in (("plan",), ("apply", "--yes")):
        step.cli(*command, "--summary", expect=4)
        assert (step.outputs["conflict"], step.outputs["exit_code"]) == ("1", "4")
    assert "\n### Conflicts (1)\n" in step.summary.read_text()
    assert "\n## Apply: 1 skipped\n" in step.summary.read_text()


def test_nothing_is_reported_unasked_or_elsewhere(step: Step) -> None:
    step.cli("plan")
    step.cli("apply", "--yes")
    assert step.summary.read_text() == step.output.read_text() == ""
    elsewhere = Cli(step.cli.folder, step.cli.host)
    assert elsewhere("plan", "--summary").err == ""


@pytest.mark.parametrize("name", ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"])
def test_a_file_that_is_missing_is_reported_before_anything_is_applied(
    step: Step, name: str, tmp_path: Path
) -> None:
    told = {**(step.cli.env or {}), name: str(tmp_path / "missing")}
    broken = Cli(step.cli.folder, step.cli.host, env=told)
    for command in (("plan",), ("apply", "--yes")):
        ended = broken(*command, "--summary", expect=1)
        assert ended.out == ""
        assert (
            f"error: can not write the file that {name} names, {tmp_path / 'missing'}: No such" in ended.err
        )
    assert "1 to create" in step.cli("plan").out


def test_a_plan_of_hundreds_of_changes_fits_a_comment(step: Step) -> None:
    for number in range(400):
        step.repository.write(f"many/{number}.json", manifest(1, name=f"model-{number}"))
    text = step.cli("plan", "--format", "markdown", "--max-bytes", "20000").out
    assert 15_000 < len(text.encode()) <= 20_000
    assert "complete=no" in text.split("\n")[0]
    assert "## Plan: 401 to create" in text
    assert {kind for kind, _, _ in read_markdown(text).structure} >= {"alert_open", "bullet_list_open"}
    assert step.cli("plan", "--format", "markdown", "--max-bytes", "3999", expect=64).out == ""


def test_a_plan_for_other_programs(step: Step) -> None:
    assert json.loads(step.cli("plan", "--format", "gitlab").out) == {"create": 1, "update": 0, "delete": 0}
    assert step.cli("plan", "--format", "concise").out == "one.json:1: create fraud/scorer:1\n"
    assert runner_commands(step.cli("plan", "--format", "github").out) == []
    step.cli("apply", "--yes")
    step.repository.write("one.json", manifest(1, uri="s3://example/other"))
    (command,) = runner_commands(step.cli("plan", "--format", "github", expect=4).out)
    assert (command.name, command.properties["file"]) == ("error", "one.json")
    assert command.data.startswith("fraud/scorer:1: source of a registered version can not change")


@pytest.mark.parametrize(
    "command", [("validate",), ("plan",), ("apply", "--yes")], ids=lambda words: str(words[0])
)
def test_whatever_a_run_ends_with_is_reported(step: Step, command: tuple[str, ...]) -> None:
    step.repository.write("two.json", manifest(1))
    step.repository.commit()
    step.cli(*command, "--summary", expect=1)
    assert "fraud/scorer:1 is declared twice" in step.summary.read_text()
    assert step.outputs == {"exit_code": "1"}


def test_a_control_plane_that_is_not_there_is_reported(step: Step) -> None:
    nowhere = Cli(step.cli.folder, "http://127.0.0.1:9", env=step.cli.env)
    nowhere("plan", "--summary", "--timeout", "5", expect=1)
    summary = step.summary.read_text()
    assert "## Plan failed: an earlier plan does not count any more" in summary
    assert "What to do: " in summary
    assert step.outputs == {"exit_code": "1"}
