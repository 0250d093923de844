"""Connections: used again while they are good, never more than may be, and whole whatever they carry."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import httpcore
import httpx
import pytest
import trustme

from reconciler.client.network import Network
from reconciler.client.requests import transport
from reconciler.client.requests.transport import open_transport
from tests.support.certificates import issue_certificate
from tests.support.fault_answers import answers, framed, head
from tests.support.forked import MAX_SECONDS
from tests.support.raw_server import Exchange, RawServer, Script, closed_port
from tests.support.scale import runs
from tests.support.tunnel import open_tunnel

_Given = TypeVar("_Given")
LARGE = bytes(range(256)) * 8 * 1024
"""2 MiB: more than the buffers on the way hold."""


@pytest.fixture
def certificate(
    authority: trustme.CA, trusted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext:
    """What a server shows, of an authority that is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", trusted["SSL_CERT_FILE"])
    return issue_certificate(authority, "127.0.0.1")


class Caller:
    """Sends requests through one transport."""

    def __init__(self, url: str, through: httpx.AsyncBaseTransport) -> None:
        self._url = url
        self._through = through

    async def __call__(self, content: bytes | None = None, connect: float = 10.0) -> bytes:
        """The body of the answer to a request."""
        answer = await self.answer(content, connect)
        try:
            return await answer.aread()
        finally:
            await answer.aclose()

    async def answer(self, content: bytes | None = None, connect: float = 10.0) -> httpx.Response:
        """The answer, of which only the head has been read."""
        request = httpx.Request(
            "PUT", f"{self._url}/x", content=content, extensions={"timeout": {"connect": connect}}
        )
        return await self._through.handle_async_request(request)


def calling(url: str, run: Callable[[Caller], Awaitable[_Given]], connections: int = 1) -> _Given:
    """What a run gives that has a transport to some place."""

    async def whole() -> _Given:
        async with open_transport(url, None, ("PUT",), connections) as through:
            return await run(Caller(url, through))

    return asyncio.run(asyncio.wait_for(whole(), 20))


# Used again


def test_one_after_another_they_share_a_connection() -> None:
    async def run(call: Caller) -> None:
        for _ in range(5):
            await call(b"{}")

    with RawServer(answers({})) as server:
        calling(server.url, run, connections=8)
        assert (server.connections, len(server.requests)) == (1, 5)


def test_at_once_they_share_no_more_connections_than_may_be() -> None:
    both = threading.Barrier(3)

    def meets(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        both.wait(20)
        answers({})(exchange)

    async def run(call: Caller) -> None:
        await asyncio.gather(*(call(b"{}") for _ in range(12)))

    with RawServer(meets) as server:
        calling(server.url, run, connections=3)
        assert (server.connections, len(server.requests)) == (3, 12)


def say_more(exchange: Exchange) -> None:
    exchange.send(framed(b'{"of": "nobody"}'))


@pytest.mark.parametrize("spoil", [Exchange.close, Exchange.reset, say_more])
@pytest.mark.parametrize("has_looked", [False, True], ids=["not looked", "has looked"])
def test_a_connection_that_has_ended_or_says_what_nobody_asked_is_not_used_again(
    spoil: Script, *, has_looked: bool
) -> None:
    spoiled = threading.Semaphore(0)

    def script(exchange: Exchange) -> None:
        answers({})(exchange)
        exchange.wait(0.05)  # or a reset would overtake the answer
        try:
            spoil(exchange)
        finally:
            spoiled.release()

    async def run(call: Caller) -> set[bytes]:
        said = set()
        for _ in range(3):
            said.add(await call(b"{}"))
            assert spoiled.acquire(timeout=MAX_SECONDS)  # the loop has no chance to find out
            if has_looked:
                await asyncio.sleep(0.1)
        return said

    with RawServer(script) as server:
        assert calling(server.url, run) == {b"{}"}
        assert (server.connections, len(server.requests)) == (3, 3)


def test_a_connection_that_was_idle_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_IDLE_SECONDS", 0.05)

    async def run(call: Caller) -> None:
        for _ in range(2):
            await call(b"{}")
        await asyncio.sleep(0.1)
        await call(b"{}")

    with RawServer(answers({})) as server:
        calling(server.url, run)
        assert (server.connections, len(server.requests)) == (2, 3)


@pytest.mark.parametrize("said", [b"", head(200, "Content-Length: 9"), head(200, "Content-Length: 9") + b"{"])
def test_a_request_that_is_given_up_gives_its_place_to_the_next(said: bytes) -> None:
    first = threading.Event()

    def stalls_once(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        if first.is_set():
            answers({})(exchange)
        else:
            first.set()
            exchange.send(said)
            exchange.stall()

    async def run(call: Caller) -> bytes:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await call(b"{}")
        return await call(b"{}")

    with RawServer(stalls_once) as server:
        assert calling(server.url, run) == b"{}"
        assert server.connections == 2


@pytest.mark.parametrize("is_in_tls", [False, True], ids=["plain", "TLS"])
def test_whenever_a_request_is_cancelled_its_connection_is_closed_and_its_place_free(
    certificate: ssl.SSLContext, *, is_in_tls: bool
) -> None:
    async def run(call: Caller) -> int:
        cancelled = 0
        for step in range(runs(300, 300, 3_000)):
            task = asyncio.ensure_future(call(b"{}"))
            for _ in range(step % 100):
                await asyncio.sleep(0)
            cancelled += task.cancel()
            await asyncio.wait([task])
            if step % 10 == 0:
                assert await call(b"{}") == b"{}"
        return cancelled

    with RawServer(answers({}), certificate if is_in_tls else None) as server, warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)  # of a connection that nobody has closed
        assert calling(server.url, run) > 30
        gc.collect()


@pytest.mark.parametrize("steps", range(4))
def test_whoever_is_cancelled_while_closing_an_answer_leaves_no_connection_open(steps: int) -> None:
    async def run(call: Caller) -> None:
        answer = await call.answer(b"{}")
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        assert b"".join([chunk async for chunk in answer.stream]) == b"{}"
        closing = asyncio.ensure_future(answer.aclose())
        for _ in range(steps):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        if not steps:  # it had no time to begin
            await answer.stream.aclose()
        assert await call(b"{}") == b"{}"

    with RawServer(answers({})) as server, warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        calling(server.url, run)
        gc.collect()


def test_nothing_is_left_open_behind_it() -> None:
    ended = threading.Event()

    def listens(exchange: Exchange) -> None:
        answers({})(exchange)
        try:
            exchange.listen()
        finally:
            ended.set()

    with RawServer(listens) as server:
        calling(server.url, Caller.__call__)
        assert ended.wait(0.4)  # by the other side: this one listens for longer


# Whole


@pytest.mark.parametrize("is_in_tls", [False, True], ids=["plain", "TLS"])
def test_what_is_large_comes_and_goes_whole(certificate: ssl.SSLContext, *, is_in_tls: bool) -> None:
    def echoes(exchange: Exchange) -> None:
        exchange.send(framed(exchange.request.body))

    async def run(call: Caller) -> list[bytes]:
        return await asyncio.gather(*(call(LARGE + bytes([number])) for number in range(3)))

    with RawServer(echoes, certificate if is_in_tls else None) as server:
        assert calling(server.url, run, 2) == [LARGE + bytes([number]) for number in range(3)]


def test_a_server_that_sends_more_than_is_read_has_to_wait() -> None:
    sent = 0

    def floods(exchange: Exchange) -> None:
        nonlocal sent
        assert exchange.request.is_whole
        exchange.send(head(200, f"Content-Length: {1024 * len(LARGE)}"))
        for _ in range(1024):
            exchange.send(LARGE)
            sent += len(LARGE)

    async def run(_: Caller) -> int:
        host, port = "127.0.0.1", server.port
        stream = await Network().connect_tcp(host, port)
        await stream.write(b"PUT /x HTTP/1.1\r\n\r\n")
        assert (await stream.read(8)) == b"HTTP/1.1"
        await asyncio.sleep(0.5)
        before, read = sent, 0
        while read <= before:  # until it has gone on
            read += len(await stream.read(1024 * 1024))
        await stream.aclose()
        return before

    with RawServer(floods) as server:
        assert calling(server.url, run) < 32 * 1024 * 1024


def test_an_answer_before_the_request_is_out_is_read() -> None:
    def refuses_unread(exchange: Exchange) -> None:
        assert exchange.head.method == "PUT"
        exchange.send(framed(b"too large", 413))
        exchange.close()

    with RawServer(refuses_unread) as server:
        assert calling(server.url, lambda call: call(LARGE)) == b"too large"


# Errors


def fails(url: str, content: bytes | None = b"{}", connect: float = 10.0) -> Exception:
    with pytest.raises(httpx.HTTPError) as caught:
        calling(url, lambda call: call(content, connect))
    return caught.value


def test_nobody_there_is_reported_in_the_system_s_words() -> None:
    error = fails(f"http://127.0.0.1:{closed_port()}")
    assert (type(error), str(error)) == (httpx.ConnectError, "Connection refused")


@contextmanager
def unanswered(address: str, port: int = 0) -> Iterator[int]:
    """A port at which the system takes no more connections, and says so to nobody."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server((address, port), backlog=0))
        for _ in range(8):  # as many as it keeps for a server that does not look
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003  the argument has no name
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def test_a_connection_that_is_not_taken_is_given_up_in_time() -> None:
    with unanswered("127.0.0.1") as port:
        assert isinstance(fails(f"http://127.0.0.1:{port}", connect=0.3), httpx.ConnectTimeout)


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those of `several.example`, which the test is to add."""
    found: list[str] = []

    def look_up(host: str, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        assert host == "several.example"
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return found


@pytest.mark.parametrize("others", [(), ("127.0.0.3",), ("127.0.0.2",), ("127.0.0.2", "127.0.0.3")])
@pytest.mark.parametrize("is_first", [False, True])
def test_a_host_is_reached_by_whichever_address_answers(
    others: tuple[str, ...], addresses: list[str], *, is_first: bool
) -> None:
    with RawServer(answers({})) as server, unanswered("127.0.0.2", server.port):
        addresses += ["127.0.0.1", *others] if is_first else [*others, "127.0.0.1"]
        call = calling(f"http://several.example:{server.port}", Caller.__call__)
        assert (call, server.connections) == (b"{}", 1)


def test_a_host_that_is_reached_by_no_address_is_reported_by_the_first(addresses: list[str]) -> None:
    url = f"http://several.example:{closed_port()}"
    error = fails(url)
    assert (type(error), str(error)) == (httpx.ConnectError, "Name or service not known")
    addresses += ["127.0.0.3", "127.0.0.4"]
    error = fails(url)
    assert (type(error), str(error)) == (httpx.ConnectError, "Connection refused")


def test_a_handshake_that_nobody_answers_is_given_up_in_time() -> None:
    with RawServer(Exchange.stall) as server:
        error = fails(f"https://127.0.0.1:{server.port}", connect=0.2)
    assert isinstance(error, httpx.ConnectError)
    assert str(error) == "it takes the connection, and then says nothing in TLS"


@pytest.mark.parametrize("said", [b"", head(200, "Content-Length: 9"), head(200, "Content-Length: 9") + b"{"])
def test_a_reset_is_an_error_of_the_answer(said: bytes) -> None:
    def breaks(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        exchange.send(said)
        exchange.wait(0.05)
        exchange.reset()

    with RawServer(breaks) as server:
        error = fails(server.url)
    assert (type(error), str(error)) == (httpx.ReadError, "Connection reset by peer")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 2", head(200, "Content-Length: 9") + b"{"])
def test_an_end_in_the_middle_is_an_error_of_the_answer(said: bytes) -> None:
    def breaks(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        exchange.send(said)
        exchange.close()

    with RawServer(breaks) as server:
        assert isinstance(fails(server.url), httpx.RemoteProtocolError)


def test_every_error_of_httpcore_has_its_namesake_of_httpx() -> None:
    def concrete(kind: type[Exception]) -> set[type[Exception]]:
        below = [each for each in kind.__subclasses__() if each.__module__.startswith("httpcore")]
        return {kind} if not below else set().union(*map(concrete, below))

    told = {
        each for each in vars(httpcore).values() if isinstance(each, type) and issubclass(each, Exception)
    }
    wanted = set().union(*map(concrete, told)) - {httpcore.ConnectionNotAvailable}  # never leaves httpcore
    namesakes = transport._HTTPX_ERRORS  # noqa: SLF001  the table itself
    assert set(namesakes) == wanted
    assert all(mine.__name__ == theirs.__name__ for mine, theirs in namesakes.items())


# TLS


def test_what_was_said_before_tls_is_not_taken_for_what_was_said_in_it() -> None:
    def says_more(exchange: Exchange) -> None:
        assert exchange.begins_with(b"CONNECT")
        exchange.send(b"ab")
        exchange.stall()

    async def run(_: Caller) -> None:
        stream = await Network().connect_tcp("127.0.0.1", server.port)
        await stream.write(b"CONNECT")
        assert await stream.read(1) == b"a"
        await stream.start_tls(ssl.create_default_context(), "127.0.0.1", 1)

    with RawServer(says_more) as server, pytest.raises(httpcore.ConnectError, match="before TLS began"):
        calling(server.url, run)


def test_a_proxy_is_spoken_to_in_tls_and_through_it_to_the_host(
    certificate: ssl.SSLContext, authority: trustme.CA
) -> None:
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    asked: list[bytes] = []

    async def run() -> bytes:
        async with (
            open_tunnel(server.port, asked, certificate) as address,
            httpcore.AsyncConnectionPool(
                proxy=httpcore.Proxy(address, ssl_context=trusted),
                ssl_context=trusted,
                network_backend=Network(),
            ) as pool,
        ):
            answer = await pool.request("PUT", server.url, content=LARGE)
        return answer.content

    def echoes(exchange: Exchange) -> None:
        exchange.send(framed(exchange.request.body))

    with RawServer(echoes, certificate) as server:
        assert asyncio.run(asyncio.wait_for(run(), 20)) == LARGE
        assert [each.split()[:2] for each in asked] == [[b"CONNECT", f"127.0.0.1:{server.port}".encode()]]


def test_authorities_are_read_for_a_host_that_speaks_tls_and_for_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/authority.pem")
    with RawServer(answers({})) as server:
        assert calling(server.url, Caller.__call__) == b"{}"
