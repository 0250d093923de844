"""The vendor's own Python clients, unchanged, against the embedded registry over real HTTP.

`exercise_client.py` runs once under each client and records what it saw; each test reads one part of
the record. Each is served the one flavour that it calls, and reads as well what `reconciler` applied by it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.diff import are_same
from reconciler.registry import Behaviour
from reconciler.source.snapshot import EVERYTHING
from reconciler.source.worktree import read_work_tree
from reconciler.wire.models import VersionManifest
from tests.support.builders import documents, load_manifests
from tests.support.cli import TOKEN, Cli
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer, SeenRequest
from tests.support.vendor_clients import FLAVOUR_OF, run_client

SCRIPT = Path(__file__).with_name("exercise_client.py")
EXAMPLES = Path(__file__).parents[2] / "examples" / "team"


@dataclass(frozen=True)
class Exercise:
    """What one client saw, and what the registry was asked meanwhile."""

    client: str
    record: dict[str, Any]
    requests: list[SeenRequest]

    def __getitem__(self, step: str) -> Any:
        return self.record[step]

    def versions(self, step: str) -> list[int]:
        """Return the numbers of the versions that a step listed."""
        return [row["manifest"]["version"] for row in self.record[step]]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    repository = GitRepository(tmp_path_factory.mktemp("examples"))
    shutil.copytree(EXAMPLES, repository.folder, dirs_exist_ok=True)
    repository.commit("the examples")
    return repository


@pytest.fixture(scope="module", params=FLAVOUR_OF)
def seen(request: pytest.FixtureRequest, examples: GitRepository) -> Iterator[Exercise]:
    client: str = request.param
    behaviour = Behaviour.from_switches({"serves": FLAVOUR_OF[client]})
    with (
        RegistryServer(behaviour=behaviour, token=TOKEN) as registry,
        RegistryServer(behaviour=behaviour, token=TOKEN) as applied,
    ):
        fill_bulk(registry)
        for name in ("forecasting", "fraud", "search-ranking"):
            applied.store.put_ml_repo({"type": "ml-repo", "name": name})
        Cli(examples.folder, applied.url)("apply", "--yes")
        record = run_client(client, SCRIPT, registry.url, TOKEN, applied.url)
        yield Exercise(client, record, registry.requests)


def fill_bulk(registry: RegistryServer) -> None:
    registry.store.put_ml_repo({"type": "ml-repo", "name": "bulk"})
    body = {
        "type": "artifact-version",
        "name": "log",
        "ml_repo": "bulk",
        "metadata": {},
        "source": {"type": "truefoundry"},
    }
    for _ in range(250):
        registry.store.put_version(VersionManifest.model_validate(body), Behaviour())


def test_the_client_under_test_is_the_one_named(seen: Exercise) -> None:
    assert seen["client"] == seen.client


def test_each_client_calls_its_own_flavour(seen: Exercise) -> None:
    prefix = f"/api/{FLAVOUR_OF[seen.client]}/v1/"
    elsewhere = {
        (request.method, request.path) for request in seen.requests if not request.path.startswith(prefix)
    }
    is_ml = FLAVOUR_OF[seen.client] == "ml"
    assert elsewhere == ({("PUT", "/api/svc/v1/ml-repos")} if is_ml else set())


def test_ml_repos_are_created_updated_and_read(seen: Exercise) -> None:
    created, updated = seen["created fraud"]["data"], seen["updated fraud"]["data"]
    assert created["id"] == updated["id"]
    assert updated["manifest"] == {
        "type": "ml-repo",
        "name": "fraud",
        "description": "cards",
        "storage_integration_fqn": "local:store",
        "collaborators": [],
    }
    assert seen["got fraud"]["data"] == updated
    assert updated["tenant_name"] == updated["account_id"] == "embedded"


def test_ml_repos_are_listed_by_any_part_of_their_name(seen: Exercise) -> None:
    found = seen["repos by part of a name"]
    assert [row["manifest"]["name"] for row in found["data"]] == ["fraud-eu", "fraud"]
    assert found["pagination"] == {"total": 2, "offset": 0, "limit": 100}
    assert len(seen["repos two a page"]["data"]) == 2
    assert seen["repos two a page"]["pagination"] == {"total": 3, "offset": 0, "limit": 2}


def test_a_created_version_comes_back_field_by_field(seen: Exercise) -> None:
    created = seen["created"]["data"]
    assert created["manifest"] == {
        "type": "artifact-version",
        "name": "scorer",
        "ml_repo": "fraud",
        "version": 1,
        "version_alias": "v1.0",
        "description": "first",
        "metadata": {"n": 1, "x": None},
        "source": {"type": "truefoundry", "uri": "s3://managed/scorer/1"},
        "step": 0,
    }
    assert created["fqn"] == "artifact:embedded/fraud/scorer:1"
    assert created["ml_repo_id"] == seen["created fraud"]["data"]["id"]
    assert created["tags"] == []
    assert created["fqn"] in created["usage_code_snippet"]
    assert created["created_by_subject"]["subjectType"] == "user"
    assert created["created_at"] == created["updated_at"]
    assert seen["got"] == created


def test_numbers_are_honoured_and_then_go_on(seen: Exercise) -> None:
    assert seen["created by number"]["data"]["manifest"]["version"] == 5
    assert seen["created next"]["data"]["manifest"]["version"] == 6
    assert seen["created after"]["data"]["manifest"]["version"] == 7, "6 was deleted, and stays used"


def test_a_document_read_and_sent_back_updates_the_same_version(seen: Exercise) -> None:
    created, updated = seen["created"]["data"], seen["updated"]["data"]
    changed = {"description": "better", "metadata": {"n": 2}}
    assert updated["manifest"] == {**created["manifest"], **changed}
    assert updated["id"] == created["id"]
    assert updated["created_at"] == created["created_at"] < updated["updated_at"]


def test_the_same_document_again_changes_nothing(seen: Exercise) -> None:
    assert seen["repeated"] == seen["updated"]


@pytest.mark.parametrize(
    ("step", "numbers"),
    [
        ("all of fraud", [6, 5, 1]),
        ("by artifact", [6, 5, 1]),
        ("by name", [6, 5, 1]),
        ("by number", [5]),
        ("by fqn", [1]),
        ("by runs", [6, 5]),
        ("by run", [6]),
        ("by steps", [6, 5]),
        ("by step", [5]),
        ("by tag", [1]),
        ("by tag, forced", [6]),
        ("by nothing that matches", []),
    ],
)
def test_filters(seen: Exercise, step: str, numbers: list[int]) -> None:
    assert seen.versions(step) == numbers


def test_a_version_is_found_by_its_fqn(seen: Exercise) -> None:
    assert seen["got by fqn"] == seen["updated"]
    assert seen["got by unknown fqn"]["error"] == "NotFoundError"


def test_internal_metadata_shows_when_asked_for_and_falls_to_an_update_without_it(seen: Exercise) -> None:
    metadata = {row["manifest"]["version"]: row["manifest"]["metadata"] for row in seen["by artifact"]}
    assert metadata == {6: {".truefoundry": {"artifact_size": 0}}, 5: metadata[6], 1: {"n": 2}}
    assert [row["manifest"]["metadata"] for row in seen["by name"]] == [{}, {}, {"n": 2}]


def test_the_pager_reads_lists_longer_than_a_page(seen: Exercise) -> None:
    newest_first = [*range(250, 0, -1)]
    assert seen["first page"] == {"total": 250, "offset": 0, "limit": 100}
    assert seen["all pages"] == newest_first
    assert seen["small pages"] == newest_first
    assert seen["from the middle"] == newest_first[200:]


def test_tags(seen: Exercise) -> None:
    assert seen["tagged"] == seen["tag forced"] == {}
    assert seen["by tag"][0]["tags"] == ["eu", "gold"]
    assert seen["by tag, forced"][0]["tags"] == ["gold"]
    assert seen["tag taken"]["status"] == 409


def test_artifacts_are_one_row_a_name(seen: Exercise) -> None:
    (artifact,) = seen["artifacts"]
    assert (artifact["name"], artifact["type"]) == ("scorer", "artifact")
    assert artifact["fqn"] == "artifact:embedded/fraud/scorer"
    assert artifact["latest_version"]["fqn"] == "artifact:embedded/fraud/scorer:6"
    assert artifact["run_steps"] == [0, 7, 8]
    assert seen["artifact"]["data"] == artifact


def test_deleting(seen: Exercise) -> None:
    assert seen["deleted"] == {}
    assert seen["deleted, got"]["status"] == seen["deleted again"]["status"] == 404


@pytest.mark.parametrize(
    ("step", "status", "message"),
    [
        ("unknown version", 404, "there is no artifact version with id nothing"),
        ("unknown ML repo", 404, "there is no ML repo named nowhere"),
        ("alias taken", 409, "version 1 of artifact scorer already has the alias v1.0"),
        ("contents changed", 422, "version 5 of artifact scorer is registered; its source cannot be changed"),
        ("limit of nothing", 422, "limit: Input should be greater than or equal to 1"),
        ("wrong token", 401, "the token is missing or wrong"),
    ],
)
def test_refusals_reach_the_caller(seen: Exercise, step: str, status: int, message: str) -> None:
    refused = seen[step]
    assert (refused["status"], refused["body"]["statusCode"]) == (status, status)
    assert refused["body"]["message"] == message


def test_refusals_are_the_clients_own_typed_errors_where_they_have_one(seen: Exercise) -> None:
    """Clients of `svc` type 404 of a call by id, those of `ml` 422; all leave the rest untyped."""
    typed = {
        "svc": {"unknown version": "NotFoundError", "contents changed": "ApiError"},
        "ml": {"unknown version": "ApiError", "contents changed": "UnprocessableEntityError"},
    }[FLAVOUR_OF[seen.client]]
    assert {step: seen[step]["error"] for step in typed} == typed


def test_every_declared_field_is_read_back_as_it_was_applied(seen: Exercise) -> None:
    declared = documents(load_manifests(read_work_tree(EXAMPLES, EVERYTHING, None)))
    assert len(seen["examples"]) == len(declared) == 13
    for manifest in declared:
        found = next(row for row in seen["examples"] if is_same_version(row, manifest.document))
        for field, value in manifest.document.items():
            assert are_same(found[field], value), (manifest.label, field)


def is_same_version(row: dict[str, Any], document: Any) -> bool:
    keys = ("ml_repo", "name", "version" if "version" in document else "source")
    return all(are_same(row[key], document[key]) for key in keys)
