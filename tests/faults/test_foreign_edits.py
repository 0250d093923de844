"""Others write between the plan and the write, or several of us at once: nothing is overwritten unseen."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.applying.outcome import APPLIED, REACHED, Outcome, Result
from reconciler.compare.desired import find_unmet
from reconciler.manifest.load import Declaration
from reconciler.planning.change import Conflict, Create
from reconciler.registry import Behaviour, Store
from tests.support.builders import declaration, external, manifest
from tests.support.scale import is_cut_short, seeds
from tests.support.states import PATIENCE, Document, Plane, replayable

_ALWAYS_LOOKS = replace(PATIENCE, update_age=-1.0, create_age=-1.0)
"""What was read is too old at once, so that no test waits two seconds for it."""
_STALE = (
    "changed since the plan was made: ",
    " is no longer registered",
    " is now held by fraud/scorer:",
    " was registered meanwhile, otherwise: ",
)
_FOREIGN_HINT = "nothing was overwritten: look at the change, then plan and apply again"


@pytest.mark.law
def test_foreign_edits_before_a_write_are_never_overwritten() -> None:
    """At a random moment of an apply somebody changes one version in a random way."""
    met: Counter[str] = Counter()
    for seed in seeds(100, 200, 1_000):
        with replayable(seed), Store() as store:
            met.update(_Meeting(random.Random(seed), store).check())  # noqa: S311
    if not is_cut_short():
        least = {
            "skipped": 30,
            "failed": 1,
            "unchanged": 4,
            "after a write": 20,
            "the lane was not concerned": 10,
        }
        assert {what: met[what] for what, count in least.items() if met[what] < count} == {}
        assert met.keys() >= {f"foreign: {edit.__name__}" for edit in _EDITS}


class _Meeting:
    """One apply, and one foreign edit of the artifact that it is about."""

    def __init__(self, draw: random.Random, store: Store) -> None:
        self._draw = draw
        self._at_write = draw.choice((0, 0, 1, 2))
        self._edit = draw.choice(_EDITS)
        self._touched: set[int] = set()
        self._foreign: dict[int, Document | None] = {}
        self._writes_before = 0
        mode: Literal["refuse", "move"] = draw.choice(("refuse", "move"))
        self._plane = Plane(
            store,
            Behaviour(taken_alias=mode),
            [*(_version(number, version_alias=f"v-{number}") for number in (1, 2, 3)), _other()],
            middleware=[Middleware(_AfterWrites, call=self._written)],
            patience=_ALWAYS_LOOKS,
        )
        self._declared = _some_declaration(draw)

    def check(self) -> list[str]:
        """Apply, and see to it that nothing foreign was lost; what was met."""
        plane = self._plane
        plan = asyncio.run(plane.plan(self._declared))
        if self._at_write == 0:
            self._interfere()
        outcomes = asyncio.run(plane.apply(plan, concurrency=1))
        (other,) = (outcome for outcome in outcomes if outcome.change.artifact.name == "other")
        assert other.result is Result.UPDATED
        mine = [outcome for outcome in outcomes if outcome.change.artifact.name == "scorer"]
        assert {outcome.result for outcome in mine} <= REACHED | {Result.SKIPPED, Result.FAILED}
        if not self._touched:
            return ["nobody came"]
        now = self._scorer()
        later = [s.manifest for s in plane.sent[self._writes_before :] if s.manifest["name"] == "scorer"]
        assert self._touched & {document.get("version") for document in later} == set()
        for version in self._touched:
            assert now.get(version) == self._foreign[version]
        self._check_what_is_said(mine)
        again = asyncio.run(plane.plan(self._declared))
        for change in again.changes:
            if change.registered:
                assert (
                    change.registered.document
                    == plane.registered("fraud")[
                        (change.artifact.ml_repo, change.artifact.name, change.registered.version)
                    ]
                )
        moment = ["after a write"] if self._at_write else []
        results = {str(o.result) for o in mine if o.change.version in self._touched}
        said = results & {"skipped", "failed", "unchanged"} or {"the lane was not concerned"}
        return [f"foreign: {self._edit.__name__}", *moment, *said]

    def _check_what_is_said(self, outcomes: list[Outcome]) -> None:
        skipped = [outcome for outcome in outcomes if outcome.result not in REACHED]
        for outcome in skipped:
            assert (outcome.result is Result.FAILED) == ("its alias stays parked" in outcome.message)
        causes = [outcome for outcome in skipped if any(words in outcome.message for words in _STALE)]
        assert [outcome.hint for outcome in causes] == [_FOREIGN_HINT][: len(skipped)]
        for outcome in skipped:
            assert outcome in causes or " before it was skipped" in outcome.message
        for outcome in outcomes:
            version = outcome.version if isinstance(outcome.change, Create) else outcome.change.version
            if outcome.result is Result.UNCHANGED:
                assert version is not None
                assert find_unmet(outcome.change.after, self._scorer()[version]) == ()

    def _written(self, writes: int) -> None:
        if writes == self._at_write:
            self._interfere()

    def _interfere(self) -> None:
        before = self._scorer()
        self._writes_before = len(self._plane.sent)
        self._edit(self._plane, self._draw, before)
        after = self._scorer()
        self._touched = {v for v in before.keys() | after.keys() if before.get(v) != after.get(v)}
        self._foreign = {version: after.get(version) for version in self._touched}

    def _scorer(self) -> dict[int, Document]:
        registered = self._plane.registered("fraud")
        return {version: document for (_, name, version), document in registered.items() if name == "scorer"}


Edit = Callable[[Plane, random.Random, dict[int, Document]], None]


def _describe(plane: Plane, draw: random.Random, versions: dict[int, Document]) -> None:
    document = _any_of(draw, versions)
    plane.put({**document, "description": draw.choice(["foreign", "new", "old"])})


def _annotate(plane: Plane, draw: random.Random, versions: dict[int, Document]) -> None:
    document = _any_of(draw, versions)
    plane.put({**document, "metadata": {**document["metadata"], "a": draw.choice([2, 3])}})


def _rename(plane: Plane, draw: random.Random, versions: dict[int, Document]) -> None:
    plane.put({**_any_of(draw, versions), "version_alias": draw.choice(["v-foreign", None])})


def _add_a_field(plane: Plane, draw: random.Random, versions: dict[int, Document]) -> None:
    plane.put({**_any_of(draw, versions), "x_owner": "foreign"})


def _note_internally(plane: Plane, draw: random.Random, versions: dict[int, Document]) -> None:
    document = _any_of(draw, versions)
    plane.put({**document, "metadata": {**document["metadata"], ".truefoundry": {"artifact_size": 7}}})


def _delete(plane: Plane, draw: random.Random, versions: dict[int, Document]) -> None:
    plane.delete("fraud", "scorer", _any_of(draw, versions)["version"])


def _create_the_same_version(plane: Plane, draw: random.Random, versions: dict[int, Document]) -> None:
    if 4 not in versions:
        plane.put(_version(4, description=draw.choice(["new", "foreign"])))


def _take_an_alias(plane: Plane, draw: random.Random, versions: dict[int, Document]) -> None:
    """Two writes, as a careful person makes them: give up, then take."""
    wanted = f"v-{draw.choice((1, 2, 3))}"
    for document in versions.values():
        if document.get("version_alias") == wanted:
            plane.put({**document, "version_alias": None})
    plane.put({**_any_of(draw, versions), "version_alias": wanted})


def _do_what_is_wanted(plane: Plane, draw: random.Random, versions: dict[int, Document]) -> None:
    document = _any_of(draw, versions)
    plane.put({**document, "description": "new", "metadata": {**document["metadata"], "a": 2}})


_EDITS: tuple[Edit, ...] = (
    _describe,
    _annotate,
    _rename,
    _add_a_field,
    _note_internally,
    _delete,
    _create_the_same_version,
    _take_an_alias,
    _do_what_is_wanted,
)


def _any_of(draw: random.Random, versions: dict[int, Document]) -> Document:
    return versions[draw.choice(sorted(versions))]


def _some_declaration(draw: random.Random) -> Declaration:
    """Versions 1 to 3 with edits, perhaps with their aliases passed round, and perhaps one more."""
    shift = draw.choice((0, 0, 1, 2))
    declared = draw.sample((1, 2, 3), draw.choice((2, 3)))
    documents = []
    for number in declared if shift == 0 else (1, 2, 3):
        alias = {"version_alias": f"v-{(number - 1 + shift) % 3 + 1}"} if shift else {}
        edits: Document = draw.choice(
            ({"description": "new"}, {"metadata": {"a": 2}}, {"description": "new", "metadata": {"a": 2}}, {})
        )
        documents.append(_silent(number, **{**alias, **edits}))
    if draw.random() < 0.5:
        documents.append(_version(4, description="new"))
    return declaration(*documents, _other(description="new"))


def _silent(number: int, **given: object) -> Document:
    """A manifest that says nothing of description and alias, unless it is given them."""
    document = _version(number, **given)
    return {field: value for field, value in document.items() if field in given or field != "description"}


def _version(number: int, **given: object) -> Document:
    usual: Document = {"description": "old", "metadata": {"a": 1}}
    return manifest(**{**usual, "version": number, "source": external(f"s3://scorer/{number}"), **given})


def _other(**given: object) -> Document:
    return manifest(name="other", version=1, source=external("s3://other/1"), **given)


class _AfterWrites:
    """Calls after each write to `scorer`, before its answer is sent; with how many there were."""

    def __init__(self, app: ASGIApp, call: Callable[[int], None]) -> None:
        self._app = app
        self._call = call
        self._writes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        if scope["method"] == "PUT":
            self._writes += 1
            self._call(self._writes)


@pytest.mark.law
@pytest.mark.parametrize("named", ["by version", "by alias"])
@pytest.mark.parametrize("reconcilers", [2, 3, 5, 8])
def test_several_reconcilers_at_once_make_each_version_once(
    reconcilers: int, named: Literal["by version", "by alias"]
) -> None:
    together = 0
    for seed in seeds(4, 8, 65):
        draw = random.Random(f"{seed} {reconcilers} {named}")  # noqa: S311  repeatable, guards nothing
        with replayable(seed), Store() as store:
            plane = _crowded(store, draw, Behaviour())
            declared = _created_and_updated(named)
            outcomes = asyncio.run(_at_once(plane, declared, reconcilers))
            made = Counter(outcome.change.label for outcome in outcomes if outcome.result in APPLIED)
            together += sum(count > 1 for count in made.values())
            assert {outcome.result for outcome in outcomes} <= REACHED
            assert _copies(plane) == {}
            assert asyncio.run(plane.plan(declared)).changes == ()
    # Who comes second is told so, or his write changed nothing: either happened often enough.
    assert together > 0 or is_cut_short()


@pytest.mark.law
@pytest.mark.parametrize("reconcilers", [2, 8])
def test_a_version_that_only_its_contents_name_and_that_several_made_is_a_conflict(reconcilers: int) -> None:
    """Nothing in the API keeps two of us from making it twice: then the next plan says so, and stops."""
    seen: Counter[str] = Counter()
    for seed in seeds(5, 10, 65):
        draw = random.Random(f"{seed} {reconcilers}")  # noqa: S311  repeatable, guards nothing
        with replayable(seed), Store() as store:
            plane = _crowded(store, draw, Behaviour())
            document = _version(1)
            del document["version"]
            declared = declaration(document)
            asyncio.run(_at_once(plane, declared, reconcilers))
            copies = _copies(plane)
            changes = asyncio.run(plane.plan(declared)).changes
            assert [type(change) for change in changes] == [Conflict] * len(copies)
            for change in changes:
                assert isinstance(change, Conflict)
                assert f"{max(copies.values())} registered versions have this source.uri" in change.reason
            seen.update(["twice" if copies else "once"])
    assert seen


async def _at_once(plane: Plane, declared: Declaration, reconcilers: int) -> list[Outcome]:
    runs_of_each = await asyncio.gather(*(plane.reconcile(declared) for _ in range(reconcilers)))
    return [outcome for outcomes in runs_of_each for outcome in outcomes]


def _created_and_updated(named: Literal["by version", "by alias"]) -> Declaration:
    made = [_version(number, version_alias=f"v-{number}", description="new") for number in range(2, 6)]
    if named == "by alias":
        for document in made:
            del document["version"]
    promoted = _version(1, description="new", version_alias="v-prod")
    return declaration(promoted, *made, _other(description="new"))


def _crowded(store: Store, draw: random.Random, behaviour: Behaviour) -> Plane:
    registered = [_version(1), _version(9, version_alias="v-prod"), _other()]
    return Plane(store, behaviour, registered, middleware=[Middleware(_Jitter, draw=draw)])


def _copies(plane: Plane) -> dict[str, int]:
    """Contents that are registered more than once, and how often."""
    uris = Counter(document["source"]["uri"] for document in plane.registered("fraud").values())
    return {uri: count for uri, count in uris.items() if count > 1}


class _Jitter:
    """Answers in any order: requests wait for a random time on their way in, and on their way out."""

    def __init__(self, app: ASGIApp, draw: random.Random) -> None:
        self._app = app
        self._draw = draw

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self._draw.choice((0, 0.0005, 0.002)))
        await self._app(scope, receive, send)
        await asyncio.sleep(self._draw.choice((0, 0.0005)))
