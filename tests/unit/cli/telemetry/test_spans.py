"""What a collector is told of a run: by an exporter in memory, and by those that fail."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from reconciler.cli.telemetry.spans import Telemetry, watch_run
from reconciler.client.http import open_reader
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.errors import RefusedError, SourceError
from reconciler.spans import open_stage
from reconciler.terminal.terminal import Terminal
from tests.support.fault_answers import refuses
from tests.support.raw_server import RawServer, closed_port

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's own settings."""
    for name in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "TRACEPARENT", "TRACESTATE"):
        monkeypatch.delenv(name, raising=False)


class _Failing(SpanExporter):
    """An exporter that delivers nothing, after a while."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def export(self, _spans: Sequence[ReadableSpan]) -> SpanExportResult:
        time.sleep(self._seconds)
        return SpanExportResult.FAILURE


def spans_of(exporter: InMemorySpanExporter) -> list[tuple[str, Mapping[str, Any], str]]:
    """Name, attributes and status of each span, in the order in which they ended."""
    found = exporter.get_finished_spans()
    return [(span.name, dict(span.attributes or {}), span.status.status_code.name) for span in found]


def test_requests_are_spans_below_their_stage_and_known_to_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{TRACE}-{PARENT}-01")
    monkeypatch.setenv("TRACESTATE", "vendor=1")

    async def ask(url: str) -> None:
        with open_stage("observe") as stage:
            stage.count(ml_repos=2)
            patience = Patience(tries=2, first_delay=0.001)
            async with open_reader(Connection(url, "ml", "secret"), Deadline(10), patience) as reader:
                await reader.find_ml_repo("fraud")

    telemetry = Telemetry(exporter := InMemorySpanExporter())
    with RawServer(refuses(503, "secret words")) as server:
        with pytest.raises(RefusedError), telemetry.watch("reconciler plan"):
            asyncio.run(ask(server.url))
        headers = [request.headers for request in server.requests]
    assert telemetry.end() == 0
    failed: dict[str, Any] = {"error.type": "RefusedError"}
    request = {
        "http.request.method": "GET",
        "url.path": "/api/ml/v1/ml-repos",
        "http.response.status_code": 503,
    }
    assert spans_of(exporter) == [
        ("GET", request | failed, "ERROR"),
        ("GET", request | failed, "ERROR"),
        ("observe", {"reconciler.stage": "observe", "reconciler.ml_repos": 2} | failed, "ERROR"),
        ("reconciler plan", failed, "ERROR"),
    ]
    found = exporter.get_finished_spans()
    ids = [f"{span.context.span_id:016x}" for span in found if span.context]
    parents = [f"{span.parent.span_id:016x}" for span in found if span.parent]
    assert parents == [ids[2], ids[2], ids[3], PARENT]
    assert [each["traceparent"] for each in headers] == [f"00-{TRACE}-{span}-01" for span in ids[:2]]
    assert {each["tracestate"] for each in headers} == {"vendor=1"}
    assert "secret" not in "".join(span.to_json() for span in found)


def test_an_error_is_known_by_its_kind_and_its_words_stay_here() -> None:
    telemetry = Telemetry(exporter := InMemorySpanExporter())
    with pytest.raises(SourceError), telemetry.watch("reconciler plan"), open_stage("read"):
        raise SourceError("words of a manifest")
    telemetry.end()
    assert [attributes.get("error.type") for _, attributes, _ in spans_of(exporter)] == ["SourceError"] * 2
    assert "words" not in "".join(span.to_json() for span in exporter.get_finished_spans())


@pytest.mark.parametrize(("code", "status"), [(0, "UNSET"), (2, "UNSET"), (3, "ERROR"), (4, "ERROR")])
def test_a_run_has_its_exit_code(code: int, status: str) -> None:
    telemetry = Telemetry(exporter := InMemorySpanExporter())
    with telemetry.watch("reconciler plan") as run:
        run.note_exit(code)
    telemetry.end()
    assert spans_of(exporter) == [("reconciler plan", {"process.exit.code": code}, status)]


@pytest.mark.parametrize(
    ("environment", "name"),
    [({}, "reconciler"), ({"OTEL_SERVICE_NAME": "models"}, "models"),
     ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=models"}, "models")],
)  # fmt: skip
def test_the_service_is_named_by_the_environment(
    environment: Mapping[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    telemetry = Telemetry(exporter := InMemorySpanExporter())
    with telemetry.watch("reconciler plan"):
        pass
    telemetry.end()
    (span,) = exporter.get_finished_spans()
    assert span.resource.attributes["service.name"] == name


def test_there_is_no_thread_before_there_are_many_spans() -> None:
    telemetry = Telemetry(exporter := InMemorySpanExporter())
    before = threading.active_count()
    with telemetry.watch("reconciler plan"):
        for _ in range(511):
            with open_stage("x"):
                pass
        assert threading.active_count() == before
        with open_stage("x"):
            pass
        assert threading.active_count() == before + 1
    assert telemetry.end() == 0
    assert len(exporter.get_finished_spans()) == telemetry.ended == 513


def test_what_is_not_delivered_is_counted_and_waited_for_no_longer_than_is_set() -> None:
    for exporter, at_most in ((_Failing(), 60.0), (_Failing(seconds=5.0), 0.05)):
        telemetry = Telemetry(exporter)
        with telemetry.watch("reconciler plan"):
            pass
        began = time.monotonic()
        assert telemetry.end(at_most) == 1
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("by_code", [True, False], ids=["exit code", "exception"])
def test_who_interrupts_a_run_waits_less_for_a_collector(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, *, by_code: bool
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{closed_port()}")
    asked: list[float] = []

    def end(_: Telemetry, seconds: float) -> int:
        asked.append(seconds)
        return 0

    monkeypatch.setattr(Telemetry, "end", end)
    with suppress(KeyboardInterrupt), watch_run(terminal, "reconciler apply") as run:
        assert run
        if not by_code:
            raise KeyboardInterrupt
        run.note_exit(143)
    assert asked == [0.5]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json")],
)
def test_what_can_not_be_sent_so_is_one_line(
    variable: str,
    value: str,
    terminal: Terminal,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, value)
    with watch_run(terminal, "reconciler plan") as run:
        assert run is None
    assert capfd.readouterr().err == "warning: no spans are sent to the collector: ValueError\n"
