"""Random repositories and registries, small enough to collide, and a control plane in this process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from hypothesis import strategies as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler import workflow
from reconciler.apply.lane import Tools
from reconciler.apply.outcome import Outcome
from reconciler.apply.run import apply_plan
from reconciler.apply.stop import Stop
from reconciler.client.connection import Connection
from reconciler.client.http import open_reader, open_writer
from reconciler.client.pace import Pace
from reconciler.client.patience import Deadline, Patience
from reconciler.manifest.load import Declaration
from reconciler.plan.change import Plan
from reconciler.registry import Behaviour, Store, create_app
from reconciler.registry.errors import Refusal
from reconciler.registry.queries import VersionQuery
from reconciler.source.snapshot import Snapshot, SourceFile
from reconciler.wire.models import VersionManifest
from reconciler.wire.routes import FLAVOURS

Document: TypeAlias = dict[str, Any]
SECONDS = 30.0
PATIENCE = Patience(first_delay=0.002, longest_delay=0.01, settle=0.1)
"""Quick, because nothing in this process is slow."""
ML_REPOS = ("fraud", "search")
_NAMES = ("scorer", "ranker")
_ALIASES = ("v-a", "v-b", "v-c")
_URIS = ("s3://example/1", "s3://example/2")

_numbers = st.one_of(st.integers(-5, 5), st.floats(-1, 1, allow_nan=False))
_values = st.recursive(
    st.none() | st.booleans() | _numbers | st.sampled_from(["", "1", "true", "é"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=2),
    max_leaves=4,
)
_metadata = st.dictionaries(st.sampled_from("abc"), _values, max_size=3)
_sources = st.builds(lambda uri: {"type": "external", "uri": uri}, st.sampled_from(_URIS))
_artifacts = st.tuples(st.sampled_from(ML_REPOS), st.sampled_from(_NAMES))


@st.composite
def manifests(draw: st.DrawFn) -> Document:
    """One manifest: pinned, named by its alias, or named by its contents."""
    ml_repo, name = draw(_artifacts)
    document: Document = {
        "type": "artifact-version",
        "ml_repo": ml_repo,
        "name": name,
        "metadata": draw(_metadata),
        "source": draw(_sources),
    }
    kind = draw(st.sampled_from(["version", "version", "alias", "uri"]))
    if kind == "version":
        document["version"] = draw(st.integers(1, 5))
        if draw(st.booleans()):
            document["version_alias"] = draw(st.none() | st.sampled_from(_ALIASES))
    elif kind == "alias":
        document["version_alias"] = draw(st.sampled_from(_ALIASES))
    if draw(st.booleans()):
        document["description"] = draw(st.none() | st.sampled_from(["one", "two"]))
    if draw(st.integers(0, 9)) == 0:
        document["step"] = draw(st.integers(0, 1))
    return document


def repositories() -> st.SearchStrategy[list[list[Document]]]:
    """Files of manifests, most of them free of duplicates."""
    unique = st.lists(manifests(), max_size=8, unique_by=(_pin, _alias))
    return unique.flatmap(_in_files)


def states() -> st.SearchStrategy[list[Document]]:
    """Versions to register before the run; what collides is refused by the registry and left out."""
    return st.lists(manifests(), max_size=6)


def snapshot_of(files: Sequence[Sequence[Document]], order: Sequence[int] | None = None) -> Snapshot:
    """Files of JSON documents as a snapshot, read in the order given."""
    read = [
        SourceFile(f"{number}.yaml", "\n---\n".join(map(json.dumps, files[number])).encode())
        for number in order or range(len(files))
    ]
    return Snapshot("0" * 40, (*read, SourceFile("other.yaml", b"type: service\n")), in_work_tree=False)


class Plane:
    """An embedded control plane in this process, and the client's side of it.

    Args:
        store: where it keeps everything.
        behaviour: its switches.
        registered: what it has before the run.
    """

    def __init__(self, store: Store, behaviour: Behaviour, registered: Sequence[Document] = ()) -> None:
        self.store = store
        self.writes = 0
        self._app = create_app(store, behaviour, middleware=[Middleware(_Count, plane=self)])
        self._connection = Connection("sqlite:///test.db", FLAVOURS["ml"], None)
        for ml_repo in ML_REPOS:
            store.put_ml_repo({"type": "ml-repo", "name": ml_repo})
        for document in registered:
            try:
                store.put_version(VersionManifest.model_validate(document), Behaviour())
            except Refusal:
                continue

    async def plan(self, declaration: Declaration, snapshot: Snapshot) -> Plan:
        """Plan against it."""
        async with open_reader(self._connection, Deadline(SECONDS), PATIENCE, self._app) as reader:
            return await workflow.plan(declaration, snapshot, reader)

    async def apply(self, plan: Plan, concurrency: int = 8) -> tuple[Outcome, ...]:
        """Apply to it."""
        deadline = Deadline(SECONDS)
        async with (
            open_reader(self._connection, deadline, PATIENCE, self._app) as reader,
            open_writer(self._connection, deadline, PATIENCE, self._app, connections=8) as writer,
        ):
            tools = Tools(reader, writer, Pace(concurrency), PATIENCE, Stop(), lambda _: None)
            return await apply_plan(plan, tools)

    def registered(self, *ml_repos: str) -> dict[tuple[str, str, int], Document]:
        """What it has: whole manifests, internal metadata included, by ML repo, name and version."""
        manifests = (row.manifest for row in self.store.versions(VersionQuery(limit=1000)).rows)
        return {
            (manifest["ml_repo"], manifest["name"], manifest["version"]): manifest
            for manifest in manifests
            if manifest["ml_repo"] in ml_repos
        }


class _Count:
    """Counts the writes that reach the registry."""

    def __init__(self, app: ASGIApp, plane: Plane) -> None:
        self._app = app
        self._plane = plane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._plane.writes += scope["method"] != "GET"
        await self._app(scope, receive, send)


def _pin(document: Document) -> object:
    version = document.get("version")
    return (document["ml_repo"], document["name"], version) if version else id(document)


def _alias(document: Document) -> object:
    alias = document.get("version_alias")
    return (document["ml_repo"], document["name"], alias) if alias else id(document)


@st.composite
def _in_files(draw: st.DrawFn, documents: list[Document]) -> list[list[Document]]:
    files: list[list[Document]] = [[] for _ in range(3)]
    for document in documents:
        draw(st.sampled_from(files)).append(document)
    return [file for file in files if file]
