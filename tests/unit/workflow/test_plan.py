"""What a plan asks the control plane for, and what keeps it from being made."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.client.port import MlRepo, VersionPage
from reconciler.errors import ControlPlaneError, InvalidManifestsError, SettingsError, SourceError
from reconciler.manifest import workers
from reconciler.manifest.load import Declaration, Loading
from reconciler.model import Registered
from reconciler.planning.change import Conflict, Plan
from reconciler.source.snapshot import SourceFile
from reconciler.workflow.branch.comparison import BaseComparison
from reconciler.workflow.control_plane import create_ml_repos, open_embedded
from reconciler.workflow.options import PlanOptions
from reconciler.workflow.plan import BeginPlanning, plan, run_plan
from reconciler.workflow.read import Selection, find_base
from tests.support.builders import declaration, external, manifest, registered, snapshot
from tests.support.git_repository import GitRepository
from tests.support.memory_reader import MemoryReader


def made(found: Declaration, reader: MemoryReader) -> Plan:
    declared, decided = asyncio.run(plan(Loading(found.snapshot), reader))
    assert declared == found
    return decided


def many(count: int, **fields: Any) -> list[Registered]:
    """Versions that no manifest of a test declares."""
    return [registered(version, name="other", **fields) for version in range(1, count + 1)]


def unpinned(**given: Any) -> dict[str, Any]:
    return {field: value for field, value in manifest(**given).items() if field != "version"}


# What is asked for


def test_every_artifact_declared_is_asked_for_once() -> None:
    found = declaration(
        manifest(),
        manifest(version=2),
        manifest(name="ranker"),
        manifest(ml_repo="fraud-eu"),
        {"type": "service", "ml_repo": "a"},
    )
    reader = MemoryReader(
        {"fraud": many(1_000), "fraud-eu": many(1_000, ml_repo="fraud-eu"), "other": many(1, ml_repo="other")}
    )
    assert made(found, reader).counts["create"] == 4
    assert sorted((ml_repo, name or "", offset) for ml_repo, name, offset in reader.pages) == [
        ("fraud", "", 0),
        ("fraud", "ranker", 0),
        ("fraud", "scorer", 0),
        ("fraud-eu", "", 0),
        ("fraud-eu", "scorer", 0),
    ]


def test_an_ml_repo_with_few_versions_is_listed_as_a_whole() -> None:
    found = declaration(manifest(), manifest(name="ranker"), manifest(name="third"))
    reader = MemoryReader({"fraud": [registered(), *many(150)]})
    plan_made = made(found, reader)
    assert (plan_made.unchanged, plan_made.undeclared) == (1, 150)
    assert reader.pages == [("fraud", None, 0), ("fraud", None, 99)]


def test_where_no_manifest_is_declared_nothing_is_asked_for() -> None:
    reader = MemoryReader({"fraud": many(1)})
    empty = made(declaration({"type": "service", "ml_repo": "a"}), reader)
    assert (empty.changes, empty.others, reader.pages) == ((), 1, [])


def test_an_artifact_of_which_a_manifest_fits_several_versions_is_looked_at_again() -> None:
    source = external("s3://models/scorer/twice")
    found = declaration(unpinned(source=source), manifest(name="ranker"))
    rows = [registered(version, source=source) for version in (1, 2)]
    reader = MemoryReader({"fraud": [*rows, registered(name="ranker"), *many(5)]})
    plan_made = made(found, reader)
    (conflict,) = plan_made.changes
    assert isinstance(conflict, Conflict)
    assert conflict.reason == "2 registered versions have this source.uri: 1, 2"
    assert (plan_made.unchanged, plan_made.undeclared) == (1, 5)
    assert reader.pages == [("fraud", None, 0), ("fraud", "scorer", 0)]


# What keeps it from being made


class Refusing(MemoryReader):
    """One that gives no page."""

    async def fetch_versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """No page."""
        raise ControlPlaneError(
            f"no page of {ml_repo_id} after {offset}, {limit} at most, {name or 'of all'}"
        )


def load(text: str, settings: str = "") -> Loading:
    read = snapshot({"a.yaml": text})
    return Loading(replace(read, settings=SourceFile("reconciler.toml", settings.encode())))


def test_what_the_control_plane_refuses_ends_the_plan() -> None:
    with pytest.raises(ControlPlaneError, match=r"^no page of fraud after 0, 100 at most, of all$"):
        made(declaration(manifest()), Refusing({"fraud": []}))
    with pytest.raises(ControlPlaneError, match=r"^ML repo fraud does not exist on https://example\.com$"):
        made(declaration(manifest()), MemoryReader({}))


def test_what_is_wrong_with_the_manifests_is_reported_whatever_the_control_plane_says() -> None:
    found = snapshot({"a.json": '["ml_repo"', "b.yaml": str(manifest())})
    with pytest.raises(InvalidManifestsError) as caught:
        asyncio.run(plan(Loading(found), Refusing({"fraud": []})))
    assert [problem.place.file for problem in caught.value.problems] == ["a.json"]


def test_that_there_is_no_document_is_reported() -> None:
    with pytest.raises(SourceError, match=r"^no artifact version in commit 0123456789$"):
        asyncio.run(plan(load("# no ml_repo\n"), MemoryReader({})))


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (
            "https://other.example.com",
            "the manifests are for https://other.example.com, not for https://example.com",
        ),
        ("http://example.com", "expect_host in reconciler.toml: http://example.com would send the token"),
    ],
)
def test_another_control_plane_than_is_expected_is_asked_for_nothing(expected: str, message: str) -> None:
    reader = MemoryReader({"fraud": []})
    with pytest.raises(SettingsError) as caught:
        asyncio.run(plan(load(str(manifest()), f"expect_host = '{expected}'"), reader))
    assert str(caught.value).startswith(message)
    assert reader.pages == []


# Nobody is left behind


class Waiting(MemoryReader):
    """One that never answers."""

    async def find_ml_repo(self, name: str) -> MlRepo | None:
        """No ML repo."""
        await asyncio.Event().wait()
        return await super().find_ml_repo(name)


def several(monkeypatch: pytest.MonkeyPatch, settings: str = "") -> tuple[Loading, Sequence[int]]:
    """Manifests that are read by two other processes, and these."""
    monkeypatch.setattr(workers, "_count_cores", lambda: 2)
    monkeypatch.setattr(workers, "_MIN_SHARE_BYTES", 1)
    before = children()
    read = snapshot({f"{number}.yaml": str(manifest(version=number)) for number in range(1, 2_001)})
    loading = Loading(replace(read, settings=SourceFile("reconciler.toml", settings.encode())))
    processes = sorted(children() - before)
    assert len(processes) == 2
    return loading, processes


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="lists processes as Linux shows them")


def children() -> set[int]:
    """The processes that this one has started and not waited for, as Linux shows them."""
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))


@needs_linux
def test_no_process_is_left_when_a_plan_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    loading, processes = several(monkeypatch)

    async def interrupted() -> None:
        async with asyncio.timeout(0.1):
            await plan(loading, Waiting({}))

    with pytest.raises(TimeoutError):
        asyncio.run(interrupted())
    assert children().isdisjoint(processes)


@needs_linux
def test_no_process_is_left_when_a_plan_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    loading, processes = several(monkeypatch, "expect_host = 'https://other.example.com'")
    with pytest.raises(SettingsError):
        asyncio.run(plan(loading, MemoryReader({"fraud": []})))
    assert children().isdisjoint(processes)


# The whole of it, as a program has it done


class Unwatched:
    """Runs the call that plans."""

    def watch_planning(self, _loading: Loading, begin: BeginPlanning) -> tuple[Declaration, Plan]:
        """Run it."""
        return asyncio.run(begin(lambda reader: reader))


def test_a_work_tree_is_planned_and_compared_and_nothing_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    repository = GitRepository(tmp_path / "repository")
    repository.write("1.yaml", str(manifest(version=1)))
    repository.commit("one")
    repository.write("2.yaml", str(manifest(version=2)))
    monkeypatch.chdir(repository.folder)
    asked, database = PlanOptions(), f"{tmp_path}/registry.db"
    create_ml_repos(database, ["fraud"])

    def compare(selection: Selection) -> BaseComparison:
        return BaseComparison(find_base(selection, "HEAD")[0], is_asked=True)

    opening = open_embedded(f"sqlite:///{database}", "auto")
    with run_plan(asked, opening, Unwatched(), compare, lambda _: None) as planned:
        changes = {change.label: change.origin for change in planned.document.changes}
        assert changes == {"fraud/scorer:1": "pending", "fraud/scorer:2": "branch"}
        assert planned.document.source.is_dirty
        assert (planned.warnings, planned.undoing) == ((), 0)
    assert capfd.readouterr() == ("", "")
