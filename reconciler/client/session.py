"""One control plane under one deadline: requests sent, answers checked before they are believed.

Status, size, encoding, content type, JSON and shape are checked, in that order. Redirects are
errors, so the token goes to one host only. Reads are tried again; a write is sent once.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, TypeVar

import httpx
from pydantic_core import SchemaValidator, ValidationError, from_json

import reconciler
from reconciler.client.connection import Connection
from reconciler.client.network import TlsError
from reconciler.client.pace import Pace
from reconciler.client.patience import Deadline, Patience, reset_after, retry_after
from reconciler.client.rate import Rate
from reconciler.client.tracing import REQUEST_ID, Trace, id_of, new_id
from reconciler.client.transport import Application, DroppedError, Proxy, find_proxy, open_transport
from reconciler.errors import (
    ConnectionDroppedError,
    ControlPlaneError,
    InterruptedAnswerError,
    NotFoundError,
    NotTheApiError,
    RefusedError,
    UnauthorizedError,
    UnexpectedAnswerError,
    UnreachableError,
    WrongRowError,
)
from reconciler.wire.answers import REFUSAL

Query: TypeAlias = Mapping[str, str | int]
_Kind = TypeVar("_Kind", "ReadingSession", "WritingSession")

MAX_ANSWER_BYTES = 32 * 1024 * 1024
_MAX_REFUSAL_BYTES = 64 * 1024
_MAX_MESSAGE = 500
_CONNECT_SECONDS = 10.0
READERS = 32
"""Reads at once: enough that as many ML repos do not wait for each other."""
_IN_PROCESS = "http://embedded"

NOT_SENT: tuple[type[httpx.HTTPError], ...] = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""What httpx raises before a byte of the request has gone out; all else may come after."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where requests go, and what all of them carry.

    There is no client of httpx around it: that keeps cookies, follows redirects and reads the environment,
    of which nothing is wanted here, and takes as long again for each request.

    Args:
        transport: takes the requests there.
        host: the control plane, as a URL without a path.
        headers: of each request.
        rate: that reads keep to; writes take their turns before they get here.
        trace: that requests belong to.
        proxy: that they go by.
        seconds: how long connecting may take; the request as a whole has a bound of its own.
    """

    transport: httpx.AsyncBaseTransport
    host: str
    headers: httpx.Headers
    rate: Rate
    trace: Trace | None = None
    proxy: Proxy | None = None
    seconds: float = _CONNECT_SECONDS

    def request(self, method: str, path: str, query: Query | None, content: bytes | None) -> httpx.Request:
        """A request, ready to be sent."""
        request = httpx.Request(
            method,
            _url(self.host + path),
            params=query,
            headers=self.headers,
            content=content,
            extensions={"timeout": {"connect": self.seconds}},
        )
        request.headers[REQUEST_ID] = new_id()
        if self.trace:
            request.headers.update(self.trace.headers())
        return request


class _Session:
    """Requests to one control plane; all raise `ControlPlaneError`."""

    def __init__(self, way: Way, deadline: Deadline, patience: Patience) -> None:
        self._way = way
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
    ) -> tuple[Any, Any]:
        seconds = self._deadline.within(self._patience.request)
        request = self._way.request(method, path, query, content)
        known_by: str | None = None
        try:
            # A time for each read would be no bound: a server that sends a byte now and then outlasts it.
            async with asyncio.timeout(seconds):
                response = await self._way.transport.handle_async_request(request)
                known_by = id_of(response.headers)
                try:
                    data = await _read(response)
                finally:
                    await response.aclose()
            if not response.is_success:
                raise _refusal(response, data, f"{method} {path}", self._deadline.left)
            return _answer(response, data, shape, f"{method} {path}")
        except TimeoutError:
            raise _interrupted(f"no whole answer within {seconds:.0f} s", method, path).of(known_by) from None
        except NOT_SENT as error:
            raise _unreachable(request.url.raw_host.decode(), self._way.proxy, error) from None
        except DroppedError as error:
            message = f"{method} {path}: {_said(error)}, on a connection that had answered before"
            raise ConnectionDroppedError(message, _RUN_AGAIN) from None
        except httpx.HTTPError as error:
            raise _interrupted(_said(error), method, path).of(known_by) from None
        except ControlPlaneError as error:
            raise error.of(known_by) from None


class ReadingSession(_Session):
    """Requests that change nothing. It has no others, and neither has what it sends them through."""

    methods = ("GET",)

    def __init__(self, way: Way, deadline: Deadline, patience: Patience) -> None:
        super().__init__(way, deadline, patience)
        self._pace = Pace(READERS, way.rate)

    async def get(self, path: str, shape: SchemaValidator, query: Query) -> tuple[Any, Any]:
        """Read, and try again where that can help; what the shape tells of the answer, and all of it."""
        tried = 0
        while True:
            try:
                async with self._pace.slot(), self._pace.turn(self._deadline.left):
                    return await self._send("GET", path, shape, query=query)
            except ControlPlaneError as error:
                if isinstance(error, RefusedError) and error.is_throttled:
                    continue
                tried += 1
                if not error.is_passing or tried == self._patience.tries:
                    raise
                asked = error.retry_after if isinstance(error, RefusedError) else None
                await asyncio.sleep(self._deadline.within(self._patience.delay(tried, asked)))


class WritingSession(_Session):
    """Requests that change something, and no others."""

    methods = ("PUT", "DELETE")

    async def put(self, path: str, shape: SchemaValidator, content: bytes) -> tuple[Any, Any]:
        """Write, once; the answer as `get` gives it."""
        return await self._send("PUT", path, shape, content=content)

    async def delete(self, path: str, shape: SchemaValidator) -> tuple[Any, Any]:
        """Delete, once; the answer as `get` gives it."""
        return await self._send("DELETE", path, shape)


@asynccontextmanager
async def open_session(
    kind: type[_Kind],
    connection: Connection,
    deadline: Deadline,
    patience: Patience,
    app: Application | None,
    connections: int = READERS,
) -> AsyncIterator[_Kind]:
    """A session, and below it a transport that refuses to send what the session is not for.

    Raises:
        ControlPlaneError: the machine's own settings (proxy, certificates) do not allow one.
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
        way = Way(transport, host, httpx.Headers(headers), connection.rate, connection.trace, proxy)
        yield kind(way, deadline, patience)


@cache
def _url(address: str) -> httpx.URL:
    """An address taken apart, once for each of the few that there are."""
    return httpx.URL(address)


async def _read(response: httpx.Response) -> bytes:
    """The body, within bounds; of what is no answer, as much as can hold a message.

    Some proxies compress answers though nobody asks for it, which may unpack to any size.

    Raises:
        UnexpectedAnswerError: it is too large, or not compressed as it says.
    """
    is_answer = response.is_success and _content_type(response) == _JSON
    most = MAX_ANSWER_BYTES if is_answer else _MAX_REFUSAL_BYTES
    unpack = _unpacker(response.headers.get("content-encoding", "").strip().lower(), is_answer=is_answer)
    chunks, size = [], 0
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for packed in response.stream:  # as `aiter_raw` gives it
        chunk = unpack(packed, most - size + 1)
        size += len(chunk)
        chunks.append(chunk)
        if size > most:
            if is_answer:
                raise UnexpectedAnswerError("the answer is larger than 32 MiB", _SOMETHING_ELSE)
            break
    return b"".join(chunks)


def _unpacker(encoding: str, *, is_answer: bool) -> Callable[[bytes, int], bytes]:
    """What unpacks the pieces of a body, each to so many bytes at most.

    Args:
        encoding: of the body, by its header.
        is_answer: false where it is only searched for a message, so that it may be anything.

    Raises:
        UnexpectedAnswerError: it is an answer, and can not be unpacked.
    """
    if encoding not in _UNPACKED:
        if is_answer and encoding not in {"", "identity"}:
            raise UnexpectedAnswerError(f"the answer is compressed ({encoding[:20]})", _COMPRESSED)
        return lambda packed, _: packed
    unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)

    def unpack(packed: bytes, most: int) -> bytes:
        try:
            return unpacking.decompress(packed, most)
        except zlib.error:
            if not is_answer:
                return b""
            message = f"the answer says that it is {encoding}, and is not"
            raise UnexpectedAnswerError(message, _COMPRESSED) from None

    return unpack


_UNPACKED = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_COMPRESSED = "nobody asked for that: have the proxy in front of the API leave its answers as they are"


def _answer(response: httpx.Response, data: bytes, shape: SchemaValidator, request: str) -> tuple[Any, Any]:
    kind = _content_type(response)
    if kind == "text/html" and _LOGIN.search(data):
        message = f"{request}: {response.status_code} with a page that asks for a login"
        raise UnexpectedAnswerError(
            message, "have the proxy in front of the API let requests with a token pass"
        )
    if kind != _JSON:
        raise NotTheApiError(
            f"{request}: {response.status_code} with {kind}, which is no answer of the API", _SOMETHING_ELSE
        )
    try:
        body = from_json(data, allow_inf_nan=False)
    except ValueError:
        # Most often the end is missing: without a length, a connection that closes early looks complete.
        raise InterruptedAnswerError(f"{request}: the answer is no whole JSON", _RUN_AGAIN) from None
    try:
        return shape.validate_python(body), body
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        message = f"{request}: the answer is not shaped like the API's, at {where or 'its top'}"
        is_of_row = len(first["loc"]) > 1 and first["loc"][0] == "data"
        raise (WrongRowError if is_of_row else NotTheApiError)(message, _SOMETHING_ELSE) from None


_JSON = "application/json"
_LOGIN = re.compile(
    rb"""<title>[^<]*(log|sign)[ -]?in|type\s*=\s*["']?password|name\s*=\s*["']?saml""", re.IGNORECASE
)
_SOMETHING_ELSE = "check the host and --api: reconciler doctor shows what each prefix answers"
_RUN_AGAIN = "run again: what is done already is not done twice"


def _interrupted(what: str, method: str, path: str) -> InterruptedAnswerError:
    return InterruptedAnswerError(f"{method} {path}: {what}", _RUN_AGAIN)


def _unreachable(host: str, proxy: Proxy | None, error: httpx.HTTPError) -> UnreachableError:
    in_tls = error.__cause__ if isinstance(error.__cause__, TlsError) else None
    name = in_tls.name if in_tls else host
    match _tls_error(error):
        case ssl.SSLCertVerificationError() as untrusted:
            message = f"the certificate of {name} is not trusted: {untrusted.verify_message}"
            hint = "if it is signed by a certificate authority of your own, set SSL_CERT_FILE to that one"
            return UnreachableError(message, hint, is_passing=False)
        case ssl.SSLError(reason=str(reason)):
            message = f"can not speak TLS with {name}: {reason.replace('_', ' ').lower()}"
            hint = "check the port, and that the host offers https with TLS 1.2 or newer"
            return UnreachableError(message, hint, is_passing=False)
    said = _said(error)
    if in_tls:
        hint = "check the port, and that nothing between here and there holds TLS up"
        return UnreachableError(f"can not speak TLS with {name}: {said}", hint)
    if isinstance(error, httpx.ProxyError):
        hint = f"check user and password in {proxy.variable}, and what the proxy allows" if proxy else ""
        return UnreachableError(f"the proxy {proxy} does not connect to {host}: {said}", hint)
    if proxy:
        hint = f"check {proxy.variable}, or have {host} reached without it: NO_PROXY"
        return UnreachableError(
            f"can not reach the proxy {proxy}, which {proxy.variable} names: {said}", hint
        )
    return UnreachableError(
        f"can not reach {host}: {said}", "check the host, and that this machine may reach it"
    )


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """What TLS said, if the two sides did not come to terms; a line that was cut says nothing."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return None if isinstance(error, ssl.SSLEOFError) else error


def _said(error: Exception) -> str:
    """What httpx said, which may be nothing: then the name of what it raised."""
    return str(error) or type(error).__name__


def _refusal(response: httpx.Response, data: bytes, request: str, left: float) -> ControlPlaneError:
    """The error for an answer that is no success; whoever waits for it waits no longer than what is left."""
    status = response.status_code
    if response.has_redirect_location or not response.is_error:
        target = response.headers.get("location", "nowhere")[:_MAX_MESSAGE]
        hint = (
            "redirects are not followed, because they would take the token along: set the host it points to"
        )
        message = f"{request} redirects to {target} ({status})"
        return UnexpectedAnswerError(message, hint, is_unknown=False)
    said = _server_message(data)
    message = f"{request}: {status}" + (f", {said}" if said else "")
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        hint = "check TFY_API_KEY: expired, of another host, or without rights on these ML repos"
        return UnauthorizedError(message, status, hint)
    if status == httpx.codes.NOT_FOUND:
        return NotFoundError(message, status, "" if said else _SOMETHING_ELSE)
    asked = retry_after(response.headers)
    if asked is None and status == httpx.codes.TOO_MANY_REQUESTS:
        asked = reset_after(response.headers)
    return RefusedError(message, status, retry_after=None if asked is None else min(asked, left))


def _server_message(data: bytes) -> str | None:
    """What the API's own error says; `None` from a proxy, which does not speak for the API."""
    try:
        message = REFUSAL.validate_python(from_json(data)).get("message")
    except (ValueError, ValidationError):
        return None
    return message[:_MAX_MESSAGE] if message else None


def _content_type(response: httpx.Response) -> str:
    kind: str = response.headers.get("content-type", "no content type")
    return kind.partition(";")[0].strip().lower()[:_MAX_MESSAGE]
