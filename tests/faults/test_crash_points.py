"""A crash at every write of an apply, at every point of that write; then another run."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, NoReturn, TypeAlias

import pytest

from reconciler.applying.attempts import Tools
from reconciler.applying.outcome import APPLIED, Observer, Outcome, Result
from reconciler.applying.run import apply_plan
from reconciler.applying.stop import Stop
from reconciler.client.http import open_reader, open_writer
from reconciler.client.port import Writer, Written
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.pace import Pace
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.client.requests.rate import Rate
from reconciler.client.requests.transport import Application
from reconciler.errors import ControlPlaneError
from reconciler.manifest.load import Loading
from reconciler.model import PARKING_ALIAS, Document
from reconciler.planning.change import Conflict, Plan
from reconciler.registry import Behaviour, Store, create_app
from reconciler.registry.storage.queries import VersionQuery
from reconciler.source.snapshot import Snapshot, SourceFile
from reconciler.wire.models import VersionManifest
from reconciler.workflow.plan import plan
from tests.support.faulty_registry import (
    CUT,
    LATE,
    LOST,
    NONE,
    Call,
    Decide,
    Fault,
    Faults,
    at_write,
    no_faults,
)
from tests.support.files_in_memory import FilesInMemory
from tests.support.scale import choose_cases

Manifest: TypeAlias = dict[str, Any]
Mode: TypeAlias = Literal["refuse", "move"]
State: TypeAlias = dict[tuple[str, int], Manifest]

SECONDS = 10.0
PATIENCE = Patience(first_delay=0.001, longest_delay=0.002, settle=5.0)
"""Nothing here waits that long: what is late is seen before."""
LATE_BY = 0.03
AFTER_THE_NEXT_RUN = 2.0
CONNECTION = Connection("sqlite:///test.db", "ml", None)
WRITES = 44
"""40 changes, and 4 rings of aliases of which one version each is parked."""
_ONE_IN = 8
"""Writes, of which one is tried where a commit is tested."""


class Point(StrEnum):
    """Where in a write the process ends."""

    BEFORE = "before it is sent"
    SENT = "sent, and not applied"
    COMMITTED = "committed, and not answered"
    ANSWERED = "answered, and not noted"


class CrashError(SystemExit):
    """The end of the process: it ends the loop, and with it all lanes at once."""


@dataclass
class Crash:
    """The end of the process at a write, counted from 1, and a point of it."""

    number: int
    point: Point
    is_over: bool = False

    @property
    def fault(self) -> Decide:
        """What the registry makes of the write."""
        match self.point:
            case Point.SENT:
                return at_write(self.number, LOST)
            case Point.COMMITTED:
                return at_write(self.number, CUT)
            case _:
                return no_faults

    def strike(self) -> NoReturn:
        """End the process."""
        self.is_over = True
        raise CrashError


def manifest(name: str, version: int | None, content: object = None, **more: Any) -> Manifest:
    """A version; what tells it from all others of its artifact is its `source.uri`."""
    document: Manifest = {
        "type": "artifact-version",
        "ml_repo": "fraud",
        "name": name,
        "metadata": {"owner": "us"},
        "source": {"type": "external", "uri": f"s3://example/{name}/{content or version}"},
    }
    return document | ({} if version is None else {"version": version}) | more


def before() -> list[Manifest]:
    """What is registered before the run."""
    return [
        *(manifest("updated", n, version_alias=f"v-{n}") for n in range(1, 9)),
        *(manifest("swapped", n, version_alias=f"v-{'ab'[n - 1]}") for n in (1, 2)),
        *(manifest("rotated", n, version_alias=f"v-{'abc'[n - 1]}") for n in (1, 2, 3)),
        *(manifest("twice", n, version_alias=f"v-{'abcd'[n - 1]}") for n in (1, 2, 3, 4)),
        *(manifest("promoted", n) for n in (1, 2)),
        manifest("promoted", 3, version_alias="v-prod"),
        manifest("new-holder", 1, version_alias="v-prod"),
    ]


def declared() -> list[Manifest]:
    """What is declared: updates, rings of aliases of two and three, promotions, creations of each kind."""
    return [
        *(manifest("updated", n, version_alias=f"v-{n}", description="new") for n in range(1, 9)),
        *(manifest("swapped", n, version_alias=f"v-{'ba'[n - 1]}") for n in (1, 2)),
        *(manifest("rotated", n, version_alias=f"v-{'bca'[n - 1]}") for n in (1, 2, 3)),
        *(manifest("twice", n, version_alias=f"v-{'badc'[n - 1]}", description="x") for n in (1, 2, 3, 4)),
        *(manifest("twice", None, n) for n in "pq"),
        *(manifest("promoted", n) for n in (1, 3)),
        manifest("promoted", 2, version_alias="v-prod"),
        manifest("new-holder", 2, version_alias="v-prod"),
        *(manifest("pinned", n) for n in range(1, 8)),
        *(manifest("by-alias", None, n, version_alias=f"v-{n}") for n in range(1, 6)),
        *(manifest("by-contents", None, n) for n in range(1, 6)),
    ]


SNAPSHOT = Snapshot(
    "0" * 40,
    FilesInMemory([SourceFile("all.yaml", "\n---\n".join(map(json.dumps, declared())).encode())]),
    in_work_tree=False,
)


class Plane:
    """A registry in this process, filled, and the tool's side of it.

    Args:
        store: where it keeps everything.
        mode: what it does with a taken alias.
    """

    def __init__(self, store: Store, mode: Mode) -> None:
        self._store = store
        self.faults = Faults()
        behaviour = Behaviour(taken_alias=mode)
        self._app: Application = create_app(store, behaviour, middleware=[self.faults.middleware()])
        store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        for document in before():
            store.put_version(VersionManifest.model_validate(document), behaviour)

    def plan(self) -> Plan:
        """Plan, as a new process does."""
        return asyncio.run(self._plan())

    def apply(self) -> tuple[Outcome, ...]:
        """Plan and apply, as a new process does."""
        return asyncio.run(self._apply(None, lambda _: None))

    def apply_until(self, crash: Crash) -> list[Outcome]:
        """Plan and apply until the process ends: what it had told until then."""
        told: list[Outcome] = []

        def tell(outcome: Outcome) -> None:
            if not crash.is_over:  # in a process that is no more, the other lanes would not end either
                told.append(outcome)

        if self.faults.decide is no_faults:
            self.faults.decide = crash.fault
        with pytest.raises(CrashError):
            asyncio.run(self._apply(crash, tell))
        self.faults.stop()
        return told

    def state(self) -> State:
        """Every version registered, internal metadata included."""
        rows = self._store.list_versions(VersionQuery(limit=1000)).rows
        return {(row.manifest["name"], row.manifest["version"]): row.manifest for row in rows}

    async def _plan(self) -> Plan:
        async with open_reader(CONNECTION, Deadline(SECONDS), PATIENCE, self._app) as reader:
            _, made = await plan(Loading(SNAPSHOT), reader)
            return made

    async def _apply(self, crash: Crash | None, tell: Observer) -> tuple[Outcome, ...]:
        plan = await self._plan()
        deadline = Deadline(SECONDS)
        async with (
            open_reader(CONNECTION, deadline, PATIENCE, self._app) as reader,
            open_writer(CONNECTION, deadline, PATIENCE, self._app, connections=1) as writer,
        ):
            used = CrashingWriter(writer, crash) if crash else writer
            return await apply_plan(
                plan, Tools(reader, used, Pace(1, Rate()), PATIENCE, Stop(deadline), tell)
            )


class CrashingWriter:
    """A writer with which the process ends at one write; nothing is sent after that.

    Args:
        writer: what sends.
        crash: when.
    """

    def __init__(self, writer: Writer, crash: Crash) -> None:
        self._writer = writer
        self._crash = crash
        self._count = 0

    async def put(self, document: Document) -> Written:
        """Send, as far as it gets."""
        self._count += 1
        is_last = self._count == self._crash.number
        if self._crash.is_over or (is_last and self._crash.point is Point.BEFORE):
            self._crash.strike()
        try:
            answer = await self._writer.put(document)
        except ControlPlaneError:
            self._crash.strike()
        if is_last:
            assert self._crash.point is Point.ANSWERED, "the fault was not met"
            self._crash.strike()
        return answer

    async def delete(self, version_id: str) -> str | None:
        """Delete; no crash is asked for here."""
        return await self._writer.delete(version_id)


@pytest.fixture(autouse=True)
def _quiet_end(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Without the loop's complaints about lanes that ended in the middle, which is the point here."""
    with caplog.at_level(logging.CRITICAL, logger="asyncio"):
        yield


def test_the_apply_that_crashes_has_every_kind_of_write() -> None:
    with Store() as store:
        plane = Plane(store, "refuse")
        plan = plane.plan()
        outcomes = plane.apply()
        assert Counter(change.action for change in plan.changes) == {"create": 20, "update": 20}
        assert plane.faults.met.total() == WRITES
        assert {outcome.result for outcome in outcomes} == APPLIED - {Result.DELETED}
        assert plane.plan().changes == ()


@pytest.mark.law
@pytest.mark.parametrize("point", Point)
@pytest.mark.parametrize("mode", ["refuse", "move"])
def test_after_a_crash_at_any_write_the_next_run_converges(mode: Mode, point: Point) -> None:
    expected = _expected(mode)
    for number in choose_cases(range(1, WRITES + 1), _ONE_IN):
        with Store() as store:
            plane = Plane(store, mode)
            where = f"write {number} of {WRITES}, {point}"
            told = plane.apply_until(Crash(number, point))
            _check_told(told, plane.state(), where)
            outcomes = plane.apply()
            assert {outcome.result for outcome in outcomes} <= APPLIED, where
            assert plane.plan().changes == (), where
            _check_state(plane.state(), expected, where)


@pytest.mark.law
@pytest.mark.parametrize("mode", ["refuse", "move"])
def test_a_late_commit_of_any_write_does_no_harm(mode: Mode) -> None:
    expected = _expected(mode)
    for number in choose_cases(range(1, WRITES + 1), _ONE_IN):
        with Store() as store:
            plane = Plane(store, mode)
            plane.faults.decide = at_write(number, replace(LATE, after=LATE_BY))
            where = f"write {number} of {WRITES}, committed late"
            outcomes = plane.apply()
            plane.faults.settle()
            assert {outcome.result for outcome in outcomes} == APPLIED - {Result.DELETED}, where
            assert plane.faults.met[LATE] == 1, where
            _check_state(plane.state(), expected, where)
            assert plane.plan().changes == (), where


def test_a_creation_that_is_committed_after_the_next_run_has_ended_is_reported_by_the_one_after() -> None:
    with Store() as store:
        plane = Plane(store, "refuse")
        # The next run can not know of it: nothing of the killed one is left but what is registered.
        plane.faults.decide = at_write(_write_of("by-contents"), replace(LATE, after=AFTER_THE_NEXT_RUN))
        plane.apply_until(Crash(_write_of("by-contents"), Point.SENT))
        assert {outcome.result for outcome in plane.apply()} == APPLIED - {Result.DELETED}
        assert plane.plan().changes == ()
        plane.faults.settle()
        (change,) = plane.plan().changes
        assert isinstance(change, Conflict)
        assert "2 registered versions have this source.uri" in change.reason


def _write_of(name: str) -> int:
    """The number of the first write of an artifact, counted from 1."""
    with Store() as store:
        plane = Plane(store, "refuse")
        names: list[str] = []

        def note(call: Call) -> Fault:
            if call.manifest:
                names.append(call.manifest["name"])
            return NONE

        plane.faults.decide = note
        plane.apply()
        return names.index(name) + 1


def _expected(mode: Mode) -> State:
    """What a run without a crash leaves."""
    with Store() as store:
        plane = Plane(store, mode)
        plane.apply()
        return plane.state()


def _check_told(told: list[Outcome], state: State, where: str) -> None:
    """What was told before the crash is registered."""
    for outcome in told:
        assert outcome.result in APPLIED, where
        assert outcome.version is not None
        registered = state[outcome.change.artifact.name, outcome.version]
        asked = outcome.change.after
        assert registered["source"] == asked["source"], where
        assert registered.get("version_alias") == asked.get("version_alias"), where
        assert registered.get("description") == asked.get("description"), where


def _check_state(state: State, expected: State, where: str) -> None:
    """Nothing twice, nothing lost, nothing parked; the platform's own metadata is still there."""
    uris = Counter(version["source"]["uri"] for version in state.values())
    assert max(uris.values()) == 1, f"registered twice after a crash at {where}"
    parked = [v for v in state.values() if str(v.get("version_alias")).startswith(PARKING_ALIAS)]
    assert parked == [], where
    assert state == expected, where
