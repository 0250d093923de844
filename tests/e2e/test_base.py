"""A branch and its base: whose each change of a plan is, and contents that can not change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.registry.storage.queries import VersionQuery
from tests.support.cli import TOKEN, Cli
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer


def manifest(name: str, version: int = 1, uri: str = "", **fields: str) -> str:
    """A small manifest as YAML."""
    more = "".join(f"{key}: {value}\n" for key, value in fields.items())
    return (
        f"type: artifact-version\nname: {name}\nml_repo: fraud\nversion: {version}\nmetadata: {{}}\n"
        f"source: {{type: external, uri: 's3://example/{uri or version}'}}\n{more}"
    )


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with RegistryServer(token=TOKEN) as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield server


def commit(repository: GitRepository, author: str = "Ada Example") -> str:
    """Commit the whole work tree, by an author."""
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=change", f"--author={author} <who@example.com>")
    return repository.head


def change_elsewhere(server: RegistryServer, name: str, **fields: Any) -> None:
    """Change what is registered, as somebody else's program may."""
    rows = server.store.list_versions(VersionQuery()).rows
    row = next(row for row in rows if row.manifest["name"] == name)
    server.register({**row.manifest, **fields})


def origins(plan: Any) -> dict[str, tuple[str | None, str | None]]:
    """Whose each change is: origin and author, by name and version."""
    return {f"{c['name']}:{c['version']}": (c["origin"], c["author"]) for c in plan["changes"]}


@pytest.fixture
def branch(repository: GitRepository, server: RegistryServer) -> tuple[Cli, str, str]:
    """A branch with changes of each kind; the tool, the commit where it left its base, and its own."""
    for name in ("a", "b", "c"):
        repository.write(f"{name}.yaml", manifest(name, description="first"))
    commit(repository)
    cli = Cli(repository.folder, server.url)
    cli("apply", "--yes")
    repository.write("a.yaml", manifest("a", description="second"))
    repository.write("e.yaml", manifest("e"))
    base = commit(repository, "Grace Example")
    change_elsewhere(server, "c", description="somebody else's")
    repository.branch("proposal")
    repository.write("b.yaml", manifest("b", description="second"))
    repository.write("d.yaml", manifest("d"))
    return cli, base, commit(repository, "Joan Example")


EXPECTED = {
    "a:1": ("pending", "Grace Example"),
    "b:1": ("branch", "Joan Example"),
    "c:1": ("drift", "Ada Example"),
    "d:1": ("branch", "Joan Example"),
    "e:1": ("pending", "Grace Example"),
}


def test_a_plan_tells_what_the_branch_brings_from_what_was_pending_and_from_drift(
    branch: tuple[Cli, str, str],
) -> None:
    cli, base, head = branch
    plan = cli("plan", "--base", "main", "--format", "json").document
    assert origins(plan) == EXPECTED
    assert plan["source"]["base"] == base
    assert {c["name"]: c["commit"] for c in plan["changes"] if c["origin"] == "branch"} == {
        "b": head,
        "d": head,
    }
    text = cli("plan", "--base", "main", "--ref", "proposal").out
    assert f"last edited in {head[:10]} by Joan Example" in text


def test_without_a_base_no_change_is_anybodys(branch: tuple[Cli, str, str]) -> None:
    cli, _, _ = branch
    plan = cli("plan", "--format", "json").document
    assert set(origins(plan).values()) == {(None, None)}
    assert plan["source"]["base"] is None


def test_what_is_reported_changes_is_no_part_of_what_is_approved(branch: tuple[Cli, str, str]) -> None:
    cli, _, _ = branch
    with_base, without = (
        cli("plan", "--format", "json", *more).document for more in (("--base", "main"), ())
    )
    assert with_base["digest"] == without["digest"]


UNKNOWN = ("unknown", None)
OF_DEPTH = {
    1: dict.fromkeys(EXPECTED, (None, None)),
    2: {**EXPECTED, "a:1": UNKNOWN, "c:1": UNKNOWN, "e:1": ("pending", None)},
    None: EXPECTED,
}
"""Whose each change is, by how many commits a CI system has cloned; `None` for all."""


@pytest.mark.parametrize("depth", OF_DEPTH)
@pytest.mark.parametrize(
    ("variable", "event"),
    [
        ("GITHUB_BASE_REF", "GitHub pull request"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "GitLab merge request"),
        ("BITBUCKET_PR_DESTINATION_BRANCH", "Bitbucket pull request"),
    ],
)
def test_on_a_pull_request_the_base_branch_is_the_base_as_far_as_it_was_cloned(
    branch: tuple[Cli, str, str],
    server: RegistryServer,
    tmp_path: Path,
    variable: str,
    event: str,
    depth: int | None,
) -> None:
    clone = GitRepository(tmp_path / "clone")
    clone.git("remote", "add", "origin", branch[0].folder.as_uri())
    # With one commit there is no other branch; with more, the last commit of the base was fetched too.
    branches = ["proposal"] if depth == 1 else ["proposal", "main"]
    for name in branches:
        options = [] if depth is None else [f"--depth={depth if name == 'proposal' else 1}"]
        clone.git("fetch", "--quiet", *options, "origin", f"{name}:refs/remotes/origin/{name}")
    clone.git("switch", "--quiet", "--detach", "origin/proposal")
    ended = Cli(clone.folder, server.url, env={variable: "main"})("plan", "--format", "json")
    assert origins(ended.document) == OF_DEPTH[depth]
    assert ended.document["source"]["base"] == (None if depth == 1 else branch[1])
    compared = f"note: compared with origin/main, the base of this {event}\n"
    assert (compared in ended.err) == (depth != 1)
    codes = [found["code"] for found in ended.document["diagnostics"]]
    assert codes == ["base-not-known"] * (depth is not None)
    assert ("git fetch --unshallow" in ended.err) == (depth is not None)


def test_in_a_queue_of_merges_the_base_is_what_the_queue_merges_to(
    branch: tuple[Cli, str, str], repository: GitRepository, server: RegistryServer, tmp_path: Path
) -> None:
    """What others have in the queue before is theirs, though it is on no branch yet."""
    cli, base, _ = branch
    repository.git("switch", "--quiet", "--detach", "main")
    repository.write("e.yaml", manifest("e", description="of the one before"))
    before = commit(repository)
    repository.git("merge", "--quiet", "--no-ff", "--message=merge", "proposal")
    (tmp_path / "event.json").write_text(f'{{"merge_group": {{"base_sha": "{before}"}}}}')
    of_github = {"GITHUB_EVENT_NAME": "merge_group", "GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
    of_gitlab = {"CI_MERGE_REQUEST_EVENT_TYPE": "merge_train", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    for env in (of_github, of_gitlab):
        plan = Cli(cli.folder, server.url, env=env)("plan", "--format", "json").document
        assert plan["source"]["base"] == before != base
        assert {name: origin for name, (origin, _) in origins(plan).items()} == {
            name: origin for name, (origin, _) in EXPECTED.items()
        }


def test_the_commit_that_gitlab_names_is_the_base(
    branch: tuple[Cli, str, str], server: RegistryServer
) -> None:
    cli, base, _ = branch
    asked = Cli(cli.folder, server.url, env={"CI_MERGE_REQUEST_DIFF_BASE_SHA": base})
    assert origins(asked("plan", "--format", "json").document) == EXPECTED


def test_in_a_shallow_clone_a_default_that_is_not_there_is_a_warning_of_the_plan(
    branch: tuple[Cli, str, str], repository: GitRepository, server: RegistryServer, tmp_path: Path
) -> None:
    assert branch
    clone = repository.clone(tmp_path / "clone", shallow=True)
    in_ci = Cli(clone.folder, server.url, env={"GITHUB_BASE_REF": "main"})
    ended = in_ci("plan", "--format", "json")
    assert set(origins(ended.document).values()) == {(None, None)}
    said = "changes are not told apart by the base: no commit named main"
    help_line = "this clone is shallow: git fetch --unshallow (in CI: fetch-depth: 0)"
    assert ended.err == f"warning[base-not-known]: {said}\n  help: {help_line}\n"
    (diagnostic,) = ended.document["diagnostics"]
    assert (diagnostic["code"], diagnostic["message"]) == ("base-not-known", said)
    for name in ("markdown", "html", "text"):
        shown = in_ci("plan", "--format", name)
        assert "no commit named main" in (shown.err if name == "text" else shown.out)
    refused = Cli(clone.folder, server.url)("plan", "--base", "main", expect=1)
    assert "error: no commit named main" in refused.err
    assert "fetch-depth: 0" in refused.err
    assert refused.out == ""


@pytest.mark.parametrize("depth", [2, 4, None], ids=["not deep enough", "deeper than there is", "all"])
def test_a_clone_that_is_not_deep_enough_does_not_guess(
    depth: int | None, repository: GitRepository, server: RegistryServer, tmp_path: Path
) -> None:
    """A colleague's change was merged and is not applied yet: it is nobody's drift."""
    for name in ("a", "b", "c"):
        repository.write(f"{name}.yaml", manifest(name, description="first"))
    commit(repository)
    Cli(repository.folder, server.url)("apply", "--yes")
    change_elsewhere(server, "c", description="somebody else's")
    repository.write("a.yaml", manifest("a", description="second"))
    commit(repository, "Grace Example")
    repository.write("b.yaml", manifest("b", description="second"))
    commit(repository, "Joan Example")
    clone = tmp_path / "clone"
    more = [f"--depth={depth}"] if depth else []
    repository.git("clone", "--quiet", *more, repository.folder.as_uri(), str(clone))
    cli = Cli(clone, server.url)
    ended = cli("plan", "--base", "HEAD^1", "--format", "json")
    is_known = depth != 2
    assert origins(ended.document) == {
        "a:1": ("pending", "Grace Example") if is_known else ("unknown", None),
        "b:1": ("branch", "Joan Example"),
        "c:1": ("drift", "Ada Example") if is_known else ("unknown", None),
    }
    assert [found["code"] for found in ended.document["diagnostics"]] == ["base-not-known"] * (not is_known)
    for name in ("text", "markdown", "html"):
        shown = cli("plan", "--base", "HEAD^1", "--format", name)
        assert ("not known whose" in shown.out.lower()) == (not is_known)
        assert ("git fetch --unshallow" in shown.out + shown.err) == (not is_known)
        assert ("rift" in shown.out) == is_known or name == "html"


@pytest.mark.parametrize("revision", ["no-such", "--upload-pack=x", "HEAD:a.yaml", "x\x1b[31m"])
def test_a_base_that_is_no_commit_is_refused_before_anything_is_asked(
    branch: tuple[Cli, str, str], server: RegistryServer, revision: str
) -> None:
    cli, _, _ = branch
    server.forget()
    refused = cli("plan", f"--base={revision}", expect=1)
    assert "error: no commit named" in refused.err
    assert "\x1b" not in refused.err
    assert server.requests == []


def test_of_a_remote_repository_there_is_no_base(tmp_path: Path, server: RegistryServer) -> None:
    cli = Cli(tmp_path, server.url)
    refused = cli("plan", "--repo", "https://example.com/team/models", "--base", "main", expect=1)
    assert "run in a clone of it" in refused.err


def test_where_no_ancestor_is_known_nobody_is_named(
    branch: tuple[Cli, str, str], repository: GitRepository, server: RegistryServer, tmp_path: Path
) -> None:
    _, base, _ = branch
    clone = repository.clone(tmp_path / "clone", shallow=True)
    clone.git("fetch", "--quiet", "--depth=1", "origin", "main:main")
    ended = Cli(clone.folder, server.url)("plan", "--base", "main", "--format", "json")
    assert "compared with main as it is now: where this branch left it is not known here" in ended.err
    assert ended.document["source"]["base"] == base
    told = {name: origin for name, (origin, _) in origins(ended.document).items()}
    assert told == dict.fromkeys(EXPECTED, "unknown")


def test_a_branch_that_is_behind_is_reported(repository: GitRepository, server: RegistryServer) -> None:
    repository.write("a.yaml", manifest("a", description="first"))
    commit(repository)
    repository.branch("proposal")
    repository.write("d.yaml", manifest("d"))
    commit(repository)
    repository.switch("main")
    repository.write("a.yaml", manifest("a", description="second"))
    commit(repository)
    cli = Cli(repository.folder, server.url)
    cli("apply", "--yes")
    ended = cli("plan", "--base", "main", "--ref", "proposal", "--format", "json")
    assert ended.err == (
        "note: 1 change undoes what the base has brought since: merge it into this branch, and plan again\n"
    )
    assert {name: origin for name, (origin, _) in origins(ended.document).items()} == {
        "a:1": "drift",
        "d:1": "branch",
    }


def test_manifests_that_move_and_files_that_are_split_are_not_of_the_branch(
    repository: GitRepository, server: RegistryServer
) -> None:
    repository.write("all.yaml", manifest("a") + "---\n" + manifest("b"))
    repository.write("models/c.yaml", manifest("c"))
    base = commit(repository)
    repository.branch("proposal")
    repository.remove("all.yaml")
    repository.write("a.yaml", "# its own file\n" + manifest("a"))
    repository.write("b.yaml", manifest("b") + "description: new\n")
    repository.git("mv", "models/c.yaml", "c.yaml")
    head = commit(repository, "Joan Example")
    cli = Cli(repository.folder, server.url)
    plan = cli("plan", "--base", base, "--format", "json").document
    assert origins(plan) == {
        "a:1": ("pending", "Joan Example"),
        "b:1": ("branch", "Joan Example"),
        "c:1": ("pending", "Joan Example"),
    }
    # What is not read now is known all the same.
    narrow = cli("plan", "c.yaml", "--base", base, "--ref", head, "--format", "json").document
    assert origins(narrow) == {"c:1": ("pending", "Joan Example")}


def test_an_alias_that_a_branch_moves_is_of_the_branch_on_both_sides(
    repository: GitRepository, server: RegistryServer
) -> None:
    repository.write("1.yaml", manifest("a", 1, version_alias="v-prod"))
    repository.write("2.yaml", manifest("a", 2))
    commit(repository)
    cli = Cli(repository.folder, server.url)
    cli("apply", "--yes")
    repository.branch("proposal")
    repository.write("1.yaml", manifest("a", 1))
    repository.write("2.yaml", manifest("a", 2, version_alias="v-prod"))
    commit(repository, "Joan Example")
    plan = cli("plan", "--base", "main", "--format", "json").document
    assert origins(plan) == {"a:1": ("branch", "Joan Example"), "a:2": ("branch", "Joan Example")}


def test_a_file_with_edits_that_are_not_committed_has_no_last_commit(
    repository: GitRepository, server: RegistryServer
) -> None:
    repository.write("a.yaml", manifest("a"))
    repository.write("b.yaml", manifest("b"))
    base = commit(repository)
    repository.write("b.yaml", manifest("b", description="edited"))
    repository.write("c.yaml", manifest("c"))
    repository.write("a.yaml", manifest("a").replace("\n", "\r\n"))
    plan = Cli(repository.folder, server.url)("plan", "--base", base, "--format", "json").document
    assert origins(plan) == {
        "a:1": ("pending", "Ada Example"),
        "b:1": ("branch", None),
        "c:1": ("branch", None),
    }


def test_an_author_can_not_speak_to_the_terminal(repository: GitRepository, server: RegistryServer) -> None:
    repository.write("a.yaml", manifest("a"))
    base = commit(repository)
    tree = repository.git("rev-parse", "HEAD^{tree}")
    forged = repository.store(
        "commit",
        f"tree {tree}\nparent {base}\nauthor \x1b[31m::error::\x07\u202e<script> <x@example.com> 1 +0000\n"
        "committer C <c@example.com> 1 +0000\n\nforged\n".encode(),
    )
    repository.git("update-ref", "refs/heads/main", forged)
    cli = Cli(repository.folder, server.url)
    text = cli("plan", "--base", base)
    assert "by " in text.out
    for said in (text.out, text.err, cli("plan", "--base", base, "--format", "html").out):
        assert not {"\x1b", "\x07", "\u202e"} & set(said)
        assert "<script> <x" not in said


# Contents


def test_contents_edited_for_a_version_of_the_base_are_found_without_asking(
    repository: GitRepository, server: RegistryServer
) -> None:
    repository.write("a.yaml", manifest("a", 1) + "---\n" + manifest("a", 2))
    repository.write("models/3.yaml", manifest("a", 3))
    base = commit(repository)
    repository.branch("proposal")
    repository.remove("a.yaml")
    repository.write("1.yaml", "# moved\n" + manifest("a", 1, description="new"))
    repository.write("2.yaml", manifest("a", 2, uri="other", step="7"))
    repository.write("9.yaml", manifest("a", 9))
    commit(repository)
    cli = Cli(repository.folder, server.url)
    assert cli("validate").out == ""
    server.forget()
    refused = cli("validate", "--base", "main", "--format", "concise", expect=1)
    assert refused.out == (
        "2.yaml:6:31: error[edited-contents]: source of fraud/a:2 can not change:"
        f" commit {base[:10]} declares it otherwise, at a.yaml:13:31\n"
    )
    assert (
        "declare it as a new version: 10 is free, as far as git knows"
        in cli("validate", "--base", "main", expect=1).out
    )
    assert "a:2 can not change" in cli("validate", "2.yaml", "--base", "main", expect=1).out
    assert cli("validate", "1.yaml", "--base", "main").out == ""
    assert server.requests == []


def test_a_base_to_validate_with_has_to_be_a_commit(repository: GitRepository, tmp_path: Path) -> None:
    repository.write("a.yaml", manifest("a"))
    commit(repository)
    refused = Cli(repository.folder)("validate", "--base", "no-such", expect=1)
    assert "error: no commit named no-such" in refused.err
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/a.yaml").write_text(manifest("a"))
    refused = Cli(tmp_path / "plain")("validate", "--base", "main", expect=1)
    assert "is not in a git repository" in refused.err
