"""Completion as a shell asks for it, and what is suggested for words that are mistyped."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.cli import Cli, run_program
from tests.support.git_repository import GitRepository
from tests.support.manifests import replaced
from tests.support.terminal import Terminal

DECLARED = {
    "fraud/scorer": ["version: 1", "version: 2", "version: 10", "version_alias: v-prod"],
    "fraud/scorer-eu": ["version: 1"],
    "forecasting/demand": ["version: 3", "version: 4"],
}


def completed(folder: Path, words: str, number: int, home: Path | None = None) -> list[str]:
    """What bash is told, in a folder; nothing else may be said."""
    told = {"COMP_WORDS": words, "COMP_CWORD": str(number), "_RECONCILER_COMPLETE": "bash_complete"}
    ended = Cli(folder, home=home, env=told)()
    assert ended.err == ""
    return [line.partition(",")[2] for line in ended.out.splitlines()]


@pytest.fixture
def declared(repository: GitRepository) -> GitRepository:
    """A repository that `validate` has read."""
    for artifact, versions in DECLARED.items():
        ml_repo, _, name = artifact.partition("/")
        for number, version in enumerate(versions):
            text = replaced("version: 1", version).replace("ml_repo: fraud", f"ml_repo: {ml_repo}")
            repository.write(f"{artifact}/{number}.yaml", text.replace("name: scorer", f"name: {name}"))
    Cli(repository.folder, home=repository.folder.parent)("validate")
    return repository


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


IDENTITIES = {
    "plan --select ": ["forecasting/", "fraud/"],
    "plan --select fr": ["fraud/scorer", "fraud/scorer-eu"],
    "plan --select=fraud/": ["fraud/scorer", "fraud/scorer-eu"],
    "apply --select fo": ["forecasting/demand", "forecasting/demand:3", "forecasting/demand:4"],
    "import --select fraud/scorer-": ["fraud/scorer-eu", "fraud/scorer-eu:1"],
    "plan --select 'fraud/scorer:": ["fraud/scorer:1", "fraud/scorer:2", "fraud/scorer:10"],
    "plan --select fraud/scorer :": ["1", "2", "10"],
    "plan --select fraud/scorer : 1": ["1", "10"],
    "plan --select fraud/scorer @": ["@v-prod"],
    "plan --select fraud/scorer @ v": ["@v-prod"],
    "plan --select fraud/scorer : 1 --select !forecasting/demand : 4": ["4"],
    "plan --select '!fo": ["!forecasting/demand", "!forecasting/demand:3", "!forecasting/demand:4"],
    "plan --select pricing/": [""],
    "new fraud/": ["fraud/scorer", "fraud/scorer-eu"],
    "new forecasting/d": ["forecasting/demand"],
    "import --ml-repo f": ["forecasting", "fraud"],
    "import --name s": ["scorer", "scorer-eu"],
    "registry create --db x fr": ["fraud"],
}
"""What is typed, its words as bash divides them, and what is offered for the last one."""


@pytest.mark.parametrize("typed", IDENTITIES)
def test_what_is_declared_is_completed_from_what_was_read_last(typed: str, declared: GitRepository) -> None:
    words = f"reconciler {typed}".replace("=", " = ")
    below, home = declared.folder / "fraud", declared.folder.parent
    assert completed(below, words, words.count(" "), home) == IDENTITIES[typed]


@pytest.mark.parametrize(("shell", "number"), [("zsh", "3"), ("fish", "fraud/scorer:1")])
def test_to_other_shells_an_identity_is_one_word(shell: str, number: str, declared: GitRepository) -> None:
    words = "reconciler plan --select fraud/scorer:1"
    told = {"COMP_WORDS": words, "COMP_CWORD": number, "_RECONCILER_COMPLETE": f"{shell}_complete"}
    offered = Cli(declared.folder, home=declared.folder.parent, env=told)().out
    assert re.findall(r"fraud/\S+", offered) == ["fraud/scorer:1", "fraud/scorer:10"]


def test_nothing_is_read_of_the_repository_and_nothing_written(declared: GitRepository) -> None:
    (declared.folder / ".git/config").write_text("[core")
    (declared.folder / "fraud/scorer/0.yaml").write_text("ml_repo: [")
    everything = {file: file.stat().st_mtime_ns for file in declared.folder.parent.rglob("*")}
    offered = completed(declared.folder, "reconciler plan --select fr", 3, declared.folder.parent)
    assert offered == ["fraud/scorer", "fraud/scorer-eu"]
    assert {file: file.stat().st_mtime_ns for file in declared.folder.parent.rglob("*")} == everything


def test_where_nothing_was_read_nothing_is_offered_and_nothing_made(repository: GitRepository) -> None:
    home = repository.folder.parent
    assert completed(repository.folder, "reconciler plan --select ", 3, home) == [""]
    assert completed(home, "reconciler plan --select ", 3, home) == [""]
    assert not (home / ".cache").exists()


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
    environment = {**Cli(tmp_path).environment(), "PATH": f"{program.parent}:{os.environ['PATH']}"}
    ended = run_program(["bash", "--norc", "-c", script], tmp_path, environment)
    assert (ended.code, ended.out.split()) == (0, ["validate"])


class Bash(Cli):
    """A bash to type in."""

    def forked(self, *arguments: str) -> list[str]:
        """The words of it."""
        return ["bash", "--norc", "--noprofile", "-i", *arguments]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_an_identity_is_typed_with_the_tabulator_in_bash(
    declared: GitRepository, forking_program: Path
) -> None:
    told = {"PATH": f"{forking_program.parent}:{os.environ['PATH']}", "TERM": "dumb", "PS1": "$ "}
    with Terminal(Bash(declared.folder, home=declared.folder.parent, env=told), columns=200) as terminal:
        terminal.type('eval "$(_RECONCILER_COMPLETE=bash_source reconciler)"; echo rea""dy\n')
        terminal.await_text("ready")
        for typed, completed_to in (
            ("reconciler plan --select fo\t", "recasting/demand"),
            (":4\t", ":4 "),
            ("--select fraud/scorer@\t", "@v-prod "),
            ("--select '!fraud/scorer:2\t", "scorer:2' "),
        ):
            terminal.type(typed)
            terminal.await_text(completed_to)
        line = "plan --select forecasting/demand:4 --select fraud/scorer@v-prod --select '!fraud/scorer:2' "
        assert line in terminal.sent.replace("\a", "")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(("aply",), "apply"), (("plan", "--sumary"), "--summary")],
    ids=["command", "option"],
)
def test_what_was_meant_is_suggested(arguments: tuple[str, ...], meant: str, tmp_path: Path) -> None:
    said = Cli(tmp_path)(*arguments, expect=64).err
    assert "Did you mean" in said
    assert meant in said.partition("Did you mean")[2]
