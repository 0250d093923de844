"""Every command on the runners that there are: no home, any locale, an old git, another user."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.cli import SECONDS, Cli, run_program
from tests.support.git_repository import GitRepository
from tests.support.manifests import MANIFEST
from tests.support.registry_server import RegistryServer


@pytest.fixture
def team(repository: GitRepository) -> GitRepository:
    repository.write("models/a.yaml", MANIFEST)
    repository.commit()
    return repository


# Who runs it

COMMANDS = (
    ("validate",),
    ("plan",),
    ("apply", "--yes"),
    ("doctor",),
    ("import", "fraud/*", "--into", "new"),
    ("new", "fraud/scorer"),
    ("show", "plan.json"),
    ("explain", "conflict"),
    ("schema",),
)


def start_as_nobody(cli: Cli, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command as a user who has neither a name nor a home, but may read what this one may."""
    environment = {
        name: value
        for name, value in cli.environment().items()
        if name != "HOME" and not name.startswith("XDG_")
    }
    become = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"]
    become += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return subprocess.run(
        [*become, *cli.command(*command)],
        cwd=cli.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can become somebody else"
)


@needs_root
@pytest.mark.parametrize("is_asked", [True, False], ids=["with a host", "without a host"])
def test_a_user_without_a_name_and_a_home_meets_no_mistake_of_ours(
    *, is_asked: bool, team: GitRepository, registry: RegistryServer
) -> None:
    for command in COMMANDS:
        cli = Cli(team.folder, registry.url if is_asked else None, env=trusting("*"))
        ended = start_as_nobody(cli, command)
        assert "internal error" not in ended.stderr, command
        assert "Traceback" not in ended.stderr, command
        assert ended.returncode in {0, 1, 2, 64}, (command, ended.stderr)


def trusting(folder: str) -> dict[str, str]:
    """The environment in which git trusts a folder of another user's."""
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": "touch seen",
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": folder,
    }


@needs_root
def test_a_folder_of_another_user_is_trusted_wherever_the_caller_says_so(
    team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    os.chown(team.folder, 12345, 12345)
    os.chown(team.folder / ".git", 12345, 12345)
    file = tmp_path / "settings"
    file.write_text(f"[safe]\n\tdirectory = {team.folder}\n[core]\n\tfsmonitor = touch seen\n")
    ways: list[dict[str, str]] = [
        trusting(str(team.folder)),
        {"GIT_CONFIG_GLOBAL": str(file)},
        {"GIT_CONFIG_SYSTEM": str(file)},
    ]
    for env in ways:
        for command in (("plan",), ("plan", "--ref", "main"), ("apply", "--yes"), ("doctor",)):
            Cli(team.folder, registry.url, env=env)(*command)
    assert not list(tmp_path.rglob("seen"))
    ended = Cli(team.folder, registry.url, env=trusting("/elsewhere"))("plan", expect=1)
    assert ended.err == (
        f"error: {team.folder} belongs to another user, and git does not trust it\n"
        "  if you do: GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory"
        f" GIT_CONFIG_VALUE_0={team.folder}\n"
    )


@pytest.mark.parametrize("home", ["", "/nonexistent", "file", "read-only"])
def test_a_home_that_nothing_can_be_kept_in_turns_the_cache_off(
    home: str, team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "read-only").mkdir(mode=0o500)
    folder = str(tmp_path / home) if home[:1].isalpha() else home
    cli = Cli(team.folder, registry.url, env={"HOME": folder})
    for command in (("validate",), ("plan",), ("apply", "--yes")):
        assert cli(*command).err.count("error") == 0
    assert len(registry.writes) == 1


# Locale


ASCII_ONLY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("command", "scopes"),
    [
        (
            ("validate",),
            [(), ("models/\u00fc.yaml",), ("--ref", "HEAD"), ("--ref", "HEAD", "models/\u00fc.yaml")],
        ),
        (("plan",), [("--ref", "HEAD", "models/\u00fc.yaml")]),
        (("apply", "--yes"), [("models/\u00fc.yaml",)]),
    ],
    ids=["validate", "plan", "apply"],
)
def test_file_names_are_utf_8_whatever_the_locale_says(
    command: Sequence[str], scopes: Sequence[Sequence[str]], team: GitRepository, registry: RegistryServer
) -> None:
    team.git("mv", "models/a.yaml", "models/\u00fc.yaml")
    team.commit()
    cli = Cli(team.folder, registry.url, env=ASCII_ONLY)
    for scope in scopes:
        cli(*command, *scope)
    team.write("models/\u00fc.yaml", MANIFEST + "colour: red\n")
    team.commit()
    ended = cli(*command, expect=1)
    assert "models/\\xfc.yaml:9:1: error[unknown-field]" in ended.err + ended.out
    ended = Cli(team.folder, registry.url)(*command, expect=1)
    assert "models/\u00fc.yaml:9:1: error[unknown-field]" in ended.err + ended.out


# Git


@pytest.mark.parametrize("command", [("validate",), ("plan", "--ref", "HEAD"), ("doctor",)], ids=" ".join)
def test_what_git_says_is_shown_whole(
    command: Sequence[str], team: GitRepository, registry: RegistryServer
) -> None:
    team.configure("extensions.first", "x")
    team.configure("extensions.second", "x")
    team.configure("core.repositoryformatversion", "1")
    ended = Cli(team.folder, registry.url)(*command, expect=1)
    assert "fatal: unknown repository extensions found: first second" in ended.err + ended.out


def test_a_git_that_is_too_old_is_named_so(
    team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    git.write_text(
        '#!/bin/sh\n[ "$1" = rev-parse ] && exec '
        f'{shutil.which("git")} "$@"\n'
        '[ "$1" = version ] && { echo git version 1.8.3; exit; }\n'
        'echo "error: unknown option \\`show-it\'" >&2\nexit 129\n'
    )
    git.chmod(0o755)
    cli = Cli(team.folder, registry.url, env={"PATH": f"{git.parent}:{os.environ['PATH']}"})
    for command in (("validate",), ("plan", "--ref", "HEAD"), ("apply", "--yes")):
        ended = cli(*command, expect=1)
        assert "error: unknown option `show-it'" in ended.err
        assert ended.err.endswith("  install git 2.36 or newer: reconciler doctor shows which this is\n")
    assert "1.8.3" in cli("doctor", expect=1).out


@pytest.mark.parametrize("command", ["validate", "plan --ref HEAD"])
def test_a_limit_of_open_files_is_not_a_git_that_is_missing(command: str, team: GitRepository) -> None:
    words = " ".join(Cli(team.folder).command(*command.split()))
    environment = Cli(team.folder, "http://127.0.0.1:9").environment() | {"PYTHONPATH": str(Path.cwd())}
    ended = run_program(["bash", "-c", f"ulimit -n 8 && exec {words}"], team.folder, environment)
    assert (ended.code, ended.err) == (
        1,
        "error: can not start git: Too many open files\n  allow more open files: ulimit -n 256\n",
    )
