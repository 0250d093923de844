"""The work tree: regular files, and nothing that leads elsewhere."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from reconciler.errors import SourceError
from reconciler.source.repository import open_repository
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import Snapshot
from reconciler.source.worktree import read_work_tree
from tests.support.git_repository import GitRepository


def read(top: Path, *scopes: str) -> Snapshot:
    return read_work_tree(top, tuple(map(PurePosixPath, scopes or (".",))), None)


def paths(found: Snapshot) -> list[str]:
    return [file.path for file in found.files]


def write(top: Path, *names: str) -> None:
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)


def test_files_are_read_in_order_with_their_contents(tmp_path: Path) -> None:
    write(tmp_path, "b.yml", "a/z.yaml", "a.yaml", "c.json", "README.md")
    found = read(tmp_path)
    assert [(file.path, file.data) for file in found.files] == [
        ("a.yaml", b"a.yaml"),
        ("a/z.yaml", b"a/z.yaml"),
        ("b.yml", b"b.yml"),
        ("c.json", b"c.json"),
    ]
    assert found.in_work_tree


def test_the_commit_that_it_is_based_on_is_named(tmp_path: Path) -> None:
    assert read_work_tree(tmp_path, (PurePosixPath(),), "abc").commit == "abc"


def test_the_same_contents_give_the_same_files_and_problems_as_their_commit(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    for name in ("b.yaml", "a/x.yaml", "a.yaml", "a-b/y.json", ".hidden/z.yaml", ".top.yml", "é\n.yaml"):
        repository.write(name, name)
    repository.write("crlf.yaml", b"a: 1\r\n")
    repository.write(os.fsdecode(b"caf\xe9.yaml"), "x")
    repository.write("large.yaml", b"#" * (MAX_FILE_BYTES + 1))
    repository.write("full.yaml", b"#" * MAX_FILE_BYTES)
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    (tmp_path / "folder").symlink_to("a", target_is_directory=True)
    repository.commit()
    committed = open_repository(tmp_path).take_snapshot("HEAD", (PurePosixPath(),))
    found = read(tmp_path)
    assert list(found.files) == list(committed.files)
    assert found.files.faults == committed.files.faults
    assert [problem.place.file for problem in found.files.faults.values()] == ["caf\\xe9.yaml"]
    assert found.unread == committed.unread == ["link.yaml"]


def test_scopes_choose_folders_and_files(tmp_path: Path) -> None:
    write(tmp_path, "fraud/a.yaml", "fraud2/b.yaml", "c.yaml", "d.yaml")
    assert paths(read(tmp_path, "fraud", "c.yaml")) == ["c.yaml", "fraud/a.yaml"]
    assert paths(read(tmp_path, "fraud", "fraud/a.yaml", ".")) == paths(read(tmp_path))


def test_a_missing_scope_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^no file or folder frau in the work tree$") as caught:
        read(tmp_path, "frau")
    assert caught.value.hint == "check the path"


def test_hidden_folders_are_read_only_where_a_scope_names_them(tmp_path: Path) -> None:
    write(tmp_path, ".venv/a.yaml", "b/.cache/c.yaml", "d.yaml")
    assert paths(read(tmp_path)) == ["d.yaml"]
    assert paths(read(tmp_path, ".venv")) == [".venv/a.yaml"]


def test_a_linked_file_is_counted_and_its_target_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.yaml", "top/a.yaml")
    top = tmp_path / "top"
    (top / "link.yaml").symlink_to("../outside/secret.yaml")
    (top / "dangling.yaml").symlink_to("nowhere")
    (top / "loop.yaml").symlink_to("loop.yaml")
    found = read(top)
    assert paths(found) == ["a.yaml"]
    assert sorted(found.unread) == ["dangling.yaml", "link.yaml", "loop.yaml"]


def test_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.yaml", "top/a.yaml")
    top = tmp_path / "top"
    (top / "link").symlink_to("../outside", target_is_directory=True)
    (top / "loop").symlink_to(".", target_is_directory=True)
    assert paths(read(top)) == ["a.yaml"]


@pytest.mark.parametrize("scope", ["link", "link/secret.yaml", "link/deep", "a.yaml"])
def test_a_path_that_is_or_leads_through_a_link_is_refused(tmp_path: Path, scope: str) -> None:
    write(tmp_path, "outside/secret.yaml", "outside/deep/b.yaml")
    top = tmp_path / "top"
    top.mkdir()
    (top / "link").symlink_to("../outside", target_is_directory=True)
    (top / "a.yaml").symlink_to("../outside/secret.yaml")
    with pytest.raises(SourceError, match=f"^{scope.partition('/')[0]} is a symbolic link, which is not"):
        read(top, scope)


def test_a_committed_file_in_a_folder_that_has_become_a_link_is_not_read(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "team")
    repository.write("models/a.yaml", "x")
    repository.write("b.yaml", "x")
    repository.commit()
    (repository.folder / "models").rename(tmp_path / "elsewhere")
    (repository.folder / "models").symlink_to("../elsewhere", target_is_directory=True)
    assert paths(read(repository.folder)) == ["b.yaml"]


# What git would commit


def test_files_that_git_ignores_are_not_there(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "team")
    (tmp_path / "excludes").write_text("global.yaml\n")
    repository.configure("core.excludesFile", str(tmp_path / "excludes"))
    repository.write(".gitignore", "build/\n*.tmp.yaml\n!kept.tmp.yaml\n")
    repository.write("models/.gitignore", "/drafts\n")
    (repository.folder / ".git/info").mkdir(exist_ok=True)
    (repository.folder / ".git/info/exclude").write_text("mine.yaml\n")
    repository.write("tracked.tmp.yaml", "x")
    repository.git("add", "--force", "tracked.tmp.yaml")
    ignored = ("build/a.yaml", "a.tmp.yaml", "models/drafts/b.yaml", "mine.yaml", "global.yaml")
    kept = ("kept.tmp.yaml", "models/c.yaml", "drafts/d.yaml")
    write(repository.folder, *ignored, *kept)
    assert paths(read(repository.folder)) == sorted([*kept, "tracked.tmp.yaml"])
    assert paths(read(repository.folder, "models", "drafts")) == ["drafts/d.yaml", "models/c.yaml"]
    assert paths(read(repository.folder, "build/a.yaml")) == ["build/a.yaml"]
    assert paths(read(repository.folder, "build")) == []


def test_ignored_folders_are_not_looked_into(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "team")
    repository.write(".gitignore", "node_modules/\n")
    repository.write("a.yaml", "x")
    write(repository.folder, "node_modules/b.yaml")
    (repository.folder / "node_modules").chmod(0)
    assert paths(read(repository.folder)) == ["a.yaml"]


def test_a_file_with_a_conflict_is_there_once_and_a_removed_one_is_not(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "team")
    repository.write("a.yaml", "one")
    repository.write("b.yaml", "one")
    repository.commit()
    repository.git("switch", "--quiet", "-c", "other")
    repository.write("a.yaml", "two")
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.write("a.yaml", "three")
    repository.commit()
    with pytest.raises(AssertionError, match="merge"):
        repository.git("merge", "--quiet", "other")
    (repository.folder / "b.yaml").unlink()
    assert paths(read(repository.folder)) == ["a.yaml"]


def test_a_work_tree_of_another_user_is_read(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file away")
    repository = GitRepository(tmp_path / "team")
    repository.write(".gitignore", "b.yaml\n")
    write(repository.folder, "a.yaml", "b.yaml")
    for path in (repository.folder, repository.folder / ".git"):
        os.chown(path, 12345, 12345)
    assert paths(read(repository.folder)) == ["a.yaml"]


def test_where_git_is_not_installed_every_file_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = GitRepository(tmp_path / "team")
    repository.write(".gitignore", "b.yaml\n")
    write(repository.folder, "a.yaml", "b.yaml")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert paths(read(repository.folder)) == ["a.yaml", "b.yaml"]


def test_a_broken_git_entry_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(SourceError, match="is not a git repository"):
        read(tmp_path)


def test_a_pipe_named_like_a_manifest_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    write(tmp_path, "a.yaml")
    assert paths(read(tmp_path)) == ["a.yaml"]
    assert paths(read(tmp_path, "pipe.yaml")) == []


def test_a_folder_named_like_a_manifest_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "folder.yaml/a.yaml")
    assert paths(read(tmp_path)) == ["folder.yaml/a.yaml"]


def test_a_repository_within_is_passed_over(tmp_path: Path) -> None:
    GitRepository(tmp_path / "inner").write("a.yaml")
    write(tmp_path, "submodule/b.yaml", "c.yaml")
    (tmp_path / "submodule/.git").write_text("gitdir: ../elsewhere\n")
    assert paths(read(tmp_path)) == ["c.yaml"]


def test_a_file_that_can_not_be_opened_is_an_error_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml")
    with pytest.raises(SourceError, match=r"^no file or folder a\.yaml/b\.yaml in the work tree$"):
        read(tmp_path, "a.yaml/b.yaml")


def test_an_empty_folder_has_no_files(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.commit, list(found.files), found.problems) == (None, [], ())
    assert (found.in_work_tree, found.settings) == (True, None)


def test_nothing_that_a_repository_configures_is_run(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "team")
    marker = tmp_path / "marker"
    repository.configure("core.fsmonitor", f"touch {marker}")
    repository.configure("filter.trap.clean", f"touch {marker}; cat")
    repository.write(".gitattributes", "*.yaml filter=trap\n")
    repository.write("a.yaml", "x")
    assert paths(read(repository.folder)) == ["a.yaml"]
    assert not marker.exists()
