"""What requests are known by: an id each, the caller's trace, and what the answer says."""

from __future__ import annotations

import asyncio

import pytest

from reconciler.client.http import open_reader
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.client.requests.tracing import Trace
from reconciler.errors import RefusedError, SettingsError
from tests.support.fault_answers import answers, refuses
from tests.support.raw_server import RawServer, Script

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def asked(script: Script, trace: Trace | None = None) -> list[dict[str, str]]:
    """The headers of three requests."""

    async def ask(url: str) -> None:
        connection = Connection(url, "ml", None, trace)
        patience = Patience(tries=3, first_delay=0.001)
        async with open_reader(connection, Deadline(10), patience) as reader:
            await reader.find_ml_repo("fraud")

    with RawServer(script) as server:
        try:
            asyncio.run(ask(server.url))
        finally:
            headers = [request.headers for request in server.requests]
    return headers


def test_each_try_has_an_id_of_its_own() -> None:
    with pytest.raises(RefusedError) as caught, RawServer(refuses(503)) as server:
        asyncio.run(_three(server.url))
    ids = [request.headers["x-request-id"] for request in server.requests]
    assert len(ids) == len(set(ids)) == 3
    assert all(len(each) == 32 for each in ids)
    assert caught.value.request_id is None


async def _three(url: str) -> None:
    patience = Patience(tries=3, first_delay=0.001)
    async with open_reader(Connection(url, "ml", None), Deadline(10), patience) as reader:
        await reader.find_ml_repo("fraud")


def test_what_the_control_plane_knows_a_request_by_is_reported() -> None:
    with (
        RawServer(refuses(400, "no", "X-Request-Id: abc-123")) as server,
        pytest.raises(RefusedError) as caught,
    ):
        asyncio.run(_three(server.url))
    assert caught.value.full_message.endswith("400, no (request abc-123)")


@pytest.mark.parametrize("told", ["a b", "\x1b[2J", "x" * 129, "é"])
def test_what_can_not_be_repeated_is_not_shown(told: str) -> None:
    with (
        RawServer(refuses(400, "no", f"X-Request-Id: {told}")) as server,
        pytest.raises(RefusedError) as caught,
    ):
        asyncio.run(_three(server.url))
    assert caught.value.full_message.endswith("400, no")


def test_each_request_is_a_span_of_its_own_in_the_trace_of_the_caller() -> None:
    (headers,) = asked(answers({"data": [], "pagination": {"total": 0}}), Trace.parse(PARENT, "vendor=1"))
    version, trace, span, flags = headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert span != "b7ad6b7169203331"
    assert len(span) == 16
    assert headers["tracestate"] == "vendor=1"


def test_without_a_trace_none_is_sent() -> None:
    (headers,) = asked(answers({"data": [], "pagination": {"total": 0}}))
    assert not {"traceparent", "tracestate"} & headers.keys()


@pytest.mark.parametrize(
    "given",
    ["", "00", f"ff-{TRACE}-b7ad6b7169203331-01", f"00-{'0' * 32}-b7ad6b7169203331-01",
     f"00-{TRACE}-{'0' * 16}-01", PARENT.upper(), f"{PARENT}-more", f"{PARENT}\n",
     f"{PARENT}\r\nHost: example.com"],
)  # fmt: skip
def test_what_is_no_traceparent_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="is no traceparent"):
        Trace.parse(given)


def test_of_a_newer_version_what_is_known_counts_and_a_state_that_is_none_is_left_out() -> None:
    assert Trace.parse(f"01-{TRACE}-b7ad6b7169203331-00-more", "a=1\r\nHost: x") == Trace(TRACE, "00", "")
