"""The tool as a process against what is no control plane: two clear lines, exit code 1, nothing written."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from reconciler.errors import ControlPlaneError
from tests.support import canary
from tests.support.cli import TOKEN, Cli
from tests.support.fault_answers import (
    FRAUD,
    LOGIN_PAGE,
    VERSIONS,
    Forward,
    OnWrites,
    answers,
    breaks,
    control_plane,
    framed,
    head,
    in_turn,
    lists,
    page,
    redirects,
    refuses,
    row,
    sends,
)
from tests.support.fault_runs import Client
from tests.support.git_repository import GitRepository
from tests.support.raw_server import Exchange, RawServer, Script, closed_port
from tests.support.registry_server import RegistryServer

RUN_AGAIN = "  run again: what is done already is not done twice"
OTHER_HOST = "  check the host: reconciler doctor"
LOGIN = "  have the proxy in front of the API let requests with a token pass"
JSON = "Content-Type: application/json"
HALF = json.dumps(FRAUD).encode()[:20]


FAULTS: dict[str, tuple[Script, str, str]] = {
    "reset": (breaks(b"", Exchange.reset), "GET /api/ml/v1/ml-repos: ", RUN_AGAIN),
    "cut": (breaks(head(200, JSON) + HALF, Exchange.close), "the answer is no whole JSON", RUN_AGAIN),
    "NaN": (sends(framed(b'{"data": NaN}')), "the answer is no whole JSON", RUN_AGAIN),
    "login page": (
        sends(framed(LOGIN_PAGE, 200, "text/html")),
        "200 with a page that asks for a login",
        LOGIN,
    ),
    "another API": (answers({"ok": True}), "not shaped like the API's, at data", OTHER_HOST),
    "redirect": (redirects(302, "https://example.com/login"), "redirects to https://example.com/login", ""),
    "503 for long": (refuses(503), "GET /api/ml/v1/ml-repos: 503", ""),
    "a listing that lies": (
        control_plane(versions=lists(lambda *_: ([row(1)], 2))),
        "the listing of ML repo fraud does not fit together",
        "  run again when nobody else writes to it; if it stays so, have the control plane looked at",
    ),
}


@pytest.mark.parametrize(("fault", "said", "hint"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_reported_in_two_lines_at_most(
    fault: Script, said: str, hint: str, repository: GitRepository
) -> None:
    with RawServer(fault) as server:
        ended = Cli(repository.folder, server.url)("plan", "--detailed-exitcode", expect=1)
        assert server.of_method("PUT") == []
    message, *more = ended.err.splitlines()
    assert message.startswith("error: ")
    assert said in message
    assert len(more) <= 1
    assert not hint or more == [hint]
    assert ended.out == ""


def test_nobody_there_is_reported_with_the_host(repository: GitRepository) -> None:
    ended = Cli(repository.folder, f"http://127.0.0.1:{closed_port()}")("apply", "--yes", expect=1)
    assert ended.err.startswith("error: can not reach 127.0.0.1: ")
    assert ended.err.splitlines()[1] == "  check the host, and that this machine may reach it"


def test_a_name_that_no_one_knows_is_reported_with_the_name(repository: GitRepository) -> None:
    ended = Cli(repository.folder, "https://no-such-host.invalid")("plan", expect=1)
    assert ended.err.startswith("error: can not reach no-such-host.invalid: ")
    assert len(ended.err.splitlines()) == 2


def test_a_redirect_never_takes_the_token_along(repository: GitRepository) -> None:
    with RawServer(control_plane()) as other, RawServer(redirects(307, other.url + VERSIONS)) as server:
        Cli(repository.folder, server.url)("plan", expect=1)
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {TOKEN}"}
        assert (other.connections, other.requests) == (0, [])


NONSENSE = [
    "http://[::1",
    "http://\x7f/",
    "//",
    "javascript:alert(1)",
    "",
    "x" * 60_000,
    "https://xn--a/",
    "//xn--zzzzzzzz--.com",
]


@pytest.mark.parametrize("target", NONSENSE, ids=lambda target: target[:20])
def test_a_redirect_to_nonsense_is_no_mistake_of_ours(target: str) -> None:
    with RawServer(redirects(302, target)) as server, pytest.raises(ControlPlaneError) as caught:
        Client(server.url).plan()
    assert len(str(caught.value)) < 1000


def test_a_burst_of_failures_is_not_even_mentioned(repository: GitRepository) -> None:
    busy = refuses(503, "", "Retry-After: 0")
    with RawServer(control_plane(versions=in_turn(busy, busy, answers(page([]))))) as server:
        ended = Cli(repository.folder, server.url)("plan", "--detailed-exitcode", expect=2)
    assert ended.err == ""
    assert "1 to create" in ended.out


def test_a_lost_answer_is_adopted_and_reported(repository: GitRepository) -> None:
    with RegistryServer() as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        forward = Forward(registry.url)

        def lose(exchange: Exchange) -> None:
            forward.answer(exchange.request)
            exchange.reset()

        with RawServer(OnWrites(forward, lose)) as server:
            ended = Cli(repository.folder, server.url)("apply", "--yes")
        assert "its answer was lost, but it is registered" in ended.out
        assert len(registry.writes) == 1
        assert "Nothing to do" in Cli(repository.folder, registry.url)("plan").out


def test_what_stays_unknown_is_reported_with_the_command_to_run_next(repository: GitRepository) -> None:
    text = (repository.folder / "scorer.yaml").read_text().replace("version: 1\n", "")
    repository.write("scorer.yaml", text)
    repository.commit("named by its contents")
    with RawServer(control_plane(put=breaks(b"", Exchange.reset))) as server:
        ended = Cli(repository.folder, server.url)("apply", "--yes", "--settle", "0.2", expect=1)
        assert len(server.of_method("PUT")) == 2
    assert "? unknown" in ended.out
    assert "reconciler plan" in ended.out


def test_a_proxy_of_the_environment_is_used_and_reported_when_it_is_not_there(
    repository: GitRepository,
) -> None:
    proxy = f"127.0.0.1:{closed_port()}"
    env = {"HTTPS_PROXY": f"http://user:s3cret-proxy@{proxy}"}
    ended = Cli(repository.folder, "https://no-such-host.invalid", env=env)("plan", "--api", "ml", expect=1)
    assert ended.err.startswith(f"error: can not reach the proxy http://{proxy}, which HTTPS_PROXY names: ")
    assert "s3cret-proxy" not in ended.err


def test_a_proxy_that_refuses_is_reported_and_gets_no_token(repository: GitRepository) -> None:
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        for _ in range(4):
            connection, _ = listener.accept()
            with connection:
                seen.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=refuse, daemon=True)
    thread.start()
    env = {"HTTPS_PROXY": f"http://127.0.0.1:{listener.getsockname()[1]}"}
    try:
        ended = Cli(repository.folder, "https://no-such-host.invalid", env=env)(
            "plan", "--api", "ml", expect=1
        )
    finally:
        listener.close()
    thread.join(timeout=10)
    assert "407" in ended.err
    assert seen[0].startswith(b"CONNECT no-such-host.invalid:443 ")
    canary.assert_absent(*seen)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "nonsense"])
def test_a_proxy_that_can_not_be_used_is_no_mistake_of_ours(proxy: str, repository: GitRepository) -> None:
    ended = Cli(repository.folder, "https://no-such-host.invalid", env={"ALL_PROXY": proxy})("plan", expect=1)
    assert "internal error" not in ended.err
    assert ended.err.startswith("error: ")


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(repository: GitRepository) -> None:
    env = {name: f"http://127.0.0.1:{closed_port()}" for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY")}
    with RawServer(control_plane()) as server:
        assert "1 to create" in Cli(repository.folder, server.url, env=env)("plan").out
