"""Completion as a shell asks for it, and what is suggested for words that are mistyped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import SECONDS, Cli
from tests.support.git_repository import GitRepository


def completed(folder: Path, words: str, number: int) -> list[str]:
    """What bash is told, in a folder."""
    told = {"COMP_WORDS": words, "COMP_CWORD": str(number), "_RECONCILER_COMPLETE": "bash_complete"}
    return [line.partition(",")[2] for line in Cli(folder, env=told)().out.splitlines()]


def test_commands_and_options_are_completed_outside_a_repository(tmp_path: Path) -> None:
    assert completed(tmp_path, "reconciler doc", 1) == ["doctor"]
    assert completed(tmp_path, "reconciler plan --detail", 2) == ["--detailed-exitcode"]
    assert completed(tmp_path, "reconciler doctor --api ", 3) == ["auto", "ml", "svc"]


def test_codes_are_completed(tmp_path: Path) -> None:
    assert completed(tmp_path, "reconciler explain unknown-f", 2) == ["unknown-field"]


@pytest.mark.parametrize("words", ["plan --ref", "plan --base", "plan --owned-by", "validate --ref"])
def test_branches_and_tags_are_completed(words: str, repository: GitRepository) -> None:
    repository.commit()
    repository.tag("release-1", annotated=True)
    repository.branch("release/next")
    asked = f"reconciler {words} rel"
    assert completed(repository.folder, asked, 3) == ["release/next", "release-1"]
    assert "main" in completed(repository.folder, f"reconciler {words} ", 3)


def test_no_branch_is_offered_where_there_is_no_repository(tmp_path: Path) -> None:
    assert completed(tmp_path, "reconciler plan --ref ma", 3) == [""]


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_the_script_of_a_shell_asks_this_program(shell: str, tmp_path: Path) -> None:
    script = Cli(tmp_path, env={"_RECONCILER_COMPLETE": f"{shell}_source"})().out
    assert "_RECONCILER_COMPLETE" in script
    assert f"{shell}_complete" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_after_the_line_of_the_readme(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "reconciler"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m reconciler "$@"\n')
    program.chmod(0o755)
    script = """
        eval "$(_RECONCILER_COMPLETE=bash_source reconciler)"
        COMP_WORDS=(reconciler vali); COMP_CWORD=1
        $(complete -p reconciler | sed 's/.*-F \\([^ ]*\\).*/\\1/') reconciler vali reconciler
        echo "${COMPREPLY[@]}"
    """
    ended = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=tmp_path,
        env={**Cli(tmp_path).environment(), "PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert ended.stdout.split() == ["validate"]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(("aply",), "apply"), (("plan", "--sumary"), "--summary")],
    ids=["command", "option"],
)
def test_what_was_meant_is_suggested(arguments: tuple[str, ...], meant: str, tmp_path: Path) -> None:
    said = Cli(tmp_path)(*arguments, expect=64).err
    assert "Did you mean" in said
    assert meant in said.partition("Did you mean")[2]
