"""An embedded registry that takes its time, and tells when a write has arrived."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.registry import Behaviour, Store, create_app
from reconciler.registry.storage.queries import VersionQuery
from tests.support.server_thread import ServerThread


class SlowRegistry:
    """A registry over HTTP, with the ML repo `fraud`, from `with` to the end of it.

    Args:
        before: seconds from the arrival of a request to its being done.
        after: seconds from then to the answer.
        slow: the method that this is for.

    Attributes:
        url: where it listens.
        arrived: how many slow requests have come.
        answered: how many of them were given their whole answer.
        changed: notified when one comes.
    """

    def __init__(self, before: float = 0.0, after: float = 0.0, slow: str = "PUT") -> None:
        self.times = (before, after)
        self.slow = slow
        self.arrived = 0
        self.answered = 0
        self.changed = threading.Condition()
        self._store = Store()
        self._store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        app = create_app(self._store, Behaviour(), None, middleware=[Middleware(_Slow, registry=self)])
        self._server = ServerThread(app)
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.times = (0.0, 0.0)
        self._server.end()
        self._store.close()

    @property
    def registered(self) -> list[tuple[str, int]]:
        """Name and version of each version, in order."""
        rows = self._store.list_versions(VersionQuery(limit=1000)).rows
        return sorted((row.manifest["name"], row.manifest["version"]) for row in rows)

    def await_arrival(self, number: int, seconds: float = 20.0) -> None:
        """Wait until so many slow requests have come."""
        with self.changed:
            came = self.changed.wait_for(lambda: self.arrived >= number, timeout=seconds)
        assert came, f"{self.arrived} requests instead of {number}"


class _Slow:
    def __init__(self, app: ASGIApp, registry: SlowRegistry) -> None:
        self._app = app
        self._registry = registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        registry = self._registry
        is_slow = scope["type"] == "http" and scope["method"] == registry.slow
        if not is_slow:
            await self._app(scope, receive, send)
            return
        with registry.changed:
            registry.arrived += 1
            registry.changed.notify_all()
        await asyncio.sleep(registry.times[0])
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self._app(scope, receive, keep)
        await asyncio.sleep(registry.times[1])
        for message in answer:
            await send(message)
        registry.answered += 1
