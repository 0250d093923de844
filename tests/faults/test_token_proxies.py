"""Proxies and certificates: honoured, named on request, and never a way to the token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from reconciler.cli.commands import apply, plan
from reconciler.errors import UnreachableError
from tests.support.attacker import Attacker
from tests.support.certificates import issue_certificate
from tests.support.cli import TOKEN, Cli, Ended
from tests.support.fault_answers import control_plane, framed, head, redirects, sends
from tests.support.fault_runs import Client
from tests.support.git_repository import GitRepository
from tests.support.raw_server import Exchange, RawServer, Script, closed_port

REMOTE = "https://control-plane.invalid"
COMMANDS = (("plan",), ("apply", "--yes"))
SOON = ("--timeout", "1")
"""Nobody is reached in these tests, and to try again would take seconds."""


def run_until(is_asked: Callable[[], object], cli: Cli, *command: str) -> Ended:
    """Run a command that reaches nobody, with more time where it came to ask no proxy in one second."""
    for seconds in ("1", "8", "60"):
        ended = cli(*command, "--timeout", seconds, expect=1)
        if is_asked():
            return ended
    raise AssertionError("no proxy was asked")


@pytest.fixture
def attacker() -> Iterator[Attacker]:
    with Attacker() as listening:
        yield listening


# What a proxy gets


@pytest.mark.parametrize(
    ("variable", "form", "command"),
    [
        ("HTTPS_PROXY", "http://{}", COMMANDS[0]),
        ("https_proxy", "http://user:password@{}", COMMANDS[1]),
        ("ALL_PROXY", "{}", COMMANDS[0]),
        ("all_proxy", "http://{}", COMMANDS[1]),
    ],
)
def test_a_proxy_gets_the_name_of_the_host_and_what_it_can_not_read(
    variable: str, form: str, command: tuple[str, ...], attacker: Attacker, repository: GitRepository
) -> None:
    env = {variable: form.format(attacker.address)}
    cli = Cli(repository.folder, REMOTE, env=env)
    ended = run_until(lambda: any(b"\x16\x03" in heard for heard in attacker.heard), cli, *command)
    assert "password" not in ended.err
    greetings = []
    for heard in attacker.heard:
        line, _, rest = bytes(heard).partition(b"\r\n")
        assert line == b"CONNECT control-plane.invalid:443 HTTP/1.1"
        assert b"uthorization: Bearer" not in rest
        greetings.append(rest.partition(b"\r\n\r\n")[2])
    # The time may be over before the last of several connections has come to its greeting.
    assert any(greetings)
    assert all(greeting.startswith(b"\x16\x03") for greeting in greetings if greeting)
    attacker.assert_nothing_learned()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_proxy_is_asked_for_this_machine(
    command: tuple[str, ...], attacker: Attacker, repository: GitRepository
) -> None:
    names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    env = dict.fromkeys(names, f"http://{attacker.address}")
    with RawServer(control_plane()) as server:
        for host in (server.url, server.url.replace("127.0.0.1", "localhost")):
            Cli(repository.folder, host, env=env)(*command, expect=0 if command == ("plan",) else 1)
        assert server.requests
    attacker.assert_left_alone()


@pytest.mark.parametrize(
    ("variable", "excluded"),
    [
        ("NO_PROXY", "control-plane.invalid"),
        ("NO_PROXY", ".invalid"),
        ("NO_PROXY", "control-plane.invalid:8443"),
        ("no_proxy", "*"),
        ("no_proxy", "other, control-plane.invalid"),
    ],
)
def test_a_host_that_is_excluded_is_asked_without_a_proxy(
    variable: str, excluded: str, attacker: Attacker, repository: GitRepository
) -> None:
    env = {"HTTPS_PROXY": f"http://{attacker.address}", variable: excluded}
    Cli(repository.folder, f"{REMOTE}:8443", env=env)("plan", *SOON, expect=1)
    attacker.assert_left_alone()


def fails_by(proxy: str, monkeypatch: pytest.MonkeyPatch) -> UnreachableError:
    """What a plan by a proxy ends with."""
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(UnreachableError) as caught:
        Client(REMOTE).plan()
    assert "s3cret" not in f"{caught.value} {caught.value.hint}"
    return caught.value


def test_a_proxy_that_is_not_there_is_named_and_not_the_control_plane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = f"127.0.0.1:{closed_port()}"
    error = fails_by(f"http://user:s3cret@{address}", monkeypatch)
    assert str(error) == (
        f"can not reach the proxy http://{address}, which https_proxy names: Connection refused"
    )
    assert error.hint == "check https_proxy, or have control-plane.invalid reached without it: NO_PROXY"
    error = fails_by("http://user:s3cret@proxy.invalid:3128", monkeypatch)
    assert str(error).startswith(
        "can not reach the proxy http://proxy.invalid:3128, which https_proxy names: "
    )


def test_a_proxy_that_refuses_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(sends(head(407, "Proxy-Authenticate: Basic", "Content-Length: 0"))) as proxy:
        error = fails_by(f"http://user:s3cret@127.0.0.1:{proxy.port}", monkeypatch)
    assert str(error).startswith(
        f"the proxy http://127.0.0.1:{proxy.port} does not connect to control-plane.invalid: 407"
    )
    assert error.hint == "check user and password in https_proxy, and what the proxy allows"


def test_tls_that_nobody_answers_behind_a_proxy_is_that_of_the_control_plane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def connect_and_close(exchange: Exchange) -> None:
        assert exchange.head.method == "CONNECT"
        exchange.send(head(200))
        exchange.close()

    with RawServer(connect_and_close) as proxy:
        error = fails_by(proxy.url, monkeypatch)
    assert str(error).startswith("can not speak TLS with control-plane.invalid: ")


def test_a_password_with_a_bare_sign_is_refused_before_anybody_is_asked(
    attacker: Attacker, repository: GitRepository
) -> None:
    for password in ("p@s3cret", "s3cret#1"):
        env = {"https_proxy": f"http://us:{password}@{attacker.address}"}
        for command in ("plan", "doctor"):
            ended = Cli(repository.folder, REMOTE, env=env)(command, expect=1)
            assert "https_proxy names a proxy that can not be used" in ended.out + ended.err
            assert "%40 and %23" in ended.out + ended.err
            assert "s3cret" not in ended.out + ended.err
    attacker.assert_left_alone()


ANSWERS: dict[str, Script] = {
    "asks for a login": sends(head(407, "Proxy-Authenticate: Basic", "Content-Length: 0")),
    "asks for the token": sends(head(401, "WWW-Authenticate: Bearer", "Content-Length: 0")),
    "points elsewhere": redirects(302, "http://127.0.0.1:1/"),
    "answers itself": sends(framed(b'{"data": [], "pagination": {"total": 0}}')),
    "says nothing of HTTP": sends(b"\x00" * 100),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_proxy_that_answers_in_place_of_the_host_gets_no_token(
    name: str, repository: GitRepository
) -> None:
    def answer(exchange: Exchange) -> None:
        assert exchange.head.method == "CONNECT"
        ANSWERS[name](exchange)
        exchange.listen()

    with RawServer(answer) as proxy:
        env = {"HTTPS_PROXY": proxy.url}
        cli = Cli(repository.folder, REMOTE, env=env)
        ended = run_until(lambda: proxy.requests, cli, "apply", "--yes")
        assert {request.method for request in proxy.requests} == {"CONNECT"}
        for heard in proxy.heard:
            assert b"Bearer" not in heard
    assert "internal error" not in ended.err


def test_a_proxy_that_would_read_along_is_found_out(authority: trustme.CA, repository: GitRepository) -> None:
    certificate = issue_certificate(authority, "control-plane.invalid")

    def read_along(exchange: Exchange) -> None:
        assert exchange.head.method == "CONNECT"
        exchange.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        exchange.overhear(certificate)

    with RawServer(read_along) as proxy:
        ended = Cli(repository.folder, REMOTE, env={"HTTPS_PROXY": proxy.url})("apply", "--yes", expect=1)
    assert proxy.heard
    for heard in proxy.heard:
        assert heard.endswith(b"\r\n\r\n")  # of the CONNECT; nothing came through the tunnel
    assert "the certificate of control-plane.invalid is not trusted" in ended.err


# What is told on request


@pytest.mark.parametrize("asked", [("-v",), ("--verbose",), ()])
def test_the_way_to_the_control_plane_is_reported_without_what_is_secret(
    asked: tuple[str, ...], repository: GitRepository
) -> None:
    proxy = f"127.0.0.1:{closed_port()}"
    env = {"HTTPS_PROXY": f"http://user:s3cret-proxy@{proxy}/path?query"}
    env |= {} if asked else {"RUNNER_DEBUG": "1"}
    for command in COMMANDS:
        ended = Cli(repository.folder, REMOTE, env=env)(*command, "--api", "svc", *asked, *SOON, expect=1)
        assert ended.err.splitlines()[:4] == [
            f"control plane: {REMOTE} (api svc)",
            "token: from TFY_API_KEY",
            f"proxy: http://{proxy}",
            "certificate authorities: those that come with httpx",
        ]
        assert "s3cret-proxy" not in ended.err
        assert ended.out == ""


def test_the_way_without_a_proxy_is_reported_too(
    authority: trustme.CA, trusted: dict[str, str], repository: GitRepository, tmp_path: Path
) -> None:
    file = tmp_path / "home" / ".truefoundry" / "credentials.json"
    file.parent.mkdir(parents=True)
    with RawServer(control_plane(), issue_certificate(authority, "127.0.0.1")) as server:
        file.write_text(f'{{"host": "{server.url}", "access_token": "{TOKEN}"}}')
        cli = Cli(repository.folder, home=file.parents[1], env=trusted)
        ended = cli("plan", "-v", "--format", "json")
        assert ended.document["changes"]
    assert ended.err.splitlines() == [
        f"control plane: {server.url} (api auto)",
        "token: from ~/.truefoundry/credentials.json",
        "proxy: none",
        f"certificate authorities: {trusted['SSL_CERT_FILE']} (SSL_CERT_FILE)",
    ]


def test_a_registry_in_a_file_has_no_way_to_tell_of(repository: GitRepository, tmp_path: Path) -> None:
    cli = Cli(
        repository.folder, f"sqlite:///{tmp_path}/registry.db", env={"HTTPS_PROXY": "http://127.0.0.1:1"}
    )
    cli("registry", "create", "--db", f"{tmp_path}/registry.db", "fraud")
    assert cli("plan", "-v").err == f"control plane: sqlite:///{tmp_path}/registry.db (api auto)\n"
    assert cli("plan").err == ""


@pytest.mark.parametrize("value", ["", "0", "true", "nonsense"])
def test_a_runner_that_does_not_ask_is_shown_nothing(
    value: str, repository: GitRepository, tmp_path: Path
) -> None:
    cli = Cli(repository.folder, f"sqlite:///{tmp_path}/registry.db", env={"RUNNER_DEBUG": value})
    cli("registry", "create", "--db", f"{tmp_path}/registry.db", "fraud")
    assert cli("plan").err == ""


# Certificates


LOOKING_AWAY = (
    {"PYTHONHTTPSVERIFY": "0"},
    {"CURL_CA_BUNDLE": ""},
    {"REQUESTS_CA_BUNDLE": ""},
    {"SSL_CERT_FILE": ""},
    {"SSL_CERT_DIR": ""},
    {"SSL_CERT_FILE": "", "SSL_CERT_DIR": "", "REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""},
    {"GIT_SSL_NO_VERIFY": "true"},
    {"NODE_TLS_REJECT_UNAUTHORIZED": "0"},
    {"TFY_VERIFY": "false"},
    {"TFY_SSL_VERIFY": "0"},
    {"TFY_INSECURE": "true"},
    {"TFY_SKIP_TLS_VERIFY": "1"},
    {"RECONCILER_INSECURE": "1"},
    {"RECONCILER_VERIFY": "0"},
    {"HTTPX_VERIFY": "0"},
    {"SSL_VERIFY": "false"},
    {"PYTHONWARNINGS": "ignore"},
)


@pytest.mark.parametrize("env", LOOKING_AWAY, ids=lambda env: " ".join(f"{k}={v}" for k, v in env.items()))
def test_no_variable_lets_a_wrong_certificate_pass(
    env: dict[str, str], authority: trustme.CA, repository: GitRepository
) -> None:
    with RawServer(control_plane(), issue_certificate(authority, "127.0.0.1")) as server:
        ended = Cli(repository.folder, server.url, env=env)("plan", expect=1)
        assert server.requests == []
    assert "the certificate of 127.0.0.1 is not trusted" in ended.err


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_an_empty_folder_of_certificates_trusts_nobody(
    variable: str, authority: trustme.CA, repository: GitRepository, tmp_path: Path
) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    with RawServer(control_plane(), issue_certificate(authority, "127.0.0.1")) as server:
        ended = Cli(repository.folder, server.url, env={variable: str(folder)})("plan", expect=1)
        assert server.requests == []
    assert "is not trusted" in ended.err


def test_no_option_lets_a_wrong_certificate_pass() -> None:
    words = ("verify", "insecure", "tls", "ssl", "cert", "trust", "token", "password", "proxy")
    for command in (plan.plan, apply.apply):
        names = [name for parameter in command.params for name in (*parameter.opts, parameter.name or "")]
        assert "--host" in names
        assert not [name for name in names for word in words if word in name.lower()]
