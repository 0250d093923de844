"""Serving: a URL that is right once it is told, answers without delay, and an end when asked."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from statistics import median

import httpx
import pytest

from reconciler.registry import Server, Store, create_app
from tests.support.processes import Watch
from tests.support.registry_server import RegistryServer, SeenRequest

SERVE = """
from reconciler.registry import Store, create_app, serve

with Store() as store:
    serve(create_app(store), "127.0.0.1", 0, ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_two_seconds_even_with_a_client_connected(number: signal.Signals) -> None:
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert client.get("/").status_code == 200
            with Watch(server.pid) as watch:
                server.send_signal(number)
                os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
            output, errors = server.communicate(timeout=10)
            assert watch.seconds < 2
    assert (server.returncode, output, errors) == (0, "stopped\n", "")


def test_the_url_is_reported_once_requests_are_taken() -> None:
    with RegistryServer() as registry:
        assert registry.url.startswith("http://127.0.0.1:")
        assert not registry.url.endswith(":0")
        assert httpx.get(registry.url + "/", trust_env=False).status_code == 200


def test_a_port_that_is_taken_is_an_error_at_once() -> None:
    with RegistryServer() as registry, Store() as store:
        port = int(registry.url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="in use"):
            Server(create_app(store), port=port)


def test_a_name_is_resolved_to_an_address() -> None:
    with Store() as store:
        server = Server(create_app(store), "localhost")
        server.close()
    host, port = server.url.removeprefix("http://").rsplit(":", 1)
    assert host in {"127.0.0.1", "[::1]"}
    assert int(port) > 0


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """An answer is written in two parts; with Nagle's algorithm on, the second waits some 40 ms."""
    with RegistryServer() as registry:
        host, port = registry.url.removeprefix("http://").split(":")
        took = []
        with socket.create_connection((host, int(port))) as connection:
            for _ in range(9):
                with Watch() as watch:
                    connection.sendall(b"GET /api/ml/v1/ml-repos HTTP/1.1\r\nHost: registry\r\n\r\n")
                    received = b""
                    while not received.endswith(b"}}"):
                        received += connection.recv(65536)
                took.append(watch.seconds)
    assert median(took) < 0.03


def test_the_request_log_counts_writes() -> None:
    with RegistryServer() as registry, httpx.Client(base_url=registry.url, trust_env=False) as client:
        client.get("/api/ml/v1/ml-repos?name=a")
        client.put("/api/svc/v1/ml-repos", json={"manifest": {"type": "ml-repo", "name": "fraud"}})
        assert registry.requests[0] == SeenRequest("GET", "/api/ml/v1/ml-repos", "name=a")
        assert registry.writes == [SeenRequest("PUT", "/api/svc/v1/ml-repos", "")]
        registry.forget()
        assert registry.requests == registry.writes == []
