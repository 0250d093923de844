"""The control plane over HTTP: reader and writer, as `port` describes them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from pydantic_core import to_json

from reconciler.client.pages import BROKEN_LIST_HINT
from reconciler.client.port import MlRepo, VersionPage, Written
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.client.requests.session import Query, ReadingSession, WritingSession, open_session
from reconciler.client.requests.transport import Application
from reconciler.errors import NotFoundError, UnexpectedAnswerError, WrongRowError
from reconciler.model import Artifact, Document, Registered
from reconciler.wire.answers import ANYTHING, ML_REPO_PAGE, PUT_ANSWER, VERSION_PAGE
from reconciler.wire.routes import DEFAULT_PAGE_ROWS
from reconciler.wire.rules import MAX_VERSION, VERSION_AS_TEXT

_MAX_PAGES = 100
"""Of ML repos; a list with more pages is taken for one without an end."""


class _FirstMlRepos(NamedTuple):
    """The ML repos of the first page of their list, by name, and whether there are no others."""

    ml_repos: Mapping[str, MlRepo]
    are_all: bool


class HttpReader:
    """Reads a control plane; see `port.Reader`."""

    def __init__(self, session: ReadingSession, connection: Connection) -> None:
        self._session = session
        self._flavour = connection.flavour
        self._first_page_lock = asyncio.Lock()
        self._first: _FirstMlRepos | None = None
        self.host = connection.host

    @property
    def api(self) -> str:
        """The name of the flavour, as far as it is known."""
        return self._flavour.name

    async def find_ml_repo(self, name: str) -> MlRepo | None:
        """The ML repo of exactly this name.

        The first call reads the first page of all ML repos, so that most others need no request.
        """
        async with self._first_page_lock:
            if self._first is None:
                self._first = await self._list_first_ml_repos()
        if name in self._first.ml_repos or self._first.are_all:
            return self._first.ml_repos.get(name)
        # The filter may match more than one row.
        found = await self._list_ml_repos({"name": name}, f"the search for ML repo {name}")
        return found.get(name)

    async def list_ml_repos(self) -> Mapping[str, MlRepo]:
        """Every ML repo that the token may see, by name."""
        return await self._list_ml_repos({}, "the list of ML repos")

    async def _list_first_ml_repos(self) -> _FirstMlRepos:
        """The first page of all; nothing of a page with a broken row, which may be somebody else's."""
        try:
            page = await self._fetch_ml_repo_page({"limit": DEFAULT_PAGE_ROWS, "offset": 0})
        except WrongRowError:
            return _FirstMlRepos({}, are_all=False)
        rows = page["data"]
        return _FirstMlRepos(_index_by_name(rows), are_all=len(rows) >= page["pagination"]["total"])

    async def _list_ml_repos(self, query: Query, what: str) -> Mapping[str, MlRepo]:
        found: dict[str, MlRepo] = {}
        offset = 0
        for _ in range(_MAX_PAGES):
            page = await self._fetch_ml_repo_page({**query, "limit": DEFAULT_PAGE_ROWS, "offset": offset})
            rows = page["data"]
            found |= _index_by_name(rows)
            offset += len(rows)
            if not rows or offset >= page["pagination"]["total"]:
                return found
        raise UnexpectedAnswerError(f"{what} does not come to an end", BROKEN_LIST_HINT)

    async def _fetch_ml_repo_page(self, query: Query) -> Any:
        answer = await self._flavour.ask(
            lambda flavour: self._session.get(flavour.ml_repos, ML_REPO_PAGE, query)
        )
        return answer.kept

    async def fetch_versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """Up to `limit` versions of an ML repo, or of one artifact in it, internal metadata included."""
        query: Query = {
            "ml_repo_id": ml_repo_id,
            "offset": offset,
            "limit": limit,
            "include_internal_metadata": "true",
            **({"name": name} if name is not None else {}),
        }
        answer = await self._session.get(self._flavour.chosen.artifact_versions, VERSION_PAGE, query)
        rows = tuple(map(_read_registered, answer.whole["data"]))
        return VersionPage(rows, answer.kept["pagination"]["total"])

    async def fetch_version(self, version_id: str) -> Registered | None:
        """The version of this id, or `None` if there is none; it may come without internal metadata."""
        path = self._flavour.chosen.make_version_path(version_id)
        try:
            answer = await self._session.get(path, PUT_ANSWER, {"include_internal_metadata": "true"})
        except NotFoundError:
            return None
        return _read_registered(answer.whole["data"])


class HttpWriter:
    """Writes to a control plane; see `port.Writer`."""

    def __init__(self, session: WritingSession, connection: Connection) -> None:
        self._session = session
        self._flavour = connection.flavour

    async def put(self, document: Document) -> Written:
        """Create or update a version, by one request: only the caller knows what may be repeated."""
        content = to_json({"manifest": document})
        answer = await self._session.put(self._flavour.chosen.artifact_versions, PUT_ANSWER, content)
        return Written(_read_registered(answer.whole["data"]), answer.request_id)

    async def delete(self, version_id: str) -> str | None:
        """Delete a version, by one request; the id that the answer gives that."""
        path = self._flavour.chosen.make_version_path(version_id)
        return (await self._session.delete(path, ANYTHING)).request_id


@asynccontextmanager
async def open_reader(
    connection: Connection, deadline: Deadline, patience: Patience, app: Application | None = None
) -> AsyncIterator[HttpReader]:
    """A reader, whose transport refuses to send anything but `GET`.

    Args:
        connection: the control plane.
        deadline: the end of the run.
        patience: how long to wait, and how often to try again.
        app: an ASGI application that is the control plane, in this process; else the network is used.
    """
    async with open_session(ReadingSession, connection, deadline, patience, app) as session:
        yield HttpReader(session, connection)


@asynccontextmanager
async def open_writer(
    connection: Connection,
    deadline: Deadline,
    patience: Patience,
    app: Application | None = None,
    *,
    connections: int,
) -> AsyncIterator[HttpWriter]:
    """A writer; the arguments are those of `open_reader`, and how many requests may be under way."""
    async with open_session(
        WritingSession, connection, deadline, patience, app, connections=connections
    ) as session:
        yield HttpWriter(session, connection)


def _index_by_name(rows: Any) -> dict[str, MlRepo]:
    """ML repos, of rows whose shape was checked."""
    return {row["manifest"]["name"]: MlRepo(row["id"], row.get("tenant_name") or None) for row in rows}


def _read_registered(row: Any) -> Registered:
    """A version, of a row whose shape was checked."""
    manifest = row["manifest"]
    artifact = Artifact(manifest["ml_repo"], manifest["name"])
    tags = row.get("tags")
    aliases = tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()
    version = manifest.get("version")
    if not isinstance(version, int):
        version = _read_version_text(row)
        manifest = {**manifest, "version": version}
    return Registered(row["id"], row["fqn"], artifact, version, manifest, aliases)


def _read_version_text(row: Any) -> int:
    """The version of a row that gives no number: as text, or else as the end of its `fqn`.

    Raises:
        UnexpectedAnswerError: it is neither.
    """
    text: str = row["manifest"].get("version") or row["fqn"].rpartition(":")[2]
    if re.fullmatch(VERSION_AS_TEXT, text) and int(text) <= MAX_VERSION:
        return int(text)
    fqn = ascii(row["fqn"][:100])[1:-1]
    message = f"the row {row['id']} has no version, and its fqn, {fqn}, ends with none"
    raise UnexpectedAnswerError(message, "have whoever runs the control plane look at that artifact version")
