"""The example pipelines, the action and the hook: what checkers say of them offline, and what they do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.actions_runner import OFFLINE, ActionsRunner
from tests.support.cli import TOKEN, Cli
from tests.support.git_repository import GitRepository
from tests.support.github_cli import GitHub
from tests.support.registry_server import RegistryServer

PROJECT = Path(__file__).parents[2]
PIPELINES = PROJECT / "examples/pipelines"
GITLAB = PIPELINES / "gitlab/.gitlab-ci.yml"
BITBUCKET = PIPELINES / "bitbucket/bitbucket-pipelines.yml"
ACTION = PROJECT / ".github/actions/reconcile/action.yml"
WORKFLOWS = sorted(PROJECT.glob("examples/**/.github/workflows/*.yml"))
FOR_GITHUB = [ACTION, *WORKFLOWS]
BIN = Path(sys.executable).parent


def schema(name: str, *more: str) -> tuple[str, ...]:
    return ("check-jsonschema", "--builtin-schema", f"vendor.{name}", *more)


CHECKS: dict[str, tuple[tuple[str, ...], list[Path]]] = {
    "schema of workflows": (schema("github-workflows"), WORKFLOWS),
    "schema of actions": (schema("github-actions"), [ACTION]),
    "schema of GitLab": (schema("gitlab-ci", "--data-transform", "gitlab-ci"), [GITLAB]),
    "schema of Bitbucket": (schema("bitbucket-pipelines"), [BITBUCKET]),
    "zizmor": (("zizmor", "--offline", "--quiet"), FOR_GITHUB),
    "jactionlint": (("jactionlint",), FOR_GITHUB),
    "shellcheck": (("shellcheck",), sorted(ACTION.parent.glob("*.sh"))),
    "the hook": (("pre-commit", "validate-manifest"), [PROJECT / ".pre-commit-hooks.yaml"]),
    "the hook's use": (("pre-commit", "validate-config"), [PIPELINES / "pre-commit/.pre-commit-config.yaml"]),
}
BREAKAGES = {
    "schema of workflows": ("timeout-minutes: 15", "timeout-minute: 15"),
    "schema of actions": ("using: composite", "using: composit"),
    "schema of GitLab": ("when: manual", "when: by-hand"),
    "schema of Bitbucket": ("trigger: manual", "trigger: by-hand"),
    "zizmor": ('run: bash "$GITHUB_ACTION_PATH/run.sh"', "run: bash ${{ inputs.command }}"),
    "jactionlint": ("steps.run.outputs.digest", "steps.runs.outputs.digest"),
    "shellcheck": ('"$MARKDOWN"', "$MARKDOWN"),
    "the hook": ("language: python", "language: pythons"),
    "the hook's use": ("rev: v0.1.0", "revision: v0.1.0"),
}


def checked(name: str, files: list[Path]) -> subprocess.CompletedProcess[str]:
    (program, *arguments), _ = CHECKS[name]
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    command = [str(BIN / program), *arguments, *map(str, files)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", CHECKS)
def test_a_checker_finds_nothing_but_what_is_broken(name: str, tmp_path: Path) -> None:
    files = CHECKS[name][1]
    assert files
    ended = checked(name, files)
    assert ended.returncode == 0, ended.stdout + ended.stderr

    right, wrong = BREAKAGES[name]
    whole = next(file for file in files if right in file.read_text())
    broken = tmp_path / whole.relative_to(PROJECT)
    broken.parent.mkdir(parents=True, exist_ok=True)
    broken.write_text(whole.read_text().replace(right, wrong))
    assert checked(name, [broken]).returncode != 0


def test_the_workflows_give_the_action_what_it_takes() -> None:
    inputs = yaml.safe_load(ACTION.read_text())["inputs"]
    required = {name for name, about in inputs.items() if about.get("required")}
    steps = [
        step
        for file in WORKFLOWS
        for job in yaml.safe_load(file.read_text())["jobs"].values()
        for step in job["steps"]
        if "/.github/actions/reconcile@" in step.get("uses", "")
    ]
    assert len(steps) == 4
    for step in steps:
        assert required <= step["with"].keys() <= inputs.keys()


class Project:
    """A repository with one manifest, a control plane, and a shell that finds the tool."""

    def __init__(self, folder: Path, registry: RegistryServer, program: Path) -> None:
        self.registry = registry
        self.repository = GitRepository(folder / "repository")
        self.github = GitHub(folder / "github")
        self.declare(1)
        self.shell = ActionsRunner(
            folder / "temp",
            self.repository.folder,
            {
                **Cli(self.repository.folder, registry.url).environment(),
                **self.github.environment,
                "PATH": os.pathsep.join([str(self.github.path), str(program.parent), os.environ["PATH"]]),
                "CI": "true",
            },
        )

    def declare(self, version: int, file: str = "") -> None:
        """Commit a manifest of a version."""
        source = {"type": "external", "uri": f"s3://example/scorer/{version}"}
        what = {"type": "artifact-version", "ml_repo": "fraud", "name": "scorer", "version": version}
        content = json.dumps({**what, "source": source, "metadata": {}})
        self.repository.write(file or f"{version}.json", content)
        self.repository.commit()

    def run(self, lines: list[str], expect: int = 0, **variables: str) -> str:
        """Run a job's lines; what they printed."""
        ended = self.shell.run("\n".join(lines), variables)
        assert ended.code == expect, ended.log
        return ended.log

    def written(self, name: str) -> Any:
        """A JSON file that a job left."""
        return json.loads(self.repository.folder.joinpath(name).read_text())


@pytest.fixture
def project(tmp_path: Path, forking_program: Path) -> Iterator[Project]:
    with RegistryServer(token=TOKEN) as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield Project(tmp_path, registry, forking_program)


def gitlab_scripts() -> dict[str, list[str]]:
    jobs = yaml.safe_load(GITLAB.read_text())
    return {name: job["script"] for name, job in jobs.items() if "script" in job}


def bitbucket_scripts(where: str, branch: str) -> list[list[str]]:
    """The scripts of a pipeline's steps, but for the line that installs the tool."""
    pipelines = yaml.safe_load(BITBUCKET.read_text())["pipelines"]
    return [entry["step"]["script"][1:] for entry in pipelines[where][branch]]


def test_the_jobs_of_gitlab_do_what_they_say(project: Project) -> None:
    jobs = gitlab_scripts()
    project.run(jobs["validate"])
    assert project.written("code-quality.json") == []
    base = project.repository.head
    project.declare(2)
    planned = project.run(jobs["plan"], CI_MERGE_REQUEST_IID="7", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert "pending" in planned
    assert project.written("widget.json") == {"create": 2, "update": 0, "delete": 0}
    project.run(jobs["plan"])
    assert project.registry.writes == []
    assert "Apply: 2 created" in project.run(jobs["apply"])

    project.declare(2, "again.json")
    assert "again.json" in project.run(jobs["validate"], expect=1)
    assert project.written("code-quality.json")[0]["location"]["path"] in {"2.json", "again.json"}


def test_the_steps_of_bitbucket_do_what_they_say(project: Project) -> None:
    validate, plan = bitbucket_scripts("pull-requests", "**")
    project.run(validate)
    assert "<testsuites" in project.repository.folder.joinpath("test-reports/reconciler.xml").read_text()
    project.repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert "1 to create" in project.run(plan, BITBUCKET_PR_DESTINATION_BRANCH="main")
    plan, apply = bitbucket_scripts("branches", "main")
    project.run(plan)
    assert project.registry.writes == []
    assert "Apply: 1 created" in project.run(apply)


@pytest.mark.parametrize("system", ["gitlab", "bitbucket"])
def test_a_conflict_stops_a_merge_and_not_what_else_is_applied(project: Project, system: str) -> None:
    """Version 1 is in conflict, which a merge request is told; what else is merged is applied."""
    project.run(["reconciler apply --yes"])
    project.declare(2)
    document = json.loads(project.repository.folder.joinpath("1.json").read_text())
    document["source"]["uri"] += "-other"
    project.repository.write("1.json", json.dumps(document))
    other = {**document, "name": "ranker"}
    project.repository.write("ranker.json", json.dumps(other))
    project.repository.commit()
    if system == "gitlab":
        jobs = gitlab_scripts()
        project.run(jobs["plan"], expect=4, CI_MERGE_REQUEST_IID="7")
        plan, apply = jobs["plan"], jobs["apply"]
    else:
        project.repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
        _, proposed = bitbucket_scripts("pull-requests", "**")
        project.run(proposed, expect=4, BITBUCKET_PR_DESTINATION_BRANCH="main")
        plan, apply = bitbucket_scripts("branches", "main")
    project.run(plan)
    assert "1 created" in project.run(apply, expect=4)


def test_the_shell_of_other_systems_is_sound() -> None:
    bitbucket = bitbucket_scripts("pull-requests", "**") + bitbucket_scripts("branches", "main")
    for lines in [*gitlab_scripts().values(), *bitbucket]:
        ended = subprocess.run(
            [str(BIN / "shellcheck"), "--shell=bash", "-"],
            input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout


def test_drift_is_reported_in_one_issue_that_is_closed_when_it_is_gone(project: Project) -> None:
    workflow = yaml.safe_load(PIPELINES.joinpath("github/.github/workflows/drift.yml").read_text())
    step = workflow["jobs"]["drift"]["steps"][-1]
    markdown = project.repository.folder.parent / "told.md"
    for changes, text in [("0", "none"), ("2", "two"), ("3", "three"), ("0", "none"), ("1", "one")]:
        markdown.write_text(text)
        given = {"TITLE": step["env"]["TITLE"], "CHANGES": changes, "MARKDOWN": str(markdown)}
        project.run([step["run"]], **given)
    issues = project.github["issues"]
    assert [(issue["body"], issue["open"]) for issue in issues] == [("three", False), ("one", True)]


def test_shards_are_planned_shown_as_one_applied_and_reported(project: Project) -> None:
    workflow = yaml.safe_load(PIPELINES.joinpath("github/.github/workflows/apply-in-shards.yml").read_text())
    jobs = workflow["jobs"]
    scripts = {step["name"]: step["run"] for job in jobs.values() for step in job["steps"] if "name" in step}
    assert jobs["plan"]["strategy"]["matrix"] == jobs["apply"]["strategy"]["matrix"]
    for number in ("1", "2"):
        project.run([scripts["Plan"]], SHARD=number, SHARDS="2")
    shown = project.shell.run(scripts["Show"], {})
    assert (shown.code, shown.outputs["changes"]) == (0, "1")
    assert project.registry.writes == []
    for number in ("1", "2"):
        project.run([scripts["Apply"]], SHARD=number, SHARDS="2")
    assert "1 created" in project.shell.run(scripts["Report"], {}).summary

    project.declare(1, "again.json")
    project.run([scripts["Plan"]], expect=1, SHARD="1", SHARDS="2")


def test_the_hook_is_installed_and_run_by_pre_commit(tmp_path: Path) -> None:
    tool = GitRepository(tmp_path / "tool")
    for name in ("pyproject.toml", "README.md", ".pre-commit-hooks.yaml"):
        shutil.copy(PROJECT / name, tool.folder)
    for name in ("reconciler", "examples", ".ci"):
        shutil.copytree(PROJECT / name, tool.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    tool.commit()
    team = GitRepository(tmp_path / "team")
    shutil.copytree(PROJECT / "examples/team", team.folder, dirs_exist_ok=True)
    team.commit()
    environment = {**Cli(team.folder).environment(), **OFFLINE, "PRE_COMMIT_HOME": str(tmp_path / "kept")}
    command = [str(BIN / "pre-commit"), "try-repo", str(tool.folder), "reconciler-validate", "--all-files"]
    ended = subprocess.run(
        [*command, "--verbose"], cwd=team.folder, env=environment,
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "13 valid manifests" in ended.stdout
