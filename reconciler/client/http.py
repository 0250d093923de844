"""The control plane over HTTP. The only place that knows httpx.

Answers are checked before they are believed: status, content type, JSON, shape. Redirects are
errors, so the token goes to one host only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

import reconciler
from reconciler.client.connection import LOOPBACK, Connection
from reconciler.client.port import VersionPage
from reconciler.errors import (
    ControlPlaneError,
    InterruptedAnswerError,
    NotFoundError,
    RefusedError,
    UnauthorizedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from reconciler.model import Artifact, Document, Registered
from reconciler.wire.models import ErrorBody, Page, PutVersionAnswer, RegisteredMlRepo, RegisteredVersion
from reconciler.wire.routes import PAGE_LIMIT

_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_MAX_CONNECTIONS = 8
"""One httpx pool slows down beyond this many connections."""
_MAX_MESSAGE = 500
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_MlRepoPage = Page[RegisteredMlRepo]
_VersionPage = Page[RegisteredVersion]
_Answer = TypeVar("_Answer", bound=BaseModel)
_Query: TypeAlias = Mapping[str, str | int]
Application: TypeAlias = Callable[..., Awaitable[None]]
_IN_PROCESS = "http://embedded"


class HttpReader:
    """Reads a control plane; see `port.Reader`."""

    def __init__(self, client: httpx.AsyncClient, connection: Connection) -> None:
        self._client = client
        self._flavour = connection.flavour
        self.host = connection.host
        self.api = connection.flavour.name

    async def ml_repo_id(self, name: str) -> str | None:
        """The id of the ML repo of exactly this name: the filter may match more than one row."""
        offset = 0
        while True:
            query: _Query = {"name": name, "limit": PAGE_LIMIT, "offset": offset}
            page, _ = await _call(self._client, "GET", self._flavour.ml_repos, _MlRepoPage, params=query)
            for row in page.data:
                if row.manifest.name == name:
                    return row.id
            offset += len(page.data)
            if not page.data or offset >= page.pagination.total:
                return None

    async def versions(self, ml_repo_id: str, *, offset: int, limit: int) -> VersionPage:
        """Up to `limit` versions of an ML repo, internal metadata included."""
        query: _Query = {
            "ml_repo_id": ml_repo_id,
            "offset": offset,
            "limit": limit,
            "include_internal_metadata": "true",
        }
        path = self._flavour.artifact_versions
        page, body = await _call(self._client, "GET", path, _VersionPage, params=query)
        rows = (_registered(row, raw) for row, raw in zip(page.data, body["data"], strict=True))
        return VersionPage(tuple(rows), page.pagination.total)


class HttpWriter:
    """Writes to a control plane; see `port.Writer`."""

    def __init__(self, client: httpx.AsyncClient, connection: Connection) -> None:
        self._client = client
        self._flavour = connection.flavour

    async def put(self, document: Document) -> Registered:
        """Create or update a version."""
        content = to_json({"manifest": document})
        path = self._flavour.artifact_versions
        answer, body = await _call(self._client, "PUT", path, PutVersionAnswer, content=content)
        return _registered(answer.data, body["data"])


@asynccontextmanager
async def open_reader(connection: Connection, app: Application | None = None) -> AsyncIterator[HttpReader]:
    """A reader, whose transport refuses to send anything but `GET`.

    Args:
        connection: the control plane.
        app: an ASGI application that is the control plane, in this process; else the network is used.
    """
    async with _client(connection, _GetOnly(_transport(connection, app))) as client:
        yield HttpReader(client, connection)


@asynccontextmanager
async def open_writer(connection: Connection, app: Application | None = None) -> AsyncIterator[HttpWriter]:
    """A writer; the arguments are those of `open_reader`."""
    async with _client(connection, _transport(connection, app)) as client:
        yield HttpWriter(client, connection)


class _GetOnly(httpx.AsyncBaseTransport):
    """Lets `GET` through and nothing else."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            raise AssertionError(f"{request.method} through a reader")
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()


def _transport(connection: Connection, app: Application | None) -> httpx.AsyncBaseTransport:
    if app is not None:
        return httpx.ASGITransport(app, raise_app_exceptions=False)
    limits = httpx.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=_MAX_CONNECTIONS)
    return httpx.AsyncHTTPTransport(limits=limits, proxy=_proxy(connection.host))


def _proxy(host: str) -> str | None:
    """The proxy that the environment names for a host; never one for this machine itself."""
    url = httpx.URL(host)
    if url.host in LOOPBACK or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    return proxies.get(url.scheme) or proxies.get("all")


def _client(connection: Connection, transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    headers = {
        "Accept": "application/json",
        # A compressed answer may unpack to any size.
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": f"reconciler/{reconciler.__version__}",
    }
    if connection.token is not None:
        headers["Authorization"] = f"Bearer {connection.token}"
    base_url = connection.host if connection.host.startswith("http") else _IN_PROCESS
    return httpx.AsyncClient(
        base_url=base_url, headers=headers, timeout=_TIMEOUT, transport=transport, trust_env=False
    )  # fmt: skip


async def _call(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    shape: type[_Answer],
    *,
    params: _Query | None = None,
    content: bytes | None = None,
) -> tuple[_Answer, Any]:
    """Send one request; the answer as `shape`, and as the JSON that it came as."""
    try:
        response = await client.request(method, path, params=params, content=content)
    except _NOT_SENT as error:
        raise _unreachable(client, error) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        what = f"{_said(error)} before {method} {path} was answered"
        raise InterruptedAnswerError(what, "run again: what is done already is not done twice") from None
    if not response.is_success:
        raise _refusal(response, method, path)
    try:
        body = from_json(response.content, allow_inf_nan=False)
        return shape.model_validate(body), body
    except (ValueError, ValidationError):
        raise _unexpected(response, method, path) from None


def _unreachable(client: httpx.AsyncClient, error: Exception) -> ControlPlaneError:
    host = client.base_url.host
    return UnreachableError(
        f"can not reach {host}: {_said(error)}", "check the host, and that this machine may reach it"
    )


def _said(error: Exception) -> str:
    """What httpx said, which may be nothing: then the name of what it raised."""
    return str(error) or type(error).__name__


def _refusal(response: httpx.Response, method: str, path: str) -> ControlPlaneError:
    """The error for an answer that is no success."""
    status = response.status_code
    if response.is_redirect:
        target = response.headers.get("location", "nowhere")[:_MAX_MESSAGE]
        hint = (
            "redirects are not followed, because they would take the token along: set the host it points to"
        )
        return UnexpectedAnswerError(f"{method} {path} redirects to {target}", hint)
    said = _server_message(response)
    if said is None and status == httpx.codes.NOT_FOUND:
        return _unexpected(response, method, path)
    message = f"{method} {path}: {status}" + (f", {said}" if said else "")
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        hint = "check TFY_API_KEY: expired, of another host, or without rights on these ML repos"
        return UnauthorizedError(message, status, hint)
    if status == httpx.codes.NOT_FOUND:
        return NotFoundError(message, status)
    return RefusedError(message, status)


def _server_message(response: httpx.Response) -> str | None:
    try:
        body = ErrorBody.model_validate(from_json(response.content))
    except (ValueError, ValidationError):
        return None
    return body.message[:_MAX_MESSAGE] if body.message else None


def _unexpected(response: httpx.Response, method: str, path: str) -> UnexpectedAnswerError:
    kind = response.headers.get("content-type", "no content type").partition(";")[0][:_MAX_MESSAGE]
    message = f"{method} {path}: {response.status_code} with {kind}, which is no answer of the API"
    hint = "check the host, and the flavour of its API: --api ml or --api svc"
    return UnexpectedAnswerError(message, hint)


def _registered(row: RegisteredVersion, raw: Any) -> Registered:
    manifest = row.manifest
    artifact = Artifact(manifest.ml_repo, manifest.name)
    return Registered(row.id, row.fqn, artifact, manifest.version, raw["manifest"])
