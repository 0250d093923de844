"""A model of everything that can happen, in random order: edits on both sides, applies, faults, crashes."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import astuple, replace
from itertools import count
from typing import Any

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reconciler.applying.outcome import REACHED, Outcome, Result
from reconciler.diff import MISSING
from reconciler.manifest.load import Declaration
from reconciler.planning.change import Create, Lane, Plan
from reconciler.registry import Behaviour, Store
from tests.support.behaviours import MODES
from tests.support.builders import declaration, external, manifest
from tests.support.changes import find_change_differences
from tests.support.faulty_registry import BUSY, CUT, FAILED, FAILED_AFTER, LATE, LOST, Fault, Faults, weighted
from tests.support.scale import ALLOWANCE, TIER, first_seed, runs
from tests.support.states import PATIENCE, Crash, CrashedError, Document, Plane, replayable

_LATENESS = 0.01
_PATIENCE = replace(
    PATIENCE, first_delay=0.001, longest_delay=0.004, settle=0.06, update_age=-1, create_age=-1
)
"""What was read is too old at once: a foreign edit of the last two seconds is none that we promise to see."""
_WRITE_FAULTS = {
    CUT: 0.08,
    LOST: 0.05,
    replace(LATE, after=_LATENESS): 0.06,
    BUSY: 0.04,
    FAILED[0]: 0.04,
    FAILED_AFTER[2]: 0.04,
}
_READ_FAULTS = {Fault("never", "reset"): 0.05, FAILED[1]: 0.05}

Key = tuple[str, int]
"""Name and version."""
_NAMES = ("scorer", "ranker")
_names = st.sampled_from(_NAMES)
_slots = st.sampled_from(
    [
        ("version", 1),
        ("version", 2),
        ("version", 3),
        ("alias", 1),
        ("alias", 2),
        ("contents", 1),
        ("contents", 2),
    ]
)
_aliases = st.sampled_from(["v-a", "v-b", "v-c"])
_metadata = st.sampled_from([{}, {"a": 1}, {"a": 2, "b": [1, None]}])
_picks = st.integers(0, 9)


class World(RuleBasedStateMachine):
    """One repository, one registry, and everybody who edits either.

    Contents are unique to a manifest: a version of the same contents is a second one of that manifest.
    """

    def __init__(self, behaviour: Behaviour, happened: Counter[str]) -> None:
        super().__init__()
        self._behaviour = behaviour
        self._happened = happened
        self._store = Store()
        self._faults = Faults()
        self._crash = Crash()
        self._git: dict[tuple[str, str, int], Document] = {}
        self._plan: Plan | None = None
        self._foreign: dict[Key, object] = {}
        self._internal: dict[Key, object] = {}
        self._maybe_twice: set[str] = set()
        self._marks = 0
        middleware = [self._faults.middleware(), self._crash.middleware()]
        self._plane = Plane(self._store, behaviour, middleware=middleware, patience=_PATIENCE)
        for name in _NAMES:  # so that the registry numbers its own versions beyond those that git pins
            self._plane.put(manifest(name=name, version=100, source=external(f"s3://foreign/{name}")))

    @rule(name=_names, slot=_slots, description=st.sampled_from(["", "one", "two", None]), metadata=_metadata)
    def declare(self, name: str, slot: tuple[str, int], description: str | None, metadata: Document) -> None:
        """Add a manifest, or change one."""
        self._step("declare")
        kind, number = slot
        before = self._git.get((name, *slot), {})
        document = _document(name, kind, number) | {"metadata": metadata}
        if "version_alias" in before:
            document["version_alias"] = before["version_alias"]
        self._git[name, *slot] = document | ({"description": description} if description is not None else {})

    @rule(name=_names, version=st.integers(1, 3), alias=_aliases)
    def promote(self, name: str, version: int, alias: str) -> None:
        """Move an alias from one manifest to another, or from nowhere."""
        self._step("promote")
        for (owner, _, _), document in self._git.items():
            if owner == name and document.get("version_alias") == alias:
                document["version_alias"] = None
        document = self._git.setdefault((name, "version", version), _document(name, "version", version))
        document["version_alias"] = alias

    @precondition(lambda self: len(self._git) > 1)
    @rule(pick=_picks)
    def withdraw(self, pick: int) -> None:
        """Remove a manifest."""
        self._step("withdraw")
        del self._git[sorted(self._git)[pick % len(self._git)]]

    @rule(name=_names, version=st.integers(1, 5), is_ours=st.booleans())
    def create_by_hand(self, name: str, version: int, *, is_ours: bool) -> None:
        """Register a version, with the contents that git would give it or with others."""
        self._step("create by hand")
        if (name, version) in self._registered():
            return
        document = _document(name, "version", version)
        if not is_ours:
            self._marks += 1
            document["source"] = external(f"s3://foreign/{self._marks}")
        elif self._is_registered(document["source"]["uri"]):
            return
        self._plane.put(document)

    @precondition(lambda self: self._registered())
    @rule(pick=_picks, field=st.sampled_from(["x_owner", "internal", "description", "metadata"]))
    def edit_by_hand(self, pick: int, field: str) -> None:
        """Change a registered version."""
        self._step("edit by hand")
        key, document = self._pick(pick)
        self._marks += 1
        if field == "x_owner":
            document = {**document, field: self._marks}
            self._foreign[key] = self._marks
        elif field == "internal":
            internal = {"artifact_size": self._marks}
            document = {**document, "metadata": {**document["metadata"], ".truefoundry": internal}}
            self._internal[key] = internal
        elif field == "metadata":
            document = {**document, "metadata": {**document["metadata"], "a": 7}}
        else:
            document = {**document, "description": "by hand"}
        assert self._plane.put(document)

    @precondition(lambda self: self._registered())
    @rule(pick=_picks, alias=_aliases)
    def move_alias_by_hand(self, pick: int, alias: str) -> None:
        """Take an alias from whoever holds it, for a version that has none that names it."""
        self._step("move alias by hand")
        key, document = self._pick(pick)
        if str(document.get("version_alias")).startswith(f"v-{key[0]}"):
            return
        for (name, _), holder in self._registered().items():
            if name == key[0] and holder.get("version_alias") == alias:
                assert self._plane.put({**holder, "version_alias": None})
        assert self._plane.put({**document, "version_alias": alias})

    @precondition(lambda self: self._registered())
    @rule(pick=_picks)
    def delete_by_hand(self, pick: int) -> None:
        """Delete a registered version."""
        self._step("delete by hand")
        (name, version), _ = self._pick(pick)
        self._plane.delete("fraud", name, version)
        self._foreign.pop((name, version), None)
        self._internal.pop((name, version), None)

    @precondition(lambda self: self._git)
    @rule()
    def plan(self) -> None:
        """Plan; the plan may be applied any time later."""
        self._step("plan")
        self._plan = asyncio.run(self._plane.plan(self._declared()))

    @precondition(lambda self: self._plan)
    @rule()
    def apply(self) -> None:
        """Apply the plan, which may be older than what is registered now."""
        self._step("apply")
        assert self._plan
        self._note(asyncio.run(self._plane.apply(self._plan)))
        self._plan = None

    @precondition(lambda self: self._git)
    @rule(seed=st.integers(0, 10**6))
    def apply_with_faults(self, seed: int) -> None:
        """Plan, and apply while the registry loses requests and answers."""
        self._step("apply with faults")
        plan = asyncio.run(self._plane.plan(self._declared()))
        unpinned = {_uri(change.after) for change in plan.changes if change.version is None}
        self._faults.decide = weighted(seed, _WRITE_FAULTS, _READ_FAULTS)
        self._faults.latest = 0.0
        self._note(asyncio.run(self._plane.apply(plan)))
        self._faults.stop()
        self._faults.settle()
        if self._faults.latest > _PATIENCE.settle / 2:  # this machine is too slow for our promise
            self._happened["later than promised"] += 1
            self._maybe_twice |= unpinned

    @precondition(lambda self: self._git)
    @rule(at_write=st.integers(1, 4), committed=st.booleans())
    def crash(self, at_write: int, *, committed: bool) -> None:
        """Plan, and be killed while applying."""
        self._step("crash")
        self._crash.again(at_write, committed=committed)
        try:
            asyncio.run(self._plane.reconcile(self._declared()))
        except CrashedError:
            self._happened["crashed"] += 1
        self._crash.is_over = True

    @precondition(lambda self: self._git)
    @rule()
    def apply_twice_at_once(self) -> None:
        """Two processes plan, and apply side by side."""
        self._step("apply twice at once")

        async def both() -> tuple[tuple[Outcome, ...], ...]:
            plan = await self._plane.plan(self._declared())
            self._maybe_twice |= {_uri(c.after) for c in plan.changes if self._may_be_made_twice(c)}
            return await asyncio.gather(self._plane.apply(plan), self._plane.apply(plan))

        for outcomes in asyncio.run(both()):
            self._note(outcomes)

    @precondition(lambda self: self._git)
    @rule()
    def settle(self) -> None:
        """Let one undisturbed run end; the next plan is empty but for what no run can bring about."""
        self._step("settle")
        declared = self._declared()
        self._note(asyncio.run(self._plane.reconcile(declared)))
        plan = asyncio.run(self._plane.plan(declared))
        writes = self._plane.writes
        left = [lane for lane in plan.lanes if not self._is_out_of_reach(lane)]
        assert left == []
        if not plan.lanes:
            self._happened["settled"] += 1
            assert asyncio.run(self._plane.apply(plan)) == ()
            assert self._plane.writes == writes

    @invariant()
    def nothing_is_there_twice(self) -> None:
        """No two registered versions come from one manifest."""
        uris = Counter(_uri(document) for document in self._registered().values())
        twice = {uri for uri, count in uris.items() if count > 1} - self._maybe_twice
        # A server that numbers pinned versions itself never has the one asked for: each run makes it anew.
        if self._behaviour.unknown_version == "renumber":
            twice = {uri for uri in twice if "/version-" not in uri}
        assert twice == set()

    @invariant()
    def nothing_foreign_is_lost(self) -> None:
        """What somebody else wrote stays: undeclared fields, internal metadata, whole versions."""
        registered = self._registered()
        assert {key: registered[key].get("x_owner") for key in self._foreign} == self._foreign
        for key, document in registered.items():
            internal = document["metadata"].get(".truefoundry")
            assert self._internal.setdefault(key, internal) == internal
        assert self._internal.keys() == registered.keys()

    def teardown(self) -> None:
        """Close what is open."""
        self._faults.settle()
        self._store.close()

    def _step(self, name: str) -> None:
        self._happened[name] += 1
        self._happened["steps"] += 1

    def _declared(self) -> Declaration:
        return declaration(*self._git.values())

    def _note(self, outcomes: tuple[Outcome, ...]) -> None:
        """Take note of results; where a server numbers versions itself, of what it made, too."""
        self._happened.update(f"outcome {outcome.result}" for outcome in outcomes)
        for outcome in outcomes:
            if outcome.result is Result.UNKNOWN or outcome.result in REACHED:
                continue
            assert outcome.message, "what did not work is explained"

    def _registered(self) -> dict[Key, Document]:
        found = self._plane.registered("fraud")
        return {(name, version): document for (_, name, version), document in found.items()}

    def _is_registered(self, uri: str) -> bool:
        return any(_uri(document) == uri for document in self._registered().values())

    def _pick(self, pick: int) -> tuple[Key, Document]:
        registered = self._registered()
        key = sorted(registered)[pick % len(registered)]
        return key, registered[key]

    def _may_be_made_twice(self, change: Any) -> bool:
        """Whether nothing in the API keeps two runs at once from making it twice."""
        if not isinstance(change, Create) or change.version is not None:
            return False
        return change.declared.alias is None or self._behaviour.taken_alias == "move"

    def _is_out_of_reach(self, lane: Lane) -> bool:
        """Whether a conflict is in the way, or the way that the registry behaves."""
        if lane.conflict:
            return True
        pinned = [change for change in lane.changes if isinstance(change, Create) and change.version]
        if pinned and self._behaviour.unknown_version == "renumber":
            return True
        if self._behaviour.metadata == "replace":
            return False
        return all(
            difference.path[0] == "metadata" and difference.after is MISSING
            for change in lane.changes
            for difference in find_change_differences(change)
        )


def _document(name: str, kind: str, number: int) -> Document:
    """A manifest with contents of its own."""
    uri = f"s3://{name}/{kind}-{number}"
    if kind == "version":
        return manifest(name=name, version=number, source=external(uri))
    document = manifest(name=name, source=external(uri))
    del document["version"]
    return document | ({"version_alias": f"v-{name}-{number}"} if kind == "alias" else {})


def _uri(document: Any) -> str:
    return str(document["source"]["uri"])


_KINDS = (
    "settled",
    "crashed",
    "apply with faults",
    "apply twice at once",
    "outcome created",
    "outcome updated",
    "outcome skipped",
)
"""What has to have happened in each mode, or it was not tried; a commit does not wait for all of it."""


def _world(mode: Behaviour, happened: Counter[str]) -> type[World]:
    class Chosen(World):
        def __init__(self) -> None:
            super().__init__(mode, happened)

    return Chosen


@pytest.mark.law
@pytest.mark.parametrize("mode", MODES, ids=[" ".join(astuple(mode)) for mode in MODES])
def test_whatever_happens_nothing_is_made_twice_or_lost_and_a_quiet_run_converges(mode: Behaviour) -> None:
    """Each way that a registry can behave gets its share of the steps."""
    begin = first_seed()
    happened: Counter[str] = Counter()
    world = _world(mode, happened)
    steps = runs(1_000, 5_000, 100_000) // len(MODES)
    limits = settings(max_examples=runs(2, 2, 85), stateful_step_count=50)
    with replayable(begin):
        for more in count():
            run_state_machine_as_test(seed(f"{mode} {begin} {more}")(world), settings=limits)
            is_enough = happened["steps"] >= steps and (
                TIER == "quick" or all(happened[kind] for kind in _KINDS)
            )
            if is_enough or ALLOWANCE.is_used_up:
                break
