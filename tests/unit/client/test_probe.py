"""What one request without a token shows of a control plane, also by a proxy."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
import trustme

from reconciler.client import probe
from reconciler.client.probe import ProbeAnswer, probe_host
from reconciler.client.requests.connection import Connection
from reconciler.errors import UnreachableError
from tests.support.certificates import issue_certificate
from tests.support.fault_answers import head, sends
from tests.support.raw_server import Exchange, RawServer
from tests.support.tunnel import open_tunnel

REMOTE = Connection("https://control-plane.invalid", "ml", "token")


def test_behind_a_proxy_the_certificate_is_that_of_the_control_plane(
    authority: trustme.CA, trusted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", trusted["SSL_CERT_FILE"])
    end = datetime(2055, 6, 7, tzinfo=UTC)
    certificate = issue_certificate(authority, "control-plane.invalid", end=end)
    asked: list[bytes] = []

    async def ask() -> ProbeAnswer:
        async with open_tunnel(server.port, asked) as address:
            monkeypatch.setenv("https_proxy", address)
            return await probe_host(REMOTE, 20.0)

    refusal = sends(head(401, "Date: Mon, 02 Jan 2040 03:04:05 GMT", "Content-Length: 0"))
    with RawServer(refusal, certificate) as server:
        assert asyncio.run(ask()) == ProbeAnswer(datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC), end)
    assert [line.split()[0] for line in asked] == [b"CONNECT"]
    assert b"token" not in b"".join(server.heard)


def test_a_proxy_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def stall(exchange: Exchange) -> None:
        assert exchange.head.method == "CONNECT"
        exchange.stall()

    monkeypatch.setattr(probe, "CONNECT_SECONDS", 0.2)
    with RawServer(stall) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(UnreachableError, match=rf"^the proxy {proxy.url} does not connect to "):
            asyncio.run(probe_host(REMOTE, 20.0))
