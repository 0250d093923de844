"""One control plane under one deadline: requests sent, answers checked before they are believed.

Redirects are errors, so the token goes to one host only. Reads are tried again; a write is sent once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

import httpx
from pydantic_core import SchemaValidator

import reconciler
from reconciler.client.requests.answer import RUN_AGAIN_HINT, check_answer, describe_refusal, read_body
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.pace import Pace
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.client.requests.proxy import Proxy, find_proxy
from reconciler.client.requests.rate import Rate
from reconciler.client.requests.tracing import REQUEST_ID, Trace, make_request_id, read_request_id
from reconciler.client.requests.transport import Application, DroppedError, open_transport
from reconciler.client.requests.unreachable import NOT_SENT, describe_cause, describe_unreachable
from reconciler.errors import ConnectionDroppedError, ControlPlaneError, InterruptedAnswerError
from reconciler.spans import Span, open_request

Query: TypeAlias = Mapping[str, str | int]
_Kind = TypeVar("_Kind", "ReadingSession", "WritingSession")

CONNECT_SECONDS = 10.0
"""How long connecting may take; the request as a whole has a bound of its own."""
READS_AT_ONCE = 32
"""Reads at once: enough that as many ML repos do not wait for each other."""
_IN_PROCESS = "http://embedded"


class Answer(NamedTuple):
    """A success, which has been checked.

    Attributes:
        kept: what the schema keeps of it.
        whole: all of it.
        request_id: the id that it gives its request; `None` where it gives none.
    """

    kept: Any
    whole: Any
    request_id: str | None


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """Where requests go, and what all of them carry.

    It is used without a client of httpx: that would keep cookies, follow redirects, read the environment, and
    double the time of each request.

    Args:
        transport: takes the requests there.
        host: the control plane, as a URL without a path.
        headers: of each request.
        rate: that reads keep to; writes take their turns before.
        trace: that requests belong to.
        proxy: that they go by.
    """

    transport: httpx.AsyncBaseTransport
    host: str
    headers: httpx.Headers
    rate: Rate
    trace: Trace | None = None
    proxy: Proxy | None = None

    def make_request(
        self, method: str, path: str, query: Query | None, content: bytes | None
    ) -> httpx.Request:
        """A request, ready to be sent."""
        request = httpx.Request(
            method,
            _parse_url(self.host + path),
            params=query,
            headers=self.headers,
            content=content,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        )
        request.headers[REQUEST_ID] = make_request_id()
        if self.trace:
            request.headers.update(self.trace.make_headers())
        return request


class _Session:
    """Requests to one control plane; all raise `ControlPlaneError`."""

    def __init__(self, target: RequestTarget, deadline: Deadline, patience: Patience) -> None:
        self._target = target
        self._deadline = deadline
        self._patience = patience

    async def _send(
        self,
        method: str,
        path: str,
        shape: SchemaValidator,
        *,
        query: Query | None = None,
        content: bytes | None = None,
    ) -> Answer:
        request = self._target.make_request(method, path, query, content)
        with open_request(method, path) as span:
            request.headers.update(span.make_headers())
            return await self._exchange(request, path, shape, span)

    async def _exchange(
        self, request: httpx.Request, path: str, shape: SchemaValidator, span: Span
    ) -> Answer:
        what = f"{request.method} {path}"
        seconds = self._deadline.limit_seconds(self._patience.request)
        request_id: str | None = None
        try:
            # A timeout for each read would be no bound: a server may send a byte now and then for ever.
            async with asyncio.timeout(seconds):
                response = await self._target.transport.handle_async_request(request)
                request_id = read_request_id(response.headers)
                span.note_status(response.status_code)
                try:
                    data = await read_body(response)
                finally:
                    await response.aclose()
            if not response.is_success:
                raise describe_refusal(response, data, what, self._deadline.left)
            return Answer(*check_answer(response, data, shape, what), request_id)
        except TimeoutError:
            late = InterruptedAnswerError(f"{what}: no whole answer within {seconds:.0f} s", RUN_AGAIN_HINT)
            raise late.with_request_id(request_id) from None
        except NOT_SENT as error:
            raise describe_unreachable(request.url.raw_host.decode(), self._target.proxy, error) from None
        except DroppedError as error:
            message = f"{what}: {describe_cause(error)}, on a connection that had answered before"
            raise ConnectionDroppedError(message, RUN_AGAIN_HINT) from None
        except httpx.HTTPError as error:
            broken = InterruptedAnswerError(f"{what}: {describe_cause(error)}", RUN_AGAIN_HINT)
            raise broken.with_request_id(request_id) from None
        except ControlPlaneError as error:
            raise error.with_request_id(request_id) from None


class ReadingSession(_Session):
    """Requests that change nothing; its transport sends no others."""

    methods = ("GET",)

    def __init__(self, target: RequestTarget, deadline: Deadline, patience: Patience) -> None:
        super().__init__(target, deadline, patience)
        self._pace = Pace(READS_AT_ONCE, target.rate)

    async def get(self, path: str, shape: SchemaValidator, query: Query) -> Answer:
        """Read, and try again where that can help."""
        tried = 0
        while True:
            try:
                async with self._pace.hold_slot(), self._pace.take_turn(self._deadline.left):
                    return await self._send("GET", path, shape, query=query)
            except ControlPlaneError as error:
                if error.is_throttled:
                    continue
                tried += 1
                if not error.is_passing or tried == self._patience.tries:
                    raise
                delay = self._patience.choose_delay(tried, error.retry_after)
                await asyncio.sleep(self._deadline.limit_seconds(delay))


class WritingSession(_Session):
    """Requests that change something, and no others."""

    methods = ("PUT", "DELETE")

    async def put(self, path: str, shape: SchemaValidator, content: bytes) -> Answer:
        """Write, once."""
        return await self._send("PUT", path, shape, content=content)

    async def delete(self, path: str, shape: SchemaValidator) -> Answer:
        """Delete, once."""
        return await self._send("DELETE", path, shape)


@asynccontextmanager
async def open_session(
    kind: type[_Kind],
    connection: Connection,
    deadline: Deadline,
    patience: Patience,
    app: Application | None,
    connections: int = READS_AT_ONCE,
) -> AsyncIterator[_Kind]:
    """A session over a transport that sends the methods of the session and no others.

    Raises:
        ControlPlaneError: the settings of this machine (proxy, certificates) are wrong.
    """
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",  # a compressed answer may unpack to any size
        "Connection": "keep-alive",
        "Content-Type": "application/json",
        "User-Agent": f"reconciler/{reconciler.__version__}",
    }
    if connection.token is not None:
        headers["Authorization"] = f"Bearer {connection.token}"
    host = _IN_PROCESS if app is not None else connection.host
    async with open_transport(connection.host, app, kind.methods, connections) as transport:
        proxy = find_proxy(connection.host) if app is None else None
        target = RequestTarget(
            transport, host, httpx.Headers(headers), connection.rate, connection.trace, proxy
        )
        yield kind(target, deadline, patience)


@cache
def _parse_url(address: str) -> httpx.URL:
    """The URL, parsed once for each of the few addresses."""
    return httpx.URL(address)
