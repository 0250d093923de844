"""What a branch changes in `reconciler.toml` is told, with what it leaves out."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from reconciler.source.repository import open_repository
from reconciler.source.snapshot import EVERYTHING
from reconciler.workflow.branch.base import open_base
from reconciler.workflow.branch.settings_changes import find_settings_changes
from reconciler.workflow.read import Selection, read_offline
from tests.support.builders import load_manifests
from tests.support.git_repository import GitRepository
from tests.support.manifests import replaced


@pytest.fixture
def team(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A repository with three manifests, and a branch."""
    for version in (1, 2, 3):
        repository.write(f"models/{version}.yaml", replaced("version: 1", f"version: {version}"))
    repository.commit()
    repository.branch("next")
    monkeypatch.chdir(repository.folder)
    return repository


def told(team: GitRepository, base: str = "main", *scopes: str) -> list[str]:
    chosen = tuple(map(PurePosixPath, scopes)) or EVERYTHING
    with read_offline(Selection(tuple(map(team.folder.joinpath, scopes)), "HEAD")) as snapshot:
        found = open_base(open_repository(team.folder), chosen, base, "HEAD")[0]
        return list(map(str, find_settings_changes(found, load_manifests(snapshot))))


def settings(team: GitRepository, text: str) -> None:
    team.write("reconciler.toml", text)
    team.commit()


def test_settings_that_are_the_same_are_not_reported(team: GitRepository) -> None:
    assert told(team) == []
    settings(team, 'ignore = "/description"\n')
    settings(team, "# in other words\nignore = ['/description']\n")
    assert told(team, "HEAD~1") == []


def test_what_is_left_out_now_is_named(team: GitRepository) -> None:
    settings(team, '\nexclude = ["models/1.yaml", "models/2.yaml"]\n')
    (message,) = told(team)
    assert message == (
        "reconciler.toml:2:1: warning: exclude is not what it is at the base: + models/1.yaml, "
        "+ models/2.yaml; 2 manifests of the base left out: fraud/scorer:1, fraud/scorer:2"
    )


def test_paths_that_leave_out_what_was_read_are_reported(team: GitRepository) -> None:
    team.write("prod/4.yaml", replaced("version: 1", "version: 4"))
    settings(team, 'paths = ["prod"]\n')
    assert told(team)[0].endswith(
        "+ prod; 3 manifests of the base left out: fraud/scorer:1, fraud/scorer:2, fraud/scorer:3"
    )
    assert told(team, "main", "models") == [
        "reconciler.toml:1:1: warning: paths is not what it is at the base: + prod"
    ]


def test_what_was_moved_elsewhere_is_not_left_out(team: GitRepository) -> None:
    team.git("mv", "models/1.yaml", "1.yaml")
    settings(team, 'exclude = ["models/1.yaml"]\n')
    assert told(team) == [
        "reconciler.toml:1:1: warning: exclude is not what it is at the base: + models/1.yaml"
    ]


def test_many_are_counted_and_some_of_them_named(team: GitRepository) -> None:
    team.git("switch", "--quiet", "main")
    for version in range(4, 20):
        team.write(f"models/{version}.yaml", replaced("version: 1", f"version: {version}"))
    team.write("other.yaml", replaced("version: 1", "version: 20"))
    team.commit()
    team.git("switch", "--quiet", "-C", "next")
    settings(team, 'exclude = ["models"]\n')
    (message,) = told(team)
    assert "19 manifests of the base left out: fraud/scorer:1, " in message
    assert message.endswith(" and 9 more")


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("", 'ignore = ["/metadata/owner"]', "ignore is not what it is at the base: + /metadata/owner"),
        (
            'ignore = ["/description", "/step"]',
            'ignore = ["/step", "/metadata/a~1b"]',
            "ignore is not what it is at the base: + /metadata/a~1b, - /description",
        ),
        ("", 'normalise = ["trim"]', "normalise is not what it is at the base: + trim"),
        ("[guard]\npercent = 5", "", "guard is not what it is at the base: + percent 30, - percent 5"),
        (
            'expect_host = "https://a.example.com"',
            'expect_host = "https://b.example.com"',
            "expect_host is not what it is at the base: + https://b.example.com, - https://a.example.com",
        ),
    ],
)
def test_what_hides_or_allows_more_is_reported(
    team: GitRepository, before: str, after: str, change: str
) -> None:
    settings(team, f"# settings\n{before}\n")
    settings(team, f"{after}\n# settings\n")
    assert told(team, "HEAD~1") == [f"reconciler.toml:1:1: warning: {change}"]


def test_settings_that_are_gone_are_reported(team: GitRepository) -> None:
    settings(team, 'exclude = ["models"]\n')
    team.remove("reconciler.toml")
    team.commit()
    assert told(team, "HEAD~1") == [
        "reconciler.toml:1:1: warning: exclude is not what it is at the base: - models"
    ]
