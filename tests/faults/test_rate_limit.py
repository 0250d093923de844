"""A control plane that takes so many requests a second, over HTTP: everything is created, and soon."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.manifests import replaced
from tests.support.registry_server import RegistryServer

CREATIONS = 60
PER_SECOND = 30
AT_ONCE = 5


class Limiter:
    """Refuses what is more than a bucket of tokens holds.

    Args:
        app: answers the others.
        refused: is told of each refusal, by its method.
        headers: of a refusal.
    """

    def __init__(self, app: ASGIApp, refused: list[str], headers: dict[str, str]) -> None:
        self._app = app
        self._refused = refused
        self._headers = headers
        self._lock = threading.Lock()
        self._left, self._at = float(AT_ONCE), time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] != "http" or self._takes_token():
            await self._app(scope, receive, send)
            return
        self._refused.append(scope["method"])
        await Response("slower", 429, self._headers)(scope, receive, send)

    def _takes_token(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._left = min(self._left + (now - self._at) * PER_SECOND, float(AT_ONCE))
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


@pytest.fixture(params=[{"Retry-After": "1"}, {}], ids=["with a hint", "without"])
def limited(request: pytest.FixtureRequest) -> Iterator[tuple[RegistryServer, list[str]]]:
    refused: list[str] = []
    limiter = Middleware(Limiter, refused=refused, headers=request.param)
    with RegistryServer(middleware=[limiter]) as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield registry, refused


def test_everything_is_created_at_the_pace_that_is_allowed(
    repository: GitRepository, limited: tuple[RegistryServer, list[str]]
) -> None:
    registry, refused = limited
    for number in range(1, CREATIONS):  # the repository has one manifest already
        repository.write(f"{number}.yaml", replaced("name: scorer", f"name: scorer-{number}"))
    repository.commit()
    cli = Cli(repository.folder, registry.url)
    began = time.monotonic()
    told = cli("apply", "--yes", "--format", "json").out
    seconds = time.monotonic() - began
    results = [each["result"] for each in json.loads(told)["outcomes"]]
    assert results == ["created"] * CREATIONS
    assert len(refused) < CREATIONS / 4  # of so few, the first eight at once are a large part
    sent = [request.method for request in registry.requests].count("PUT")
    assert sent == CREATIONS + refused.count("PUT")
    assert seconds > (CREATIONS - AT_ONCE) / PER_SECOND / 2  # it was limited
