"""Answers that are none: broken off, cut, garbled or somebody else's; reads are tried again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reconciler.errors import (
    ControlPlaneError,
    InterruptedAnswerError,
    NotFoundError,
    OutOfTimeError,
    RefusedError,
    UnauthorizedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from tests.support.builders import LEFT_OUT
from tests.support.cli import TOKEN
from tests.support.fault_answers import (
    FRAUD,
    LOGIN_PAGE,
    ML_REPOS,
    answers,
    breaks,
    control_plane,
    framed,
    head,
    in_turn,
    page,
    redirects,
    refuses,
    row,
    sends,
)
from tests.support.fault_runs import QUICK, Client, declared
from tests.support.raw_server import Exchange, RawServer, Script, closed_port

JSON = "Content-Type: application/json"
BODY = json.dumps(FRAUD).encode()
HALF = BODY[: len(BODY) // 2]
TRIES = 4


def reset_before_reading(exchange: Exchange) -> None:
    exchange.reset()


def reset_after_the_head(exchange: Exchange) -> None:
    assert exchange.head.method == "GET"
    exchange.reset()


CUT = head(200, JSON, f"Content-Length: {len(BODY)}") + HALF
CHUNKED = head(200, JSON, "Transfer-Encoding: chunked") + b"%x\r\n%s\r\n" % (len(HALF), HALF)
UNMEASURED = head(200, JSON, "Connection: close")

BROKEN_OFF: dict[str, Script] = {
    "reset before reading": reset_before_reading,
    "reset after the head": reset_after_the_head,
    "reset in place of an answer": breaks(b"", Exchange.reset),
    "end in place of an answer": breaks(b"", Exchange.close),
    "reset within the status line": breaks(b"HTTP/1.1 20", Exchange.reset),
    "end within the headers": breaks(head(200, JSON)[:-10], Exchange.close),
    "reset within the body": breaks(CUT, Exchange.reset),
    "end within a body of known length": breaks(CUT, Exchange.close),
    "end within a body of unknown length": breaks(UNMEASURED + HALF, Exchange.close),
    "no body at all, of unknown length": breaks(UNMEASURED, Exchange.close),
    "end within a chunk": breaks(CHUNKED[:-7], Exchange.close),
    "end between two chunks": breaks(CHUNKED, Exchange.close),
    "reset between two chunks": breaks(CHUNKED, Exchange.reset),
    "no number before a chunk": breaks(CHUNKED + b"zz\r\n", Exchange.close),
    "another protocol": breaks(b"SSH-2.0-OpenSSH_9.2p1\r\n", Exchange.close),
    "random bytes": breaks(bytes(range(256)), Exchange.close),
}


@pytest.mark.parametrize("fault", BROKEN_OFF.values(), ids=BROKEN_OFF)
def test_a_read_that_is_broken_off_is_tried_four_times_and_then_reported(fault: Script) -> None:
    with (
        RawServer(fault) as server,
        pytest.raises(InterruptedAnswerError, match=rf"^GET {ML_REPOS}: "),
    ):
        Client(server.url).plan()
    assert server.connections == TRIES
    assert len(server.requests) == (0 if fault is reset_before_reading else TRIES)


@pytest.mark.parametrize("fault", BROKEN_OFF.values(), ids=BROKEN_OFF)
def test_a_read_that_is_broken_off_once_is_right_the_second_time(fault: Script) -> None:
    with RawServer(in_turn(fault, control_plane())) as server:
        plan = Client(server.url).plan()
    assert plan.counts["create"] == 1


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match=r"^can not reach 127\.0\.0\.1: ") as caught:
        Client(f"http://127.0.0.1:{closed_port()}").plan()
    assert caught.value.is_passing
    assert not caught.value.is_unknown


def in_utf_16(text: str) -> bytes:
    return text.encode("utf-16")


NO_JSON = {
    "nothing": b"",
    "half": HALF,
    "NaN": b'{"data": [], "pagination": {"total": NaN}}',
    "infinity": b'{"data": [], "pagination": {"total": -Infinity}}',
    "latin-1": '{"data": [], "é": 1}'.encode("latin-1"),
    "UTF-16": in_utf_16(json.dumps(FRAUD)),
    "deep": b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "two documents": BODY + BODY,
    "a number of 5,000 digits": b'{"data": [], "pagination": {"total": ' + b"9" * 5_000 + b"}}",
    "a lone surrogate": b'{"data": ["\\ud800"], "pagination": {"total": 0}}',
    "a script": b"while(1);" + BODY,
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    with (
        RawServer(sends(framed(body))) as server,
        pytest.raises(InterruptedAnswerError, match="no whole JSON"),
    ):
        Client(server.url).plan()
    assert len(server.requests) == TRIES


NOT_THE_API = {
    "no object": b"[]",
    "a total that is a text": b'{"data": [], "pagination": {"total": "many"}}',
    "a negative total": b'{"data": [], "pagination": {"total": -1}}',
    "no pagination": b'{"data": []}',
    "another API": b'{"status": "ok"}',
    "an error with 200": b'{"statusCode": 500, "message": "internal"}',
}


@pytest.mark.parametrize("body", NOT_THE_API.values(), ids=NOT_THE_API)
def test_json_of_another_shape_is_reported_at_once(body: bytes) -> None:
    with RawServer(sends(framed(body))) as server, pytest.raises(UnexpectedAnswerError) as caught:
        Client(server.url).plan()
    assert "the answer is not shaped like the API's" in str(caught.value)
    assert "check the host and --api" in caught.value.hint
    assert len(server.requests) == 1


@pytest.mark.parametrize("version", ["7", None, LEFT_OUT])
def test_a_row_without_a_number_is_the_version_that_its_text_or_name_tells(version: object) -> None:
    shown = row(7, description="as declared", version_alias=None, run_id=None)
    shown |= {"tags": None, "status": "ARCHIVED", "usage_code_snippet": None}
    shown["manifest"]["version"] = version
    if version is LEFT_OUT:
        del shown["manifest"]["version"]
    with RawServer(control_plane(versions=answers(page([shown])))) as server:
        plan = Client(server.url).plan(declared(7, description="as declared"), declared(8))
        assert (plan.counts["create"], plan.counts["unchanged"]) == (1, 1)
        (change,) = Client(server.url).plan(declared(7, description="otherwise")).changes
    assert change.after["version"] == 7


@pytest.mark.parametrize(
    "fqn", ["artifact:local/fraud/scorer", "artifact:local/fraud/scorer:", "x:0", "x:99999999999"]
)
def test_a_row_whose_version_nothing_tells_is_named(fqn: str) -> None:
    shown = {**row(7), "fqn": fqn}
    del shown["manifest"]["version"]
    rows = answers(page([row(1), shown]))
    with RawServer(control_plane(versions=rows)) as server, pytest.raises(UnexpectedAnswerError) as caught:
        Client(server.url).plan()
    assert str(caught.value) == f"the row id-scorer-7 has no version, and its fqn, {fqn}, ends with none"
    assert len(server.requests) == 2


@pytest.mark.parametrize("version", [True, 1.0, 0, "0", "07", "v1", "", [1], 2**31])
def test_a_version_that_is_none_is_no_answer(version: object) -> None:
    shown = row(7)
    shown["manifest"]["version"] = version
    rows = answers(page([shown]))
    with RawServer(control_plane(versions=rows)) as server, pytest.raises(UnexpectedAnswerError) as caught:
        Client(server.url).plan()
    assert "at data.0.manifest.version" in str(caught.value)


def test_of_two_equal_keys_the_last_one_counts_and_does_no_harm() -> None:
    twice = b'{"data": [], "data": %s, "pagination": {"total": 1}}' % json.dumps(FRAUD["data"]).encode()
    with RawServer(control_plane(ml_repos=sends(framed(twice)))) as server:
        assert Client(server.url).plan().counts["create"] == 1


KINDS = {
    "a login page": (LOGIN_PAGE, "text/html; charset=utf-8", "200 with a page that asks for a login"),
    "JSON said to be text": (BODY, "text/plain", "200 with text/plain"),
    "JSON said to be nothing": (BODY, "", "200 with "),
    "an archive": (b"PK\x03\x04", "application/zip", "200 with application/zip"),
}


@pytest.mark.parametrize(("body", "kind", "said"), KINDS.values(), ids=KINDS)
def test_another_content_type_is_refused_whatever_the_body(body: bytes, kind: str, said: str) -> None:
    with RawServer(sends(framed(body, kind=kind))) as server, pytest.raises(UnexpectedAnswerError) as caught:
        Client(server.url).plan()
    assert said in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON;charset=UTF-8"])
def test_the_content_type_of_json_is_taken_with_parameters_and_in_any_case(kind: str) -> None:
    with RawServer(control_plane(ml_repos=sends(framed(BODY, kind=kind)))) as server:
        assert Client(server.url).plan().counts["create"] == 1


KIND = b"Content-Type: application/json\r\n"
ODD = {
    "HTTP/1.0, which ends the connection": b"HTTP/1.0 200 OK\r\n" + KIND + b"\r\n" + BODY,
    "in pieces, with a trailer": (
        b"HTTP/1.1 200 OK\r\n" + KIND + b"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        b"1;name=value\r\n" + BODY[:1] + b"\r\n%x\r\n" % len(BODY[1:]) + BODY[1:]
        + b"\r\n0\r\nX-Sum: 7\r\n\r\n"
    ),
    "after others that announce it": head(103, "Link: <x>") + head(102) + framed(BODY),
}  # fmt: skip


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD)
def test_an_answer_in_an_odd_form_is_an_answer(answer: bytes) -> None:
    def script(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        exchange.send(answer)
        if answer.startswith(b"HTTP/1.0"):
            exchange.close()

    with RawServer(control_plane(ml_repos=script)) as server:
        assert Client(server.url).plan().counts["create"] == 1


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
def test_a_redirect_is_shown_and_not_followed(status: int) -> None:
    with RawServer(control_plane()) as other:
        target = f"{other.url}/login?next=/"
        with RawServer(redirects(status, target)) as server, pytest.raises(UnexpectedAnswerError) as caught:
            Client(server.url).plan()
        assert str(caught.value) == f"GET {ML_REPOS} redirects to {target} ({status})"
        assert not caught.value.is_unknown
        assert len(server.requests) == 1
        assert (other.connections, other.requests) == (0, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_write_is_not_redirected_either_and_the_token_stays_where_it_is(status: int) -> None:
    with RawServer(control_plane()) as other:
        with RawServer(control_plane(put=redirects(status, other.url))) as server:
            outcome, *_ = Client(server.url).apply(declared())
        assert (outcome.result, f"redirects to {other.url}" in outcome.message) == ("failed", True)
        assert len(server.of_method("PUT")) == 1
        assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert other.connections == 0


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_read_outlasts_a_burst_of_failures(status: int) -> None:
    burst = [refuses(status)] * (TRIES - 1)
    with RawServer(control_plane(versions=in_turn(*burst, answers(page([]))))) as server:
        assert Client(server.url).plan().counts["create"] == 1
    assert len(server.requests) == 1 + TRIES


@pytest.mark.parametrize("headers", [(429,), (503, "", "Retry-After: 0")])
def test_one_request_too_many_is_sent_again_until_the_time_is_over(headers: tuple[Any, ...]) -> None:
    with RawServer(refuses(*headers)) as server, pytest.raises(OutOfTimeError):
        Client(server.url, replace(QUICK, tries=1), seconds=1).plan()
    assert 2 <= len(server.requests) <= 5  # after 0.1 s, 0.2 s, 0.4 s


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504, 599])
def test_a_failure_that_lasts_is_reported_after_four_tries(status: int) -> None:
    with RawServer(refuses(status, "in maintenance")) as server, pytest.raises(RefusedError) as caught:
        Client(server.url).plan()
    assert str(caught.value) == f"GET {ML_REPOS}: {status}, in maintenance"
    assert len(server.requests) == TRIES


LASTING: dict[int, type[ControlPlaneError]] = {
    400: RefusedError,
    401: UnauthorizedError,
    403: UnauthorizedError,
    404: NotFoundError,
    405: RefusedError,
    409: RefusedError,
    410: RefusedError,
    422: RefusedError,
    501: RefusedError,
    505: RefusedError,
}


@pytest.mark.parametrize(("status", "kind"), LASTING.items())
def test_a_refusal_of_a_read_is_reported_at_once(status: int, kind: Callable[..., ControlPlaneError]) -> None:
    with RawServer(refuses(status, "no")) as server, pytest.raises(ControlPlaneError) as caught:
        Client(server.url).plan()
    assert type(caught.value) is kind
    assert str(caught.value) == f"GET {ML_REPOS}: {status}, no"
    assert len(server.requests) == 1


def test_the_message_of_a_server_is_taken_no_longer_than_500_characters() -> None:
    with RawServer(refuses(422, "x" * 50_000)) as server, pytest.raises(RefusedError) as caught:
        Client(server.url).plan()
    assert str(caught.value).count("x") == 500
