"""Random repositories and registries, small enough to collide, and a control plane in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, TypeAlias

from hypothesis import strategies as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.applying.outcome import Outcome
from reconciler.applying.stop import Stop
from reconciler.client.http import open_reader
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.client.requests.rate import Rate
from reconciler.manifest.load import Declaration, Loading
from reconciler.planning.change import Plan
from reconciler.registry import Behaviour, Store, create_app
from reconciler.registry.errors import Refusal
from reconciler.registry.storage.queries import VersionQuery
from reconciler.source.snapshot import Snapshot, SourceFile
from reconciler.wire.models import VersionManifest
from reconciler.workflow.apply import Terms, apply
from reconciler.workflow.control_plane import ControlPlane
from reconciler.workflow.plan import plan
from tests.support.files_in_memory import FilesInMemory
from tests.support.scale import replay

Document: TypeAlias = dict[str, Any]
SECONDS = 30.0
PATIENCE = Patience(first_delay=0.002, longest_delay=0.01, settle=0.1)
"""Quick, because nothing in this process is slow."""
ML_REPOS = ("fraud", "search")
_ARTIFACTS = tuple(product(ML_REPOS, ("scorer", "ranker")))
_ALIASES = ("v-a", "v-b", "v-c", "v-d")
_URIS = ("s3://example/1", "s3://example/2")

# Drawn whole and not in parts, because each draw costs as much as a request.
_METADATA: tuple[Document, ...] = (
    {},
    {"a": 1},
    {"a": 1.0, "b": "1"},
    {"a": True},
    {"b": None, "c": "é"},
    {"a": {"x": 1, "y": None}, "c": [1, 2.5]},
    {"a": {"x": True, "z": {}}, "b": [[], {"x": "true"}]},
    {"a": "", "b": -0.0, "c": False},
    {"c": [None, {"y": [1]}]},
)
_EXTRAS: tuple[Document, ...] = (
    {},
    {"x_owner": "red"},
    {"x_owner": "blue", "x_more": {"x": [1.0, None]}},
    {"run_id": "run-1"},
)
_INTERNALS: tuple[Document, ...] = (
    {},
    {".truefoundry": {"artifact_size": 2**53 + 1, "job": "train"}},
    {".truefoundry": {"artifact_size": 1.0}, ".truefoundry.job": None},
)


@dataclass(frozen=True, slots=True)
class World:
    """What git declares, in files, and what is registered before the run."""

    files: list[list[Document]]
    registered: list[Document]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Small enough to collide: some artifacts, and of each some versions on either side or on both."""
    files: list[list[Document]] = [[] for _ in range(3)]
    registered: list[Document] = []
    artifacts = draw(st.sampled_from(_SOME_ARTIFACTS))
    for ml_repo, name in artifacts:
        identity = {"type": "artifact-version", "ml_repo": ml_repo, "name": name}
        has = {version: identity | draw(_registered_versions(version)) for version in draw(_SOME_VERSIONS)}
        for version, alias in zip(has, draw(_SOME_ALIASES), strict=False):
            has[version] |= {"version_alias": alias} if alias else {}
        registered += has.values()
        aliases = iter(draw(_SOME_ALIASES))
        for version in draw(_SOME_VERSIONS):
            document = identity | draw(_manifests(version, has.get(version)))
            alias = next(aliases, None)
            if alias or draw(st.booleans()):
                document["version_alias"] = alias
            draw(st.sampled_from(files)).append(document)
        kind = draw(st.sampled_from(["none", "alias", "uri"]))
        if kind != "none":
            alias = next(aliases, None)
            unpinned = {"version_alias": alias} if alias and kind == "alias" else {}
            uri = draw(st.sampled_from([*_URIS, "s3://example/3", "s3://example/4"]))
            document = {"source": {"type": "external", "uri": uri}, "metadata": draw(_metadata), **unpinned}
            draw(st.sampled_from(files)).append(identity | document)
    return World([file for file in files if file], registered)


@st.composite
def _manifests(draw: st.DrawFn, version: int, registered: Document | None) -> Document:
    """A pinned manifest: most often one that the registered version can come to."""
    like = registered or draw(_registered_versions(version))
    document: Document = {"version": version, "source": like["source"], "metadata": draw(_metadata)}
    rare = draw(st.integers(0, 19))
    if rare == 0:
        document["source"] = {"type": "external", "uri": "s3://example/other"}
    elif rare == 1:
        document["step"] = 1
    description = draw(st.sampled_from(["", "one", "two", None, "silent", "silent"]))
    if description != "silent":
        document["description"] = description
    if draw(st.integers(0, 3)) == 0:
        visible = {key: value for key, value in like["metadata"].items() if not key.startswith(".")}
        document["metadata"] = visible
    return document


@st.composite
def _registered_versions(draw: st.DrawFn, version: int) -> Document:
    """A version as somebody registered it, perhaps with fields that no manifest declares."""
    document: Document = {
        "version": version,
        "source": {"type": "external", "uri": draw(st.sampled_from(_URIS))},
        "metadata": {**draw(_metadata), **draw(st.sampled_from(_INTERNALS))},
        **draw(st.sampled_from(_EXTRAS)),
    }
    description = draw(st.sampled_from([None, "one", "two"]))
    return document | ({"description": description} if description else {})


_metadata = st.sampled_from(_METADATA)
_SOME_ARTIFACTS = tuple(combo for size in (1, 2, 3) for combo in combinations(_ARTIFACTS, size))
_SOME_VERSIONS = st.sampled_from(
    [c for size in (0, 1, 2, 2, 3, 3, 4) for c in combinations((1, 2, 3, 4), size)]
)
_SOME_ALIASES = st.permutations([*_ALIASES, None, None, None])


@contextmanager
def replayable(seed: int) -> Iterator[None]:
    """Have a failure of the block say how to replay it."""
    try:
        yield
    except Exception as error:
        error.add_note(replay(seed))
        raise


def snapshot_of(files: Sequence[Sequence[Document]], order: Sequence[int] | None = None) -> Snapshot:
    """Files of JSON documents as a snapshot, read in the order given."""
    read = [
        SourceFile(f"{number}.yaml", "\n---\n".join(map(json.dumps, files[number])).encode())
        for number in order or range(len(files))
    ]
    files_read = FilesInMemory([*read, SourceFile("other.yaml", b"type: service\nml_repo: a\n")])
    return Snapshot("0" * 40, files_read, in_work_tree=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """A write that reached the registry, and the status that it answered (0 where it did not)."""

    manifest: Document
    status: int


class Plane:
    """An embedded control plane in this process, and the client's side of it.

    Args:
        store: where it keeps everything.
        behaviour: its switches.
        registered: what it has before the run.
        middleware: goes round the application, outside of what counts the requests.
        patience: the times of the client.

    Attributes:
        sent: the writes that the registry saw, in order of arrival.
        reads: how many requests it saw that were none.
    """

    def __init__(
        self,
        store: Store,
        behaviour: Behaviour,
        registered: Sequence[Mapping[str, Any]] = (),
        *,
        middleware: Sequence[Middleware] = (),
        patience: Patience = PATIENCE,
    ) -> None:
        self.store = store
        self.patience = patience
        self.sent: list[Sent] = []
        self.reads = 0
        self._app = create_app(store, behaviour, middleware=[*middleware, Middleware(_Count, plane=self)])
        self._connection = Connection("sqlite:///test.db", "auto", None)
        for ml_repo in ML_REPOS:
            store.put_ml_repo({"type": "ml-repo", "name": ml_repo})
        for document in registered:
            self.put(document)

    @property
    def rate(self) -> Rate:
        """The rate that requests to it keep to."""
        return self._connection.rate

    @property
    def writes(self) -> int:
        """How many writes the registry saw."""
        return len(self.sent)

    def put(self, document: Mapping[str, Any]) -> bool:
        """Create or update a version by another hand; false where the registry refuses."""
        try:
            self.store.put_version(VersionManifest.model_validate(document), Behaviour())
        except Refusal:
            return False
        return True

    def delete(self, ml_repo: str, name: str, version: int) -> None:
        """Delete a version by another hand."""
        (row,) = (
            row
            for row in self.store.list_versions(VersionQuery(limit=1000, name=name)).rows
            if (row.manifest["ml_repo"], row.manifest["version"]) == (ml_repo, version)
        )
        self.store.delete_version(row.id)

    async def plan(self, declaration: Declaration) -> Plan:
        """Plan against it."""
        async with open_reader(self._connection, Deadline(SECONDS), self.patience, self._app) as reader:
            _, made = await plan(Loading(declaration.snapshot), reader)
            return made

    async def apply(self, plan: Plan, concurrency: int = 8) -> tuple[Outcome, ...]:
        """Apply to it."""
        terms = Terms(Deadline(SECONDS), self.patience, concurrency)
        self.stop = Stop(terms.deadline)
        plane = ControlPlane(self._connection, self._app)
        return await apply(plan, plane, terms, self.stop, lambda _: None)

    async def reconcile(self, declaration: Declaration) -> tuple[Outcome, ...]:
        """Plan and apply, as one run of the tool does."""
        return await self.apply(await self.plan(declaration))

    def registered(self, *ml_repos: str) -> dict[tuple[str, str, int], Document]:
        """What it has: whole manifests, internal metadata included, by ML repo, name and version."""
        manifests = (row.manifest for row in self.store.list_versions(VersionQuery(limit=1000)).rows)
        return {
            (manifest["ml_repo"], manifest["name"], manifest["version"]): manifest
            for manifest in manifests
            if manifest["ml_repo"] in ml_repos
        }


class _Count:
    """Notes the requests that reach the registry."""

    def __init__(self, app: ASGIApp, plane: Plane) -> None:
        self._app = app
        self._plane = plane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            self._plane.reads += 1
            await self._app(scope, receive, send)
            return
        body, status = b"", 0

        async def read() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def answer(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, read, answer)
        finally:
            self._plane.sent.append(Sent(json.loads(body or b"{}").get("manifest", {}), status))


class CrashedError(BaseException):
    """The process is gone: nothing in it may catch this."""


class Crash:
    """Ends the process at one write, before or after it was committed; no request gets through later.

    Args:
        at_write: counted from 1; at 0, never.
        committed: whether that write is carried out.

    Attributes:
        is_over: another process began: let everything pass.
    """

    def __init__(self, at_write: int = 0, *, committed: bool = False) -> None:
        self.again(at_write, committed=committed)

    def again(self, at_write: int, *, committed: bool) -> None:
        """Prepare for another one."""
        self.is_over = at_write == 0
        self._left, self._committed, self._has_come = at_write, committed, False

    def middleware(self) -> Middleware:
        """What `Plane` takes."""
        return Middleware(_Crashing, crash=self)

    async def pass_on(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or end with it."""
        if self._has_come and not self.is_over:
            raise asyncio.CancelledError  # what else is under way in the process ends without a sound
        self._left -= scope["method"] == "PUT"
        if self._left or self.is_over:
            await app(scope, receive, send)
            return
        self._has_come = True
        if self._committed:
            await app(scope, receive, _nobody)
        raise CrashedError


class _Crashing:
    def __init__(self, app: ASGIApp, crash: Crash) -> None:
        self._app = app
        self._crash = crash

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._crash.pass_on(self._app, scope, receive, send)


async def _nobody(_: Message) -> None:
    """Drop an answer."""
