"""The store in one process: numbering, aliases, tags, filters, paging, and files that are not its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reconciler.registry import Behaviour, Store, StoreError
from reconciler.registry.errors import Busy, Conflict, Invalid, NotFound
from reconciler.registry.storage.overview import MAX_EVENTS
from reconciler.registry.storage.queries import ArtifactQuery, MlRepoQuery, VersionQuery
from reconciler.registry.storage.rows import ArtifactVersion
from reconciler.wire.models import VersionManifest


def manifest(**given: Any) -> VersionManifest:
    body = {
        "type": "artifact-version",
        "name": "scorer",
        "ml_repo": "fraud",
        "metadata": {},
        "source": {"type": "truefoundry"},
    }
    return VersionManifest.model_validate({**body, **given})


def put(store: Store, **given: Any) -> ArtifactVersion:
    return store.put_version(manifest(**given), Behaviour())


def numbers(store: Store, **query: Any) -> list[int]:
    return [row.manifest["version"] for row in store.list_versions(VersionQuery(**query)).rows]


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with Store(":memory:" if request.param == "memory" else tmp_path / "registry.db") as opened:
        for name in ("fraud", "fraud-eu", "search"):
            opened.put_ml_repo({"type": "ml-repo", "name": name})
        yield opened


def test_versions_are_numbered_from_one(store: Store) -> None:
    assert [put(store).manifest["version"] for _ in range(3)] == [1, 2, 3]
    assert put(store, name="other").manifest["version"] == 1
    assert put(store, ml_repo="search").manifest["version"] == 1


def test_the_number_of_a_deleted_version_is_not_given_again(store: Store) -> None:
    put(store)
    newest = put(store)
    store.delete_version(newest.id)
    assert put(store).manifest["version"] == 3


def test_a_deleted_version_comes_back_only_if_asked_for_by_number(store: Store) -> None:
    gone = put(store)
    store.delete_version(gone.id)
    again = put(store, version=1)
    assert again.manifest["version"] == 1
    assert again.id != gone.id
    assert again.artifact_id == gone.artifact_id


def test_ids_are_unique_and_the_fqn_names_all_parts(store: Store) -> None:
    rows = [put(store), put(store), put(store, name="other"), put(store, ml_repo="search")]
    assert len({row.id for row in rows}) == 4
    assert [row.fqn for row in rows] == [
        "artifact:embedded/fraud/scorer:1",
        "artifact:embedded/fraud/scorer:2",
        "artifact:embedded/fraud/other:1",
        "artifact:embedded/search/scorer:1",
    ]


def test_the_same_document_again_writes_nothing(store: Store) -> None:
    given: dict[str, Any] = {"version": 1, "version_alias": "v1", "metadata": {".truefoundry": {}, "a": [1]}}
    first = put(store, **given)
    before = store.read_overview()
    assert put(store, **given) == first
    assert store.read_overview() == before


def test_a_refused_write_leaves_no_trace(store: Store) -> None:
    put(store, version_alias="v1")
    before = store.read_overview()
    with pytest.raises(Conflict):
        put(store, version=2, version_alias="v1")
    with pytest.raises(Invalid):
        put(store, version=1, step=3)
    with pytest.raises(NotFound):
        put(store, ml_repo="nowhere", name="new")
    assert store.read_overview() == before


def test_an_alias_can_be_given_up_and_then_taken(store: Store) -> None:
    put(store, version=1, version_alias="v1")
    put(store, version=2)
    put(store, version=1)
    assert put(store, version=2, version_alias="v1").manifest["version_alias"] == "v1"


def test_an_alias_is_free_once_its_version_is_deleted(store: Store) -> None:
    store.delete_version(put(store, version_alias="v1").id)
    assert put(store, version_alias="v1").manifest["version"] == 2


def test_a_moved_alias_shows_in_the_history_of_both(store: Store) -> None:
    move = Behaviour(taken_alias="move")
    store.put_version(manifest(version=1, version_alias="v1"), move)
    store.put_version(manifest(version=2, version_alias="v1"), move)
    (artifact,) = next(repo.artifacts for repo in store.read_overview().ml_repos if repo.name == "fraud")
    assert [(version.number, [event.kind for event in version.history]) for version in artifact.versions] == [
        (2, ["created"]),
        (1, ["updated", "created"]),
    ]


@pytest.fixture
def full(store: Store) -> Store:
    """Eight versions of three artifacts, some tagged."""
    for step in (0, 1, 2):
        put(store, step=step, run_id=f"run-{step}")
    put(store, name="other", step=2)
    put(store, ml_repo="search", run_id="run-1")
    for version in (7, 3, 9):
        put(store, ml_repo="search", name="other", version=version)
    first = store.list_versions(VersionQuery(name="scorer", version=1)).rows
    for row, tags in zip(first, (["gold"], ["gold", "eu"]), strict=True):
        store.tag_version(row.id, tags)
    return store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [9, 3, 7, 1, 1, 3, 2, 1]),
        ({"name": "scorer"}, [1, 3, 2, 1]),
        ({"name": "score"}, []),
        ({"name": "scorer", "version": 2}, [2]),
        ({"version": 3}, [3, 3]),
        ({"fqn": "artifact:embedded/search/other:7"}, [7]),
        ({"fqn": "artifact:embedded/search/other"}, []),
        ({"tag": "gold"}, [1, 1]),
        ({"tag": "eu"}, [1]),
        ({"run_ids": ["run-0", "run-1"]}, [1, 2, 1]),
        ({"run_ids": ["run-0"], "run_steps": [1]}, []),
        ({"run_steps": [1.0, 2]}, [1, 3, 2]),
        ({"run_steps": [0.5]}, []),
        ({"ml_repo_id": "nothing"}, []),
        ({"artifact_id": "nothing"}, []),
        ({"limit": 3}, [9, 3, 7]),
        ({"limit": 3, "offset": 2}, [7, 1, 1]),
        ({"offset": 7}, [1]),
        ({"offset": 8}, []),
        ({"name": "scorer", "limit": 2, "offset": 1}, [3, 2]),
    ],
)
def test_version_filters(full: Store, query: dict[str, Any], expected: list[int]) -> None:
    assert numbers(full, **query) == expected


def test_filters_by_id(full: Store) -> None:
    (repo,) = full.list_ml_repos(MlRepoQuery(name="search")).rows
    assert numbers(full, ml_repo_id=repo.id) == [9, 3, 7, 1]
    (artifact,) = full.list_artifacts(ArtifactQuery(ml_repo_id=repo.id, name="other")).rows
    assert numbers(full, artifact_id=artifact.id) == [9, 3, 7]
    assert numbers(full, artifact_id=artifact.id, ml_repo_id=repo.id, version=3) == [3]


def test_the_total_counts_all_that_match(full: Store) -> None:
    assert full.list_versions(VersionQuery(name="scorer", limit=1, offset=100)).total == 4
    assert full.list_artifacts(ArtifactQuery(limit=1)).total == 4
    assert full.list_ml_repos(MlRepoQuery(name="fraud", limit=1)).total == 2


def test_a_page_holds_a_thousand_at_most() -> None:
    assert VersionQuery(limit=5000).limit == 1000


def test_artifacts(full: Store) -> None:
    rows = full.list_artifacts(ArtifactQuery()).rows
    assert [row.fqn.removeprefix("artifact:embedded/") for row in rows] == [
        "search/other",
        "search/scorer",
        "fraud/other",
        "fraud/scorer",
    ]
    newest, *_, oldest = rows
    assert newest.latest is not None
    assert newest.latest.manifest["version"] == 9
    assert oldest.run_steps == (0, 1, 2)
    assert full.get_artifact(oldest.id) == oldest
    assert full.list_artifacts(ArtifactQuery(run_id="run-2")).rows == (oldest,)
    assert full.list_artifacts(ArtifactQuery(fqn=oldest.fqn)).rows == (oldest,)


def test_an_artifact_without_versions_stays_unless_left_out(store: Store) -> None:
    store.delete_version(put(store).id)
    (artifact,) = store.list_artifacts(ArtifactQuery()).rows
    assert (artifact.latest, artifact.run_steps) == (None, ())
    assert store.list_artifacts(ArtifactQuery(include_empty_artifacts=False)).total == 0


def test_ml_repos_match_by_any_part_of_a_name(store: Store) -> None:
    def names(part: str) -> list[str]:
        return [row.manifest["name"] for row in store.list_ml_repos(MlRepoQuery(name=part)).rows]

    assert names("fraud") == ["fraud-eu", "fraud"]
    assert names("ear") == ["search"]
    assert names("%") == names("FRAUD") == []


def test_an_ml_repo_is_made_once_and_then_replaced(store: Store) -> None:
    (made,) = store.list_ml_repos(MlRepoQuery(name="search")).rows
    assert store.put_ml_repo(made.manifest) == made
    changed = store.put_ml_repo({**made.manifest, "description": "new"})
    assert (changed.id, changed.created_at) == (made.id, made.created_at)
    assert store.get_ml_repo(made.id) == changed


def test_a_dry_run_answers_and_writes_nothing(store: Store) -> None:
    planned = store.put_ml_repo({"type": "ml-repo", "name": "planned"}, dry_run=True)
    assert planned.manifest["name"] == "planned"
    with pytest.raises(NotFound):
        store.get_ml_repo(planned.id)


def test_tags_are_replaced_and_belong_to_one_version_of_an_artifact(store: Store) -> None:
    first, second, other = put(store), put(store), put(store, name="other")
    store.tag_version(first.id, ["b", "a", "b"])
    store.tag_version(other.id, ["a"])
    assert store.get_version(first.id).tags == ("a", "b")
    with pytest.raises(Conflict, match="version 1 of the artifact has the tag 'a'"):
        store.tag_version(second.id, ["c", "a"])
    assert store.get_version(second.id).tags == ()
    store.tag_version(second.id, ["c", "a"], force=True)
    assert store.get_version(first.id).tags == ("b",)
    assert store.get_version(second.id).tags == ("a", "c")
    store.tag_version(second.id, [])
    assert store.get_version(second.id).tags == ()
    assert store.get_version(other.id).tags == ("a",)


def test_tags_do_not_touch_the_document(store: Store) -> None:
    made = put(store)
    store.tag_version(made.id, ["a"])
    tagged = store.get_version(made.id)
    assert (tagged.manifest, tagged.updated_at) == (made.manifest, made.updated_at)


def test_tags_go_with_their_version(store: Store) -> None:
    made = put(store)
    store.tag_version(made.id, ["a"])
    store.delete_version(made.id)
    assert numbers(store, tag="a") == []
    store.tag_version(put(store).id, ["a"])


@pytest.mark.parametrize("call", ["get_version", "get_artifact", "get_ml_repo", "delete_version"])
def test_an_unknown_id_is_not_found(store: Store, call: str) -> None:
    with pytest.raises(NotFound, match=r"there is no .* with id nothing"):
        getattr(store, call)("nothing")


def test_the_history_outlives_the_version(store: Store) -> None:
    made = put(store, description="a")
    put(store, version=1, description="b", version_alias="v1")
    store.tag_version(made.id, ["t"])
    store.delete_version(made.id)
    (artifact,) = next(repo.artifacts for repo in store.read_overview().ml_repos if repo.name == "fraud")
    (version,) = artifact.versions
    assert version.registered is None
    assert [(event.kind, event.detail) for event in version.history] == [
        ("deleted", ""),
        ("tagged", "t"),
        ("updated", "description, metadata, version_alias"),
        ("created", ""),
    ]


def test_a_long_history_is_cut_to_the_newest(store: Store) -> None:
    for number in range(MAX_EVENTS + 5):
        put(store, version=1, description=str(number))
    (artifact,) = next(repo.artifacts for repo in store.read_overview().ml_repos if repo.name == "fraud")
    (version,) = artifact.versions
    assert [event.kind for event in version.history] == ["updated"] * MAX_EVENTS


def test_threads_share_a_store(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: put(store).manifest["version"], range(100)))
    assert sorted(made) == list(range(1, 101))


def test_a_file_is_found_again_as_it_was_left(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    with Store(path) as store:
        store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        made = put(store, metadata={"a": [1, 1.0, None]})
    with Store(path) as store:
        assert store.get_version(made.id) == made


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE precious (value)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is a SQLite database, but not a registry"):
        Store(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["theirs.db"]


def test_a_registry_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    Store(path).close()
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(StoreError, match="is a registry of format 99; this version reads format 1"):
        Store(path)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but longer than the header of one is" * 20)
    for path in (tmp_path / "notes.txt", tmp_path, tmp_path / "missing" / "registry.db"):
        with pytest.raises(StoreError, match="as a registry"):
            Store(path)


def test_a_file_that_is_held_for_too_long_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    with Store(path, patience=0.05) as store:
        store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            put(store)
        assert numbers(store) == [], "reads go on"
        other.rollback()
        other.close()
        assert put(store).manifest["version"] == 1
