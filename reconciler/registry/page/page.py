"""Render the overview of the registry as one HTML page, which runs and fetches nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from reconciler.registry.storage.documents import drop_internal_metadata
from reconciler.registry.storage.overview import Event, Overview, SeenArtifact, SeenVersion
from reconciler.templates import read_asset, render_template

_STYLE = f"\n{read_asset(__package__, 'style.css')}"
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The policy allows its own style sheet, by its hash, and nothing else."""
_OPEN_BELOW_ARTIFACTS = 12
_MAX_METADATA_CHARACTERS = 2000


class VersionRow(NamedTuple):
    """A version as a row of the template.

    Args:
        number: the number of the version.
        at: when it was updated or deleted, ISO 8601.
        history: what was done to it, the newest event first.
        is_deleted: whether it is no longer registered; all that follows is empty then.
        alias: its alias, or empty.
        description: its description, or empty.
        metadata: as JSON, cut if it is long; empty if there is none.
        uri: the URI of its source.
        tags: its tags.
    """

    number: int
    at: str
    history: Sequence[Event]
    is_deleted: bool = False
    alias: str = ""
    description: str = ""
    metadata: str = ""
    uri: str = ""
    tags: Sequence[str] = ()


class ArtifactView(NamedTuple):
    """An artifact with the rows of its versions, and how many versions are not shown."""

    artifact: SeenArtifact
    rows: Sequence[VersionRow]
    left_out: int


def render_page(overview: Overview) -> bytes:
    """The page in ASCII; artifacts are open while there are few."""
    ml_repos = ((ml_repo, map(_view_artifact, ml_repo.artifacts)) for ml_repo in overview.ml_repos)
    is_open = overview.artifacts < _OPEN_BELOW_ARTIFACTS
    lines = render_template(
        __package__, "page.html.j2", style=_STYLE, overview=overview, ml_repos=ml_repos, is_open=is_open
    )
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _view_artifact(artifact: SeenArtifact) -> ArtifactView:
    rows = [_view_version(version) for version in artifact.versions]
    return ArtifactView(artifact, rows, artifact.registered - sum(not row.is_deleted for row in rows))


def _view_version(version: SeenVersion) -> VersionRow:
    registered, history = version.registered, version.history
    if registered is None:
        return VersionRow(version.number, history[0].at, history, is_deleted=True)
    manifest = drop_internal_metadata(registered.manifest)
    metadata = json.dumps(manifest["metadata"], indent=2, ensure_ascii=False) if manifest["metadata"] else ""
    if len(metadata) > _MAX_METADATA_CHARACTERS:
        metadata = f"{metadata[:_MAX_METADATA_CHARACTERS]} …"
    return VersionRow(
        version.number,
        registered.updated_at,
        history,
        alias=manifest.get("version_alias") or "",
        description=manifest.get("description", ""),
        metadata=metadata,
        uri=manifest["source"].get("uri", "managed"),
        tags=registered.tags,
    )
