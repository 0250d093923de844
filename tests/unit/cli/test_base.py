"""Which commit a plan is compared with, by what the caller and the environment say."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.base import find_comparison
from reconciler.errors import SourceError
from reconciler.terminal.terminal import Terminal
from reconciler.workflow.branch.base import Base
from reconciler.workflow.read import Selection
from tests.support.git_repository import GitRepository


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A clone whose branches all name other commits, and the current folder in it."""
    origin = GitRepository(tmp_path / "origin")
    for branch in ("develop", "release/1"):
        origin.commit()
        origin.git("branch", branch)
    origin.commit()
    clone = origin.clone(tmp_path / "clone")
    clone.commit()
    monkeypatch.chdir(clone.folder)
    return clone


def base_commit(terminal: Terminal, environment: dict[str, str], asked: str | None = None) -> str | None:
    """The commit that is compared with."""
    found = find_comparison(terminal, Selection(), asked, environment)
    if found is None:
        return None
    assert isinstance(found.base, Base)
    assert found.is_asked == (asked is not None)
    return found.base.commit


def missing_base(terminal: Terminal, environment: dict[str, str]) -> str:
    """Why there is no commit to compare with, as the plan tells it."""
    found = find_comparison(terminal, Selection(), None, environment)
    assert found
    assert isinstance(found.base, SourceError)
    return str(found.base)


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, None),
        ({"GITHUB_BASE_REF": ""}, None),
        ({"GITHUB_BASE_REF": "develop"}, "origin/develop"),
        ({"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release/1"}, "origin/release/1"),
        ({"BITBUCKET_PR_DESTINATION_BRANCH": "main"}, "origin/main"),
        ({"CHANGE_TARGET": "develop"}, "origin/develop"),
    ],
)
def test_the_environment_of_a_pull_request_names_the_base(
    terminal: Terminal, repository: GitRepository, environment: dict[str, str], name: str | None
) -> None:
    expected = repository.git("rev-parse", f"refs/remotes/{name}") if name else None
    assert base_commit(terminal, environment) == expected


def test_the_commit_that_gitlab_names_is_taken_where_the_branch_is_not_here(
    terminal: Terminal, repository: GitRepository
) -> None:
    develop = repository.git("rev-parse", "origin/develop")
    environment = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "gone", "CI_MERGE_REQUEST_DIFF_BASE_SHA": develop}
    assert base_commit(terminal, environment) == develop


def test_a_tag_of_the_name_of_the_base_branch_is_not_taken_for_it(
    terminal: Terminal, repository: GitRepository
) -> None:
    repository.git("tag", "origin/develop", "HEAD")
    repository.git("tag", "develop", "HEAD")
    assert base_commit(terminal, {"GITHUB_BASE_REF": "develop"}) == repository.git(
        "rev-parse", "refs/remotes/origin/develop"
    )


def test_what_the_caller_asks_for_comes_before_the_environment(
    terminal: Terminal, repository: GitRepository
) -> None:
    found = base_commit(terminal, {"GITHUB_BASE_REF": "develop"}, "origin/release/1")
    assert found == repository.git("rev-parse", "origin/release/1")


@pytest.mark.usefixtures("repository")
def test_a_default_that_can_not_be_had_is_reported_and_what_is_asked_for_an_error(terminal: Terminal) -> None:
    said = missing_base(terminal, {"GITHUB_BASE_REF": "--output=x\n::error::"})
    assert said == r"no commit named --output=x\n::error::"
    with pytest.raises(SourceError, match="no commit named gone"):
        base_commit(terminal, {}, "gone")


def test_outside_git_there_is_no_default(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "is not in a git repository" in missing_base(terminal, {"GITHUB_BASE_REF": "main"})


@pytest.mark.usefixtures("repository")
def test_a_remote_repository_is_not_the_one_of_the_pull_request(
    terminal: Terminal, capfd: pytest.CaptureFixture[str]
) -> None:
    selection = Selection(repository="https://example.com/team/models")
    assert find_comparison(terminal, selection, None, {"GITHUB_BASE_REF": "develop"}) is None
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, ""),
        ({"GITHUB_EVENT_NAME": "push"}, "note: compared with no base: this GitHub push tells none\n"),
        (
            {"CIRCLE_PULL_REQUEST": "x"},
            "note: compared with no base: this CircleCI pull request tells none\n",
        ),
        (
            {"GITHUB_BASE_REF": "develop"},
            "note: compared with origin/develop, the base of this GitHub pull request\n",
        ),
    ],
)
@pytest.mark.usefixtures("repository")
def test_what_is_compared_with_in_ci_is_reported(
    terminal: Terminal, environment: dict[str, str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    find_comparison(terminal, Selection(), None, environment)
    assert capfd.readouterr().err == said
