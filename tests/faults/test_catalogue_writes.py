"""Writes whose answer is lost, in front of a real registry: nothing twice, nothing lost, nothing guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from reconciler.applying.outcome import Outcome
from reconciler.registry.storage.queries import VersionQuery
from tests.support.fault_answers import LOGIN_PAGE, VERSIONS, Forward, OnWrites, framed, head
from tests.support.fault_runs import QUICK, Client, declared
from tests.support.processes import Watch
from tests.support.raw_server import Exchange, RawServer
from tests.support.registry_server import RegistryServer

NEXT = "see what is registered with: reconciler plan"


@dataclass(frozen=True)
class Kind:
    """A kind of write.

    Args:
        document: what is declared.
        before: what is registered before.
        done: what the outcome is called.
    """

    document: dict[str, Any]
    before: tuple[dict[str, Any], ...]
    done: str


KINDS = {
    "pinned create": Kind(declared(1, "one"), (), "created"),
    "pinned update": Kind(declared(1, "two", description="new"), (declared(1, "two"),), "updated"),
    "create named by its alias": Kind(declared(None, "three", version_alias="v-prod"), (), "created"),
    "create named by its contents": Kind(declared(None, "four"), (), "created"),
}
NUMBERED = {"create named by its alias", "create named by its contents"}
"""Each request makes another version."""
HASTY = replace(QUICK, request=0.4, settle=0.2)
PAIRS = (
    ("pinned create", "create named by its alias"),
    ("pinned update", "create named by its contents"),
)
"""Side by side. A pinned write that is tried again at once may meet the fault meant for the other one: it
is tried four times, so that two do not make it fail."""


def registered(registry: RegistryServer) -> list[str]:
    return sorted(row.manifest["name"] for row in registry.store.list_versions(VersionQuery(limit=100)).rows)


ONE_EACH = sorted(kind.document["name"] for kind in KINDS.values())


class _Faults:
    """The ways to lose the answer of a write, before it is committed and after."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward

    @staticmethod
    def reset_unread(exchange: Exchange) -> None:
        exchange.reset()

    @staticmethod
    def reset_with_the_body_unread(exchange: Exchange) -> None:
        assert exchange.head.method == "PUT"
        exchange.reset()

    @staticmethod
    def reset_once_read(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        exchange.reset()

    @staticmethod
    def stall(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        exchange.stall()

    @staticmethod
    def a_login_page_in_place_of_it(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        exchange.send(framed(LOGIN_PAGE, 200, "text/html"))

    @staticmethod
    def a_gateway_that_gave_up(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        exchange.send(framed(b"<html>bad gateway</html>", 502, "text/html"))

    def reset_once_committed(self, exchange: Exchange) -> None:
        self._forward.answer(exchange.request)
        exchange.reset()

    def end_once_committed(self, exchange: Exchange) -> None:
        self._forward.answer(exchange.request)
        exchange.close()

    def half_an_answer(self, exchange: Exchange) -> None:
        answer = self._forward.answer(exchange.request)
        exchange.send(answer[: len(answer) - 40])
        exchange.reset()

    def half_an_answer_of_unknown_length(self, exchange: Exchange) -> None:
        body = self._forward.answer(exchange.request).partition(b"\r\n\r\n")[2]
        exchange.send(head(200, "Content-Type: application/json", "Connection: close") + body[:-40])
        exchange.close()

    def stall_once_committed(self, exchange: Exchange) -> None:
        self._forward.answer(exchange.request)
        exchange.stall()

    def commit_late(self, exchange: Exchange) -> None:
        """The connection is gone, and the server still at work."""
        request = exchange.request
        assert request.is_whole
        exchange.abort()
        exchange.wait(HASTY.settle / 2)
        self._forward.answer(request)

    def gateway_error_once_committed(self, exchange: Exchange) -> None:
        self._forward.answer(exchange.request)
        exchange.send(framed(b"<html>bad gateway</html>", 502, "text/html"))

    def unavailable_once_committed(self, exchange: Exchange) -> None:
        self._forward.answer(exchange.request)
        exchange.send(framed(b'{"message": "busy"}', 503))

    def gateway_timeout_once_committed(self, exchange: Exchange) -> None:
        self._forward.answer(exchange.request)
        exchange.send(framed(b"<html>timeout</html>", 504, "text/html"))

    def conflict_once_committed(self, exchange: Exchange) -> None:
        """A proxy sent it twice, and gives the second answer."""
        self._forward.answer(exchange.request)
        exchange.send(framed(b'{"message": "the alias is taken"}', 409))

    def no_json_once_committed(self, exchange: Exchange) -> None:
        self._forward.answer(exchange.request)
        exchange.send(framed(b'{"data": NaN'))

    def another_shape_once_committed(self, exchange: Exchange) -> None:
        self._forward.answer(exchange.request)
        exchange.send(framed(b'{"data": {"id": 7}}'))

    def a_login_page_once_committed(self, exchange: Exchange) -> None:
        self._forward.answer(exchange.request)
        exchange.send(framed(LOGIN_PAGE, 200, "text/html"))

    def nothing_to_say_once_committed(self, exchange: Exchange) -> None:
        self._forward.answer(exchange.request)
        exchange.send(head(204))


NOT_COMMITTED = (
    "reset_unread",
    "reset_with_the_body_unread",
    "reset_once_read",
    "stall",
    "a_login_page_in_place_of_it",
    "a_gateway_that_gave_up",
)
COMMITTED = tuple(name for name in vars(_Faults) if name[0] != "_" and name not in NOT_COMMITTED)
EVERY = (*NOT_COMMITTED, *COMMITTED)


def run(registry: RegistryServer, kinds: Sequence[str], *faults: str) -> tuple[dict[str, Outcome], int]:
    """Apply a write of each of some kinds; the first ones to come meet these faults.

    Returns:
        The outcome for each kind, and how many writes were sent.
    """
    if before := [document for name in kinds for document in KINDS[name].before]:
        Client(registry.url).apply(*before)
    registry.forget()
    forward = Forward(registry.url)
    script = OnWrites(forward, *(getattr(_Faults(forward), name) for name in faults))
    with RawServer(script) as server:
        outcomes = Client(server.url, HASTY).apply(*(KINDS[name].document for name in kinds))
    by_name = {outcome.change.artifact.name: outcome for outcome in outcomes}
    return {name: by_name[KINDS[name].document["name"]] for name in kinds}, script.writes


@pytest.mark.parametrize("fault", EVERY)
def test_a_lost_answer_ends_in_exactly_one_version(fault: str, registry: RegistryServer) -> None:
    for kinds in PAIRS:
        outcomes, sent = run(registry, kinds, *[fault] * len(kinds))
        for name, outcome in outcomes.items():
            assert outcome.result == KINDS[name].done, (name, outcome)
        if fault == "commit_late":  # a pinned write does no harm the second time: it may be sent before
            assert len(kinds) <= sent <= 2 * len(kinds)
        elif fault in COMMITTED:
            assert (sent, len(registry.writes)) == (len(kinds), len(kinds))
        else:
            assert (sent, len(registry.writes)) == (2 * len(kinds), len(kinds))
    assert registered(registry) == ONE_EACH
    assert Client(registry.url).plan(*(kind.document for kind in KINDS.values())).changes == ()


@pytest.mark.parametrize("fault", NOT_COMMITTED)
def test_an_answer_that_is_lost_each_time_is_reported_as_unknown(
    fault: str, registry: RegistryServer
) -> None:
    outcomes, sent = run(registry, tuple(KINDS), *[fault] * 99)
    for name, outcome in outcomes.items():
        assert (outcome.result, outcome.hint) == ("unknown", NEXT), name
        assert f"PUT {VERSIONS}" in outcome.message
    assert sent == sum(2 if name in NUMBERED else HASTY.tries for name in KINDS)
    assert registry.writes == []
    assert registered(registry) == ["two"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("first", "second"), [("stall", "reset_once_committed"), ("reset_once_read", "commit_late")]
)
def test_two_lost_answers_end_in_one_version_too(
    first: str, second: str, kind: str, registry: RegistryServer
) -> None:
    outcomes, _ = run(registry, [kind], first, second)
    assert outcomes[kind].result == KINDS[kind].done
    assert registered(registry) == [KINDS[kind].document["name"]]


def test_a_numbered_creation_is_looked_for_before_it_is_sent_again(registry: RegistryServer) -> None:
    forward = Forward(registry.url)
    began: list[int] = []

    def lose(exchange: Exchange) -> None:
        began.append(len(server.requests))
        _Faults.reset_once_read(exchange)

    with RawServer(OnWrites(forward, lose)) as server, Watch() as watch:
        (outcome,) = Client(server.url, HASTY).apply(KINDS["create named by its contents"].document)
    after = server.requests[began[0] + 1 :]
    assert outcome.result == "created"
    assert watch.seconds >= HASTY.settle
    assert [request.method for request in after][-2:] == ["GET", "PUT"]
    assert {request.query.get("name") for request in after[:-1]} == {"four"}


def test_a_lane_for_each_fault_ends_in_a_version_for_each_lane(registry: RegistryServer) -> None:
    forward = Forward(registry.url)
    faults = _Faults(forward)
    names = [f"scorer-{number}" for number in range(len(EVERY))]
    with RawServer(OnWrites(forward, *(getattr(faults, fault) for fault in EVERY))) as server:
        outcomes = Client(server.url, HASTY).apply(*(declared(None, name) for name in names))
    results = [(outcome.change.artifact.name, outcome.result.value) for outcome in outcomes]
    assert sorted(results) == sorted((name, "created") for name in names)
    rows = registry.store.list_versions(VersionQuery(limit=1000)).rows
    assert sorted(row.manifest["name"] for row in rows) == sorted(names)
