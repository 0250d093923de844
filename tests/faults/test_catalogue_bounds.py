"""Answers without end: whatever a server does, the run ends in time, and in bounded memory."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import pytest

from reconciler.client.requests.patience import Patience
from reconciler.errors import ControlPlaneError, InterruptedAnswerError, OutOfTimeError
from tests.support.cli import Cli
from tests.support.fault_answers import (
    ML_REPOS,
    answers,
    breaks,
    control_plane,
    framed,
    head,
    in_turn,
    page,
    refuses,
    sends,
)
from tests.support.fault_runs import QUICK, Client, declared, declaring, with_peak
from tests.support.processes import Watch
from tests.support.raw_server import LONGEST, Exchange, RawServer, Script

JSON = "Content-Type: application/json"
MIB = 1024 * 1024
MORE_MEMORY = 64
ONE_TRY = Patience(tries=1, request=0.5)


def drips(begin: bytes, part: bytes) -> Script:
    """A byte now and then: each read of it is quick, all of them take for ever."""

    def script(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        exchange.send(begin)
        exchange.send_all(repeat(part), every=0.02)

    return script


def streams(begin: bytes, parts: Iterator[bytes]) -> Script:
    """As fast as the other side takes it."""

    def script(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        exchange.send(begin)
        exchange.send_all(parts)

    return script


SLOW: dict[str, Script] = {
    "no answer": breaks(b"", Exchange.stall),
    "a status line and no more": breaks(b"HTTP/1.1 200 OK\r\n", Exchange.stall),
    "headers and no body": breaks(head(200, JSON, "Content-Length: 10"), Exchange.stall),
    "half a body": breaks(head(200, JSON, "Content-Length: 10") + b"{", Exchange.stall),
    "a status line in drips": drips(b"", b"H"),
    "headers in drips": drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "a body in drips": drips(head(200, JSON, "Content-Length: 100000"), b" "),
    "chunks in drips": drips(head(200, JSON, "Transfer-Encoding: chunked"), b"1\r\n \r\n"),
    "an error in drips": drips(head(503, JSON, "Content-Length: 100000"), b" "),
    "a hundred 1xx each second": drips(b"", head(103)),
}


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
def test_a_request_ends_at_its_own_deadline_however_busy_the_line(fault: Script) -> None:
    with RawServer(fault) as server, Watch() as watch, pytest.raises(InterruptedAnswerError):
        Client(server.url, ONE_TRY).plan()
    assert watch.seconds < ONE_TRY.request + 1


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
def test_a_run_ends_at_its_deadline_and_says_so(fault: Script) -> None:
    client_seconds = 0.6
    with RawServer(fault) as server, Watch() as watch, pytest.raises(ControlPlaneError) as caught:
        Client(server.url, Patience(first_delay=0.01), client_seconds).plan()
    assert watch.seconds < client_seconds + 1
    assert isinstance(caught.value, OutOfTimeError | InterruptedAnswerError)


@pytest.mark.parametrize("status", [429, 503])
def test_what_a_server_asks_to_wait_never_lasts_longer_than_the_run(status: int) -> None:
    patient = refuses(status, "", "Retry-After: 60")
    with RawServer(control_plane(versions=patient)) as server, Watch() as watch:
        with pytest.raises(ControlPlaneError):
            Client(server.url, seconds=0.5).plan()
        assert len(server.requests) == 2
    assert watch.seconds < 2.5


@pytest.mark.parametrize("status", [429, 503])
def test_a_write_does_not_wait_for_longer_than_the_run_either(status: int) -> None:
    put = refuses(status, "", "Retry-After: 60")
    with RawServer(control_plane(put=put)) as server, Watch() as watch:
        outcomes = Client(server.url, seconds=0.5).apply(
            *(declared(1, f"scorer-{number}") for number in range(4))
        )
    assert watch.seconds < 2.5
    assert {outcome.result.value for outcome in outcomes} <= {"unknown", "failed", "skipped"}


def test_a_write_whose_answer_was_lost_is_not_waited_for_longer_than_the_run() -> None:
    patience = Patience(first_delay=1, settle=60)
    with RawServer(control_plane(put=breaks(b"", Exchange.reset))) as server, Watch() as watch:
        (outcome,) = Client(server.url, patience, seconds=1.2).apply(declared(None))
        assert len(server.of_method("PUT")) == 1
    assert outcome.result == "unknown"
    assert watch.seconds < 1.2 + 0.6


def test_what_a_server_asks_to_wait_is_waited() -> None:
    versions = in_turn(refuses(429, "", "Retry-After: 1"), answers(page([])))
    with RawServer(control_plane(versions=versions)) as server, Watch() as watch:
        assert Client(server.url).plan().counts["create"] == 1
    assert 1 <= watch.seconds < 2


LARGE: dict[str, tuple[Script, str]] = {
    "a header of 200 KB": (
        sends(framed(b"{}", 200, "application/json", "X-Long: " + "x" * 200_000)),
        "ReadError|RemoteProtocolError|[Tt]oo (long|large)|larger|header",
    ),
    "headers without end": (
        streams(b"HTTP/1.1 200 OK\r\n", repeat(b"X-More: " + b"x" * 1000 + b"\r\n")),
        "buffer|long|large|header",
    ),
    "1xx without end": (streams(b"", repeat(head(103) * 50)), "no whole answer within"),
    "33 MiB": (sends(framed(b" " * (33 * MIB))), "larger than 32 MiB"),
    "chunks without end": (
        streams(head(200, JSON, "Transfer-Encoding: chunked"), repeat(b"10000\r\n" + b" " * 65536 + b"\r\n")),
        "larger than 32 MiB",
    ),
    "compressed": (
        sends(framed(gzip.compress(b" " * (33 * MIB)), 200, "application/json", "Content-Encoding: gzip")),
        "larger than 32 MiB",
    ),
    "compressed in another way": (
        sends(framed(b"{}", 200, "application/json", "Content-Encoding: br")),
        r"the answer is compressed \(br\)",
    ),
    "not compressed as it says": (
        sends(framed(b"{}", 200, "application/json", "Content-Encoding: gzip")),
        "the answer says that it is gzip, and is not",
    ),
}


@pytest.mark.parametrize(("fault", "said"), LARGE.values(), ids=LARGE)
def test_an_answer_that_is_too_large_is_reported(fault: Script, said: str) -> None:
    with RawServer(fault) as server, pytest.raises(ControlPlaneError, match=said):
        Client(server.url, Patience(tries=1, request=1.0)).plan()
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_of_a_refusal_no_more_is_read_than_can_hold_a_message() -> None:
    body = streams(head(422, JSON, "Transfer-Encoding: chunked"), repeat(b"1000\r\n" + b" " * 4096 + b"\r\n"))
    with RawServer(body) as server, pytest.raises(ControlPlaneError, match=rf"^GET {ML_REPOS}: 422$"):
        Client(server.url, QUICK).plan()


def _bomb() -> bytes:
    """A MiB that unpacks to a GiB, but for its last bytes, which nobody reads that far for."""
    packing = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    first, again = (packing.compress(bytes(MIB)) + packing.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + 1023 * again


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("X-GZIP", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_compressed_answer_that_nobody_asked_for_is_read(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    body = pack(json.dumps(page([])).encode())
    with RawServer(
        control_plane(versions=sends(framed(body, 200, "application/json", f"Content-Encoding: {encoding}")))
    ) as server:
        assert Client(server.url).plan().counts["create"] == 1


def test_a_gibibyte_and_a_gzip_bomb_take_no_more_memory_than_an_answer(tmp_path: Path) -> None:
    folder = declaring(tmp_path / "repository").folder
    with RawServer(control_plane()) as server:
        ended, usual = with_peak(Cli(folder, server.url), "plan")
        assert (ended.code, ended.err) == (0, "")
    faults = (
        streams(head(200, JSON, f"Content-Length: {1024 * MIB}"), repeat(b" " * 65536, 1024 * 16)),
        sends(framed(_bomb(), 200, "application/json", "Content-Encoding: gzip")),
    )
    for fault in faults:
        with RawServer(control_plane(versions=fault)) as server:
            ended, peak = with_peak(Cli(folder, server.url), "plan")
        assert (ended.code, ended.err.splitlines()[0]) == (1, "error: the answer is larger than 32 MiB")
        assert peak <= usual + MORE_MEMORY


DRIPS = SLOW["a body in drips"]


@pytest.mark.parametrize(
    "fault",
    [DRIPS, SLOW["no answer"], refuses(429, "", "Retry-After: 60")],
    ids=["a body in drips", "no answer", "asked to wait"],
)
def test_the_tool_ends_by_its_timeout(fault: Script, tmp_path: Path) -> None:
    folder = declaring(tmp_path / "repository").folder
    with RawServer(fault) as server, Watch() as watch:
        ended = Cli(folder, server.url)("plan", "--timeout", "1", expect=1)
    assert watch.seconds < LONGEST / 2  # the server would have waited all of it
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert len(ended.err.splitlines()) == 2


@pytest.mark.parametrize("body", [b"[" * 2_000_000, b'{"data":[' + b"0," * 1_000_000, b'"' + b"x" * 10**6])
def test_json_that_is_deep_or_long_takes_no_time(body: bytes) -> None:
    with RawServer(sends(framed(body))) as server, Watch() as watch, pytest.raises(ControlPlaneError):
        Client(server.url, ONE_TRY).plan()
    assert watch.seconds < 2
