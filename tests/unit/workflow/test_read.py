"""Which files are read: of a work tree, of a commit, and inside and outside git."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath

import pytest

from reconciler.errors import SourceError
from reconciler.source.snapshot import EVERYTHING, Snapshot
from reconciler.workflow.read import (
    Selection,
    find_base,
    is_dirty,
    read_committed,
    read_offline,
    select_snapshot,
)
from tests.support.git_repository import GitRepository
from tests.support.manifests import MANIFEST, replaced


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A repository with one manifest at the top and one below, and the current folder in it."""
    repository = GitRepository(tmp_path / "team")
    repository.write("a.yaml", MANIFEST)
    repository.write("models/b.yaml", replaced("version: 1", "version: 2"))
    repository.commit()
    monkeypatch.chdir(repository.folder)
    return repository


def paths(reading: AbstractContextManager[Snapshot]) -> list[str]:
    with reading as found:
        return [file.path for file in found.files]


def test_without_paths_the_whole_repository_is_read_from_anywhere_in_it(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paths(select_snapshot(Selection())) == ["a.yaml", "models/b.yaml"]
    monkeypatch.chdir(repository.folder / "models")
    assert paths(select_snapshot(Selection())) == ["a.yaml", "models/b.yaml"]
    assert paths(read_committed(Selection())) == ["a.yaml", "models/b.yaml"]


def test_paths_are_named_from_the_current_folder(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.folder / "models")
    assert paths(select_snapshot(Selection([Path()]))) == ["models/b.yaml"]
    assert paths(select_snapshot(Selection([Path("b.yaml")], "HEAD"))) == ["models/b.yaml"]
    assert paths(select_snapshot(Selection([Path("../a.yaml")]))) == ["a.yaml"]
    assert paths(select_snapshot(Selection([repository.folder / "models"]))) == ["models/b.yaml"]


def test_the_work_tree_is_read_by_default_and_a_commit_by_name(repository: GitRepository) -> None:
    repository.write("c.yaml", "x: 1\n")
    assert paths(select_snapshot(Selection())) == ["a.yaml", "c.yaml", "models/b.yaml"]
    assert paths(select_snapshot(Selection([], "HEAD"))) == ["a.yaml", "models/b.yaml"]
    with select_snapshot(Selection()) as tree, select_snapshot(Selection([], "HEAD")) as commit:
        assert (tree.in_work_tree, tree.commit) == (True, repository.head)
        assert (commit.in_work_tree, commit.commit) == (False, repository.head)


def test_paths_of_two_repositories_are_refused(repository: GitRepository, tmp_path: Path) -> None:
    GitRepository(tmp_path / "other")
    with pytest.raises(SourceError, match=f"lies outside {repository.folder}$") as caught:
        paths(select_snapshot(Selection([Path("a.yaml"), tmp_path / "other"])))
    assert caught.value.hint == "give paths of one repository at a time"


def test_a_linked_folder_that_leads_out_of_the_repository_is_refused(
    repository: GitRepository, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.yaml").write_text(MANIFEST)
    (repository.folder / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(SourceError, match=r"^link is a symbolic link, which is not followed$"):
        paths(select_snapshot(Selection([Path("a.yaml"), Path("link/secret.yaml")])))


def test_a_work_tree_outside_git_is_read_without_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_text(MANIFEST)
    monkeypatch.chdir(tmp_path)
    assert paths(select_snapshot(Selection())) == ["a.yaml"]
    assert paths(read_offline(Selection([tmp_path]))) == ["a.yaml"]
    with select_snapshot(Selection()) as found:
        assert found.commit is None


def test_a_commit_outside_git_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=r"is not in a git repository$") as caught:
        paths(select_snapshot(Selection([], "HEAD")))
    assert caught.value.hint == "run inside a clone, or git init one"
    with pytest.raises(SourceError, match=r"is not in a git repository$"):
        paths(read_committed(Selection()))


def test_offline_reading_asks_git_for_nothing(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert paths(read_offline(Selection())) == ["a.yaml", "models/b.yaml"]
    with read_offline(Selection()) as found:
        assert found.commit is None
    assert repository.folder == Path.cwd()


def test_an_edit_that_declares_something_else_keeps_the_commit_from_being_read(
    repository: GitRepository,
) -> None:
    repository.write("a.yaml", "# a comment\n" + MANIFEST)
    assert paths(read_committed(Selection())) == ["a.yaml", "models/b.yaml"]
    repository.write("a.yaml", replaced("metadata: {}", "metadata: {a: 1}"))
    with pytest.raises(SourceError) as caught:
        paths(read_committed(Selection()))
    assert str(caught.value) == "the work tree differs from the commit at HEAD: fraud/scorer:1"
    assert caught.value.hint == "commit the edits, or say which commit is meant: --ref HEAD"
    assert paths(read_committed(Selection([Path("models")]))) == ["models/b.yaml"]


def test_the_commit_is_read_and_not_the_work_tree_that_declares_the_same(repository: GitRepository) -> None:
    repository.write("a.yaml", "# a comment\n" + MANIFEST)
    with read_committed(Selection([Path("a.yaml")])) as found:
        assert [file.data for file in found.files] == [MANIFEST.encode()]
        assert (found.in_work_tree, found.commit) == (False, repository.head)


def test_many_edits_are_named_in_part(repository: GitRepository) -> None:
    for number in range(3, 10):
        repository.write(f"{number}.yaml", replaced("version: 1", f"version: {number}"))
    with pytest.raises(SourceError) as caught:
        paths(read_committed(Selection()))
    named = ", ".join(f"fraud/scorer:{number}" for number in range(3, 8))
    assert str(caught.value) == f"the work tree differs from the commit at HEAD: {named}, ..."


# What is told of the source


@pytest.mark.parametrize("revision", [None, "HEAD"])
def test_where_the_repository_is_from_and_what_was_asked_for_is_reported(
    repository: GitRepository, revision: str | None
) -> None:
    with select_snapshot(Selection([], revision)) as found:
        assert (found.remote, found.scopes) == (None, EVERYTHING)
    repository.configure("remote.origin.url", "https://user:secret@example.com/team/models")
    with select_snapshot(Selection([Path("models")], revision)) as found:
        assert (found.remote, found.scopes) == ("https://example.com/team/models", (PurePosixPath("models"),))
    with read_committed(Selection([Path("models")])) as found:
        assert (found.remote, found.scopes) == ("https://example.com/team/models", (PurePosixPath("models"),))


def is_edited(*scopes: str, revision: str | None = None) -> bool:
    selection = Selection([Path(scope) for scope in scopes], revision)
    with select_snapshot(selection) as found:
        return is_dirty(selection, found)


def test_a_work_tree_differs_from_its_commit_where_a_manifests_file_does(repository: GitRepository) -> None:
    assert not is_edited()
    repository.write("notes.txt", "x")
    repository.write("a.yaml", MANIFEST.replace("\n", "\r\n"))
    assert not is_edited()
    repository.write("a.yaml", MANIFEST.replace("scorer", "ranker"))
    assert is_edited()
    assert is_edited("a.yaml")
    assert not is_edited("models")
    assert not is_edited(revision="HEAD")


def test_a_file_more_or_less_is_a_difference(repository: GitRepository) -> None:
    repository.write("models/c.yaml", MANIFEST)
    assert is_edited()
    repository.remove("models/c.yaml")
    assert not is_edited()
    repository.remove("models/b.yaml")
    assert is_edited()


def test_outside_git_and_before_the_first_commit_nothing_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path / "plain", GitRepository(tmp_path / "new").folder):
        folder.mkdir(exist_ok=True)
        (folder / "a.yaml").write_text(MANIFEST)
        monkeypatch.chdir(folder)
        assert not is_edited()


def test_a_repository_of_sha_256_ids_is_compared_by_contents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = GitRepository(tmp_path / "long", "sha256")
    repository.write("a.yaml", MANIFEST)
    repository.commit()
    monkeypatch.chdir(repository.folder)
    assert not is_edited()
    repository.write("a.yaml", MANIFEST.replace("scorer", "ranker"))
    assert is_edited()


def test_a_base_is_the_commit_where_the_branch_left_it(repository: GitRepository) -> None:
    left = repository.head
    repository.branch("proposal")
    head = repository.commit("proposed")
    repository.switch("main")
    tip = repository.commit("merged meanwhile")
    base, said = find_base(Selection([Path("models")], "proposal"), "main")
    assert (base.commit, base.tip, base.head, said) == (left, tip, head, "")
    assert base.scopes == (PurePosixPath("models"),)
    assert find_base(Selection(), "proposal")[0].head == tip


def test_a_base_of_another_history_is_compared_as_it_is(repository: GitRepository) -> None:
    main = repository.head
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit("another beginning")
    base, said = find_base(Selection(), "main")
    assert base.commit == main
    assert said.startswith("compared with main as it is now")
