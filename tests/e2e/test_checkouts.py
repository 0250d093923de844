"""Every command in the checkouts that there are: linked, bare, sparse, partial, damaged."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.manifests import MANIFEST, replaced
from tests.support.registry_server import RegistryServer

BY_REF = (
    ("validate", "--ref", "main"),
    ("plan", "--ref", "main"),
    ("apply", "--yes", "--ref", "main"),
)
BY_WORK_TREE = (("validate",), ("plan",), ("apply", "--yes"))
WRITING = (("new", "fraud/scorer", "--offline"), ("import",))
"""These take neither a commit nor paths: what tells of either names the commands that do."""


@pytest.fixture
def team(repository: GitRepository) -> GitRepository:
    repository.write("models/a.yaml", MANIFEST)
    repository.write("data/b.yaml", version(2))
    repository.commit()
    return repository


def version(number: int) -> str:
    """The manifest of another version."""
    return replaced("/1\n", f"/{number}\n", replaced("version: 1", f"version: {number}"))


def bare_clone(team: GitRepository, folder: Path) -> Path:
    """A bare clone of a repository."""
    team.git("clone", "--quiet", "--bare", team.folder.as_uri(), str(folder))
    return folder


def check_applied(registry: RegistryServer) -> None:
    """Both versions were made."""
    assert len(registry.writes) == 2


# Bare repositories


def test_a_commit_of_a_bare_repository_is_read_by_every_command(
    team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    cli = Cli(bare_clone(team, tmp_path / "bare.git"), registry.url)
    for command in BY_REF:
        cli(*command)
    check_applied(registry)
    assert "0 to create" in cli("plan", "--ref", "main", "--base", "main", "models").out
    assert "1 valid manifest" in cli("validate", "--ref", "main", "models").err
    found = cli("doctor", "--format", "json").document
    assert {check["name"]: check["state"] for check in found["findings"]}["repository"] == "ok"


@pytest.mark.parametrize("command", [*BY_WORK_TREE, *WRITING], ids=lambda words: str(words[0]))
def test_a_bare_repository_has_no_work_tree_and_is_not_searched_for_files(
    command: Sequence[str], team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    folder = bare_clone(team, tmp_path / "bare.git")
    ended = Cli(folder, registry.url)(*command, expect=1)
    assert ended.err.splitlines()[-2:] == [
        f"error: {folder} is a bare repository, without a work tree",
        "  from within it, validate, plan and apply read a commit: --ref BRANCH; all else needs a clone",
    ]
    for words in (("validate", "bare.git"), ("validate", "bare.git", "--ref", "main")):
        assert Cli(tmp_path, registry.url)(*words, expect=1).err == ended.err


def test_what_looks_like_a_bare_repository_within_a_work_tree_is_a_folder(team: GitRepository) -> None:
    """A pull request can bring one, with settings of its own."""
    for folder in ("objects", "refs"):
        team.write(f"inner/{folder}/kept", "")
    team.write("inner/HEAD", "ref: refs/heads/main\n")
    team.write("inner/c.yaml", version(3))
    assert "3 valid manifests" in Cli(team.folder / "inner")("validate").err


def test_a_hook_that_runs_before_a_push_is_let_in_reads_what_is_pushed(
    team: GitRepository, tmp_path: Path
) -> None:
    folder = bare_clone(team, tmp_path / "bare.git")
    words = " ".join(Cli(folder).command("validate", "--ref", '"$new"'))
    hook = folder / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexport PYTHONPATH="{Path.cwd()}"\nread -r old new name\nexec {words}\n')
    hook.chmod(0o755)
    team.git("remote", "add", "origin", str(folder))
    team.write("models/c.yaml", version(3))
    team.commit()
    team.git("push", "--quiet", "origin", "main")
    team.write("models/broken.yaml", MANIFEST + "colour: red\n")
    team.commit()
    with pytest.raises(AssertionError, match=r"(?s)models/broken.yaml:.*pre-receive hook declined"):
        team.git("push", "--quiet", "origin", "main")


def test_a_quarantine_of_another_repository_is_not_read(team: GitRepository, tmp_path: Path) -> None:
    other = GitRepository(tmp_path / "other")
    other.write("x.yaml", MANIFEST)
    commit = other.commit()
    env = {"GIT_QUARANTINE_PATH": str(other.folder / ".git/objects")}
    ended = Cli(team.folder, env=env)("validate", "--ref", commit, expect=1)
    assert f"no commit named {commit}" in ended.err


# Linked work trees


@pytest.mark.parametrize("command", BY_WORK_TREE, ids=lambda words: str(words[0]))
def test_a_work_tree_beside_a_bare_repository_is_as_any_other(
    command: Sequence[str], team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    bare_clone(team, project / ".bare")
    (project / ".git").write_text("gitdir: ./.bare\n")
    tree = project / "main"
    subprocess.run(["git", "-C", str(project), "worktree", "add", "--quiet", str(tree), "main"], check=True)
    Cli(tree, registry.url)(*command)
    assert "whole" in Cli(tree, registry.url)("doctor").out


# Damaged clones


@pytest.mark.parametrize("command", [*BY_REF, *BY_WORK_TREE[1:], ("plan", "--base", "main")], ids=" ".join)
def test_a_clone_that_borrows_from_a_repository_that_is_gone_is_reported(
    command: Sequence[str], team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    team.git("clone", "--quiet", "--shared", str(team.folder), str(tmp_path / "shared"))
    shutil.rmtree(team.folder / ".git/objects")
    ended = Cli(tmp_path / "shared", registry.url)(*command, expect=1)
    assert "which this clone does not have\n  the clone is damaged, or borrows from" in ended.err
    assert "no commit yet" not in ended.err
    assert registry.writes == []


# Sparse work trees


@pytest.fixture(params=[(), ("--sparse-index",)], ids=["sparse", "sparse index"])
def sparse(request: pytest.FixtureRequest, team: GitRepository, tmp_path: Path) -> Path:
    clone = team.clone(tmp_path / "sparse")
    clone.git("sparse-checkout", "set", "--cone", *request.param, "models")
    assert not (clone.folder / "data").exists()
    return clone.folder


@pytest.mark.parametrize("command", BY_WORK_TREE, ids=lambda words: str(words[0]))
def test_what_a_sparse_work_tree_leaves_out_is_never_taken_for_removed(
    command: Sequence[str], sparse: Path, registry: RegistryServer
) -> None:
    cli = Cli(sparse, registry.url)
    check_misses_what_is_left_out(cli, command)
    assert registry.writes == []
    cli(*command, "models")
    cli(*command, "--ref", "HEAD")


@pytest.mark.parametrize("command", WRITING, ids=lambda words: str(words[0]))
def test_manifests_are_written_once_all_of_a_sparse_work_tree_is_there(
    command: Sequence[str], sparse: Path, registry: RegistryServer
) -> None:
    cli = Cli(sparse, registry.url)
    check_misses_what_is_left_out(cli, command)
    subprocess.run(["git", "-C", str(sparse), "sparse-checkout", "disable"], check=True)
    cli(*command)


def check_misses_what_is_left_out(cli: Cli, command: Sequence[str]) -> None:
    """It says what a command can not read, and what to do."""
    assert cli(*command, expect=1).err.splitlines()[-2:] == [
        "error: the work tree is sparse, and leaves out data/b.yaml",
        "  git sparse-checkout disable; validate, plan and apply also take --ref HEAD, or paths it has",
    ]


def test_a_sparse_work_tree_that_leaves_out_nothing_to_be_read_is_as_any_other(
    team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    team.write("reconciler.toml", 'exclude = ["data/**"]\n')
    team.write("docs/page.md", "no manifest")
    team.commit()
    clone = team.clone(tmp_path / "sparse")
    clone.git("sparse-checkout", "set", "--cone", "models")
    cli = Cli(clone.folder, registry.url)
    for command in BY_WORK_TREE:
        cli(*command)
    assert len(registry.writes) == 1


def test_settings_that_a_sparse_work_tree_leaves_out_are_missed(team: GitRepository, tmp_path: Path) -> None:
    team.write("reconciler.toml", 'exclude = ["data/**"]\n')
    team.commit()
    clone = team.clone(tmp_path / "sparse")
    clone.git("sparse-checkout", "set", "--no-cone", "/models/")
    for paths in ((), ("models",)):
        ended = Cli(clone.folder)("validate", *paths, expect=1)
        assert "leaves out" in ended.err
        assert "reconciler.toml" in ended.err


# What git changes when it checks out


CONVERTED = {
    "eol": ("*.yaml text eol=crlf\n", ""),
    "ident": ("*.yaml ident\n", "# $Id$\n"),
}


@pytest.mark.parametrize("attribute", CONVERTED)
def test_what_git_calls_clean_is_clean(
    attribute: str, team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    attributes, more = CONVERTED[attribute]
    team.write("models/a.yaml", MANIFEST + more)
    team.commit()
    team.write(".gitattributes", attributes)
    team.git("add", ".gitattributes")
    team.git("commit", "--quiet", "--message=attributes")
    clone = team.clone(tmp_path / "clone")
    assert (clone.folder / "models/a.yaml").read_bytes() != (MANIFEST + more).encode()
    cli = Cli(clone.folder, registry.url)
    for command in BY_WORK_TREE:
        cli(*command)
    check_applied(registry)


def test_an_encoding_of_the_work_tree_is_named_where_it_is_in_the_way(
    team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    team.write(".gitattributes", "models/*.yaml text working-tree-encoding=UTF-16\n")
    team.git("add", ".gitattributes")
    team.git("commit", "--quiet", "--message=attributes")
    cli = Cli(team.clone(tmp_path / "clone").folder, registry.url)
    assert "error[not-utf-8]: not UTF-8 text" in cli("plan", expect=1).err
    assert "models/a.yaml (working-tree-encoding=UTF-16)\n" in cli("apply", "--yes", expect=1).err
    cli("apply", "--yes", "--ref", "HEAD")
    check_applied(registry)


def test_a_filter_is_not_run_and_is_named_where_it_is_in_the_way(
    team: GitRepository, registry: RegistryServer
) -> None:
    team.write(".gitattributes", "models/*.yaml filter=swap\n")
    team.configure("filter.swap.clean", "touch seen; tr 1 2")
    team.configure("filter.swap.smudge", "touch seen; tr 2 1")
    team.write("models/a.yaml", MANIFEST)
    team.commit()
    (team.folder / "seen").unlink()
    ended = Cli(team.folder, registry.url)("apply", "--yes", expect=1)
    assert ended.err.endswith("; git may have made them when it checked out models/a.yaml (filter=swap)\n")
    assert registry.writes == []
    assert not (team.folder / "seen").exists()


# Partial clones


def test_a_clone_without_the_files_of_older_commits_says_that_it_is_partial(
    team: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    team.write("models/a.yaml", MANIFEST + "description: newer\n")
    team.commit()
    team.configure("uploadpack.allowFilter", "true")
    team.git("clone", "--quiet", "--filter=blob:none", team.folder.as_uri(), str(tmp_path / "partial"))
    cli = Cli(tmp_path / "partial", registry.url)
    ended = cli("plan", "--base", "HEAD^1")
    assert "not known whose" in ended.out
    assert ended.err == (
        "warning[base-not-known]: changes are not told apart by the base: this clone is partial\n"
        "  help: clone it anew, without --filter (in CI too)\n"
    )
    for command in BY_WORK_TREE:
        cli(*command)
    assert "this clone is partial: --base and who declared" in cli("doctor").out


# Hooks


def as_script(*words: str) -> str:
    """A command as a line of a shell script; a hook is started with what git tells about its own work."""
    return f'PYTHONPATH="{Path.cwd()}" ' + " ".join(Cli(Path()).command(*words))


def test_every_commit_of_a_rebase_is_validated(team: GitRepository) -> None:
    team.write("models/c.yaml", version(3) + "colour: red\n")
    team.commit()
    team.write("models/c.yaml", version(3))
    team.commit()
    team.git("rebase", "--quiet", "--exec", as_script("validate", "--ref", "HEAD"), "HEAD^1")
    with pytest.raises(AssertionError, match="execution failed"):
        team.git("rebase", "--quiet", "--exec", as_script("validate", "--ref", "HEAD"), "HEAD~2")


def test_a_hook_before_a_commit_of_some_files_validates_the_work_tree(team: GitRepository) -> None:
    hook = team.write(".git/hooks/pre-commit", f"#!/bin/sh\n{as_script('validate')}\n")
    hook.chmod(0o755)
    team.write("models/c.yaml", version(3))
    team.write("models/d.yaml", version(4) + "colour: red\n")
    team.git("add", "--all")
    with pytest.raises(AssertionError, match=r"models/d\.yaml:9:1: error\[unknown-field\]"):
        team.git("commit", "--quiet", "--message=some", "--", "models/c.yaml")
    team.write("models/d.yaml", version(4))
    team.git("commit", "--quiet", "--message=some", "--", "models/c.yaml")


@pytest.mark.parametrize("name", ["a\nb", 'a"b', "a'b", "a b", "-a", "a\\b", "a\tb", ":a", "*"])
def test_a_name_that_shells_and_git_make_something_of_is_a_name(
    name: str, repository: GitRepository, registry: RegistryServer
) -> None:
    repository.write(f"{name}/{name}.yaml", MANIFEST)
    repository.commit()
    for command in (("plan", "--format", "json"), ("plan", "--ref", "HEAD", "--format", "json")):
        (change,) = Cli(repository.folder, registry.url)(*command, "--", f"./{name}").document["changes"]
        assert change["file"] == f"{name}/{name}.yaml"
