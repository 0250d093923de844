"""Contents that a branch declares otherwise than its base, in real repositories."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifest.load import Loading
from reconciler.manifest.rules import problems
from reconciler.source.repository import open_repository
from reconciler.source.snapshot import EVERYTHING
from reconciler.workflow.branch.base import open_base
from reconciler.workflow.branch.contents import check_contents
from tests.support.git_repository import GitRepository


def manifest(version: int | None, uri: str = "s3://example/1", **fields: Any) -> str:
    given = {"version": version, **fields} if version else fields
    more = "".join(f"{key}: {value}\n" for key, value in given.items())
    return (
        f"type: artifact-version\nml_repo: fraud\nname: scorer\nmetadata: {{}}\n"
        f"source: {{type: external, uri: '{uri}'}}\n{more}"
    )


def found(repository: GitRepository, base: str) -> list[tuple[str, str, str]]:
    """What is wrong with `HEAD`: file, message and hint."""
    opened = open_repository(repository.folder)
    loading = Loading(opened.take_snapshot("HEAD", EVERYTHING))
    compared, _ = open_base(opened, EVERYTHING, base, "HEAD")
    checked = check_contents(compared, loading.load_declaration(), loading)
    return [(problem.place.file, problem.message, problem.hint) for problem in checked.problems]


def test_an_edit_is_reported_with_the_place_at_the_base_and_a_number_that_is_free(
    repository: GitRepository,
) -> None:
    repository.write("1.yaml", manifest(1))
    repository.write("7.yaml", "\n" + manifest(7, run_id="a", step=1))
    base = repository.commit()
    repository.write("7.yaml", manifest(7, uri="s3://example/2", run_id="b", step=1))
    repository.write("1.yaml", manifest(1, uri="s3://example/3"))
    repository.commit()
    said = f"can not change: commit {base[:10]} declares it otherwise, at"
    assert found(repository, base) == [
        (
            "1.yaml",
            f"source of fraud/scorer:1 {said} 1.yaml:5:31",
            "declare it as a new version: 8 is free, as far as git knows",
        ),
        (
            "7.yaml",
            f"source and run_id of fraud/scorer:7 {said} 7.yaml:6:31",
            "declare it as a new version: 9 is free, as far as git knows",
        ),
    ]


@pytest.mark.parametrize(
    ("before", "after", "at"),
    [
        (
            manifest(None, version_alias="v-prod"),
            manifest(None, "s3://example/2", version_alias="v-prod"),
            "a.yaml:5:31",
        ),
        (manifest(None) + "step: 1\n", manifest(None) + "step: 2\n", "a.yaml:6:7"),
    ],
)
def test_versions_that_are_known_by_alias_or_contents_can_not_change_either(
    repository: GitRepository, before: str, after: str, at: str
) -> None:
    repository.write("a.yaml", before)
    base = repository.commit()
    repository.write("b.yaml", after)
    repository.remove("a.yaml")
    repository.commit()
    ((file, message, _),) = found(repository, base)
    assert file == "b.yaml"
    assert message.endswith(f"at {at}")


def test_other_edits_new_versions_and_moves_are_none(repository: GitRepository) -> None:
    repository.write("a.yaml", manifest(1) + "---\n" + manifest(2, step=3))
    repository.write("c.yaml", manifest(None, "s3://example/c"))
    base = repository.commit()
    repository.write("a.yaml", manifest(2, step=3, description="moved up"))
    repository.write("models/1.yaml", manifest(1, version_alias="v-prod"))
    repository.write("c.yaml", manifest(None, "s3://example/d"))
    repository.write("4.yaml", manifest(4, uri="s3://example/4"))
    repository.commit()
    assert found(repository, base) == []


def test_what_the_base_has_brought_since_the_branch_left_is_not_compared(repository: GitRepository) -> None:
    repository.write("1.yaml", manifest(1))
    repository.commit()
    repository.branch("proposal")
    repository.write("2.yaml", manifest(2))
    repository.commit()
    repository.switch("main")
    repository.write("1.yaml", manifest(1, uri="s3://example/2"))
    repository.commit()
    repository.switch("proposal")
    assert found(repository, "main") == []


def test_settings_that_leave_contents_to_others_are_kept(repository: GitRepository) -> None:
    repository.write("reconciler.toml", 'ignore = ["/step"]\n')
    repository.write("1.yaml", manifest(1, step=1))
    base = repository.commit()
    repository.write("1.yaml", manifest(1, step=2))
    repository.commit()
    assert found(repository, base) == []
    repository.remove("reconciler.toml")
    repository.commit()
    assert [file for file, _, _ in found(repository, base)] == ["1.yaml", "reconciler.toml"]


def test_many_edits_are_reported_up_to_the_bound_of_problems(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "MAX_PROBLEMS_IN_FILE", 3)
    repository.write("a.yaml", "---\n".join(manifest(version) for version in range(1, 10)))
    base = repository.commit()
    repository.write("a.yaml", "---\n".join(manifest(version, "s3://example/x") for version in range(1, 10)))
    repository.commit()
    told = [message for _, message, _ in found(repository, base)]
    assert len(told) == 4
    assert sum("only the first are told" in message for message in told) == 1


def test_what_else_is_wrong_is_reported_as_well(repository: GitRepository) -> None:
    repository.write("1.yaml", manifest(1))
    base = repository.commit()
    repository.write("0.yaml", "{[ # ml_repo")
    repository.write("1.yaml", manifest(1, uri="s3://example/2"))
    repository.commit()
    assert [file for file, _, _ in found(repository, base)] == ["0.yaml", "1.yaml"]
