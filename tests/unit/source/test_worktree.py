"""The work tree: regular files, and nothing that leads elsewhere."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from reconciler.errors import SourceError
from reconciler.source.repository import open_repository
from reconciler.source.snapshot import MAX_FILE_BYTES, Snapshot
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
    committed = open_repository(tmp_path).snapshot("HEAD", (PurePosixPath(),))
    found = read(tmp_path)
    assert list(found.files) == list(committed.files)
    assert set(found.problems) == set(committed.problems)
    assert len(found.problems) == 3


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


def test_a_linked_file_is_a_warning_and_its_target_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.yaml", "top/a.yaml")
    top = tmp_path / "top"
    (top / "link.yaml").symlink_to("../outside/secret.yaml")
    (top / "dangling.yaml").symlink_to("nowhere")
    (top / "loop.yaml").symlink_to("loop.yaml")
    found = read(top)
    assert paths(found) == ["a.yaml"]
    assert list(map(str, found.problems)) == [
        f"{name}:1:1: warning: symbolic link, not followed (give the manifest a file of its own)"
        for name in ("dangling.yaml", "link.yaml", "loop.yaml")
    ]


def test_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.yaml", "top/a.yaml")
    top = tmp_path / "top"
    (top / "link").symlink_to("../outside", target_is_directory=True)
    (top / "loop").symlink_to(".", target_is_directory=True)
    assert paths(read(top)) == ["a.yaml"]
    assert paths(read(top, "link")) == []


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
