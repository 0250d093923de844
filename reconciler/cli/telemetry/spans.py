"""The spans of a run for OpenTelemetry, over OTLP by HTTP, as its own variables configure it.

Imported where the extra `otel` is installed and a collector is named. An attribute is a method, a status, a
path, a count, or the name of a stage, a command or an error: nothing that was read, and nothing secret.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from reconciler import __version__
from reconciler.cli.exits import Exit
from reconciler.cli.signals import SignalledError
from reconciler.spans import watched_by
from reconciler.terminal.terminal import Terminal

LONGEST_WAIT_SECONDS = 2.0
"""At the end, for the spans that are not yet delivered."""
_INTERRUPTED_WAIT_SECONDS = 0.5
"""The same, once a signal has asked the process to end."""
_SPANS_HELD = 512
"""Before a thread sends them; until then there is none, so that manifests are read in several processes."""
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP = "http/protobuf"
_WELL = frozenset({Exit.DONE, Exit.PENDING})
_INTERRUPTED = frozenset({Exit.INTERRUPTED, Exit.TERMINATED})
_PROPAGATOR = TraceContextTextMapPropagator()


@contextmanager
def watch_run(terminal: Terminal, command: str) -> Iterator[RunSpan | None]:
    """Send the spans of a run to the collector; what goes wrong with that is one line, and nothing else.

    Args:
        terminal: where that line is printed.
        command: the words of the command, e.g. `reconciler plan`.

    Yields:
        The span of the whole run; `None` where no span can be sent.
    """
    for name in ("opentelemetry", "urllib3"):  # whose complaints are summed up in that line
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    try:
        asked = next(filter(None, map(os.environ.get, _PROTOCOLS)), _HTTP)
        if asked != _HTTP:
            raise ValueError(asked)  # noqa: TRY301  one line for whatever it is
        telemetry = Telemetry(OTLPSpanExporter())
    except Exception as error:  # noqa: BLE001  e.g. of a certificate; and a text of theirs may quote a header
        terminal.print_note(f"warning: no spans are sent to the collector: {type(error).__name__}")
        yield None
        return
    seconds = LONGEST_WAIT_SECONDS
    try:
        with telemetry.watch(command) as run:
            yield run
        if run.code in _INTERRUPTED:
            seconds = _INTERRUPTED_WAIT_SECONDS
    except (KeyboardInterrupt, SignalledError):
        seconds = _INTERRUPTED_WAIT_SECONDS
        raise
    finally:
        if lost := telemetry.end(seconds):
            terminal.print_note(f"warning: {lost:,} of {telemetry.ended:,} spans did not reach the collector")


class RunSpan:
    """The span of a whole run.

    Attributes:
        code: the exit code of the run, once it is known.
    """

    def __init__(self, span: Span) -> None:
        self._span = span
        self.code: int | None = None

    def note_exit(self, code: int) -> None:
        """Note the exit code of the run."""
        self.code = code
        self._span.set_attribute("process.exit.code", code)
        if code not in _WELL:
            self._span.set_status(StatusCode.ERROR)


class Telemetry:
    """Makes spans and has them exported; a `spans.Watcher`.

    Args:
        exporter: takes them.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        ours = Resource({"service.name": "reconciler", "service.version": __version__})
        resource = Resource.create().merge(ours).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._exporter = _CountingExporter(exporter)
        self._processor = _LateProcessor(self._exporter)
        self._provider.add_span_processor(self._processor)
        self._tracer = self._provider.get_tracer("reconciler", __version__)

    @property
    def ended(self) -> int:
        """How many spans have ended."""
        return self._processor.ended

    @contextmanager
    def watch(self, command: str) -> Iterator[RunSpan]:
        """Open the span of a run, below the one that the environment names, and have all others watched."""
        named = {name: os.environ.get(name.upper(), "") for name in ("traceparent", "tracestate")}
        context = _PROPAGATOR.extract({name: value for name, value in named.items() if value})
        with self._open(command, context=context) as span, watched_by(self):
            yield RunSpan(span)

    @contextmanager
    def open_stage(self, name: str) -> Iterator[_Span]:
        """The span of a stage."""
        with self._open(name, {"reconciler.stage": name}) as span:
            yield _Span(span)

    @contextmanager
    def open_request(self, method: str, path: str) -> Iterator[_Span]:
        """The span of a request."""
        facts = {"http.request.method": method, "url.path": path}
        with self._open(method, facts, SpanKind.CLIENT) as span:
            yield _Span(span)

    @contextmanager
    def _open(
        self,
        name: str,
        facts: Mapping[str, str] | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        context: Context | None = None,
    ) -> Iterator[Span]:
        """A span; of an error that ends it only the kind is noted: its text may quote what was read."""
        with self._tracer.start_as_current_span(
            name, context, kind, facts, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise

    def end(self, seconds: float = LONGEST_WAIT_SECONDS) -> int:
        """Deliver what is left; how many spans were not delivered.

        Args:
            seconds: how long to wait at most; a signal ends the wait, and changes nothing else.
        """
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        with suppress(KeyboardInterrupt, SignalledError):
            ending.start()
            ending.join(seconds)
        return self._processor.ended - self._exporter.delivered


class _Span:
    """A `spans.Span`."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def count(self, **counts: int) -> None:
        self._span.set_attributes({f"reconciler.{name}": count for name, count in counts.items()})

    def note_status(self, status: int) -> None:
        self._span.set_attribute("http.response.status_code", status)

    def make_headers(self) -> Mapping[str, str]:
        headers: dict[str, str] = {}
        _PROPAGATOR.inject(headers)
        return headers


class _CountingExporter(SpanExporter):
    """Counts what another exporter has delivered."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.delivered = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.delivered += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _LateProcessor(SpanProcessor):
    """Hands spans to the processor that sends them, which begins a thread, once there are many."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._held: list[ReadableSpan] = []
        self._batches: BatchSpanProcessor | None = None
        self.ended = 0

    def on_end(self, span: ReadableSpan) -> None:
        self.ended += 1
        if self._batches:
            self._batches.on_end(span)
            return
        self._held.append(span)
        if len(self._held) == _SPANS_HELD:
            self._begin_sending()

    def _begin_sending(self) -> BatchSpanProcessor:
        self._batches = BatchSpanProcessor(self._exporter)
        for span in self._held:
            self._batches.on_end(span)
        self._held.clear()
        return self._batches

    def shutdown(self) -> None:
        (self._batches or self._begin_sending()).shutdown()  # type: ignore[no-untyped-call]  # it takes nothing
