"""The laws of the main job, over random repositories and registries."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.applying.outcome import APPLIED, Result
from reconciler.diff import MISSING, Difference, describe_difference
from reconciler.errors import InvalidManifestsError
from reconciler.manifest.load import Declaration
from reconciler.planning.change import Change, Conflict, Create, Plan, Update
from reconciler.planning.describe import describe_plan
from reconciler.registry import Behaviour, Store
from tests.support.behaviours import MODES
from tests.support.builders import declaration, documents, load_manifests
from tests.support.changes import find_change_differences
from tests.support.scale import law, seeds
from tests.support.states import ML_REPOS, Document, Plane, World, replayable, snapshot_of, worlds

_INTERNAL = ".truefoundry"
# A server that merges metadata never drops a key, so that what is declared can not be reached there:
# it has a law of its own. One that numbers pinned versions itself can not be brought to any state.
_taken_aliases = st.sampled_from(["refuse", "move"])
_internals = st.sampled_from(["keep", "erase"])
_changed_sources = st.sampled_from(["refuse", "ignore"])
behaviours = st.builds(
    Behaviour,
    taken_alias=_taken_aliases,
    internal_metadata=_internals,
    changed_source=_changed_sources,
    serves=st.sampled_from(["both", "ml", "svc"]),
)
merging = st.builds(
    Behaviour,
    taken_alias=_taken_aliases,
    metadata=st.just("merge"),
    internal_metadata=_internals,
    changed_source=_changed_sources,
)


@law(40, 1_000, 10_000)
@given(world=worlds(), behaviour=behaviours, concurrency=st.integers(1, 4))
def test_after_an_apply_nothing_is_left_to_do_and_nothing_is_sent(
    world: World,
    behaviour: Behaviour,
    concurrency: int,
) -> None:
    with _planned(world, behaviour) as (plane, declared, first):
        outcomes = asyncio.run(plane.apply(first, concurrency))
        second = asyncio.run(plane.plan(declared))
        blocked = {lane.artifact for lane in first.lanes if lane.conflict}
        assert {o.change.artifact for o in outcomes if o.result not in APPLIED} == blocked
        assert {change.artifact for change in second.changes} == blocked
        assert [
            outcome.message for outcome in outcomes if outcome.result in APPLIED and outcome.message
        ] == []
        writes = plane.writes
        asyncio.run(plane.apply(second, concurrency))
        assert plane.writes == writes


def test_the_random_states_are_worth_trying() -> None:
    """Each kind of work has its share of the examples, or the laws would say little."""
    found: Counter[str] = Counter()

    @settings(max_examples=100)
    @given(world=worlds())
    def take_samples(world: World) -> None:
        with _planned(world, Behaviour()) as (_, declared, plan):
            found.update({"example", *_kinds(declared, plan)})

    take_samples()
    shares = {kind: found[kind] / found["example"] for kind in _LEAST_SHARES}
    assert {kind: share for kind, share in shares.items() if share < _LEAST_SHARES[kind]} == {}


@law(15, 200, 2_000)
@given(world=worlds(), behaviour=merging)
def test_what_a_merging_server_does_not_drop_is_reported_and_not_tried_twice_in_a_run(
    world: World, behaviour: Behaviour
) -> None:
    with _planned(world, behaviour) as (plane, declared, first):
        blocked = {lane.artifact for lane in first.lanes if lane.conflict}
        asyncio.run(_check_a_merging_apply(plane, first))
        second = asyncio.run(plane.plan(declared))
        left = [change for change in second.changes if change.artifact not in blocked]
        for change in left:
            paths = {(d.path[0], d.after is MISSING) for d in find_change_differences(change)}
            assert paths == {("metadata", True)}
        writes = plane.writes
        asyncio.run(_check_a_merging_apply(plane, second))
        assert plane.writes == writes + len(left)
        assert asyncio.run(plane.plan(declared)).changes == second.changes


async def _check_a_merging_apply(plane: Plane, plan: Plan) -> None:
    blocked = {lane.artifact for lane in plan.lanes if lane.conflict}
    for outcome in await plane.apply(plan):
        assert (outcome.result in APPLIED) == (outcome.change.artifact not in blocked)
        if outcome.result in APPLIED:
            kept = ", ".join(map(describe_difference, _kept_by_merging(outcome.change)))
            assert outcome.message == (f"the control plane changed {kept}" if kept else "")


def _kept_by_merging(change: Change) -> list[Difference]:
    """The keys of metadata that are to go and do not."""
    if change.registered is None:
        return []
    before: Any = change.registered.document["metadata"]
    after: Any = change.after["metadata"]
    return [
        Difference(("metadata", key), MISSING, before[key]) for key in sorted(before.keys() - after.keys())
    ]


@law(12, 100, 1_000)
@given(world=worlds(), data=st.data())
def test_the_order_of_files_and_documents_makes_no_difference(world: World, data: st.DataObject) -> None:
    with _planned(world, Behaviour()) as (plane, declared, plan):
        order = data.draw(st.permutations(range(len(world.files))))
        shuffled = load_manifests(snapshot_of(world.files, order))
        assert [d.document for d in documents(shuffled)] == [d.document for d in documents(declared)]
        first, again = describe_plan(plan), describe_plan(asyncio.run(plane.plan(shuffled)))
        assert list(again.changes) == list(first.changes)
        assert again.digest == first.digest


@law(15, 150, 2_000)
@given(world=worlds(), behaviour=behaviours)
def test_what_is_not_declared_stays_as_it_is(world: World, behaviour: Behaviour) -> None:
    with _planned(world, behaviour) as (plane, _, plan):
        before = plane.registered(*ML_REPOS)
        asyncio.run(plane.apply(plan))
        after = plane.registered(*ML_REPOS)
        changes = {(c.artifact.ml_repo, c.artifact.name, c.version): c for c in plan.changes}
        promoted = {(p.artifact.ml_repo, p.artifact.name, p.source) for p in plan.promotions}
        for identity, document in before.items():
            change = changes.get(identity)
            ours = set(change.declared.document) if change and change.declared else set()
            if identity in promoted:
                ours.add("version_alias")
            assert _canonical(_not_ours(after[identity], ours)) == _canonical(_not_ours(document, ours))


@pytest.mark.law
@pytest.mark.parametrize("number", range(len(MODES)), ids=[" ".join(astuple(mode)) for mode in MODES])
def test_internal_metadata_and_undeclared_fields_survive_every_update_in_every_mode(number: int) -> None:
    """Up to ten thousand updates in all; not a byte of what is not ours may change."""
    updates = 0
    for seed in seeds(2, 8, 80):
        with replayable(seed), Store() as store:
            updates += _check_an_update(store, MODES[number], random.Random(f"{number} {seed}"))  # noqa: S311
    assert updates > 0


def _check_an_update(store: Store, behaviour: Behaviour, draw: random.Random) -> int:
    """Apply some edits to some versions; how many were applied."""
    registered = [_anything_registered(draw, version) for version in range(1, 5)]
    wanted = [_some_edit(draw, document) for document in registered]
    plane = Plane(store, behaviour, registered)
    before = plane.registered("fraud")
    outcomes = asyncio.run(plane.reconcile(declaration(*wanted)))
    after = plane.registered("fraud")
    assert {outcome.result for outcome in outcomes} == {Result.UPDATED}
    for (identity, document), declared in zip(sorted(before.items()), wanted, strict=True):
        kept, now = _not_ours(document, declared), _not_ours(after[identity], declared)
        assert _canonical(now) == _canonical(kept)
        if "description" in declared:
            assert after[identity].get("description") == declared["description"]
    return len(outcomes)


def _anything_registered(draw: random.Random, version: int) -> Document:
    """A version with as much as possible that no manifest declares."""
    document: Document = {
        "type": "artifact-version",
        "ml_repo": "fraud",
        "name": "scorer",
        "version": version,
        "source": {
            "type": "external",
            "uri": f"s3://models/{version}",
            "x_checksum": draw.choice(_ODD_VALUES),
        },
        "metadata": {
            "a": 1,
            **{
                f"{_INTERNAL}{end}": draw.choice(_ODD_VALUES)
                for end in ("", ".job", "_2")
                if draw.random() < 0.8
            },
        },
    }
    possible: Document = {
        "description": draw.choice(["", "Old", "  old  "]),
        "version_alias": f"v-{version}",
        "step": draw.choice([1, 2**53 + 1]),
        "run_id": "run-1",
        "x_owner": draw.choice(_ODD_VALUES),
        "x_é": {"nested": [draw.choice(_ODD_VALUES), draw.choice(_ODD_VALUES)]},
    }
    return document | {field: value for field, value in possible.items() if draw.random() < 0.7}


_ODD_VALUES: tuple[Any, ...] = (
    0,
    1.0,
    -0.0,
    0.1,
    5e-324,
    1.7976931348623157e308,
    2**53 + 1,
    -(2**63),
    10**25,
    True,
    "",
    " padded\n",
    "é\u0301 \U0001f600 \u2028 \x00 <&>",
    [],
    {},
    [None, {"null": None}],
    {"b": 1, "a": {"": {}}},
)


def _some_edit(draw: random.Random, registered: Document) -> Document:
    """A manifest of a registered version that differs from it in one, two or three fields."""
    identity = {field: registered[field] for field in ("type", "ml_repo", "name", "version")}
    source = {field: registered["source"][field] for field in ("type", "uri")}
    edits: Document = {
        "description": draw.choice(["new", "newer", "é"]),
        "version_alias": f"v-new-{registered['version']}",
        "metadata": {"b": draw.randint(0, 9)},
    }
    fields = draw.sample(sorted(edits), draw.randint(1, 3))
    usual = {"metadata": {"a": 1}}
    return {**identity, "source": source, **usual, **{field: edits[field] for field in fields}}


def _not_ours(document: Document, declared: Collection[str]) -> Document:
    """What of a registered version its manifest has no say in: internal metadata, and what it leaves out."""
    rest = {
        field: value for field, value in document.items() if field not in declared and field != "metadata"
    }
    internal = {key: value for key, value in document["metadata"].items() if key.startswith(_INTERNAL)}
    source = {key: value for key, value in document["source"].items() if key not in {"type", "uri"}}
    return {**rest, "metadata": internal, "source": source}


def _canonical(value: Document) -> str:
    return json.dumps(value, sort_keys=True)


@contextmanager
def _planned(world: World, behaviour: Behaviour) -> Iterator[tuple[Plane, Declaration, Plan]]:
    """A control plane, what is declared and the plan for it; only for manifests that are no errors."""
    declared = load_manifests(snapshot_of(world.files))
    assume(declared.manifests and declared.is_valid)
    with Store() as store:
        plane = Plane(store, behaviour, world.registered)
        try:
            plan = asyncio.run(plane.plan(declared))
        except InvalidManifestsError:
            assume(condition=False)  # two manifests turn out to be one registered version
            raise
        yield plane, declared, plan


_LEAST_SHARES = {
    "update": 0.25,
    "pinned create": 0.4,
    "unpinned create": 0.25,
    "conflict": 0.1,
    "unchanged": 0.03,
    "promotion": 0.05,
    "release without manifest": 0.05,
    "update of undeclared fields' neighbours": 0.1,
    "several lanes": 0.3,
    "several changes in a lane": 0.3,
}


def _kinds(declared: Declaration, plan: Plan) -> Iterator[str]:
    """What kinds of work a plan is made of."""
    for change in plan.changes:
        match change:
            case Create():
                yield "unpinned create" if change.version is None else "pinned create"
            case Conflict():
                yield "conflict"
            case Update(declared=None):
                yield "release without manifest"
            case Update(registered=registered):
                yield "update"
                if "x_owner" in registered.document:
                    yield "update of undeclared fields' neighbours"
    shapes = {
        "promotion": plan.promotions,
        "unchanged": plan.unchanged,
        "several lanes": len(plan.lanes) > 1,
        "several changes in a lane": any(len(lane.changes) > 1 for lane in plan.lanes),
    }
    yield from (shape for shape, is_there in shapes.items() if is_there)
    assert len(plan.changes) + plan.unchanged >= len(declared.manifests)
