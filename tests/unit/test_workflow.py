"""The use-cases: which files are read, and what stops a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import workflow
from reconciler.errors import SourceError
from reconciler.source.snapshot import Snapshot
from reconciler.workflow import Selection
from tests.support.builders import snapshot
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


def paths(found: Snapshot) -> list[str]:
    return [file.path for file in found.files]


def test_without_paths_the_whole_repository_is_read_from_anywhere_in_it(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paths(workflow.read_selected(Selection())) == ["a.yaml", "models/b.yaml"]
    monkeypatch.chdir(repository.folder / "models")
    assert paths(workflow.read_selected(Selection())) == ["a.yaml", "models/b.yaml"]
    assert paths(workflow.read_committed(Selection())) == ["a.yaml", "models/b.yaml"]


def test_paths_are_named_from_the_current_folder(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.folder / "models")
    assert paths(workflow.read_selected(Selection([Path()]))) == ["models/b.yaml"]
    assert paths(workflow.read_selected(Selection([Path("b.yaml")], "HEAD"))) == ["models/b.yaml"]
    assert paths(workflow.read_selected(Selection([Path("../a.yaml")]))) == ["a.yaml"]
    assert paths(workflow.read_selected(Selection([repository.folder / "models"]))) == ["models/b.yaml"]


def test_the_work_tree_is_read_by_default_and_a_commit_by_name(repository: GitRepository) -> None:
    repository.write("c.yaml", "x: 1\n")
    tree, commit = workflow.read_selected(Selection()), workflow.read_selected(Selection([], "HEAD"))
    assert (paths(tree), tree.in_work_tree, tree.commit) == (
        ["a.yaml", "c.yaml", "models/b.yaml"],
        True,
        repository.head,
    )
    assert (paths(commit), commit.in_work_tree) == (["a.yaml", "models/b.yaml"], False)


def test_paths_of_two_repositories_are_refused(repository: GitRepository, tmp_path: Path) -> None:
    GitRepository(tmp_path / "other")
    with pytest.raises(SourceError, match=f"lies outside {repository.folder}$") as caught:
        workflow.read_selected(Selection([Path("a.yaml"), tmp_path / "other"]))
    assert caught.value.hint == "give paths of one repository at a time"


def test_a_linked_folder_that_leads_out_of_the_repository_is_refused(
    repository: GitRepository, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.yaml").write_text(MANIFEST)
    (repository.folder / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(SourceError, match=r"lies outside"):
        workflow.read_selected(Selection([Path("a.yaml"), Path("link/secret.yaml")]))


def test_a_work_tree_outside_git_is_read_without_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_text(MANIFEST)
    monkeypatch.chdir(tmp_path)
    found = workflow.read_selected(Selection())
    assert (paths(found), found.commit) == (["a.yaml"], None)
    assert paths(workflow.read_offline(Selection([tmp_path]))) == ["a.yaml"]


def test_a_commit_outside_git_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=r"is not in a git repository$") as caught:
        workflow.read_selected(Selection([], "HEAD"))
    assert caught.value.hint == "run inside a clone, or git init one"
    with pytest.raises(SourceError, match=r"is not in a git repository$"):
        workflow.read_committed(Selection())


def test_offline_reading_asks_git_for_nothing(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    found = workflow.read_offline(Selection())
    assert (paths(found), found.commit) == (["a.yaml", "models/b.yaml"], None)
    assert repository.folder == Path.cwd()


def test_an_edit_that_declares_something_else_keeps_the_commit_from_being_read(
    repository: GitRepository,
) -> None:
    repository.write("a.yaml", "# a comment\n" + MANIFEST)
    assert paths(workflow.read_committed(Selection())) == ["a.yaml", "models/b.yaml"]
    repository.write("a.yaml", replaced("metadata: {}", "metadata: {a: 1}"))
    with pytest.raises(SourceError) as caught:
        workflow.read_committed(Selection())
    assert str(caught.value) == "the work tree differs from the commit at HEAD: fraud/scorer:1"
    assert caught.value.hint == "commit the edits, or say which commit is meant: --ref HEAD"
    assert paths(workflow.read_committed(Selection([Path("models")]))) == ["models/b.yaml"]


def test_many_edits_are_named_in_part(repository: GitRepository) -> None:
    for number in range(3, 10):
        repository.write(f"{number}.yaml", replaced("version: 1", f"version: {number}"))
    with pytest.raises(SourceError) as caught:
        workflow.read_committed(Selection())
    named = ", ".join(f"fraud/scorer:{number}" for number in range(3, 8))
    assert str(caught.value) == f"the work tree differs from the commit at HEAD: {named}, ..."


def test_no_document_at_all_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"^no YAML or JSON document in commit 0123456789$") as caught:
        workflow.validate(snapshot({}))
    assert caught.value.hint == "check the paths: is this the right folder?"
    with pytest.raises(SourceError, match=r"^no YAML or JSON document in the work tree$"):
        workflow.validate(snapshot({"a.yaml": "# nothing\n"}, commit=None, in_work_tree=True))


@pytest.mark.parametrize("content", ["type: service\n", "a: ["])
def test_other_documents_and_problems_are_found_documents(content: str) -> None:
    found = workflow.validate(snapshot({"a.yaml": content}))
    assert found.manifests == ()
