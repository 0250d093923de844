"""What the store hands out: frozen rows, and how they come out of SQLite."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Json = dict[str, Any]
Row = TypeVar("Row")

TENANT = "embedded"
"""The one tenant of an embedded registry; it stands in every fqn."""


@dataclass(frozen=True, slots=True)
class MlRepo:
    """A registered ML repo. Times are ISO 8601, UTC."""

    id: str
    manifest: Json
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class ArtifactVersion:
    """A registered version; `manifest` holds internal metadata too. Times are ISO 8601, UTC."""

    id: str
    fqn: str
    ml_repo_id: str
    artifact_id: str
    manifest: Json
    tags: tuple[str, ...]
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """All versions of one name; `latest` is the newest that is left, `run_steps` those of all."""

    id: str
    fqn: str
    ml_repo_id: str
    name: str
    latest: ArtifactVersion | None
    run_steps: tuple[int, ...]
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class PageOf(Generic[Row]):
    """Some rows of a list, newest first, and how many there are in all."""

    rows: tuple[Row, ...]
    total: int


def parse_ml_repo(row: sqlite3.Row) -> MlRepo:
    """Read a row of `ml_repos`."""
    return MlRepo(row["id"], json.loads(row["manifest"]), row["created_at"], row["updated_at"])


def parse_version(row: sqlite3.Row) -> ArtifactVersion:
    """Read a row of `tagged_versions`."""
    return ArtifactVersion(
        id=row["id"],
        fqn=row["fqn"],
        ml_repo_id=row["ml_repo_id"],
        artifact_id=row["artifact_id"],
        manifest=json.loads(row["manifest"]),
        tags=tuple(json.loads(row["tags"])),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def parse_artifact(row: sqlite3.Row, latest: ArtifactVersion | None) -> Artifact:
    """Read a row of `artifacts` with its `run_steps` as JSON."""
    return Artifact(
        id=row["id"],
        fqn=row["fqn"],
        ml_repo_id=row["ml_repo_id"],
        name=row["name"],
        latest=latest,
        run_steps=tuple(json.loads(row["run_steps"])),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
