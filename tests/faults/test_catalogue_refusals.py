"""Refusals, each with its own message, and what they stop: one lane, or everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.applying.outcome import Outcome
from reconciler.errors import UnexpectedAnswerError
from reconciler.registry.storage.queries import VersionQuery
from tests.support.cli import Cli
from tests.support.fault_answers import (
    FRAUD,
    ML_REPOS,
    VERSIONS,
    Forward,
    OnWrites,
    answers,
    control_plane,
    framed,
    page,
    redirects,
    refuses,
    row,
)
from tests.support.fault_runs import Client, declared, declaring
from tests.support.raw_server import Exchange, RawServer, Script
from tests.support.registry_server import RegistryServer

NAMES = ("a", "b", "c", "d", "e", "f")


def registered(registry: RegistryServer) -> list[str]:
    rows = registry.store.list_versions(VersionQuery(limit=100)).rows
    return sorted(f"{row.manifest['name']}:{row.manifest['version']}" for row in rows)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("path", [ML_REPOS, VERSIONS])
def test_a_token_that_is_refused_at_the_start_ends_the_plan(status: int, path: str, tmp_path: Path) -> None:
    refusal = refuses(status, "token expired")
    calls = {"ml_repos": refusal} if path == ML_REPOS else {"versions": refusal}
    with RawServer(control_plane(**calls)) as server:
        ended = Cli(declaring(tmp_path / "repository").folder, server.url)("apply", "--yes", expect=1)
        assert server.of_method("PUT") == []
        assert len([request for request in server.requests if request.path == path]) == 1
    assert ended.err.splitlines() == [
        f"error: GET {path}: {status}, token expired",
        "  check TFY_API_KEY: expired, of another host, or without rights on these ML repos",
    ]
    assert ended.out == ""


@pytest.mark.parametrize(("status", "good"), [(401, 0), (403, 1), (401, 4)])
def test_a_token_that_is_refused_at_a_write_stops_all_others(
    status: int, good: int, registry: RegistryServer, tmp_path: Path
) -> None:
    folder = declaring(tmp_path / "repository", *NAMES).folder
    forward = Forward(registry.url)
    script = OnWrites(forward, *[forward] * good, *[refuses(status, "token revoked")] * 9)
    with RawServer(script) as server:
        arguments = ("--concurrency", "1", "--format", "json")
        ended = Cli(folder, server.url)("apply", "--yes", *arguments, expect=3 if good else 1)
    assert script.writes == good + 1
    outcomes = ended.document["outcomes"]
    left = len(NAMES) - good - 1
    assert [outcome["result"] for outcome in outcomes] == ["created"] * good + ["failed"] + ["skipped"] * left
    assert f"{status}, token revoked" in outcomes[good]["message"]
    for outcome in outcomes[good + 1 :]:
        assert outcome["message"] == "the control plane does not accept the token any more"
    assert len(registered(registry)) == good


def test_a_token_that_is_revoked_leaves_what_is_lost_unknown(registry: RegistryServer) -> None:
    """One write loses its answer, and the look at what became of it is refused."""
    forward = Forward(registry.url)

    def revoked(exchange: Exchange) -> None:
        if exchange.request.method == "PUT":
            exchange.reset()
        is_look = exchange.head.path == VERSIONS and "name" in exchange.head.query
        (refuses(401, "token revoked") if is_look else forward)(exchange)

    with RawServer(revoked) as server:
        outcomes = Client(server.url).apply(*(declared(None, name) for name in NAMES), concurrency=1)
        sent = len(server.of_method("PUT"))
    results = [outcome.result.value for outcome in outcomes]
    assert results == ["unknown"] * sent + ["skipped"] * (len(NAMES) - sent)
    assert "401, token revoked" in outcomes[0].message
    assert registered(registry) == []


NOT_FOUND: dict[str, tuple[Script, str, str]] = {
    "another server": (
        control_plane(ml_repos=refuses(404)),
        "error: no prefix of the API is served: GET /api/ml/v1/ml-repos: 404; GET /api/svc/v1/ml-repos: 404",
        "  check the host: reconciler doctor",
    ),
    "another flavour of the API": (
        control_plane(ml_repos=answers({"detail": "Not Found"}, 404)),
        "error: no prefix of the API is served: GET /api/ml/v1/ml-repos: 404; GET /api/svc/v1/ml-repos: 404",
        "  check the host: reconciler doctor",
    ),
    "no such ML repo": (
        control_plane(ml_repos=answers(page([]))),
        "error: ML repo fraud does not exist on HOST",
        "  create it there first, or correct ml_repo in the manifests",
    ),
}


@pytest.mark.parametrize(("script", "said", "hint"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_is_not_found_is_told_apart(script: Script, said: str, hint: str, tmp_path: Path) -> None:
    with RawServer(script) as server:
        ended = Cli(declaring(tmp_path / "repository").folder, server.url)("plan", expect=1)
    assert ended.err.splitlines() == [said.replace("HOST", server.url), hint]


def test_a_version_that_is_gone_meanwhile_is_reported_for_itself(registry: RegistryServer) -> None:
    client = Client(registry.url)
    client.apply(declared(1, "a"), declared(1, "b"))
    forward = Forward(registry.url)
    with RawServer(OnWrites(forward, refuses(404, "no such version"))) as server:
        outcomes = Client(server.url).apply(
            declared(1, "a", description="new"), declared(1, "b", description="new"), concurrency=1
        )
    assert [outcome.result.value for outcome in outcomes] == ["failed", "updated"]
    assert outcomes[0].message == f"PUT {VERSIONS}: 404, no such version"


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_write_that_is_refused_stops_its_own_lane_only(status: int, registry: RegistryServer) -> None:
    said = "metadata.a\x1b[31m: too\r\nmuch ##[set-env]" + "x" * 2000
    script = OnWrites(Forward(registry.url), refuses(status, said))
    with RawServer(script) as server:
        outcomes = Client(server.url).apply(
            declared(1, "a"), declared(2, "a"), declared(1, "b"), concurrency=1
        )
    assert [outcome.result.value for outcome in outcomes] == ["failed", "skipped", "created"]
    assert script.writes == 2
    assert len(outcomes[0].message) < 600
    assert outcomes[1].message == "fraud/a:1 before it failed"


def test_what_a_server_says_reaches_the_terminal_in_safe_form(
    registry: RegistryServer, tmp_path: Path
) -> None:
    said = "no\x1b[31m\r\n::error::x ##[set-env]\u202e"
    with RawServer(OnWrites(Forward(registry.url), refuses(422, said))) as server:
        ended = Cli(declaring(tmp_path / "repository").folder, server.url)("apply", "--yes", expect=1)
    shown = ended.out + ended.err
    assert "422, no" in shown
    assert not {"\x1b", "\r", "\u202e"} & set(shown)
    assert not [line for line in shown.splitlines() if line.startswith("::")]


def test_a_conflict_with_what_is_as_desired_is_no_conflict(registry: RegistryServer) -> None:
    forward = Forward(registry.url)

    def somebody_is_faster(exchange: Exchange) -> None:
        forward.answer(exchange.request)
        exchange.send(framed(b'{"message": "version 1 exists"}', 409))

    script = OnWrites(forward, somebody_is_faster)
    with RawServer(script) as server:
        (outcome,) = Client(server.url).apply(declared(1))
    assert (outcome.result, script.writes) == ("created", 1)
    assert outcome.message == "its answer was lost, but it is registered"


def test_a_conflict_with_something_else_names_both_sides(registry: RegistryServer) -> None:
    forward = Forward(registry.url)

    def somebody_is_faster(exchange: Exchange) -> None:
        request = exchange.request
        body = json.loads(request.body)
        body["manifest"]["description"] = "theirs"
        request.body = json.dumps(body).encode()
        forward.answer(request)
        exchange.send(framed(b'{"message": "version 1 exists"}', 409))

    script = OnWrites(forward, somebody_is_faster)
    with RawServer(script) as server:
        (outcome,) = Client(server.url).apply(declared(1, description="ours"))
    assert (outcome.result, script.writes) == ("failed", 1)
    assert "409, version 1 exists" in outcome.message
    assert "theirs" in outcome.message
    assert "ours" in outcome.message
    assert outcome.hint == "see what is registered with: reconciler plan"


def test_a_conflict_that_nothing_explains_is_not_sent_again(registry: RegistryServer) -> None:
    script = OnWrites(Forward(registry.url), *[refuses(409, "locked")] * 9)
    with RawServer(script) as server:
        (outcome,) = Client(server.url).apply(declared(1))
    assert (outcome.result, script.writes) == ("failed", 1)
    assert outcome.message == f"PUT {VERSIONS}: 409, locked"


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_time_gets_it_and_then_everything(
    status: int, registry: RegistryServer
) -> None:
    busy = refuses(status, "busy", "Retry-After: 0")
    script = OnWrites(Forward(registry.url), *[busy] * 4)
    with RawServer(script) as server:
        outcomes = Client(server.url).apply(*(declared(1, name) for name in NAMES))
    assert {outcome.result.value for outcome in outcomes} == {"created"}
    assert script.writes == len(NAMES) + 4
    assert len(registered(registry)) == len(NAMES)


LANES = [declared(1, f"scorer-{number}") for number in range(12)]


def test_a_row_of_failures_stops_new_writes(registry: RegistryServer) -> None:
    script = OnWrites(Forward(registry.url), *[redirects(302, "https://example.com")] * 999)
    with RawServer(script) as server:
        outcomes = Client(server.url).apply(*LANES, concurrency=1)
    assert [outcome.result.value for outcome in outcomes] == ["failed"] * 5 + ["skipped"] * 7
    assert {outcome.message for outcome in outcomes[5:]} == {"5 writes in a row failed"}
    assert script.writes == 5


def test_a_row_of_failures_stops_new_writes_while_others_are_tried_again(registry: RegistryServer) -> None:
    with RawServer(OnWrites(Forward(registry.url), *[refuses(503)] * 999)) as server:
        outcomes = Client(server.url).apply(*LANES, concurrency=1)
    assert {outcome.result.value for outcome in outcomes} == {"unknown", "skipped"}


BREACHES = {
    "another version": row(7),
    "another name": row(1, "ranker"),
    "another ML repo": row(1, ml_repo="search"),
}


@pytest.mark.parametrize("made", BREACHES.values(), ids=BREACHES)
def test_a_server_that_makes_something_else_stops_the_lane_and_is_reported(made: dict[str, Any]) -> None:
    put = answers({"data": made})
    with RawServer(control_plane(put=put)) as server:
        outcomes = Client(server.url).apply(declared(1), declared(2))
        assert {request.method for request in server.requests} == {"GET", "PUT"}
        assert len(server.of_method("PUT")) == 1
    manifest = made["manifest"]
    identity = f"{manifest['ml_repo']}/{manifest['name']}:{manifest['version']}"
    assert [outcome.result.value for outcome in outcomes] == ["failed", "skipped"]
    assert outcomes[0].message == f"asked for fraud/scorer:1, but the control plane registered {identity}"


def test_what_a_server_changed_is_reported_once_and_is_no_failure() -> None:
    put = answers({"data": row(1, metadata={"rate": 1})})
    with RawServer(control_plane(put=put)) as server:
        outcomes: tuple[Outcome, ...] = Client(server.url).apply(declared(1, metadata={"rate": 0.5}))
    (outcome,) = outcomes
    assert outcome.result == "created"
    assert "the control plane changed" in outcome.message


def test_an_id_that_would_lead_elsewhere_is_never_put_into_a_path() -> None:
    repo = page([{**FRAUD["data"][0], "id": "../../x?y=1#z"}])
    with (
        RawServer(control_plane(ml_repos=answers(repo))) as server,
        pytest.raises(UnexpectedAnswerError, match="not shaped like the API's"),
    ):
        Client(server.url).plan()
    assert [request.path for request in server.requests] == [ML_REPOS] * 2  # the list, then its own name
