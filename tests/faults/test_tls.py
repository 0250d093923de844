"""Certificates: what is not trusted gets nothing at all, and no way around it is offered."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from reconciler.errors import UnreachableError
from tests.support.certificates import issue_certificate
from tests.support.cli import TOKEN, Cli, Ended
from tests.support.fault_answers import API, control_plane, head
from tests.support.fault_runs import QUICK, Client
from tests.support.git_repository import GitRepository
from tests.support.processes import Watch
from tests.support.raw_server import LONGEST, Exchange, RawServer


def plan(repository: GitRepository, url: str, env: dict[str, str], expect: int = 1) -> Ended:
    """Plan; whatever goes wrong, nobody is told to look away."""
    ended = Cli(repository.folder, url, env=env)("plan", "--api", API, expect=expect)
    assert "internal error" not in ended.err
    for word in ("verify", "insecure", "disable"):
        assert word not in ended.err.lower().replace("certificate verify failed", "")
    return ended


def test_an_authority_of_one_s_own_is_trusted_by_ssl_cert_file(
    authority: trustme.CA, trusted: dict[str, str], repository: GitRepository
) -> None:
    with RawServer(control_plane(), issue_certificate(authority, "127.0.0.1")) as server:
        assert "1 to create" in plan(repository, server.url, trusted, expect=0).out
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {TOKEN}"}


def test_a_certificate_of_an_unknown_authority_gets_no_token(
    authority: trustme.CA, repository: GitRepository
) -> None:
    with RawServer(control_plane(), issue_certificate(authority, "127.0.0.1")) as server:
        ended = plan(repository, server.url, {})
        assert (server.connections, server.requests) == (1, [])
    assert ended.err.splitlines() == [
        "error: the certificate of 127.0.0.1 is not trusted: unable to get local issuer certificate",
        "  if it is signed by a certificate authority of your own, set SSL_CERT_FILE to that one",
    ]


def test_the_variable_that_other_tools_read_is_read_too(
    authority: trustme.CA, trusted: dict[str, str], repository: GitRepository
) -> None:
    env = {"REQUESTS_CA_BUNDLE": trusted["SSL_CERT_FILE"]}
    with RawServer(control_plane(), issue_certificate(authority, "127.0.0.1")) as server:
        assert "1 to create" in plan(repository, server.url, env, expect=0).out


def test_a_certificate_of_another_host_gets_no_token(
    authority: trustme.CA, trusted: dict[str, str], repository: GitRepository
) -> None:
    with RawServer(control_plane(), issue_certificate(authority, "other.example")) as server:
        ended = plan(repository, server.url, trusted)
        assert (server.connections, server.requests) == (1, [])
    assert "is not trusted: IP address mismatch" in ended.err


def test_a_certificate_that_has_expired_gets_no_token(
    authority: trustme.CA, trusted: dict[str, str], repository: GitRepository
) -> None:
    past = datetime.now(UTC) - timedelta(days=2)
    certificate = issue_certificate(authority, "127.0.0.1", past, past + timedelta(days=1))
    with RawServer(control_plane(), certificate) as server:
        ended = plan(repository, server.url, trusted)
        assert (server.connections, server.requests) == (1, [])
    assert "is not trusted: certificate has expired" in ended.err


def test_a_protocol_that_is_too_old_gets_no_token(
    authority: trustme.CA, trusted: dict[str, str], repository: GitRepository
) -> None:
    context = issue_certificate(authority, "127.0.0.1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with RawServer(control_plane(), context) as server:
        ended = plan(repository, server.url, trusted)
        assert (server.connections, server.requests) == (1, [])
    assert ended.err.startswith("error: can not speak TLS with 127.0.0.1: ")


def test_plain_http_on_the_port_gets_no_token_and_is_reported_at_once(repository: GitRepository) -> None:
    def bad_request(exchange: Exchange) -> None:
        assert exchange.begins_with(b"\x16\x03")
        exchange.send(head(400, "Connection: close", "Content-Length: 0"))
        exchange.close()

    with RawServer(bad_request) as server:
        ended = plan(repository, f"https://127.0.0.1:{server.port}", {})
        assert server.connections == 1
    assert ended.err.startswith("error: can not speak TLS with 127.0.0.1: ")
    assert (
        ended.err.splitlines()[1] == "  check the port, and that the host offers https with TLS 1.2 or newer"
    )


def test_a_port_that_says_nothing_is_given_up_in_time(repository: GitRepository) -> None:
    with RawServer(Exchange.stall) as server, Watch() as watch:
        cli = Cli(repository.folder, f"https://127.0.0.1:{server.port}")
        ended = cli("plan", "--timeout", "1", expect=1)
    assert ended.err.startswith("error: ")
    assert watch.seconds < LONGEST / 2  # the server would have waited all of it


@pytest.mark.parametrize("how", [Exchange.reset, Exchange.close])
def test_a_handshake_that_is_broken_off_may_pass_and_is_tried_again(how: Callable[[Exchange], None]) -> None:
    def broken_off(exchange: Exchange) -> None:
        assert exchange.begins_with(b"\x16\x03")
        how(exchange)

    with RawServer(broken_off) as server, pytest.raises(UnreachableError) as caught:
        Client(f"https://127.0.0.1:{server.port}").plan()
    assert server.connections == QUICK.tries
    assert (caught.value.is_passing, caught.value.is_unknown) == (True, False)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_of_certificates_that_is_none_is_reported(
    content: str | None, repository: GitRepository, tmp_path: Path
) -> None:
    file = tmp_path / "certificates.pem"
    if content is not None:
        file.write_text(content)
    ended = plan(repository, "https://127.0.0.1:1", {"SSL_CERT_FILE": str(file)})
    assert ended.err.startswith("error: can not load certificates: ")
    assert "SSL_CERT_FILE" in ended.err.splitlines()[1]


def test_what_is_not_trusted_is_asked_once(authority: trustme.CA) -> None:
    with RawServer(control_plane(), issue_certificate(authority, "127.0.0.1")) as server:
        with pytest.raises(UnreachableError) as caught:
            Client(server.url, QUICK).plan()
        assert server.connections == 1
    assert (caught.value.is_passing, caught.value.is_unknown) == (False, False)
