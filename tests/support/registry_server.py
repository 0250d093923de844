"""The embedded registry for tests: over real HTTP on loopback, and in process without any."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.registry import Behaviour, Store, create_app
from reconciler.wire.models import VersionManifest
from tests.support.server_thread import ServerThread

WRITES = frozenset({"PUT", "POST", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request that reached the registry; `path` is without the query."""

    method: str
    path: str
    query: str


class RegistryServer:
    """A registry in a thread of its own, from `with` to the end of it.

    Args:
        path: The database file; by default the registry is in memory.
        behaviour: The switches of the registry.
        token: The bearer token that it asks for, if any.
        middleware: Goes round it, inside of what notes the requests.

    Attributes:
        url: Where it listens, e.g. `http://127.0.0.1:41234`.
        store: Its store, which the test may read and write beside the server.
        requests: What it was asked, in the order of arrival.
    """

    def __init__(
        self,
        path: str | Path = ":memory:",
        behaviour: Behaviour | None = None,
        token: str | None = None,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        self.store = Store(path)
        self.requests: list[SeenRequest] = []
        log = Middleware(_Log, seen=self.requests.append)
        app = create_app(self.store, behaviour or Behaviour(), token, middleware=[log, *middleware])
        self._server = ServerThread(app)
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.end()
        self.store.close()

    @property
    def writes(self) -> list[SeenRequest]:
        """The requests among `requests` that could change something."""
        return [request for request in self.requests if request.method in WRITES]

    def register(self, *documents: dict[str, Any]) -> None:
        """Register versions as they stand in manifests, past HTTP and what `requests` notes of it."""
        for document in documents:
            self.store.put_version(VersionManifest.model_validate(document), Behaviour())

    def forget(self) -> None:
        """Empty the log of requests."""
        self.requests.clear()


class RegistryInProcess:
    """The application itself, called as if over HTTP: no socket, no thread. `with` closes its store.

    Args:
        behaviour: The switches of the registry.
        token: The bearer token that it asks for, if any; calls carry it.
        store: Where everything is kept; by default in memory.
    """

    def __init__(
        self, behaviour: Behaviour | None = None, token: str | None = None, store: Store | None = None
    ) -> None:
        self.store = Store() if store is None else store
        self._app = create_app(self.store, behaviour or Behaviour(), token)
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()

    def call(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Make one request; `given` is what `httpx.Client.request` takes beside method and URL."""
        return asyncio.run(self._call(method, path, given))

    async def _call(self, method: str, path: str, given: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        url = "http://registry"
        async with httpx.AsyncClient(transport=transport, base_url=url, headers=self._headers) as client:
            return await client.request(method, path, **given)


class _Log:
    """Notes every request before the registry sees it."""

    def __init__(self, app: ASGIApp, seen: Callable[[SeenRequest], None]) -> None:
        self._app = app
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self._seen(SeenRequest(scope["method"], scope["path"], scope["query_string"].decode()))
        await self._app(scope, receive, send)
