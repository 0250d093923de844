"""Addresses that lead elsewhere than they seem to: refused before anybody is asked or sent anything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.attacker import Attacker
from tests.support.cli import Cli
from tests.support.fault_answers import control_plane
from tests.support.git_repository import GitRepository
from tests.support.raw_server import RawServer


@pytest.fixture
def attacker() -> Iterator[Attacker]:
    with Attacker() as listening:
        yield listening


LEADING_ELSEWHERE = {
    "before an @": "https://example.com@{address}",
    "before an @, with a port": "https://example.com:443@{address}",
    "a password before an @": "http://user:password@{address}",
    "before an encoded @": "https://example.com%40{address}",
    "a backslash and an @": "https://{address}\\@example.com",
    "an @ behind a backslash": "https://example.com\\@{address}",
    "a query": "http://{address}?.example.com",
    "a fragment": "http://{address}#.example.com",
    "an @ in a fragment": "http://{address}/#@example.com",
    "an @ in a query": "http://{address}/?@example.com",
    "a path": "http://{address}/example.com",
    "a path that goes up": "http://{address}/../api",
    "no scheme": "{address}",
    "any scheme": "//{address}",
    "one slash": "http:/{address}",
    "no slash": "http:{address}",
    "three slashes": "http:///{address}",
    "backslashes": "http:\\\\{address}",
    "another scheme": "ws://{address}",
    "a proxy's scheme": "socks5://{address}",
    "a file's scheme": "file://{address}/",
    "a hexadecimal address": "http://0x7f.0.0.1:{port}",
    "an octal address": "http://0177.0.0.1:{port}",
    "a short address": "http://127.1:{port}",
    "an address as one number": "http://2130706433:{port}",
    "an address of every network": "http://0.0.0.0:{port}",
    "an address of this machine, but not its usual one": "http://127.0.0.2:{port}",
    "an address in IPv6": "http://[::ffff:127.0.0.1]:{port}",
    "a zone": "http://[::1%25lo]:{port}",
    "wide digits": "http://\uff11\uff12\uff17.0.0.1:{port}",
    "wide dots": "http://127\u30020\u30020\u30021:{port}",
    "an encoded dot": "http://127%2e0.0.1:{port}",
    "a line end": "http://{address}\n.example.com",
    "a line end and a header": "http://{address}\r\nX-Header: x",
    "a tab": "http://127.0\t.0.1:{port}",
    "white space before it": " http://{address}",
    "a port of zeros": "http://127.0.0.1:0{port}",
}


@pytest.mark.parametrize("form", LEADING_ELSEWHERE.values(), ids=LEADING_ELSEWHERE)
def test_an_address_that_leads_elsewhere_is_refused(
    form: str, attacker: Attacker, repository: GitRepository
) -> None:
    url = form.format(address=attacker.address, port=attacker.port)
    ended = Cli(repository.folder, url)("plan", expect=1)
    assert len(ended.err.splitlines()) == 2
    assert ended.err.startswith("error: ")
    assert ended.err.isascii()
    assert "password" not in ended.err
    attacker.assert_left_alone()


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_an_option_is_read_as_the_environment_is(
    command: tuple[str, ...], attacker: Attacker, repository: GitRepository
) -> None:
    with RawServer(control_plane()) as server:
        host = f"{server.url}@{attacker.address}"
        Cli(repository.folder, server.url)(*command, "--host", host, expect=1)
        assert server.connections == 0
    attacker.assert_left_alone()


def test_a_wider_address_in_https_is_reached_in_tls_only(
    attacker: Attacker, repository: GitRepository
) -> None:
    """What speaks no TLS, or shows no certificate that is trusted, gets a greeting and no more."""
    for host in (f"https://{attacker.address}", f"https://[::ffff:7f00:1]:{attacker.port}"):
        Cli(repository.folder, host)("apply", "--yes", expect=1)
    assert attacker.connections
    assert all(heard.startswith(b"\x16\x03") for heard in attacker.heard)
    attacker.assert_nothing_learned()


def test_a_name_that_looks_like_another_is_shown_in_ascii_wherever_it_is_shown(
    repository: GitRepository,
) -> None:
    lookalike = "https://\u0430pp.control-plane.invalid"  # the first letter is Cyrillic
    ended = Cli(repository.folder, lookalike)("plan", expect=1)
    assert "in ASCII that host is xn--pp-6kc.control-plane.invalid" in ended.err
    ended = Cli(repository.folder, "https://xn--pp-6kc.control-plane.invalid")(
        "plan", "-v", "--timeout", "5", expect=1
    )
    assert ended.err.startswith("control plane: https://xn--pp-6kc.control-plane.invalid ")
    assert "can not reach xn--pp-6kc.control-plane.invalid" in ended.err or "are over" in ended.err
    assert ended.err.isascii()
