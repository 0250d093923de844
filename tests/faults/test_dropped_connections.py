"""Servers that end a connection without an answer, once it has carried some requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.applying import attempts
from reconciler.registry.storage.queries import VersionQuery
from tests.support.cli import Cli
from tests.support.fault_answers import Forward
from tests.support.fault_runs import QUICK, Client, declared, declaring
from tests.support.raw_server import Exchange, RawServer
from tests.support.registry_server import RegistryServer

CREATIONS = 60
NAMES = [f"model-{number}" for number in range(CREATIONS)]


def drops(
    forward: Forward, number: int, end: Callable[[Exchange], None] = Exchange.close
) -> Callable[[Exchange], None]:
    """Every connection's request of that number gets no answer, and is not looked at."""

    def script(exchange: Exchange) -> None:
        if exchange.number >= number:
            end(exchange)
        forward(exchange)

    return script


def check_made_once(registry: RegistryServer, names: Sequence[str]) -> None:
    """Each artifact has one version, and was written once."""
    rows = registry.store.list_versions(VersionQuery(limit=1000)).rows
    assert sorted(row.manifest["name"] for row in rows) == sorted(names)
    assert len(registry.writes) == len(names)


@pytest.mark.parametrize("end", [Exchange.close, Exchange.reset], ids=["closed", "reset"])
@pytest.mark.parametrize(("number", "concurrency"), [(2, 8), (3, 8), (3, 1), (50, 1)])
def test_creations_on_dropped_connections_are_all_made_once(
    number: int, concurrency: int, end: Callable[[Exchange], None], registry: RegistryServer
) -> None:
    with RawServer(drops(Forward(registry.url), number, end)) as server:
        outcomes = Client(server.url).apply(*(declared(1, name) for name in NAMES), concurrency=concurrency)
        lost = len(server.of_method("PUT")) - CREATIONS
    assert {outcome.result for outcome in outcomes} == {"created"}
    check_made_once(registry, NAMES)
    assert 1 <= lost <= concurrency, "no connection carries as many again"


def test_the_whole_command_is_through_within_seconds(tmp_path: Path, registry: RegistryServer) -> None:
    """With the settle time as it is, which is a minute: every creation names its version."""
    repository = declaring(tmp_path / "repository", *NAMES)
    with RawServer(drops(Forward(registry.url), 3)) as server:
        ended = Cli(repository.folder, server.url)("apply", "--yes", "--timeout", "30", expect=0)
    assert f"{CREATIONS} created" in ended.out
    check_made_once(registry, NAMES)


@pytest.mark.parametrize(("version", "settle", "least"), [(1, 1_000.0, 0.0), (None, 1.0, 1.0)])
def test_only_a_creation_that_names_its_version_is_sent_again_before_the_settle_time(
    version: int | None,
    settle: float,
    least: float,
    registry: RegistryServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "_DROPPED_SETTLE_SECONDS", 0.0)
    patience = replace(QUICK, settle=settle)
    with RawServer(drops(Forward(registry.url), 2)) as server:
        documents = [declared(version, name) for name in NAMES[:2]]
        outcomes = Client(server.url, patience).apply(*documents, concurrency=1)
    assert [outcome.result for outcome in outcomes] == ["created"] * 2
    check_made_once(registry, NAMES[:2])
    assert max(outcome.seconds or 0.0 for outcome in outcomes) >= least


def test_a_first_request_without_an_answer_is_no_dropped_connection(registry: RegistryServer) -> None:
    """It may well have been read: only one of many on a connection is likely not to have been."""

    def unanswered(exchange: Exchange) -> None:
        if exchange.head.method == "PUT":
            exchange.close()
        Forward(registry.url)(exchange)

    with RawServer(unanswered) as server:
        (outcome,) = Client(server.url).apply(declared(1, "scorer"))
    assert outcome.result == "unknown"
    assert "on a connection that had answered before" not in outcome.message
