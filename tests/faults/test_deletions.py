"""Deletions under faults: never another version, never one that was changed, and no lost answer believed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from reconciler.applying import attempts
from reconciler.applying.outcome import Outcome, Result
from reconciler.client.requests.patience import Patience
from reconciler.model import Artifact, Registered
from reconciler.planning.change import Delete, Plan
from reconciler.planning.orphans import Orphan
from reconciler.registry import Behaviour, Store
from reconciler.registry.storage.queries import VersionQuery
from tests.support import states
from tests.support.builders import declaration, manifest
from tests.support.faulty_registry import (
    BUSY,
    CUT,
    FAILED,
    FAILED_AFTER,
    FAILED_LATE,
    LATE,
    LOST,
    Call,
    Decide,
    Fault,
    Faults,
    at_write,
    no_faults,
)
from tests.support.states import Plane

PATIENCE = Patience(first_delay=0.01, longest_delay=0.05)
PASSING = (LOST, CUT, LATE, BUSY, *FAILED, *FAILED_AFTER, *FAILED_LATE)


class Scene:
    """Three registered versions, of which the first is declared and the others are to go."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.faults = Faults()
        self.plane = Plane(
            store,
            Behaviour(),
            [manifest(version=number) for number in (1, 2, 3)],
            middleware=[self.faults.middleware()],
            patience=PATIENCE,
        )

    def plan(self, **declared: str) -> Plan:
        """What there is to do, the deletions of versions 2 and 3 among it."""
        made = asyncio.run(self.plane.plan(declaration(manifest(version=1, **declared))))
        artifact = Artifact("fraud", "scorer")
        rows = (
            Registered(row.id, row.fqn, artifact, row.manifest["version"], row.manifest, row.tags)
            for row in self.store.list_versions(VersionQuery(name="scorer")).rows
        )
        gone = sorted((row for row in rows if row.version > 1), key=lambda row: row.version)
        orphans = (Orphan(row, self.ml_repo_id, None, ()) for row in gone)
        return replace(made, deletes=tuple(map(Delete, orphans)))

    @property
    def ml_repo_id(self) -> str:
        """The id of the only ML repo."""
        return self.store.list_versions(VersionQuery(name="scorer")).rows[0].ml_repo_id

    def apply(self, plan: Plan, decide: Decide = no_faults) -> Sequence[Outcome]:
        """Apply under faults, and wait for what comes late."""
        self.faults.decide = decide
        outcomes = asyncio.run(self.plane.apply(plan, 1))
        self.faults.settle()
        return outcomes

    @property
    def versions(self) -> list[int]:
        """The numbers of those that are registered."""
        return sorted(version for _, _, version in self.plane.registered("fraud"))

    @property
    def deletions(self) -> int:
        """How many were sent."""
        return sum(not sent.manifest for sent in self.plane.sent)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Store() as store:
        yield Scene(store)


def results(outcomes: Sequence[Outcome]) -> list[Result]:
    return [outcome.result for outcome in outcomes]


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_what_passes_is_tried_again_until_both_are_gone(scene: Scene, fault: Fault) -> None:
    plan = scene.plan()
    assert results(scene.apply(plan, at_write(1, fault))) == [Result.DELETED, Result.DELETED]
    assert scene.versions == [1]


def test_a_version_is_read_again_where_its_deletion_had_to_wait_for_its_turn(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_LONG_WAIT_SECONDS", 0.05)
    plan, reads = scene.plan(), []

    def pause_after_first_read(call: Call) -> Fault:
        reads.append(call)
        if len(reads) == 1:
            loop = asyncio.get_running_loop()
            scene.plane.rate.add_result(loop.time(), is_refused=True, seconds=0.2)
            loop.call_later(0.1, scene.plane.put, manifest(version=2, description="somebody else's"))
        return Fault()

    outcomes = scene.apply(plan, pause_after_first_read)
    assert results(outcomes) == [Result.SKIPPED, Result.DELETED]
    assert scene.versions == [1, 2]


def test_no_deletion_is_sent_whose_turn_comes_after_the_run_is_to_end(scene: Scene) -> None:
    plan = scene.plan()

    def stop_after_first_read(_: Call) -> Fault:
        loop = asyncio.get_running_loop()
        scene.plane.rate.add_result(loop.time(), is_refused=True, seconds=0.2)
        loop.call_later(0.1, scene.plane.stop.end_run, "interrupted")
        return Fault()

    outcomes = scene.apply(plan, stop_after_first_read)
    assert results(outcomes) == [Result.SKIPPED, Result.SKIPPED]
    assert scene.deletions == 0


def test_an_answer_that_stays_lost_is_not_taken_for_done(scene: Scene) -> None:
    outcomes = scene.apply(scene.plan(), lambda call: LOST if call.is_write else Fault())
    assert set(results(outcomes)) <= {Result.UNKNOWN, Result.SKIPPED}
    assert outcomes[0].result is Result.UNKNOWN
    assert scene.versions == [1, 2, 3]


def test_what_was_deleted_by_the_last_try_is_seen_to_be_gone(scene: Scene) -> None:
    def decide(call: Call) -> Fault:
        if not call.is_write:
            return Fault()
        return CUT if call.attempt == PATIENCE.tries else LOST

    for outcome in scene.apply(scene.plan(), decide):
        assert (outcome.result, outcome.attempts) == (Result.DELETED, PATIENCE.tries)
        assert outcome.message == "its answer was lost, but it is gone"
    assert scene.versions == [1]


def test_a_deletion_whose_turn_would_come_after_the_end_of_the_run_is_skipped(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = scene.plan()
    monkeypatch.setattr(states, "SECONDS", 0.3)

    def hold_back(_: Call) -> Fault:
        scene.plane.rate.add_result(asyncio.get_running_loop().time(), is_refused=True, seconds=5.0)
        return Fault()

    outcomes = scene.apply(plan, hold_back)
    assert results(outcomes) == [Result.SKIPPED, Result.SKIPPED]
    assert scene.deletions == 0


@pytest.mark.parametrize("edit", [{"description": "still needed"}, {"version_alias": "v-late"}], ids=str)
def test_what_was_edited_or_tagged_since_the_plan_is_not_deleted(scene: Scene, edit: dict[str, str]) -> None:
    plan = scene.plan()
    scene.plane.put(manifest(version=2, **edit))
    scene.store.tag_version(plan.deletes[1].registered.id, ["champion"])
    edited, tagged = scene.apply(plan)
    assert (edited.result, tagged.result) == (Result.SKIPPED, Result.SKIPPED)
    ((field, value),) = edit.items()
    assert field in edited.message
    assert value in edited.message
    assert "tags: (none) -> champion" in tagged.message
    assert scene.versions == [1, 2, 3]
    assert scene.deletions == 0


def test_what_is_gone_already_is_unchanged(scene: Scene) -> None:
    plan = scene.plan()
    scene.plane.delete("fraud", "scorer", 2)
    assert results(scene.apply(plan)) == [Result.UNCHANGED, Result.DELETED]
    assert scene.versions == [1]


def test_nothing_is_deleted_where_anything_before_failed(scene: Scene) -> None:
    plan = scene.plan(description="new")
    outcomes = scene.apply(plan, at_write(1, Fault("never", 400)))
    assert results(outcomes) == [Result.FAILED, Result.SKIPPED, Result.SKIPPED]
    assert scene.versions == [1, 2, 3]
    assert scene.deletions == 0


def test_a_version_whose_alias_moves_first_is_deleted_all_the_same(scene: Scene) -> None:
    scene.plane.put(manifest(version=2, version_alias="v-prod"))
    plan = scene.plan(version_alias="v-prod")
    assert results(scene.apply(plan)) == [Result.UPDATED, Result.UPDATED, Result.DELETED, Result.DELETED]
    assert scene.versions == [1]


@pytest.mark.parametrize("status", [400, 401, 403, 409])
def test_a_refusal_is_a_failure_and_deletes_nothing(scene: Scene, status: int) -> None:
    first, second = scene.apply(scene.plan(), at_write(1, Fault("never", status)))
    if status == 409:  # which may be with another attempt: it is looked at, and tried again
        assert results((first, second)) == [Result.DELETED, Result.DELETED]
        return
    assert first.result is Result.FAILED
    assert second.result is (Result.SKIPPED if status in {401, 403} else Result.DELETED)
    assert 2 in scene.versions


def test_a_refusal_that_stays_is_a_failure(scene: Scene) -> None:
    outcomes = scene.apply(scene.plan(), lambda call: Fault("never", 409) if call.is_write else Fault())
    assert results(outcomes) == [Result.FAILED, Result.FAILED]
    assert scene.versions == [1, 2, 3]


def test_a_server_that_can_not_find_what_it_lists_deletes_nothing(scene: Scene) -> None:
    def decide(call: Call) -> Fault:
        return Fault("never", 404) if "/artifact-versions/" in call.target else Fault()

    outcomes = scene.apply(scene.plan(), decide)
    assert results(outcomes) == [Result.FAILED, Result.FAILED]
    assert scene.versions == [1, 2, 3]
