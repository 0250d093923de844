"""Commits, read from real repositories."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from reconciler.errors import SourceError
from reconciler.source.location import find_top
from reconciler.source.repository import open_repository
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import Snapshot
from tests.support.git_repository import GitRepository

EVERYTHING = (PurePosixPath(),)


def snapshot(repository: GitRepository, revision: str = "HEAD", *scopes: str) -> Snapshot:
    chosen = tuple(map(PurePosixPath, scopes)) or EVERYTHING
    return open_repository(repository.folder).take_snapshot(revision, chosen)


def contents(found: Snapshot) -> dict[str, bytes]:
    return {file.path: file.data for file in found.files}


def refusal(repository: GitRepository, revision: str = "HEAD", *scopes: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        snapshot(repository, revision, *scopes)
    return caught.value


# Revisions


@pytest.mark.parametrize("name", ["main", "HEAD", "@", "v1", "v1-annotated", "refs/heads/main", "HEAD^0"])
def test_every_usual_name_of_a_commit_resolves_to_its_full_id(repository: GitRepository, name: str) -> None:
    commit = repository.commit()
    repository.tag("v1")
    repository.tag("v1-annotated", annotated=True)
    assert open_repository(repository.folder).resolve(name) == commit


def test_a_short_id_and_a_full_id_resolve(repository: GitRepository) -> None:
    commit = repository.commit()
    git = open_repository(repository.folder)
    assert git.resolve(commit[:7]) == git.resolve(commit) == commit


def test_an_older_commit_gives_the_files_it_had(repository: GitRepository) -> None:
    repository.write("a.yaml", "old")
    first = repository.commit()
    repository.write("a.yaml", "new")
    repository.write("b.yaml", "more")
    repository.commit()
    old = snapshot(repository, "HEAD~1")
    assert old.commit == first
    assert contents(old) == {"a.yaml": b"old"}


def test_a_branch_is_read_while_another_one_is_checked_out(repository: GitRepository) -> None:
    repository.write("a.yaml", "main")
    repository.commit()
    repository.branch("proposal")
    repository.write("a.yaml", "proposal")
    repository.commit()
    assert contents(snapshot(repository, "main")) == {"a.yaml": b"main"}
    assert contents(snapshot(repository, "proposal")) == {"a.yaml": b"proposal"}


def test_an_edit_that_is_not_committed_is_not_read(repository: GitRepository) -> None:
    repository.write("a.yaml", "committed")
    repository.commit()
    repository.write("a.yaml", "edited")
    repository.write("b.yaml", "untracked")
    found = snapshot(repository)
    assert contents(found) == {"a.yaml": b"committed"}
    assert not found.in_work_tree


@pytest.mark.parametrize(
    "revision",
    [
        "nope",
        "",
        "-x",
        "--all",
        "--output=/tmp/owned",
        "a:b",
        ":/change",
        "HEAD:a.yaml",
        "@{-1}",
        "HEAD^{tree}",
        "HEAD..main",
        "HEAD^!",
        "HEAD~99",
        "HEAD --",
        "HEAD\n",
        "$(touch owned)",
        "*",
        "refs/heads/",
        "deadbeef",
        "\u202egnp",
    ],
)
def test_what_names_no_commit_is_refused_by_name(repository: GitRepository, revision: str) -> None:
    repository.write("a.yaml")
    repository.commit()
    error = refusal(repository, revision)
    assert str(error) == f"no commit named {ascii(revision)[1:-1]}"
    assert error.hint == "fetch it first, or check the name"


def test_a_name_of_a_branch_and_a_tag_is_refused_unless_it_is_the_same(repository: GitRepository) -> None:
    repository.write("a.yaml", "1")
    first = repository.commit()
    repository.git("tag", "release")
    repository.git("branch", "release")
    assert snapshot(repository, "release").commit == first
    repository.write("a.yaml", "2")
    second = repository.commit()
    repository.git("branch", "--force", "release")
    error = refusal(repository, "release")
    assert str(error) == "release is a branch and a tag, of different commits"
    assert error.hint == "say which: refs/heads/release or refs/tags/release"
    assert snapshot(repository, "refs/heads/release").commit == second
    assert snapshot(repository, "refs/tags/release").commit == snapshot(repository, first).commit == first


def test_a_name_that_is_no_utf8_outside_the_paths_asked_for_is_not_looked_at(
    repository: GitRepository,
) -> None:
    repository.write(os.fsdecode(b"vendor/inv\xff.yaml"), "ml_repo: a")
    repository.write("models/a.yaml", "ml_repo: a")
    repository.commit()
    found = snapshot(repository, "HEAD", "models")
    assert (list(contents(found)), found.files.faults) == (["models/a.yaml"], {})
    assert len(snapshot(repository, "HEAD", "vendor").files.faults) == 1


def test_the_last_branch_is_what_git_calls_it(repository: GitRepository) -> None:
    first = repository.commit()
    repository.branch("proposal")
    repository.commit()
    assert open_repository(repository.folder).resolve("@{-1}") == first


def test_a_repository_without_a_commit_says_so(repository: GitRepository) -> None:
    error = refusal(repository)
    assert (str(error), error.hint) == ("the repository has no commit yet", "commit the manifests first")
    assert open_repository(repository.folder).find_head() is None


def test_a_shallow_clone_says_how_to_get_the_rest(repository: GitRepository, tmp_path: Path) -> None:
    repository.write("a.yaml")
    repository.commit()
    repository.commit()
    clone = repository.clone(tmp_path / "clone", shallow=True)
    error = refusal(clone, "HEAD~1")
    assert str(error) == "no commit named HEAD~1"
    assert error.hint == "this clone is shallow: git fetch --unshallow (in CI: fetch-depth: 0)"
    assert contents(snapshot(clone)) == {"a.yaml": b""}


def test_a_detached_head_is_read(repository: GitRepository) -> None:
    first = repository.commit()
    repository.commit()
    repository.git("checkout", "--quiet", "--detach", first)
    assert open_repository(repository.folder).find_head() == first


# Where the repository is


def test_the_top_is_found_from_below(repository: GitRepository) -> None:
    repository.write("models/fraud/a.yaml")
    assert find_top(repository.folder / "models/fraud") == repository.folder


def test_there_is_no_top_outside_git(tmp_path: Path) -> None:
    assert find_top(tmp_path) is None


def test_a_folder_that_looks_like_a_bare_repository_is_no_top(repository: GitRepository) -> None:
    inner = repository.folder / "inner"
    repository.git("init", "--quiet", "--bare", "--template=", str(inner))
    (inner / "config").write_text("[core]\n\tbare = true\n\tfsmonitor = touch owned\n")
    repository.write("a.yaml", "ours")
    repository.commit()
    assert find_top(inner) == repository.folder
    assert contents(snapshot(repository)) == {"a.yaml": b"ours"}


@pytest.mark.parametrize("entry", [None, "junk", "gitdir: /nowhere\n"])
def test_a_broken_git_entry_is_no_repository(tmp_path: Path, entry: str | None) -> None:
    if entry is None:
        (tmp_path / ".git").mkdir()
    else:
        (tmp_path / ".git").write_text(entry)
    with pytest.raises(SourceError, match="is not a git repository") as caught:
        open_repository(tmp_path)
    assert caught.value.hint == "run inside a clone, or git init one"


def test_a_linked_work_tree_has_its_own_head(repository: GitRepository, tmp_path: Path) -> None:
    repository.write("a.yaml", "main")
    repository.commit()
    linked = repository.link_worktree(tmp_path / "linked", "proposal")
    linked.write("a.yaml", "proposal")
    commit = linked.commit()
    assert find_top(linked.folder) == linked.folder
    found = snapshot(linked)
    assert (found.commit, contents(found)) == (commit, {"a.yaml": b"proposal"})
    assert contents(snapshot(repository)) == {"a.yaml": b"main"}


def test_a_repository_with_longer_ids_is_read(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path, "sha256")
    repository.write("a.yaml", "x")
    commit = repository.commit()
    assert len(commit) == 64
    found = snapshot(repository, commit[:12])
    assert (found.commit, contents(found)) == (commit, {"a.yaml": b"x"})


def test_packed_objects_are_read_as_loose_ones_are(repository: GitRepository) -> None:
    for number in range(20):
        repository.write(f"{number}.yaml", f"number: {number}\n" * 50)
    repository.commit()
    loose = contents(snapshot(repository))
    repository.git("gc", "--quiet", "--aggressive")
    assert contents(snapshot(repository)) == loose


# Which files


def test_yaml_and_json_files_are_read_in_order_and_no_others(repository: GitRepository) -> None:
    for path in (
        "b.yml",
        "a/z.yaml",
        "a.yaml",
        "c.json",
        "README.md",
        "a.yaml.bak",
        "yaml",
        "d.YAML",
        ".yaml",
    ):
        repository.write(path, path)
    repository.commit()
    assert list(contents(snapshot(repository))) == ["a.yaml", "a/z.yaml", "b.yml", "c.json", "d.YAML"]


def test_scopes_choose_folders_and_files(repository: GitRepository) -> None:
    for path in ("fraud/a.yaml", "fraud/deep/b.yaml", "fraud2/c.yaml", "d.yaml", "e.yaml"):
        repository.write(path)
    repository.commit()
    assert list(contents(snapshot(repository, "HEAD", "fraud"))) == ["fraud/a.yaml", "fraud/deep/b.yaml"]
    assert list(contents(snapshot(repository, "HEAD", "d.yaml", "fraud/deep"))) == [
        "d.yaml",
        "fraud/deep/b.yaml",
    ]


def test_overlapping_scopes_read_a_file_once(repository: GitRepository) -> None:
    repository.write("fraud/a.yaml")
    repository.commit()
    assert list(contents(snapshot(repository, "HEAD", "fraud", "fraud/a.yaml", "."))) == ["fraud/a.yaml"]


def test_a_missing_scope_is_an_error_that_names_it(repository: GitRepository) -> None:
    repository.write("fraud/a.yaml")
    commit = repository.commit()
    error = refusal(repository, "HEAD", "fraud", "frau")
    assert str(error) == f"no file or folder frau in commit {commit[:10]}"
    assert error.hint == "check the path, or commit the file first"


def test_a_scope_that_is_there_but_holds_no_manifest_is_empty(repository: GitRepository) -> None:
    repository.write("docs/README.md", "text")
    repository.commit()
    assert list(snapshot(repository, "HEAD", "docs").files) == []


def test_hidden_folders_are_read_only_where_a_scope_names_them(repository: GitRepository) -> None:
    repository.write(".github/workflows/ci.yml")
    repository.write("a/.cache/b.yaml")
    repository.write(".hidden.yaml")
    repository.commit()
    assert list(contents(snapshot(repository))) == [".hidden.yaml"]
    assert list(contents(snapshot(repository, "HEAD", ".github"))) == [".github/workflows/ci.yml"]
    assert list(contents(snapshot(repository, "HEAD", "a/.cache/b.yaml"))) == ["a/.cache/b.yaml"]


def test_a_symbolic_link_is_counted_and_not_followed(repository: GitRepository) -> None:
    repository.write("a.yaml", "real")
    (repository.folder / "link.yaml").symlink_to("/etc/hostname")
    (repository.folder / "folder").symlink_to("/etc")
    repository.commit()
    found = snapshot(repository)
    assert contents(found) == {"a.yaml": b"real"}
    assert (found.unread, found.problems) == (["link.yaml"], ())


@pytest.mark.parametrize("scope", ["link.yaml", "folder", "folder/a.yaml", "folder/deep/a.yaml"])
def test_a_path_that_is_or_leads_through_a_link_is_refused(repository: GitRepository, scope: str) -> None:
    (repository.folder / "link.yaml").symlink_to("a.yaml")
    (repository.folder / "folder").symlink_to("elsewhere")
    repository.commit()
    link = scope.partition("/")[0]
    assert str(refusal(repository, "HEAD", scope)) == f"{link} is a symbolic link, which is not followed"


def test_a_submodule_is_passed_over_whatever_its_name(repository: GitRepository, tmp_path: Path) -> None:
    other = GitRepository(tmp_path / "other")
    other.write("secret.yaml")
    commit = other.commit()
    repository.write("a.yaml")
    for name in ("library", "library.yaml"):
        repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{name}")
    repository.git("add", "a.yaml")
    repository.git("commit", "--quiet", "--message=submodules")
    found = snapshot(repository)
    assert list(contents(found)) == ["a.yaml"]
    assert found.problems == ()


@pytest.mark.parametrize(
    "name",
    [
        "line\nbreak.yaml",
        'quo"te.yaml',
        "tab\t.yaml",
        "back\\slash.yaml",
        "ümläut 日本.yaml",
        "-x.yaml",
        " .yaml",
    ],
)
def test_a_strange_file_name_is_read_as_it_is(repository: GitRepository, name: str) -> None:
    repository.write(name, "x")
    repository.commit()
    assert contents(snapshot(repository)) == {name: b"x"}


def test_a_file_name_that_is_no_utf8_is_an_error_that_shows_it(repository: GitRepository) -> None:
    repository.write(os.fsdecode(b"caf\xe9.yaml"), "x")
    repository.write(os.fsdecode(b"caf\xe9.txt"), "x")
    repository.write("a.yaml", "x")
    repository.commit()
    found = snapshot(repository)
    assert list(contents(found)) == ["a.yaml", "caf\\xe9.yaml"]
    assert list(map(str, found.files.faults.values())) == [
        "caf\\xe9.yaml:1:1: file name is not UTF-8 (rename the file)"
    ]
    assert list(found.files.faults) == [1]


def test_of_a_file_beyond_one_mebibyte_a_part_is_read_if_it_may_hold_manifests(
    repository: GitRepository,
) -> None:
    repository.write("a.yaml", b"#" * MAX_FILE_BYTES)
    repository.write("b.yaml", b"#" * (MAX_FILE_BYTES + 1))
    repository.write("c.yaml", b"#" * (3 * MAX_FILE_BYTES) + b"ml_repo")
    repository.write("d.yaml", "after it")
    repository.commit()
    of_all = {"a.yaml": MAX_FILE_BYTES, "b.yaml": 0, "c.yaml": MAX_FILE_BYTES + 1, "d.yaml": 8}
    assert {path: len(data) for path, data in contents(snapshot(repository)).items()} == of_all
    named = snapshot(repository, "HEAD", "b.yaml")
    assert {path: len(data) for path, data in contents(named).items()} == {"b.yaml": MAX_FILE_BYTES + 1}


def test_thousands_of_files_come_in_order_with_their_own_contents(repository: GitRepository) -> None:
    names = [f"{number % 7}/{number * 7919 % 2000}.yaml" for number in range(2000)]
    stream = ["commit refs/heads/main", "committer T <t@example.com> 0 +0000", "data 0"]
    for name in names:
        stream += [f"M 100644 inline {name}", f"data {len(name)}", name]
    repository.git("fast-import", "--quiet", stdin="\n".join(stream) + "\n")
    found = snapshot(repository, "main")
    assert [file.path for file in found.files] == sorted(names)
    assert all(file.data.decode() == file.path for file in found.files)


def test_equal_contents_under_two_names_are_two_files(repository: GitRepository) -> None:
    repository.write("a.yaml", "same")
    repository.write("b.yaml", "same")
    repository.commit()
    assert contents(snapshot(repository)) == {"a.yaml": b"same", "b.yaml": b"same"}


def test_line_ends_and_any_bytes_come_as_committed(repository: GitRepository) -> None:
    data = b"\xef\xbb\xbfa: 1\r\n\x00\xff\n\nno line end"
    repository.write("a.yaml", data)
    repository.commit()
    assert contents(snapshot(repository)) == {"a.yaml": data}


def test_a_missing_object_is_an_error_that_names_it(repository: GitRepository) -> None:
    repository.write("a.yaml", "lost")
    repository.commit()
    oid = repository.git("rev-parse", "HEAD:a.yaml")
    (repository.folder / ".git/objects" / oid[:2] / oid[2:]).unlink()
    error = refusal(repository)
    assert str(error) == f"git has no object {oid[:10]}, which the commit names"
    assert error.hint == "the clone is damaged or partial: fetch it again in full"


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "../outside.yaml",
        ".git",
        ".GIT",
        "a/../../b.yaml",
        "/etc/x.yaml",
        "a//b.yaml",
        "./a.yaml",
    ],
)
def test_a_name_that_leads_out_of_the_repository_is_refused(repository: GitRepository, name: str) -> None:
    blob = repository.store("blob", b"ml_repo: 1")
    inside = repository.store_tree(("100644", b"x.yaml", blob))
    is_file = name.endswith(".yaml")
    entry = ("100644", name.encode(), blob) if is_file else ("40000", name.encode(), inside)
    repository.commit_tree(repository.store_tree(entry, ("100644", b"ok.yaml", blob)))
    found = snapshot(repository)
    assert len(contents(found)) == 2
    ((number, problem),) = found.files.faults.items()
    assert found.files.paths[number] != "ok.yaml"
    assert problem.message == "no file can have this name"
    assert problem.severity == "error"


def test_two_files_of_one_name_are_an_error(repository: GitRepository) -> None:
    blobs = [repository.store("blob", content) for content in (b"first", b"second")]
    repository.commit_tree(repository.store_tree(*(("100644", b"a.yaml", blob) for blob in blobs)))
    assert list(map(str, snapshot(repository).files.faults.values())) == [
        "a.yaml:1:1: two files of one name in the commit (remove one of them)"
    ]


def test_two_settings_files_are_an_error(repository: GitRepository) -> None:
    blobs = [repository.store("blob", content) for content in (b"ignore = '/step'", b"")]
    entries = (("100644", b"reconciler.toml", blob) for blob in blobs)
    repository.commit_tree(repository.store_tree(*entries))
    assert list(map(str, snapshot(repository).problems)) == [
        "reconciler.toml:1:1: two files of one name in the commit (remove one of them)"
    ]


@pytest.mark.parametrize("mode", ["20666", "10644", "60000", "140000"])
def test_a_device_or_a_pipe_in_a_commit_is_not_read(repository: GitRepository, mode: str) -> None:
    blob = repository.store("blob", b"x: 1")
    repository.commit_tree(repository.store_tree((mode, b"a.yaml", blob)))
    found = snapshot(repository)
    assert (list(found.files), found.problems) == ([], ())


def test_an_entry_without_a_name_is_an_error(repository: GitRepository) -> None:
    blob = repository.store("blob", b"x: 1")
    repository.commit_tree(repository.store_tree(("100644", b"", blob)))
    assert "empty filename" in str(refusal(repository))


def test_a_few_objects_that_stand_for_billions_of_files_are_refused(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.source.objects.MAX_ENTRIES", 5_000)  # to read as many as it takes is slow
    tree = repository.store_tree(("100644", b"x.yaml", repository.store("blob", b"x: 1")))
    for _ in range(10):
        tree = repository.store_tree(*(("40000", b"%d" % number, tree) for number in range(10)))
    repository.commit_tree(tree)
    assert "more than 500,000 files" in str(refusal(repository))


# Whose it is


@pytest.fixture
def foreign(repository: GitRepository) -> GitRepository:
    """A repository that belongs to another user."""
    if os.geteuid():
        pytest.skip("only root can give a file away")
    repository.write("a.yaml", "x")
    repository.commit()
    os.chown(repository.folder, 12345, 12345)
    os.chown(repository.folder / ".git", 12345, 12345)
    return repository


def test_a_repository_of_another_user_is_refused_with_the_command_that_trusts_it(
    foreign: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    error = refusal(foreign)
    assert str(error) == f"{foreign.folder} belongs to another user, and git does not trust it"
    assert error.hint == f"if you do: git config --global --add safe.directory {foreign.folder}"
    subprocess.run(shlex.split(error.hint.partition(": ")[2]), check=True)
    assert list(contents(snapshot(foreign))) == ["a.yaml"]


def test_a_repository_can_not_declare_itself_safe(
    foreign: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config = foreign.folder / ".git" / "config"
    config.write_text(config.read_text() + "[safe]\n\tdirectory = *\n")
    assert "another user" in str(refusal(foreign))


def test_the_command_that_trusts_a_folder_quotes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    repository = GitRepository(tmp_path / "a b; touch run")
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.chown(repository.folder / ".git", 12345, 12345)
    assert refusal(repository).hint.endswith(f" '{repository.folder}'")


def test_a_broken_repository_is_not_mistaken_for_the_one_around_it(repository: GitRepository) -> None:
    repository.write("a.yaml", "outer")
    repository.commit()
    inner = repository.folder / "inner"
    (inner / ".git").mkdir(parents=True)
    with pytest.raises(SourceError, match="is not a git repository"):
        open_repository(inner)


# Nothing in it is executed, and nothing around it redirects


@pytest.fixture
def trap(repository: GitRepository, tmp_path: Path) -> Path:
    """A marker file that every program which a repository can configure would make."""
    marker = tmp_path / "marker"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    script.chmod(0o755)
    run = str(script)
    repository.write("a.yaml", "x: 1\n")
    repository.write(".gitattributes", "*.yaml filter=trap diff=trap merge=trap ident\n")
    repository.commit()
    for name in (
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "credential.helper",
        "diff.external",
        "diff.trap.textconv",
        "diff.trap.command",
        "filter.trap.smudge",
        "filter.trap.clean",
        "filter.trap.process",
        "gpg.program",
        "sequence.editor",
        "uploadpack.packObjectsHook",
        "pager.ls-tree",
        "pager.cat-file",
        "pager.rev-parse",
    ):
        repository.configure(name, run)
    repository.configure("alias.ls-tree", f"!{run}")
    repository.configure("alias.cat-file", f"!{run}")
    hooks = repository.folder / "hooks"
    repository.configure("core.hooksPath", str(hooks))
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        file = repository.write(f"hooks/{hook}", script.read_bytes())
        file.chmod(0o755)
    return marker


def test_nothing_that_a_repository_configures_is_run(repository: GitRepository, trap: Path) -> None:
    assert contents(snapshot(repository)) == {"a.yaml": b"x: 1\n"}
    assert not trap.exists()


def test_the_trap_would_spring_where_git_runs_what_is_configured(
    repository: GitRepository, trap: Path
) -> None:
    repository.git("status", "--short")
    assert trap.exists()


def test_a_partial_clone_is_not_completed_over_the_network(repository: GitRepository, tmp_path: Path) -> None:
    repository.write("a.yaml", "elsewhere")
    repository.configure("uploadpack.allowFilter", "true")
    repository.commit()
    folder = tmp_path / "partial"
    url = repository.folder.as_uri()
    repository.git("clone", "--quiet", "--template=", "--no-checkout", "--filter=blob:none", url, str(folder))
    partial = GitRepository(folder)
    marker = tmp_path / "marker"
    partial.configure("remote.origin.uploadpack", f"touch {marker}; git-upload-pack")
    error = refusal(partial)
    assert error.hint == "the clone is damaged or partial: fetch it again in full"
    assert not marker.exists()


def test_a_replaced_object_is_not_what_is_read(repository: GitRepository) -> None:
    repository.write("a.yaml", "original")
    repository.commit()
    forged = repository.git("hash-object", "-w", "--stdin", stdin="forged")
    repository.git("replace", repository.git("rev-parse", "HEAD:a.yaml"), forged)
    assert contents(snapshot(repository)) == {"a.yaml": b"original"}


@pytest.mark.parametrize(
    "variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CEILING_DIRECTORIES"]
)
def test_the_callers_git_variables_do_not_choose_what_is_read(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    other = GitRepository(tmp_path / "other")
    other.write("other.yaml")
    other.commit()
    repository.write("a.yaml", "ours")
    commit = repository.commit()
    monkeypatch.setenv(variable, str(other.folder / ".git"))
    found = snapshot(repository)
    assert (found.commit, contents(found)) == (commit, {"a.yaml": b"ours"})


def test_reading_changes_nothing_in_the_repository(repository: GitRepository) -> None:
    repository.write("a.yaml")
    repository.commit()
    before = sorted((str(path), path.stat().st_mtime_ns) for path in repository.folder.rglob("*"))
    snapshot(repository)
    assert sorted((str(path), path.stat().st_mtime_ns) for path in repository.folder.rglob("*")) == before


@pytest.mark.skipif(sys.platform != "linux", reason="counts open files as Linux shows them")
def test_no_file_stays_open(repository: GitRepository) -> None:
    for name in "abc":
        repository.write(f"{name}.yaml", name)
    repository.commit()
    snapshot(repository)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        snapshot(repository)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
