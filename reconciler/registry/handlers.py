"""One function for each call of the API: request -> store -> answer.

The store is called on the event loop itself. Its calls take well under a millisecond, and a hop to a
thread and back costs more than that; only another process that holds the file makes one wait.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from reconciler.registry import answers
from reconciler.registry.behaviour import Behaviour
from reconciler.registry.page.page import HEADERS, render_page
from reconciler.registry.requests import PutMlRepo, PutTags, read_body, read_query
from reconciler.registry.storage.queries import ArtifactQuery, MlRepoQuery, VersionQuery
from reconciler.registry.storage.rows import Json
from reconciler.registry.storage.store import Store
from reconciler.wire.models import PutVersion

Handler = Callable[[Request], Awaitable[Response]]


class JsonAnswer(Response):
    """A JSON body in plain ASCII, so that a lone surrogate in metadata comes back as it was given."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Encode the body."""
        return json.dumps(content, separators=(",", ":"), allow_nan=False).encode("ascii")


@dataclass(frozen=True, slots=True)
class Handlers:
    """The calls of the API over one store."""

    store: Store
    behaviour: Behaviour

    async def put_version(self, request: Request) -> Response:
        """Create or update an artifact version."""
        body = await read_body(request, PutVersion)
        row = self.store.put_version(body.manifest, self.behaviour)
        return _answer_data(answers.answer_version(row))

    async def list_versions(self, request: Request) -> Response:
        """List artifact versions."""
        query = read_query(request, VersionQuery)
        found = self.store.list_versions(query)
        internal = query.include_internal_metadata
        rows = [answers.answer_version(row, internal_metadata=internal) for row in found.rows]
        return JsonAnswer(answers.answer_page(rows, found.total, query))

    async def get_version(self, request: Request) -> Response:
        """Return one artifact version, with internal metadata if the query asks for it as a list's may."""
        query = read_query(request, VersionQuery)
        row = self.store.get_version(request.path_params["id"])
        return _answer_data(answers.answer_version(row, internal_metadata=query.include_internal_metadata))

    async def delete_version(self, request: Request) -> Response:
        """Delete one artifact version."""
        self.store.delete_version(request.path_params["id"])
        return JsonAnswer({})

    async def put_tags(self, request: Request) -> Response:
        """Set the tags of an artifact version."""
        body = await read_body(request, PutTags)
        self.store.tag_version(body.artifact_version_id, body.tags, force=body.force)
        return JsonAnswer({})

    async def list_artifacts(self, request: Request) -> Response:
        """List artifacts."""
        query = read_query(request, ArtifactQuery)
        found = self.store.list_artifacts(query)
        rows = [*map(answers.answer_artifact, found.rows)]
        return JsonAnswer(answers.answer_page(rows, found.total, query))

    async def get_artifact(self, request: Request) -> Response:
        """Return one artifact."""
        return _answer_data(answers.answer_artifact(self.store.get_artifact(request.path_params["id"])))

    async def put_ml_repo(self, request: Request) -> Response:
        """Create or update an ML repo."""
        body = await read_body(request, PutMlRepo)
        manifest = body.manifest.model_dump(exclude_none=True)
        return _answer_data(answers.answer_ml_repo(self.store.put_ml_repo(manifest, dry_run=body.dry_run)))

    async def list_ml_repos(self, request: Request) -> Response:
        """List ML repos."""
        query = read_query(request, MlRepoQuery)
        found = self.store.list_ml_repos(query)
        return JsonAnswer(answers.answer_page([*map(answers.answer_ml_repo, found.rows)], found.total, query))

    async def get_ml_repo(self, request: Request) -> Response:
        """Return one ML repo."""
        return _answer_data(answers.answer_ml_repo(self.store.get_ml_repo(request.path_params["id"])))

    async def get_page(self, _: Request) -> Response:
        """Show what is registered to a person."""
        return Response(render_page(self.store.read_overview()), media_type="text/html", headers=HEADERS)


def _answer_data(row: Json) -> Response:
    return JsonAnswer({"data": row})
