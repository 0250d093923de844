"""Spans of real runs, sent to a real collector over HTTP, or not sent at all."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Self

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support import canary
from tests.support.builders import manifest
from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.raw_server import closed_port
from tests.support.registry_server import RegistryServer
from tests.support.server_thread import ServerThread

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector:
    """Takes what exporters send."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self._server = ServerThread(Starlette(routes=[Route("/v1/traces", self._take, methods=["POST"])]))
        self.url = self._server.url

    async def _take(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        return Response()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.end()

    def spans(self) -> list[Any]:
        """Those that have come."""
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def scene(repository: GitRepository, registry: RegistryServer) -> tuple[Path, str]:
    """A repository that declares a version, and a registry without it."""
    repository.write("a.json", json.dumps(manifest()))
    repository.commit("one")
    return repository.folder, registry.url


def test_a_run_its_stages_and_its_requests_are_one_trace(scene: tuple[Path, str]) -> None:
    with Collector() as collector:
        told = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "TRACEPARENT": f"00-{TRACE}-{PARENT}-01",
        }
        Cli(*scene, env=told)("apply", "--yes")
    found = {span.name: span for span in collector.spans()}
    assert set(found) == {
        *("reconciler apply", "read", "history", "validate", "observe", "compare", "plan", "apply"),
        *("GET", "PUT"),
    }
    assert {span.trace_id.hex() for span in collector.spans()} == {TRACE}
    assert found["reconciler apply"].parent_span_id.hex() == PARENT
    assert found["PUT"].parent_span_id == found["apply"].span_id
    counts = {each.key: each.value.int_value for each in found["apply"].attributes}
    assert counts["reconciler.created"] == 1
    canary.assert_absent(*(body.decode("latin-1") for body in collector.bodies))
    assert b"include_internal_metadata" not in b"".join(collector.bodies)
    assert b"s3://" not in b"".join(collector.bodies)


@pytest.mark.parametrize(
    ("command", "stages"),
    [
        (["validate"], {"read", "validate"}),
        (["import", "--into", "imported"], {"read", "validate", "observe", "write", "GET"}),
        (["new", "fraud/scorer"], {"read", "validate", "observe", "GET"}),
    ],
    ids=lambda words: words[0] if isinstance(words, list) else "",
)
def test_commands_that_change_nothing_registered_have_stages_too(
    command: list[str], stages: set[str], scene: tuple[Path, str]
) -> None:
    with Collector() as collector:
        Cli(*scene, env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})(*command)
    assert {span.name for span in collector.spans()} == {f"reconciler {command[0]}", *stages}


def test_a_collector_that_can_not_be_reached_costs_a_line_and_a_moment(scene: tuple[Path, str]) -> None:
    plain = Cli(*scene)("plan", "--detailed-exitcode", expect=2)
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{closed_port()}"}
    began = time.monotonic()
    ended = Cli(*scene, env=told)("plan", "--detailed-exitcode", expect=2)
    assert time.monotonic() - began < 30
    assert ended.out == plain.out
    (line,) = ended.err.splitlines()
    assert line.startswith("warning: ")
    assert line.endswith("spans did not reach the collector")


@pytest.mark.parametrize("disabled", [True, False], ids=["disabled", "not installed"])
def test_without_the_extra_or_where_it_is_disabled_there_is_no_word_of_it(
    scene: tuple[Path, str], tmp_path: Path, *, disabled: bool
) -> None:
    (tmp_path / "opentelemetry.py").write_text("raise ModuleNotFoundError('no', name='opentelemetry')\n")
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{closed_port()}"}
    told |= {"OTEL_SDK_DISABLED": "true"} if disabled else {"PYTHONPATH": str(tmp_path)}
    assert Cli(*scene, env=told)("plan").err == ""
