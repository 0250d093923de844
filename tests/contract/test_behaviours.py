"""Every switch of `Behaviour`, and every rule that holds under all of them, in both flavours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields
from typing import Any

import httpx
import pytest

from reconciler.registry import Behaviour
from reconciler.wire.routes import FLAVOURS, ML_REPOS_WRITE, Flavour
from tests.support.registry_server import RegistryInProcess

Json = dict[str, Any]
INTERNAL = {".truefoundry": {"artifact_size": 0}}


class Caller:
    """One flavour of a registry that has the ML repo `fraud`."""

    def __init__(self, registry: RegistryInProcess, flavour: Flavour) -> None:
        self._registry = registry
        self._flavour = flavour
        repo = self._registry.call(
            "PUT", ML_REPOS_WRITE, json={"manifest": {"type": "ml-repo", "name": "fraud"}}
        )
        assert repo.status_code == 200

    def put(self, **manifest: Any) -> httpx.Response:
        """Send a whole manifest; what is not given has a plain value."""
        required = {
            "type": "artifact-version",
            "name": "scorer",
            "ml_repo": "fraud",
            "metadata": {},
            "source": {"type": "external", "uri": "s3://models/1"},
        }
        return self._registry.call(
            "PUT", self._flavour.artifact_versions, json={"manifest": required | manifest}
        )

    def made(self, **manifest: Any) -> Json:
        """Send a manifest that is accepted, and return the one answered."""
        answer = self.put(**manifest)
        assert answer.status_code == 200, answer.text
        answered: Json = answer.json()["data"]["manifest"]
        return answered

    def registered(self) -> dict[int, Json]:
        """Return every registered manifest by version, with internal metadata."""
        answer = self._registry.call(
            "GET", self._flavour.artifact_versions, params={"include_internal_metadata": True}
        )
        return {row["manifest"]["version"]: row["manifest"] for row in answer.json()["data"]}


@pytest.fixture(params=FLAVOURS)
def caller(request: pytest.FixtureRequest) -> Iterator[Callable[..., Caller]]:
    with ExitStack() as opened:

        def build(**switches: str) -> Caller:
            registry = opened.enter_context(RegistryInProcess(Behaviour.from_switches(switches)))
            return Caller(registry, FLAVOURS[request.param])

        yield build


def test_every_switch_is_tested_with_every_value() -> None:
    tested = {
        "unknown_version": {"honour", "renumber"},
        "taken_alias": {"refuse", "move"},
        "metadata": {"replace", "merge"},
        "internal_metadata": {"keep", "erase"},
        "changed_source": {"refuse", "ignore"},
        "serves": {"both", "ml", "svc"},
        "elsewhere": {"page", "missing-page"},
    }
    assert {name: set(values) for name, values in Behaviour.list_choices().items()} == tested
    assert [field.name for field in fields(Behaviour)] == [*tested]


def test_an_unknown_version_is_honoured(caller: Callable[..., Caller]) -> None:
    registry = caller(unknown_version="honour")
    assert registry.made(version=4)["version"] == 4
    assert registry.made(version=2)["version"] == 2
    assert registry.made()["version"] == 5


def test_an_unknown_version_is_renumbered(caller: Callable[..., Caller]) -> None:
    registry = caller(unknown_version="renumber")
    assert registry.made(version=4)["version"] == 1
    assert registry.made(version=1, description="known")["version"] == 1
    assert registry.made(version=4)["version"] == 2


def test_a_taken_alias_is_refused(caller: Callable[..., Caller]) -> None:
    registry = caller(taken_alias="refuse")
    registry.made(version_alias="v1")
    registry.made()
    before = registry.registered()
    for wanted in ({"version": 2}, {"version": 3}, {}):
        refused = registry.put(version_alias="v1", **wanted)
        assert refused.status_code == 409
        assert refused.json() == {
            "statusCode": 409,
            "message": "version 1 of artifact scorer already has the alias v1",
            "code": "CONFLICT",
            "details": None,
        }
    assert registry.registered() == before


def test_a_taken_alias_is_moved(caller: Callable[..., Caller]) -> None:
    registry = caller(taken_alias="move")
    registry.made(version_alias="v1", description="stays")
    registry.made(version=2, version_alias="v1")
    now = registry.registered()
    assert "version_alias" not in now[1]
    assert now[1]["description"] == "stays"
    assert now[2]["version_alias"] == "v1"


def test_an_alias_is_unique_in_its_artifact_only(caller: Callable[..., Caller]) -> None:
    registry = caller()
    assert registry.made(version_alias="v1")["name"] == "scorer"
    assert registry.made(name="other", version_alias="v1")["name"] == "other"


@pytest.mark.parametrize(
    ("metadata", "internal_metadata", "expected"),
    [
        ("replace", "erase", {"b": 3}),
        ("replace", "keep", {**INTERNAL, "b": 3}),
        ("merge", "erase", {"a": 1, "b": 3}),
        ("merge", "keep", {**INTERNAL, "a": 1, "b": 3}),
    ],
)
def test_metadata(
    caller: Callable[..., Caller], metadata: str, internal_metadata: str, expected: Json
) -> None:
    registry = caller(metadata=metadata, internal_metadata=internal_metadata)
    registry.made(metadata={"a": 1, "b": 2})
    assert registry.registered()[1]["metadata"] == {**INTERNAL, "a": 1, "b": 2}
    registry.made(version=1, metadata={"b": 3})
    assert registry.registered()[1]["metadata"] == expected


def test_internal_metadata_that_is_sent_back_stays(caller: Callable[..., Caller]) -> None:
    registry = caller(metadata="replace", internal_metadata="erase")
    registry.made(metadata={"a": 1})
    registry.made(version=1, metadata={**INTERNAL, "a": 2})
    assert registry.registered()[1]["metadata"] == {**INTERNAL, "a": 2}


CHANGES: list[Json] = [
    {"source": {"type": "external", "uri": "s3://models/2"}},
    {"source": {"type": "truefoundry", "uri": "s3://models/1"}},
    {"step": 8},
    {"step": 0},
    {"step": None},
    {"run_id": "run-2"},
    {"run_id": None},
]


@pytest.mark.parametrize("change", CHANGES)
def test_changed_contents_are_refused(caller: Callable[..., Caller], change: Json) -> None:
    registry = caller(changed_source="refuse")
    registry.made(step=7, run_id="run-1")
    before = registry.registered()
    refused = registry.put(**{"version": 1, "step": 7, "run_id": "run-1", "description": "new"} | change)
    (field,) = change
    assert refused.status_code == 422
    assert refused.json()["details"] == [{"field": f"manifest.{field}", "message": "cannot be changed"}]
    assert registry.registered() == before


@pytest.mark.parametrize("change", CHANGES)
def test_changed_contents_are_ignored(caller: Callable[..., Caller], change: Json) -> None:
    registry = caller(changed_source="ignore")
    before = registry.made(step=7, run_id="run-1")
    after = registry.made(**{"version": 1, "step": 7, "run_id": "run-1", "description": "new"} | change)
    assert after == {**before, "description": "new"}


def test_what_a_document_leaves_out_is_reset(caller: Callable[..., Caller]) -> None:
    registry = caller()
    registry.made(description="words", version_alias="v1", custom="kept as it came")
    assert set(registry.made(version=1)) == {
        "type",
        "name",
        "ml_repo",
        "version",
        "metadata",
        "source",
        "step",
    }


def test_values_come_back_with_their_types(caller: Callable[..., Caller]) -> None:
    metadata: Json = {
        "i": 1,
        "f": 1.0,
        "s": "1",
        "b": True,
        "n": None,
        "o": {},
        "l": [[]],
        "u": "é\x00",
    }
    answered = caller().made(metadata=metadata)["metadata"]
    assert answered == metadata
    assert [type(value) for value in answered.values()] == [type(value) for value in metadata.values()]


@pytest.mark.parametrize(("elsewhere", "status"), [("page", 200), ("missing-page", 404)])
@pytest.mark.parametrize(("serves", "other"), [("ml", "svc"), ("svc", "ml")])
def test_a_prefix_that_is_not_served_falls_through_to_a_web_page(
    serves: str, other: str, elsewhere: str, status: int
) -> None:
    behaviour = Behaviour.from_switches({"serves": serves, "elsewhere": elsewhere})
    with RegistryInProcess(behaviour) as registry:
        for name, flavour in FLAVOURS.items():
            for path in (flavour.ml_repos, flavour.artifact_versions, flavour.make_version_path("id-1")):
                answer = registry.call("GET", path)
                assert answer.headers["content-type"].startswith(
                    "text/html" if name == other else "application/json"
                )
                if name == other:
                    assert answer.status_code == status
        put = registry.call("PUT", ML_REPOS_WRITE, json={"manifest": {"type": "ml-repo", "name": "more"}})
        assert put.status_code == 200  # it has one prefix in both
