"""Proxies: which one is asked for a host, and what becomes of a request where it does not connect."""

from __future__ import annotations

import asyncio

import pytest
import trustme

from reconciler.client.http import open_writer
from reconciler.client.requests import session
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.client.requests.proxy import find_proxy
from reconciler.client.requests.transport import open_transport
from reconciler.errors import ControlPlaneError, InterruptedAnswerError, UnreachableError
from tests.support.certificates import issue_certificate
from tests.support.fault_answers import head, sends
from tests.support.raw_server import Exchange, RawServer, Script
from tests.support.tunnel import open_tunnel

HOST = "https://example.com"
REMOTE = "https://control-plane.invalid"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for name in (*names, *map(str.upper, names), "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


# Which is asked


def shown_proxy(host: str) -> str | None:
    """The proxy for a host."""
    proxy = find_proxy(host)
    return str(proxy) if proxy else None


PROXIES = {
    "http://proxy.example:3128": "http://proxy.example:3128",
    "http://proxy.example:3128/": "http://proxy.example:3128",
    "https://proxy.example": "https://proxy.example",
    "proxy.example:3128": "http://proxy.example:3128",
    "10.0.0.1": "http://10.0.0.1",
    "http://[::1]:3128": "http://[::1]:3128",
    "http://user:s3cret@proxy.example:3128": "http://proxy.example:3128",
    "http://s3cret@proxy.example/s3cret?s3cret": "http://proxy.example",
    "user:s3cret@proxy.example:3128": "http://proxy.example:3128",
    "socks5://user:s3cret@proxy.example": "socks5://proxy.example",
    "http://us%40er:s3cr%2Fet@proxy.example:1": "http://proxy.example:1",
}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize(("address", "shown"), PROXIES.items())
def test_a_proxy_is_shown_by_its_address_alone(
    variable: str, address: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown_proxy(HOST) is None
    monkeypatch.setenv(variable, address)
    assert shown_proxy(HOST) == shown


@pytest.mark.parametrize(
    "address",
    ["nonsense://s3cret", "http://[s3cret]:1", "http://user:s3cret/x@proxy:1", "ftp://s3cret",
     "socks5://s3cret", "http://proxy:s3cret", "http://proxy:99999999", "://", "http://\u200bs3cret",
     "http://us:p@s3cret@proxy:1", "http://us:s3cret#1@proxy:1"],
)  # fmt: skip
def test_a_proxy_that_can_not_be_used_is_reported_and_not_shown(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(ControlPlaneError) as caught:
        open_transport(HOST, None, ("GET",), 1)
    assert str(caught.value) == "HTTPS_PROXY names a proxy that can not be used"
    assert caught.value.hint == (
        "set it to http://HOST:PORT, with @ and # of a password as %40 and %23, or unset it"
    )
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("excluded", "host", "is_asked"),
    [
        ("example.com", HOST, True),
        ("example.com", f"{HOST}:8443", True),
        ("example.com:8443", f"{HOST}:8443", True),
        ("example.com:8443", HOST, False),
        (".com", HOST, True),
        ("*", HOST, True),
        ("other.example, EXAMPLE.com", HOST, True),
        ("ample.com", HOST, False),
        ("example.com", "https://example.com.evil.example", False),
        ("example.com", "https://notexample.com", False),
        ("", "http://127.0.0.1:8080", True),
        ("", "http://localhost:8080", True),
        ("", "https://[::1]:8080", True),
        ("", "https://127.0.0.1.example.com", False),
    ],
)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_some_hosts_are_asked_without_the_proxy(
    variable: str, excluded: str, host: str, monkeypatch: pytest.MonkeyPatch, *, is_asked: bool
) -> None:
    for scheme in ("HTTP", "HTTPS", "ALL"):
        monkeypatch.setenv(f"{scheme}_PROXY", "http://proxy.example")
    monkeypatch.setenv(variable, excluded)
    assert shown_proxy(host) == (None if is_asked else "http://proxy.example")


def test_the_proxy_of_another_scheme_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example")
    assert shown_proxy(HOST) is None
    monkeypatch.setenv("https_proxy", "")
    assert shown_proxy(HOST) is None


# Whether it connects


async def put() -> None:
    """Write one version, by the proxy of the environment."""
    writing = open_writer(Connection(REMOTE, "ml", None), Deadline(20.0), Patience(), connections=1)
    async with writing as writer:
        await writer.put({})


def stall(exchange: Exchange) -> None:
    assert exchange.head.method
    exchange.stall()


def close(exchange: Exchange) -> None:
    assert exchange.head.method
    exchange.close()


def reset(exchange: Exchange) -> None:
    assert exchange.head.method
    exchange.reset()


UNCONNECTED: dict[str, tuple[Script, str]] = {
    "does not answer": (stall, "no answer within 0.2 s"),
    "ends the connection": (close, "Server disconnected without sending a response."),
    "breaks the connection off": (reset, "Connection reset by peer"),
    "does not speak HTTP": (sends(b"SSH-2.0-x\r\n\r\n"), "illegal status line"),
    "refuses": (sends(head(403, "Content-Length: 0")), "403"),
}


@pytest.mark.parametrize(("script", "cause"), UNCONNECTED.values(), ids=UNCONNECTED)
def test_a_proxy_that_does_not_connect_is_named_and_nothing_was_sent(
    script: Script, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "CONNECT_SECONDS", 0.2 if script is stall else 20.0)
    with RawServer(script) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(UnreachableError) as caught:
            asyncio.run(put())
    assert str(caught.value).startswith(
        f"the proxy {proxy.url} does not connect to control-plane.invalid: {cause}"
    )
    assert {request.method for request in proxy.requests} <= {"CONNECT"}


def test_of_what_was_sent_through_a_proxy_it_is_not_known_what_became(
    authority: trustme.CA, trusted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", trusted["SSL_CERT_FILE"])
    certificate = issue_certificate(authority, "control-plane.invalid")
    asked: list[bytes] = []

    async def put_by_tunnel() -> None:
        async with open_tunnel(server.port, asked) as address:
            monkeypatch.setenv("https_proxy", address)
            await put()

    with RawServer(close, certificate) as server, pytest.raises(InterruptedAnswerError):
        asyncio.run(put_by_tunnel())
    assert [line.split()[0] for line in asked] == [b"CONNECT"]
    assert [request.method for request in server.requests] == ["PUT"]
