"""Aliases change hands: each one ends where git says, and no write meets one that is taken."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from itertools import count
from typing import Literal

import pytest

from reconciler.applying.outcome import APPLIED
from reconciler.manifest.load import Declaration
from reconciler.model import PARKING_ALIAS
from reconciler.registry import Behaviour, Store
from tests.support.builders import declaration, external, manifest
from tests.support.scale import is_cut_short, seeds
from tests.support.states import Crash, CrashedError, Document, Plane, replayable

Aliases = Mapping[int, str | None]
"""Versions, and the alias that each holds or declares. On the declared side, `None` clears it."""
_CONFLICT = 409

SHAPES: dict[str, tuple[Aliases, Aliases]] = {
    "promotion": ({1: "v-a", 2: None}, {1: None, 2: "v-a"}),
    "promotion, the loser undeclared": ({1: "v-a", 2: None}, {2: "v-a"}),
    "promotion to a version yet to be made": ({1: "v-a"}, {1: None, 2: "v-a"}),
    "the same, the loser undeclared": ({1: "v-a"}, {2: "v-a"}),
    "swap": ({1: "v-a", 2: "v-b"}, {1: "v-b", 2: "v-a"}),
    "ring of three": ({1: "v-a", 2: "v-b", 3: "v-c"}, {1: "v-b", 2: "v-c", 3: "v-a"}),
    "ring of three, the other way": ({1: "v-a", 2: "v-b", 3: "v-c"}, {1: "v-c", 2: "v-a", 3: "v-b"}),
    "ring of four": (
        {1: "v-a", 2: "v-b", 3: "v-c", 4: "v-d"},
        {1: "v-b", 2: "v-c", 3: "v-d", 4: "v-a"},
    ),
    "two rings": (
        {1: "v-a", 2: "v-b", 3: "v-c", 4: "v-d"},
        {1: "v-b", 2: "v-a", 3: "v-d", 4: "v-c"},
    ),
    "chain": ({1: "v-a", 2: "v-b", 3: None}, {1: None, 2: "v-a", 3: "v-b"}),
    "chain upwards, out of an undeclared version": (
        {1: "v-a", 2: "v-b", 3: "v-c", 4: None},
        {2: "v-a", 3: "v-b", 4: "v-c"},
    ),
    "ring beside a chain": (
        {1: "v-a", 2: "v-b", 3: "v-c", 4: None, 5: "v-e"},
        {1: "v-b", 2: "v-a", 3: None, 4: "v-c", 6: "v-e"},
    ),
}
each_shape = pytest.mark.parametrize("shape", SHAPES)
each_server = pytest.mark.parametrize("taken_alias", ["refuse", "move"])


@each_shape
@each_server
@pytest.mark.parametrize("rest_differs", [False, True], ids=["aliases alone", "and the rest differs"])
def test_each_alias_ends_where_git_says(
    shape: str, taken_alias: Literal["refuse", "move"], *, rest_differs: bool
) -> None:
    held, wanted = SHAPES[shape]
    with Store() as store:
        plane = Plane(store, Behaviour(taken_alias=taken_alias), _registered(held))
        declared = _declared(wanted, description="new" if rest_differs else "old")
        outcomes = asyncio.run(plane.reconcile(declared))
        _check(plane, held, wanted)
        assert {outcome.result for outcome in outcomes} <= APPLIED
        assert asyncio.run(plane.plan(declared)).changes == ()
        # One write for each change, and one more for each ring.
        assert plane.writes == len(outcomes) + _rings(held, wanted)


@pytest.mark.law
def test_random_moves_end_where_git_says() -> None:
    """Pinned and named by alias, declared or not, in both server modes."""
    tried = moved = 0
    for seed in seeds(20, 150, 5_000):
        tried += 1
        draw = random.Random(seed)  # noqa: S311  repeatable, guards nothing
        held, wanted = _moves(draw)
        unpinned = {"version_alias": "v-new"} if draw.random() < 0.5 or not wanted else {}
        mode: Literal["refuse", "move"] = draw.choice(("refuse", "move"))
        with replayable(seed), Store() as store:
            plane = Plane(store, Behaviour(taken_alias=mode), _registered(held))
            more = [_unpinned(**unpinned)] if unpinned else []
            declared = _declared(wanted, more=more)
            plan = asyncio.run(plane.plan(declared))
            moved += len(plan.promotions)
            outcomes = asyncio.run(plane.apply(plan))
            assert {outcome.result for outcome in outcomes} <= APPLIED
            new = {max([0, *held, *wanted]) + 1: "v-new"} if unpinned else {}
            _check(plane, held, {**wanted, **new})
            assert asyncio.run(plane.plan(declared)).changes == ()
    assert moved > tried / 2 or is_cut_short()


@each_shape
@each_server
def test_a_crash_at_any_write_is_cleaned_up_by_the_next_run(
    shape: str, taken_alias: Literal["refuse", "move"]
) -> None:
    held, wanted = SHAPES[shape]
    declared = _declared(wanted, description="new")
    crashes = parked = 0
    for committed in (False, True):
        for at_write in count(1):
            with Store() as store:
                crash = Crash(at_write, committed=committed)
                behaviour = Behaviour(taken_alias=taken_alias)
                plane = Plane(store, behaviour, _registered(held), middleware=[crash.middleware()])
                try:
                    asyncio.run(plane.reconcile(declared))
                except CrashedError:
                    crashes += 1
                else:
                    break  # there are fewer writes
                parked += any(_is_parked(document) for document in plane.registered("fraud").values())
                crash.is_over = True
                asyncio.run(plane.reconcile(declared))
                _check(plane, held, wanted)
                assert asyncio.run(plane.plan(declared)).changes == ()
    assert crashes >= 2 * len(wanted)
    # After each write of a ring but the last the version parked is still so: seen from both sides of it.
    assert bool(parked) == bool(_rings(held, wanted))


def test_a_parking_alias_left_on_a_version_that_git_does_not_declare_any_more_is_given_up() -> None:
    with Store() as store:
        plane = Plane(store, Behaviour(), _registered({1: f"{PARKING_ALIAS}1", 2: "v-a"}))
        declared = _declared({2: "v-a"})
        asyncio.run(plane.reconcile(declared))
        _check(plane, {}, {1: None, 2: "v-a"})
        assert asyncio.run(plane.plan(declared)).changes == ()


def test_a_manifest_named_by_its_alias_updates_the_version_that_holds_it_and_moves_nothing() -> None:
    with Store() as store:
        plane = Plane(store, Behaviour(), _registered({1: "v-a", 2: "v-b"}))
        declared = _declared(
            {}, more=[_unpinned(version_alias="v-b", source=external("s3://models/scorer/2"))]
        )
        (outcome,) = asyncio.run(plane.reconcile(declared))
        assert (outcome.result, outcome.version) == ("updated", 2)
        _check(plane, {}, {1: "v-a", 2: "v-b"})


def _registered(held: Aliases) -> list[Document]:
    return [_version(version, version_alias=alias) for version, alias in held.items()]


def _declared(
    wanted: Aliases, *, description: str = "old", more: list[Document] | None = None
) -> Declaration:
    pinned = (_version(v, version_alias=alias, description=description) for v, alias in wanted.items())
    return declaration(*pinned, *(more or []))


def _version(version: int, **given: object) -> Document:
    usual: Document = {"description": "old", "source": external(f"s3://models/scorer/{version}")}
    return manifest(**{**usual, "version": version, **given})


def _unpinned(**given: object) -> Document:
    document = manifest(**{"source": external("s3://models/scorer/new"), "description": "new", **given})
    del document["version"]
    return document


def _check(plane: Plane, held: Aliases, wanted: Aliases) -> None:
    """Every alias is where git says; an undeclared version keeps its own unless another one wants it."""
    taken = set(wanted.values())
    expected = {version: alias for version, alias in held.items() if alias not in taken} | dict(wanted)
    registered = plane.registered("fraud")
    found = {version: document.get("version_alias") for (_, _, version), document in registered.items()}
    assert {**dict.fromkeys(held), **expected} == found
    assert [sent.manifest for sent in plane.sent if sent.status == _CONFLICT] == []


def _rings(held: Aliases, wanted: Aliases) -> int:
    """How many closed rings of versions each take the alias of the next."""
    holder = {alias: version for version, alias in held.items() if alias}
    following = {
        version: holder[alias]
        for version, alias in wanted.items()
        if alias in holder and held.get(version) and holder[alias] != version
    }
    rings, left = 0, set(following)
    while left:
        start = version = left.pop()
        while following.get(version) in left:
            version = following[version]
            left.discard(version)
        rings += following.get(version) == start
    return rings


def _moves(draw: random.Random) -> tuple[Aliases, Aliases]:
    """Some versions with aliases, and some manifests that want other ones."""
    versions = range(1, draw.randint(2, 6) + 1)
    names: list[str | None] = [f"v-{letter}" for letter in "abcde"]
    held = draw.sample([*names, None, None], len(versions))
    wanted = draw.sample([*names, None], len(versions))
    declared = [version for version in versions if draw.random() < 0.8]
    return dict(zip(versions, held, strict=True)), {v: wanted[v - 1] for v in declared}


def _is_parked(document: Document) -> bool:
    return str(document.get("version_alias")).startswith(PARKING_ALIAS)
