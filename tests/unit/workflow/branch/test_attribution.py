"""Whose the changes of a plan are, in real repositories: how far is looked, and at how little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import pytest

from reconciler.errors import SourceError
from reconciler.model import Registered
from reconciler.planning.change import Plan
from reconciler.planning.describe import describe_plan
from reconciler.source.git import Git, Running
from reconciler.source.objects import read_blobs
from reconciler.source.repository import open_repository
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import EVERYTHING, Snapshot
from reconciler.workflow.branch import attribution, past
from reconciler.workflow.branch.attribution import add_attributions, attribute_plan
from reconciler.workflow.branch.base import Base, open_base
from tests.support.builders import external, load_manifests, plan_of, registered
from tests.support.git_repository import GitRepository


def manifest(version: int, **fields: Any) -> str:
    more = "".join(f"{key}: {value}\n" for key, value in fields.items())
    return (
        f"type: artifact-version\nml_repo: fraud\nname: scorer\nversion: {version}\nmetadata: {{}}\n"
        f"source: {{type: external, uri: 's3://models/scorer/{version}'}}\n{more}"
    )


def has(version: int, **fields: Any) -> Registered:
    return registered(version, source=external(f"s3://models/scorer/{version}"), **fields)


def compared(
    repository: GitRepository,
    base: str,
    *rows: Registered,
    scopes: tuple[PurePosixPath, ...] = EVERYTHING,
) -> tuple[Plan, Snapshot, Base]:
    """The plan of `HEAD` where some versions are registered, and what it is compared with."""
    opened = open_repository(repository.folder)
    snapshot = opened.take_snapshot("HEAD", scopes)
    return plan_of(load_manifests(snapshot), rows), snapshot, open_base(opened, scopes, base, "HEAD")[0]


def origins(repository: GitRepository, base: str, *rows: Registered) -> list[str | None]:
    return [found.origin for found in attribute_plan(*compared(repository, base, *rows)).found]


def written(repository: GitRepository, *descriptions: str, version: int = 1) -> str:
    """Commit a manifest with each description in turn; the id of the last commit."""
    for description in descriptions:
        repository.write(f"{version}.yaml", manifest(version, description=description))
        repository.commit()
    return repository.head


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that are run."""
    seen: list[str] = []
    start = Git.start

    def started(git: Git, command: str, *arguments: str, has_input: bool = False) -> Running:
        seen.append(" ".join((command, *arguments)))
        return start(git, command, *arguments, has_input=has_input)

    monkeypatch.setattr(Git, "start", started)
    return seen


# How little is looked at


def test_a_plan_without_changes_asks_git_for_nothing(repository: GitRepository, commands: list[str]) -> None:
    repository.write("a.yaml", manifest(1))
    plan, snapshot, base = compared(repository, repository.commit(), has(1))
    commands.clear()
    assert attribute_plan(plan, snapshot, base).found == ()
    assert commands == []


def test_of_the_base_no_file_is_read_that_is_the_same_now(
    repository: GitRepository, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in range(1, 6):
        repository.write(f"{version}.yaml", manifest(version))
    base = repository.commit()
    repository.write("2.yaml", manifest(2, description="new"))
    repository.commit()
    read: list[Sequence[bytes]] = []

    def noted(git: Git, oids: Sequence[bytes], named: frozenset[int]) -> Iterator[bytes]:
        read.append(oids)
        return read_blobs(git, oids, named)

    plan, snapshot, found = compared(repository, base)
    monkeypatch.setattr("reconciler.source.committed_files.read_blobs", noted)
    commands.clear()
    assert [a.origin for a in attribute_plan(plan, snapshot, found).found] == [
        "pending",
        "branch",
        *["pending"] * 3,
    ]
    before = repository.git("rev-parse", f"{base}:2.yaml").encode()
    assert {oid for oids in read for oid in oids} == {before}
    assert sum(command.startswith("log ") for command in commands) == 1


def test_history_is_asked_for_the_files_of_changes_only(
    repository: GitRepository, commands: list[str]
) -> None:
    repository.write("1.yaml", manifest(1))
    repository.write("2.yaml", manifest(2))
    plan, snapshot, base = compared(repository, repository.commit(), has(1))
    commands.clear()
    attribute_plan(plan, snapshot, base)
    (log,) = (command for command in commands if command.startswith("log "))
    assert log.endswith("-- :(top,literal)2.yaml")


# How far is looked


def test_what_is_registered_is_looked_for_in_all_that_the_file_was(repository: GitRepository) -> None:
    base = written(repository, "first", "second", "third")
    assert origins(repository, base, has(1, description="first")) == ["pending"]
    assert origins(repository, base, has(1, description="second")) == ["pending"]
    assert origins(repository, base, has(1, description="fourth")) == ["drift"]


def test_a_conflict_with_what_an_earlier_commit_declared_is_pending(repository: GitRepository) -> None:
    repository.write("1.yaml", manifest(1))
    repository.commit()
    repository.write("1.yaml", manifest(1).replace("scorer/1", "scorer/other"))
    base = repository.commit()
    plan, snapshot, found = compared(repository, base, has(1))
    assert [change.action for change in plan.changes] == ["conflict"]
    assert [a.origin for a in attribute_plan(plan, snapshot, found).found] == ["pending"]
    elsewhere = registered(1, source=external("s3://models/third"))
    assert origins(repository, base, elsewhere) == ["drift"]


def test_the_history_of_a_file_that_a_branch_moves_is_that_of_the_old_one(repository: GitRepository) -> None:
    base = written(repository, "first", "second")
    repository.branch("proposal")
    repository.git("mv", "1.yaml", "moved.yaml")
    repository.commit()
    assert origins(repository, base, has(1, description="first")) == ["pending"]
    assert origins(repository, base, has(1, description="x")) == ["drift"]


def test_earlier_contents_are_looked_at_up_to_a_bound(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "_MOST_EARLIER", 3)
    base = written(repository, "first", "second", "third", "fourth")
    assert origins(repository, base, has(1, description="second")) == ["pending"]
    assert origins(repository, base, has(1, description="first")) == ["drift"]


def test_of_changes_beyond_what_is_read_together_it_is_not_known_whose_they_are(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribution, "_MOST_READ", 2)
    written(repository, "first", "second")
    base = written(repository, "first", "second", version=2)
    rows = [has(version, description="first") for version in (1, 2)]
    assert sorted(origins(repository, base, *rows), key=str) == ["pending", "unknown"]


def test_where_earlier_contents_can_not_be_read_it_is_not_known_whose_a_change_is(
    repository: GitRepository,
) -> None:
    repository.write("1.yaml", manifest(1) + "#" * MAX_FILE_BYTES)
    repository.commit()
    repository.write("1.yaml", manifest(1, description="new"))
    base = repository.commit()
    assert origins(repository, base, has(1, description="x")) == ["unknown"]


def test_earlier_contents_that_are_no_manifests_are_no_failure(repository: GitRepository) -> None:
    for content in (b"\xff\xfe", b"{[", manifest(1, description="first").encode() + b"---\ntype: service\n"):
        repository.write("1.yaml", content)
        repository.commit()
    repository.write("1.yaml", manifest(1, description="second"))
    base = repository.commit()
    assert origins(repository, base, has(1, description="first")) == ["pending"]


def test_a_base_with_broken_files_declares_what_is_in_the_others(repository: GitRepository) -> None:
    repository.write("broken.yaml", "{[")
    repository.write("1.yaml", "# old\n" + manifest(1))
    base = repository.commit()
    repository.remove("broken.yaml")
    repository.write("1.yaml", manifest(1))
    repository.write("2.yaml", manifest(2))
    repository.commit()
    assert origins(repository, base) == ["pending", "branch"]


def test_a_folder_with_a_dot_counts_at_the_base_where_it_counts_now(repository: GitRepository) -> None:
    repository.write(".archive/1.yaml", "# old\n" + manifest(1))
    base = repository.commit()
    repository.write(".archive/1.yaml", manifest(1))
    repository.commit()
    scopes = (PurePosixPath(".archive"),)
    plan, snapshot, found = compared(repository, base, scopes=scopes)
    assert [a.origin for a in attribute_plan(plan, snapshot, found).found] == ["pending"]
    repository.git("mv", ".archive/1.yaml", "1.yaml")
    repository.commit()
    assert origins(repository, base) == ["branch"]


def test_a_file_that_somebody_else_has_edited_alike_is_of_whoever_made_it_what_it_is(
    repository: GitRepository,
) -> None:
    repository.write("1.yaml", manifest(1, description="old"))
    base = repository.commit()
    repository.branch("side")
    repository.write("1.yaml", manifest(1, description="given up"))
    given_up = repository.commit()
    repository.switch("main")
    repository.write("1.yaml", manifest(1, description="kept"))
    kept = repository.commit()
    repository.git("merge", "--quiet", "--no-edit", "--strategy=ours", "side")
    (found,) = attribute_plan(*compared(repository, base)).found
    assert found.commit == kept != given_up


# What is made of it


def test_a_document_tells_whose_its_changes_are(repository: GitRepository) -> None:
    repository.write("1.yaml", manifest(1))
    base_commit = repository.commit()
    repository.write("2.yaml", manifest(2))
    head = repository.commit()
    plan, snapshot, base = compared(repository, base_commit)
    document = describe_plan(plan)
    told = add_attributions(document, attribute_plan(plan, snapshot, base), base)
    assert told.source.base == base_commit
    assert told.digest == document.digest
    assert len(told.changes) == 2
    assert [(c.version, c.origin, c.commit, c.author) for c in told.changes] == [
        (1, "pending", base_commit, "Tester"),
        (2, "branch", head, "Tester"),
    ]
    assert list(told.changes) == list(told.changes)
    assert next(iter(told.changes)) in told.changes
    assert next(iter(document.changes)) not in told.changes


def test_a_base_whose_files_git_does_not_have_is_refused(repository: GitRepository) -> None:
    repository.write("1.yaml", manifest(1, description="old"))
    base = repository.commit()
    lost = repository.git("rev-parse", "HEAD:1.yaml")
    repository.write("1.yaml", manifest(1))
    repository.commit()
    (repository.folder / ".git/objects" / lost[:2] / lost[2:]).unlink()
    with pytest.raises(SourceError, match=f"git has no object {lost[:10]}"):
        attribute_plan(*compared(repository, base))
