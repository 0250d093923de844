"""Creations whose answer is lost, on a control plane that may have carried them out, or may yet."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec, TypeAlias

import pytest

from reconciler.applying.outcome import Outcome, Result
from reconciler.applying.stop import Stop
from reconciler.client.http import HttpWriter, open_reader, open_writer
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.errors import ControlPlaneError
from reconciler.manifest.load import Loading
from reconciler.planning.change import Plan
from reconciler.registry import Behaviour
from reconciler.registry.storage.queries import VersionQuery
from reconciler.source.snapshot import Snapshot, SourceFile
from reconciler.workflow.apply import Terms, apply
from reconciler.workflow.control_plane import ControlPlane
from reconciler.workflow.plan import plan
from tests.support.faulty_registry import (
    BUSY,
    CUT,
    FAILED,
    FAILED_AFTER,
    FAILED_LATE,
    LATE,
    LOST,
    FaultyServer,
    weighted,
)
from tests.support.files_in_memory import FilesInMemory
from tests.support.scale import replay, seeds

Document: TypeAlias = dict[str, Any]
Parameters = ParamSpec("Parameters")

SECONDS = 60.0
BATCH = 500
MOST_ROUNDS = 5
"""Of a law, each with the same seeds; what the machine does is another matter each time."""
VERSIONS_OF_AN_ARTIFACT = 4
PATIENCE = Patience(first_delay=0.01, longest_delay=0.2, settle=1.0)
"""Ten times as long as a commit is late: the machine may be busy with other tests."""
AMBIGUOUS = {CUT: 0.10, LATE: 0.05}
ANYTHING = {
    **AMBIGUOUS,
    LOST: 0.15,
    BUSY: 0.05,
    **dict.fromkeys(FAILED, 0.05),
    **dict.fromkeys(FAILED_AFTER, 0.03),
    **dict.fromkeys(FAILED_LATE, 0.03),
}
BEHAVIOURS = (Behaviour(taken_alias="refuse", serves="svc"), Behaviour(taken_alias="move", serves="both"))


def unpinned(count: int) -> list[Document]:
    """Versions without a number, every other one named by its alias and the rest by their contents."""
    documents = [document(number) for number in range(count)]
    for number, named in enumerate(documents):
        if number % 2:
            named["version_alias"] = f"v-{number}"
    return documents


def pinned(count: int) -> list[Document]:
    """Versions that ask for numbers which no server would give by itself."""
    return [document(number) | {"version": 11 + number % VERSIONS_OF_AN_ARTIFACT} for number in range(count)]


def document(number: int) -> Document:
    """A version of one artifact among many; its `source.uri` tells it from all others."""
    return {
        "type": "artifact-version",
        "ml_repo": "fraud",
        "name": f"model-{number // VERSIONS_OF_AN_ARTIFACT}",
        "metadata": {"number": number},
        "source": {"type": "external", "uri": f"s3://example/{number}"},
    }


class _CommitCameLateError(Exception):
    """The server's thread got no processor in time, so that its commit was later than any client waits."""


def tried_anew_where_a_commit_came_late(test: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """A law that holds for a server whose commits come within the time that clients give it to settle."""

    @wraps(test)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        for _ in range(MOST_ROUNDS - 1):
            with suppress(_CommitCameLateError):
                return test(*args, **kwargs)
        return test(*args, **kwargs)

    return run


@dataclass
class Client:
    """The tool, without its command line, and one server."""

    server: FaultyServer
    documents: Sequence[Document]
    patience: Patience = PATIENCE

    def __post_init__(self) -> None:
        data = "\n---\n".join(map(json.dumps, self.documents)).encode()
        files = FilesInMemory([SourceFile("all.yaml", data)])
        self._snapshot = Snapshot("0" * 40, files, in_work_tree=False)
        self.connection = Connection(self.server.url, "auto", None)

    def plan(self) -> Plan:
        """Plan."""
        return asyncio.run(self._plan())

    def apply(self) -> tuple[Outcome, ...]:
        """Plan and apply, and let the server end what it is at."""
        plan = self.plan()
        outcomes = asyncio.run(self._apply(plan))
        self.server.faults.settle()
        if self.server.faults.latest >= PATIENCE.settle:
            raise _CommitCameLateError
        return outcomes

    async def _plan(self) -> Plan:
        async with open_reader(self.connection, Deadline(SECONDS), self.patience) as reader:
            _, made = await plan(Loading(self._snapshot), reader)
            return made

    async def _apply(self, plan: Plan) -> tuple[Outcome, ...]:
        terms = Terms(Deadline(SECONDS), self.patience, 8)
        return await apply(plan, ControlPlane(self.connection), terms, Stop(terms.deadline), lambda _: None)


def registered(server: FaultyServer) -> list[Document]:
    """Every version that the server has."""
    found: list[Document] = []
    while rows := server.store.list_versions(VersionQuery(limit=1000, offset=len(found))).rows:
        found += [row.manifest for row in rows]
    return found


def by_uri(server: FaultyServer) -> Counter[str]:
    """How many versions were made of each declared one."""
    return Counter(version["source"]["uri"] for version in registered(server))


def duplicates(server: FaultyServer) -> int:
    """How many versions were made that are there already."""
    counts = by_uri(server)
    return counts.total() - len(counts)


def say(figures: str) -> None:
    """Give figures; `pytest -rP` or `-s` shows them."""
    sys.stdout.write(f"{figures}\n")


def results(outcomes: Sequence[Outcome]) -> Counter[Result]:
    """How many outcomes there are of each kind."""
    return Counter(outcome.result for outcome in outcomes)


def check_outcomes(server: FaultyServer, outcomes: Sequence[Outcome]) -> None:
    """What is told has to be what is registered."""
    versions = {(v["name"], v["source"]["uri"]): v["version"] for v in registered(server)}
    counts = by_uri(server)
    for outcome in outcomes:
        uri = outcome.change.declared.uri if outcome.change.declared else None
        assert uri is not None
        if outcome.result is Result.CREATED:
            assert counts[uri] == 1, f"{outcome} is registered {counts[uri]} times"
            assert versions[outcome.change.artifact.name, uri] == outcome.version
        elif outcome.result in {Result.SKIPPED, Result.FAILED}:
            assert counts[uri] == 0, f"{outcome} is registered"


@pytest.mark.law
@tried_anew_where_a_commit_came_late
def test_ambiguous_creations_are_all_made_and_none_is_made_twice() -> None:
    rounds = unknown = made = ambiguous = 0
    for seed in seeds(1, 2, 20):
        with FaultyServer(
            weighted(seed, AMBIGUOUS), BEHAVIOURS[seed % len(BEHAVIOURS)], ml_repos=["fraud"]
        ) as server:
            client = Client(server, unpinned(BATCH))
            outcomes = client.apply()
            assert results(outcomes).keys() <= {Result.CREATED, Result.UNKNOWN}, replay(seed)
            assert server.faults.met[CUT] > BATCH / 20, replay(seed)
            assert server.faults.met[LATE] > BATCH / 50, replay(seed)
            assert duplicates(server) == 0, replay(seed)
            check_outcomes(server, outcomes)
            unknown += results(outcomes)[Result.UNKNOWN]
            ambiguous += server.faults.met[CUT] + server.faults.met[LATE]
            server.faults.stop()
            client.apply()
            assert client.plan().changes == (), replay(seed)
            assert by_uri(server) == dict.fromkeys(by_uri(server), 1), replay(seed)
            made += by_uri(server).total()
            rounds += 1
    say(f"{made} creations, {ambiguous} ambiguous: 0 duplicates, {unknown} reported as unknown")
    assert unknown == 0, "each of these was made, at last, by its first request or its second"
    assert made == BATCH * rounds


@pytest.mark.law
@tried_anew_where_a_commit_came_late
@pytest.mark.parametrize("documents", [unpinned(BATCH // 2), pinned(BATCH // 4)], ids=["unpinned", "pinned"])
def test_under_every_fault_what_is_not_known_is_reported_and_settles_with_the_next_run(
    documents: list[Document],
) -> None:
    told: Counter[Result] = Counter()
    for seed in seeds(1, 1, 10):
        with FaultyServer(
            weighted(seed, ANYTHING), BEHAVIOURS[seed % len(BEHAVIOURS)], ml_repos=["fraud"]
        ) as server:
            client = Client(server, documents)
            outcomes = client.apply()
            check_outcomes(server, outcomes)
            assert duplicates(server) == 0, replay(seed)
            told += results(outcomes)
            server.faults.stop()
            again = results(client.apply())
            assert again.keys() <= {Result.CREATED}, replay(seed)
            assert client.plan().changes == (), replay(seed)
            assert by_uri(server) == dict.fromkeys((d["source"]["uri"] for d in documents), 1)
    say(f"{told.total()} creations under every fault: {dict(told)}, 0 duplicates after the second run")
    is_pinned = "version" in documents[0]
    assert told[Result.UNKNOWN] or is_pinned, "some are sent twice in vain; pinned ones, up to four times"
    assert told[Result.CREATED] > told.total() / 2


def test_the_same_faults_make_duplicates_of_what_is_blindly_sent_again() -> None:
    with FaultyServer(weighted(0, AMBIGUOUS), ml_repos=["fraud"]) as server:
        client = Client(server, [document(number) for number in range(BATCH // 2)])
        asyncio.run(_send_blindly(client))
        server.faults.settle()
        found = duplicates(server)
    say(f"blind: {found} duplicates of {BATCH // 2}")
    assert found > BATCH / 40


def test_the_same_faults_make_duplicates_where_the_server_gets_no_time_to_settle() -> None:
    hasty = Patience(first_delay=0.0001, longest_delay=0.0001, settle=0)
    with FaultyServer(weighted(0, AMBIGUOUS), ml_repos=["fraud"]) as server:
        # Few lanes, so that the second request does not wait its turn until the first is carried out.
        documents = [document(number) | {"name": f"model-{number % 8}"} for number in range(BATCH)]
        client = Client(server, documents, hasty)
        client.apply()
        found = duplicates(server)
    say(f"looking at once: {found} duplicates of {BATCH}")
    assert found > 0


async def _send_blindly(client: Client) -> None:
    """What a client does that repeats each call which failed, as the vendor's does."""
    connection = replace(client.connection, api="ml")  # for nothing is read before
    async with open_writer(connection, Deadline(SECONDS), PATIENCE, connections=8) as writer:
        await asyncio.gather(*(_repeat(writer, document) for document in client.documents))


async def _repeat(writer: HttpWriter, document: Document) -> None:
    for _ in range(PATIENCE.tries):
        try:
            await writer.put(document)
        except ControlPlaneError:
            continue
        return


@pytest.mark.law
@tried_anew_where_a_commit_came_late
def test_pinned_creations_are_made_once_where_the_server_honours_their_number() -> None:
    for seed in seeds(1, 1, 4):
        with FaultyServer(weighted(seed, AMBIGUOUS), ml_repos=["fraud"]) as server:
            client = Client(server, pinned(BATCH // 2))
            outcomes = client.apply()
            assert results(outcomes) == {Result.CREATED: BATCH // 2}, replay(seed)
            check_outcomes(server, outcomes)
            assert duplicates(server) == 0, replay(seed)
            assert all(".truefoundry" in version["metadata"] for version in registered(server)), (
                f"a late commit erased what the platform had noted: {replay(seed)}"
            )
            server.faults.stop()
            assert client.plan().changes == (), replay(seed)


@pytest.mark.law
@tried_anew_where_a_commit_came_late
def test_a_server_that_numbers_pinned_creations_itself_makes_one_wrong_version_a_lane_at_most() -> None:
    for seed in seeds(1, 1, 4):
        with FaultyServer(
            weighted(seed, AMBIGUOUS), Behaviour(unknown_version="renumber"), ml_repos=["fraud"]
        ) as server:
            client = Client(server, pinned(BATCH // 2))
            outcomes = client.apply()
            made = Counter(version["name"] for version in registered(server))
            assert max(made.values()) == 1, replay(seed)
            failed = [outcome for outcome in outcomes if outcome.result is Result.FAILED]
            # A run of failures ends the run: what is late is waited for no longer, the rest not tried.
            unknown = [outcome for outcome in outcomes if outcome.result is Result.UNKNOWN]
            tried = [outcome.change.artifact.name for outcome in (*failed, *unknown)]
            assert sorted(tried) == sorted(made), replay(seed)
            assert len(failed) > len(unknown), replay(seed)
            for outcome in failed:
                name = outcome.change.artifact.name
                assert f"asked for fraud/{name}:11" in outcome.message, outcome
                assert f"the control plane registered fraud/{name}:1" in outcome.message, outcome
            assert results(outcomes)[Result.SKIPPED] == BATCH // 2 - len(made), replay(seed)
