"""Git as a process: what it gets to see, and that it never holds us up."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from reconciler.errors import SourceError
from reconciler.source import git
from reconciler.source.git import Git
from tests.support.git_repository import GitRepository

_STAND_IN = """#!/bin/sh
case "$1" in
version) echo "git version 2.39.5" ;;
*) {action} ;;
esac
"""


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    repository = GitRepository(tmp_path / "repository")
    repository.write("a.yaml", "a")
    repository.commit()
    return repository


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str) -> Git:
    """A git that does something else: nothing but a program of our own shows its environment, or hangs."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir(exist_ok=True)
    program.write_text(_STAND_IN.format(action=action))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return Git(tmp_path)


def seen_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    printed = stand_in(tmp_path, monkeypatch, "env").read_output("rev-parse")
    return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)


def test_git_sees_what_is_listed_of_the_environment_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = seen_environment(
        tmp_path,
        monkeypatch,
        TFY_API_KEY="secret",
        TFY_HOST="https://example.com",
        LD_PRELOAD="",
        GIT_DIR="/elsewhere",
        GIT_EXTERNAL_DIFF="touch run",
        GIT_SSH_COMMAND="touch run",
        GIT_CONFIG_PARAMETERS="'core.fsmonitor=touch run'",
        GIT_TRACE="1",
        PAGER="touch run",
        EDITOR="touch run",
        SSH_ASKPASS="touch run",
        DISPLAY=":0",
        HOME="/home/somebody",
        SUDO_UID="1000",
        https_proxy="http://example.com",
    )
    ours = {"GIT_ALLOW_PROTOCOL", "GIT_ASKPASS", "GIT_NO_LAZY_FETCH", "GIT_NO_REPLACE_OBJECTS"} | {
        "GIT_OPTIONAL_LOCKS", "GIT_TEMPLATE_DIR", "GIT_TERMINAL_PROMPT", "GIT_CONFIG_NOSYSTEM",
    } | {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_COUNT", "LANGUAGE", "LC_ALL"}  # fmt: skip
    of_the_shell = {"PWD", "OLDPWD", "SHLVL", "_"}
    configuration = {name for name in seen if name.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))}
    assert seen.keys() - of_the_shell - configuration - ours <= {
        "HOME",
        "PATH",
        "SUDO_UID",
        "TMPDIR",
        "XDG_CONFIG_HOME",
    }
    assert ours <= seen.keys()
    assert seen["HOME"] == "/home/somebody"
    assert seen["GIT_ALLOW_PROTOCOL"] == "none"


def test_this_process_has_its_environment_back_afterwards(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    before = dict(os.environ)
    Git(repository.folder).read_output("rev-parse", "HEAD")
    with pytest.raises(SourceError):
        Git(repository.folder).read_output("rev-parse", "nothing")
    assert dict(os.environ) == before


def test_a_program_in_the_repository_is_not_taken_for_git(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("git", "#!/bin/sh\ntouch run\n").chmod(0o755)
    monkeypatch.chdir(repository.folder)
    monkeypatch.setenv("PATH", f".::{os.environ['PATH']}")
    assert Git(repository.folder).read_output("rev-parse", "HEAD") == repository.head
    assert not (repository.folder / "run").exists()


def test_the_settings_that_keep_a_repository_from_running_programs_outrank_its_own(
    repository: GitRepository,
) -> None:
    repository.configure("core.hooksPath", "hooks")
    repository.configure("core.fsmonitor", "touch run")
    door = Git(repository.folder)
    assert door.read_output("config", "core.hooksPath") == os.devnull
    assert door.read_output("config", "core.fsmonitor") == "false"
    assert door.read_output("config", "safe.bareRepository") == "explicit"


def test_a_git_that_says_nothing_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "_MAX_SILENCE_SECONDS", 0.3)
    door = stand_in(tmp_path, monkeypatch, f"sleep 300 & echo $! > {tmp_path}/pid; wait")
    with pytest.raises(SourceError, match="said nothing"):
        door.read_output("rev-parse")
    child = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}")
    end = time.monotonic() + 10
    while child.exists() and "Z" not in (child / "stat").read_text().split()[2] and time.monotonic() < end:
        time.sleep(0.01)
    assert not child.exists() or "Z" in (child / "stat").read_text().split()[2]


def test_a_pipe_in_the_place_of_a_file_of_git_does_not_hold_us_for_ever(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "_MAX_SILENCE_SECONDS", 0.3)
    (repository.folder / ".git" / "config").unlink()
    os.mkfifo(repository.folder / ".git" / "config")
    with pytest.raises(SourceError, match="said nothing"):
        Git(repository.folder).read_output("rev-parse", "HEAD")


def test_a_git_that_complains_without_end_is_still_heard_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = "yes 'warning: again' | head -n 90000 >&2; echo 'fatal: \033[31mno\033[0m' >&2; exit 3"
    door = stand_in(tmp_path, monkeypatch, flood)
    with pytest.raises(SourceError) as caught:
        door.read_output("rev-parse")
    assert str(caught.value) == r"git rev-parse failed: fatal: \x1b[31mno\x1b[0m"


def test_a_git_that_fails_without_a_word_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    door = stand_in(tmp_path, monkeypatch, "exit 3")
    with pytest.raises(SourceError, match="git rev-parse failed: it did not say why"):
        door.read_output("rev-parse")
    assert door.read_output("rev-parse", absent_with=3) == ""


def test_a_machine_without_git_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Git(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="git is not installed"):
        door.read_output("rev-parse", "HEAD")
