"""A plan becomes writes, and each change one outcome: against the embedded registry, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from reconciler.applying.outcome import Outcome, Result
from reconciler.applying.stop import Stop
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.manifest.load import Loading
from reconciler.model import Registered
from reconciler.planning.change import Plan
from reconciler.workflow.apply import Terms, apply
from reconciler.workflow.control_plane import ControlPlane, create_ml_repos, open_registry
from reconciler.workflow.plan import plan
from tests.support.builders import LEFT_OUT, declaration, external, manifest

TOKEN = "token"  # noqa: S105  of a registry that lives as long as a test
PATIENCE = Patience(first_delay=0.01, longest_delay=0.01)


class World:
    """A control plane, and the ways to plan against it and to apply to it."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.told: list[Outcome] = []

    def plan(self, *documents: dict[str, Any]) -> Plan:
        """The plan for documents."""

        async def made() -> Plan:
            async with self.plane.reader(Deadline(60), PATIENCE) as reader:
                _, made = await plan(Loading(declaration(*documents).snapshot), reader)
                return made

        return asyncio.run(made())

    def apply(self, plan: Plan, *, token: str = TOKEN, concurrency: int = 8) -> dict[str, Outcome]:
        """The outcomes by label, in the plan's order."""
        plane = replace(self.plane, connection=replace(self.plane.connection, token=token))

        async def made() -> tuple[Outcome, ...]:
            terms = Terms(Deadline(60), PATIENCE, concurrency)
            return await apply(plan, plane, terms, Stop(terms.deadline), self.told.append)

        outcomes = asyncio.run(made())
        assert tuple(outcome.change for outcome in outcomes) == plan.changes
        assert sorted(map(id, outcomes)) == sorted(map(id, self.told))
        self.told.clear()
        return {outcome.change.label: outcome for outcome in outcomes}

    def have(self, *documents: dict[str, Any]) -> None:
        """Register versions."""
        assert {outcome.result for outcome in self.apply(self.plan(*documents)).values()} <= {Result.CREATED}

    def registered(self, ml_repo: str = "fraud") -> dict[str, Registered]:
        """What is registered in an ML repo, by identity."""

        async def listed() -> tuple[Registered, ...]:
            async with self.plane.reader(Deadline(60), PATIENCE) as reader:
                found = await reader.find_ml_repo(ml_repo)
                assert found
                return (await reader.fetch_versions(found.id, offset=0, limit=100)).rows

        return {str(row): row for row in asyncio.run(listed())}


def results(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {label: str(outcome.result) for label, outcome in outcomes.items()}


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = str(tmp_path / "registry.db")
    create_ml_repos(path, ["fraud", "search"])
    return path


@pytest.fixture
def open_world(database: str) -> Iterator[Any]:
    """Opens the control plane, with switches."""
    with ExitStack() as stack:

        def opened(**switches: str) -> World:
            app = stack.enter_context(open_registry(database, switches, TOKEN))
            return World(ControlPlane(Connection(f"sqlite:///{database}", "ml", TOKEN), app))

        yield opened


@pytest.fixture
def world(open_world: Any) -> World:
    world = open_world()
    assert isinstance(world, World)
    return world


def test_what_is_declared_is_registered_and_a_second_plan_finds_nothing(world: World) -> None:
    documents = [
        manifest(
            version_alias="v-a", description="text", metadata={"a": {"b": [1, None]}}, run_id="r", step=3
        ),
        manifest(version=2),
        manifest(name="ranker", version=LEFT_OUT, version_alias="v-1"),
        manifest(ml_repo="search", version=LEFT_OUT, source=external("s3://contents")),
    ]
    outcomes = world.apply(world.plan(*documents))
    assert results(outcomes) == {
        "fraud/ranker@v-1": "created",
        "fraud/scorer:1": "created",
        "fraud/scorer:2": "created",
        "search/scorer (s3://contents)": "created",
    }
    assert outcomes["fraud/ranker@v-1"].version == 1
    document = world.registered()["fraud/scorer:1"].document
    for field in documents[0].keys() - {"metadata"}:
        assert document[field] == documents[0][field]
    assert document["metadata"] == {"a": {"b": [1, None]}, ".truefoundry": {"artifact_size": 0}}
    assert world.plan(*documents).changes == ()
    assert world.apply(world.plan(*documents)) == {}


def test_an_update_brings_the_declared_fields_and_keeps_the_others(world: World) -> None:
    world.have(manifest(description="old", version_alias="v-a", metadata={"a": 1}))
    plan = world.plan(manifest(description="new", metadata={"b": 2}))
    assert results(world.apply(plan)) == {"fraud/scorer:1": "updated"}
    document = world.registered()["fraud/scorer:1"].document
    assert (document["description"], document["version_alias"]) == ("new", "v-a")
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["b"] == 2
    assert "a" not in metadata


def test_null_clears_what_is_registered(world: World) -> None:
    world.have(manifest(description="old", version_alias="v-a"))
    asked = manifest(description=None, version_alias=None)
    assert results(world.apply(world.plan(asked))) == {"fraud/scorer:1": "updated"}
    assert not world.registered()["fraud/scorer:1"].document.get("description")
    assert world.registered()["fraud/scorer:1"].alias is None
    assert world.plan(asked).changes == ()


def test_three_aliases_in_a_ring_change_hands_where_a_taken_alias_is_refused(world: World) -> None:
    letters = ["a", "b", "c"]
    world.have(
        *(manifest(version=n, version_alias=f"v-{letter}") for n, letter in enumerate(letters, start=1))
    )
    asked = [manifest(version=n, version_alias=f"v-{letter}") for n, letter in enumerate("bca", start=1)]
    assert set(results(world.apply(world.plan(*asked))).values()) == {"updated"}
    assert [row.alias for row in world.registered().values()].count("v-a") == 1
    assert {str(row): row.alias for row in world.registered().values()} == {
        "fraud/scorer:1": "v-b",
        "fraud/scorer:2": "v-c",
        "fraud/scorer:3": "v-a",
    }
    assert world.plan(*asked).changes == ()


def test_an_alias_is_promoted_to_a_new_version(world: World) -> None:
    world.have(manifest(version_alias="v-prod"))
    outcomes = world.apply(world.plan(manifest(version=2, version_alias="v-prod")))
    assert results(outcomes) == {"fraud/scorer:1": "updated", "fraud/scorer:2": "created"}
    assert {str(row): row.alias for row in world.registered().values()} == {
        "fraud/scorer:1": None,
        "fraud/scorer:2": "v-prod",
    }


def test_a_conflict_stops_its_lane_and_no_other(world: World) -> None:
    world.have(manifest())
    plan = world.plan(manifest(step=9), manifest(version=2), manifest(name="ranker"))
    outcomes = world.apply(plan)
    assert results(outcomes) == {
        "fraud/ranker:1": "created",
        "fraud/scorer:1": "skipped",
        "fraud/scorer:2": "skipped",
    }
    assert outcomes["fraud/scorer:1"].message == "step of a registered version can not change"
    assert outcomes["fraud/scorer:1"].hint == "declare it as a new version: 3 is free"
    assert outcomes["fraud/scorer:2"].message == "fraud/scorer:1 is in conflict"
    assert set(world.registered()) == {"fraud/scorer:1", "fraud/ranker:1"}


def test_a_version_that_is_numbered_otherwise_is_a_failure_that_names_both(open_world: Any) -> None:
    world = open_world(unknown_version="renumber")
    outcomes = world.apply(world.plan(manifest(version=7), manifest(version=9), manifest(name="ranker")))
    assert results(outcomes) == {
        "fraud/ranker:1": "created",
        "fraud/scorer:7": "failed",
        "fraud/scorer:9": "skipped",
    }
    failure = outcomes["fraud/scorer:7"]
    assert failure.message == "asked for fraud/scorer:7, but the control plane registered fraud/scorer:1"
    assert failure.version == 1
    assert outcomes["fraud/scorer:9"].message == "fraud/scorer:7 before it failed"


def test_what_the_control_plane_changed_is_reported(open_world: Any) -> None:
    world = open_world(metadata="merge")
    world.have(manifest(metadata={"a": 1}))
    (outcome,) = world.apply(world.plan(manifest(metadata={"b": 2}))).values()
    assert outcome.result is Result.UPDATED
    assert "metadata.a" in outcome.message


def test_a_token_that_is_not_accepted_stops_the_run(world: World) -> None:
    plan = world.plan(*(manifest(name=name) for name in "abcdef"))
    outcomes = world.apply(plan, token="wrong", concurrency=1)  # noqa: S106
    assert [str(outcome.result) for outcome in outcomes.values()] == ["failed", *["skipped"] * 5]
    assert "401" in outcomes["fraud/a:1"].message
    assert "TFY_API_KEY" in outcomes["fraud/a:1"].hint
    assert world.registered() == {}


def test_lanes_run_side_by_side_and_every_change_has_its_outcome(world: World) -> None:
    documents = [
        manifest(name=f"n{number}", version=version) for number in range(20) for version in (1, 2, 3)
    ]
    outcomes = world.apply(world.plan(*documents), concurrency=4)
    assert len(outcomes) == 60
    assert {outcome.result for outcome in outcomes.values()} == {Result.CREATED}
    assert len(world.registered()) == 60


def test_a_change_is_timed_from_its_turn_to_its_outcome(world: World) -> None:
    plan = world.plan(*(manifest(name=name) for name in "abc"), manifest(name="a", version=2))
    spans = sorted(span(outcome) for outcome in world.apply(plan, concurrency=1).values())
    assert len(spans) == 4
    assert all(0 <= began < ended < 60 for began, ended in spans)
    assert all(ended <= began for (_, ended), (began, _) in pairwise(spans))


def test_a_change_whose_turn_never_came_has_no_times(world: World) -> None:
    outcomes = world.apply(
        world.plan(manifest(name="a"), manifest(name="b")),
        token="wrong",  # noqa: S106
        concurrency=1,
    )
    assert span(outcomes["fraud/a:1"])
    assert (outcomes["fraud/b:1"].began, outcomes["fraud/b:1"].seconds) == (None, None)


def test_a_change_whose_alias_was_parked_is_timed_from_the_first_of_its_two_writes(world: World) -> None:
    world.have(*(manifest(version=n, version_alias=f"v-{letter}") for n, letter in enumerate("ab", start=1)))
    asked = [manifest(version=n, version_alias=f"v-{letter}") for n, letter in enumerate("ba", start=1)]
    outcomes = world.apply(world.plan(*asked))
    (parked, other) = sorted(map(span, outcomes.values()))
    assert parked[0] < other[0] < other[1] < parked[1]
    assert sorted(outcome.attempts for outcome in outcomes.values()) == [1, 2]


def span(outcome: Outcome) -> tuple[float, float]:
    """When a change began and ended."""
    assert outcome.began is not None
    assert outcome.seconds is not None
    return outcome.began, outcome.began + outcome.seconds
