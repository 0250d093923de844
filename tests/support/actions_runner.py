"""A stand-in for the runner of GitHub Actions: runs the steps of a composite action, in order, by bash.

Of expressions it knows names (`inputs.host`, `steps.run.outputs.digest`), of conditions `!cancelled()` alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support import canary

INSTALLED = Path(sys.executable).parent / "reconciler"
"""The tool as the tests' own environment has it, beside its Python."""
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_IGNORE_INSTALLED": "1",
    "PIP_NO_BUILD_ISOLATION": "0",
    "PYTHONPATH": sysconfig.get_path("purelib"),
}
"""Has pip build with what is here, and Python import from here what is not installed."""

_EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")


@dataclass(frozen=True, slots=True)
class Used:
    """An action that was used in a job.

    Args:
        code: of the first step that failed, else 0.
        log: what the steps printed.
        outputs: what the action set.
        summary: what the steps added to the summary of the job.
    """

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


class ActionsRunner:
    """A runner with one job.

    Args:
        temp: its folder for temporary files.
        workspace: where the repository is checked out.
        environment: of every step.
    """

    def __init__(self, temp: Path, workspace: Path, environment: Mapping[str, str]) -> None:
        temp.mkdir(exist_ok=True)
        self._temp = temp
        self._workspace = workspace
        self._environment = {**environment, "RUNNER_TEMP": str(temp), "GITHUB_WORKSPACE": str(workspace)}

    def use(self, action: Path, pull_request: str = "", /, **inputs: str) -> Used:
        """Use an action, whose folder is given, for a pull request or for none."""
        described = yaml.safe_load(action.joinpath("action.yml").read_text())
        unknown = inputs.keys() - {name.replace("-", "_") for name in described["inputs"]}
        assert not unknown, unknown
        known = {"github.token": "", "github.event.pull_request.number": pull_request}
        for name, about in described["inputs"].items():
            given = inputs.get(name.replace("-", "_"))
            assert given is not None or not about.get("required"), name
            known[f"inputs.{name}"] = _filled(about.get("default", ""), known) if given is None else given
        code, log, summary = 0, "", ""
        for step in described["runs"]["steps"]:
            assert step["shell"] == "bash"
            assert step.get("if", "${{ !cancelled() }}") == "${{ !cancelled() }}"
            if code and "if" not in step:
                continue
            named = {name: _filled(value, known) for name, value in step["env"].items()}
            ended = self.run(step["run"], {**named, "GITHUB_ACTION_PATH": str(action)})
            code, log, summary = code or ended.code, log + ended.log, summary + ended.summary
            known |= {
                f"steps.{step.get('id')}.outputs.{name}": set_to for name, set_to in ended.outputs.items()
            }
        outputs = {name: _filled(about["value"], known) for name, about in described["outputs"].items()}
        return Used(code, log, outputs, summary)

    def run(self, script: str, given: Mapping[str, str]) -> Used:
        """Run the script of one step, as the runner has bash run it."""
        files = {name: self._temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self._workspace,
            env={**self._environment, **given, **{name: str(file) for name, file in files.items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=90,
            check=False,
        )
        canary.assert_absent(ended.stdout)
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines if line)
        return Used(ended.returncode, ended.stdout, outputs, files["GITHUB_STEP_SUMMARY"].read_text())


def _filled(value: Any, known: Mapping[str, str]) -> str:
    """A value with its expressions put in; what is not known is empty."""
    return _EXPRESSION.sub(lambda found: known.get(found[1], ""), str(value))
