"""The embedded registry with a plan of faults: requests lost, answers lost, commits that come late.

    with FaultyServer(weighted(seed, {CUT: 0.10, LATE: 0.05})) as server:   # over TCP, on loopback
        ...                                                   # server.url, server.store, server.faults
    faults = Faults(weighted(seed, {CUT: 0.10}))
    app = create_app(store, behaviour, middleware=[faults.middleware()])    # in this process

A plan of faults is any function from `Call` to `Fault`. One made by `weighted` decides by the request
itself and how often it came, so that the order in which requests arrive makes no difference.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.registry import Behaviour, Store, create_app
from tests.support.server_thread import ServerThread

SHORTEST_LATENESS, LONGEST_LATENESS = 0.03, 0.1
_SECONDS = 10.0
_LINGER = struct.pack("ii", 1, 0)
"""For a socket that is to be closed by a reset (RST), as a load balancer does, and not by a FIN."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of one request.

    Args:
        applied: whether a write is applied: before the answer, not at all, or `after` seconds later.
        answer: the registry's own, a status in place of it, or the connection reset.
        after: the lateness, where it is not to be drawn between 30 and 100 ms.
        retry_after: a header that goes with the status.
    """

    applied: Literal["at once", "never", "late"] = "at once"
    answer: int | Literal["own", "reset"] = "own"
    after: float | None = None
    retry_after: str | None = None


NONE = Fault()
LOST = Fault("never", "reset")
CUT = Fault("at once", "reset")
"""Reset after commit."""
LATE = Fault("late", "reset")
"""Reset now, committed a little later."""
BUSY = Fault("never", 429, retry_after="0")
FAILED = tuple(Fault("never", status) for status in (502, 503, 504))
FAILED_AFTER = tuple(Fault("at once", status) for status in (502, 503, 504))
FAILED_LATE = tuple(Fault("late", status) for status in (502, 504))


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as a plan of faults sees it.

    Args:
        method: its method.
        target: path and query.
        manifest: of a `PUT`, the manifest that it carries.
        attempt: how often this same request has come, this time included.
        number: of a write, how many have come, this one included; of a read, 0.
    """

    method: str
    target: str
    manifest: Mapping[str, Any] | None
    attempt: int
    number: int

    @property
    def is_write(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"


Decide: TypeAlias = Callable[[Call], Fault]


def no_faults(_: Call) -> Fault:
    """Let everything pass."""
    return NONE


def weighted(seed: int, writes: Mapping[Fault, float], reads: Mapping[Fault, float] | None = None) -> Decide:
    """Faults drawn for each request, with these probabilities; the rest passes.

    Args:
        seed: what is drawn for a request follows from it and the request alone.
        writes: the faults of writes.
        reads: the faults of reads; only their `answer` matters.
    """

    def decide(call: Call) -> Fault:
        weights = writes if call.is_write else reads or {}
        body = json.dumps(call.manifest, sort_keys=True)
        draw = random.Random(f"{seed} {call.method} {call.target} {body} {call.attempt}")  # noqa: S311
        left = draw.random()
        for fault, weight in weights.items():
            left -= weight
            if left < 0:
                lateness = draw.uniform(SHORTEST_LATENESS, LONGEST_LATENESS)
                return replace(fault, after=lateness if fault.after is None else fault.after)
        return NONE

    return decide


def at_write(number: int, fault: Fault) -> Decide:
    """One fault at the `number`-th write, counted from 1, and no other."""
    return lambda call: fault if call.number == number else NONE


class Faults:
    """Carries out a plan of faults, as middleware of `create_app`.

    Args:
        decide: the plan; it may be exchanged at any time, and `stop` exchanges it for none.

    Attributes:
        met: how often each fault was met by a write; `NONE` counts those that passed.
        latest: the longest time, in seconds, that a late commit came after its request.
    """

    def __init__(self, decide: Decide = no_faults) -> None:
        self.decide = decide
        self.met: Counter[Fault] = Counter()
        self.latest = 0.0
        self._attempts: Counter[tuple[str, str, bytes]] = Counter()
        self._late: list[threading.Thread] = []

    def middleware(self, abort: Callable[[Scope], None] | None = None) -> Middleware:
        """What `create_app` takes.

        Args:
            abort: resets the connection of a request. Without one, in this process, an answer is cut
                short instead, which says as little.
        """
        return Middleware(_Faulty, faults=self, abort=abort)

    def stop(self) -> None:
        """Let everything pass from now on; what is late still comes."""
        self.decide = no_faults

    def settle(self) -> None:
        """Wait for the commits that are late."""
        while self._late:
            thread = self._late.pop()
            thread.join(_SECONDS)
            assert not thread.is_alive(), "a late commit never came"

    def drawn(self, scope: Scope, body: bytes) -> Fault:
        """Decide on one request, and count it."""
        target = f"{scope['path']}?{scope['query_string'].decode()}"
        key = (scope["method"], target, body)
        self._attempts[key] += 1
        is_write = scope["method"] != "GET"
        manifest = json.loads(body).get("manifest") if is_write and body else None
        number = self.met.total() + 1 if is_write else 0
        fault = self.decide(Call(scope["method"], target, manifest, self._attempts[key], number))
        if is_write:
            self.met[replace(fault, after=None)] += 1
        return fault

    def commit_later(self, app: ASGIApp, scope: Scope, body: bytes, seconds: float) -> None:
        """Have a request carried out later, by a thread: it outlives the loop that took the request."""
        due = time.monotonic()

        async def carry_out() -> None:
            await app(scope, _replayed(body), _nobody)

        def run() -> None:
            time.sleep(seconds)
            asyncio.run(carry_out())
            self.latest = max(self.latest, time.monotonic() - due)

        self._late.append(threading.Thread(target=run, name="late commit"))
        self._late[-1].start()


class FaultyServer:
    """A registry over TCP in a thread of its own, from `with` to the end of it; its resets are real.

    Args:
        decide: the plan of faults.
        behaviour: the switches of the registry.
        path: the database file; by default the registry is in memory.
        ml_repos: what to create at first.

    Attributes:
        url: where it listens.
        store: its store, which the test may read and write beside the server.
        faults: what carries out the plan.
    """

    def __init__(
        self,
        decide: Decide = no_faults,
        behaviour: Behaviour | None = None,
        path: str | Path = ":memory:",
        ml_repos: Sequence[str] = (),
    ) -> None:
        self.store = Store(path)
        for ml_repo in ml_repos:
            self.store.put_ml_repo({"type": "ml-repo", "name": ml_repo})
        self.faults = Faults(decide)
        middleware = [self.faults.middleware(self._abort)]
        app = create_app(self.store, behaviour or Behaviour(), middleware=middleware)
        self._server = ServerThread(app)
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.end()
        self.faults.settle()
        self.store.close()

    def _abort(self, scope: Scope) -> None:
        for connection in self._server.server_state.connections:
            transport = connection.transport
            if (transport.get_extra_info("peername") or ())[:2] == tuple(scope["client"]):
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
                transport.abort()


class _Faulty:
    """Comes between a request, what it does and its answer."""

    def __init__(self, app: ASGIApp, faults: Faults, abort: Callable[[Scope], None] | None) -> None:
        self._app = app
        self._faults = faults
        self._abort = abort

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        fault = self._faults.drawn(scope, body)
        if fault.answer == "own":
            await self._app(scope, _replayed(body), send)
            return
        if fault.applied == "at once":
            await self._app(scope, _replayed(body), _nobody)
        elif fault.applied == "late":
            self._faults.commit_later(self._app, dict(scope), body, fault.after or SHORTEST_LATENESS)
        if fault.answer != "reset":
            await _answer(send, fault.answer, fault.retry_after, b"<h1>it is the proxy that speaks</h1>")
        elif self._abort is None:
            await _answer(send, 200, None, b'{"data": {"id": "')
        else:
            self._abort(scope)
            while (await receive())["type"] != "http.disconnect":
                pass


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replayed(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _nobody(_: Message) -> None:
    """Drop an answer."""


async def _answer(send: Send, status: int, retry_after: str | None, body: bytes) -> None:
    kind = b"application/json" if status == 200 else b"text/html"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    if retry_after is not None:
        headers.append((b"retry-after", retry_after.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
