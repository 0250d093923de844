"""What a person wants to see of a registry at once: the newest of everything, with its history."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.registry.storage.rows import ArtifactVersion, parse_version

MAX_ARTIFACTS = 500
MAX_VERSIONS = 2000
MAX_EVENTS = 20
"""Events shown of one version, the newest."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was written; `at` is ISO 8601, UTC."""

    at: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """A version by its number; `registered` is `None` once it was deleted. Newest event first."""

    number: int
    registered: ArtifactVersion | None
    history: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class SeenArtifact:
    """An artifact with its versions, highest number first; `registered` counts those not deleted."""

    name: str
    updated_at: str
    registered: int
    versions: tuple[SeenVersion, ...]


@dataclass(frozen=True, slots=True)
class SeenMlRepo:
    """An ML repo with its artifacts, by name."""

    name: str
    description: str
    artifacts: tuple[SeenArtifact, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The ML repos by name, and how much there is of everything, shown or not."""

    ml_repos: tuple[SeenMlRepo, ...]
    artifacts: int
    versions: int

    @property
    def is_complete(self) -> bool:
        """Whether every artifact and every registered version is among those shown."""
        shown = [artifact for ml_repo in self.ml_repos for artifact in ml_repo.artifacts]
        versions = sum(1 for artifact in shown for version in artifact.versions if version.registered)
        return (len(shown), versions) == (self.artifacts, self.versions)


def read_overview(connection: sqlite3.Connection) -> Overview:
    """Read the ML repos, the artifacts written last, and the newest versions of those."""
    artifacts = connection.execute(
        "SELECT a.*, (SELECT count(*) FROM versions WHERE artifact_id = a.id) AS registered"
        " FROM artifacts a ORDER BY a.updated_at DESC, a.seq DESC LIMIT ?",
        (MAX_ARTIFACTS,),
    ).fetchall()
    versions = _read_versions(connection, [row["id"] for row in artifacts])
    seen: dict[str, list[SeenArtifact]] = {}
    for row in sorted(artifacts, key=lambda row: str(row["name"])):
        seen.setdefault(row["ml_repo_id"], []).append(
            SeenArtifact(
                row["name"], row["updated_at"], row["registered"], tuple(versions.get(row["id"], ()))
            )
        )
    ml_repos = [
        SeenMlRepo(
            row["name"], json.loads(row["manifest"]).get("description", ""), tuple(seen.get(row["id"], ()))
        )
        for row in connection.execute("SELECT * FROM ml_repos ORDER BY name")
    ]
    (artifact_count,) = connection.execute("SELECT count(*) FROM artifacts").fetchone()
    (version_count,) = connection.execute("SELECT count(*) FROM versions").fetchone()
    return Overview(tuple(ml_repos), artifact_count, version_count)


def _read_versions(
    connection: sqlite3.Connection, artifact_ids: list[str]
) -> Mapping[str, list[SeenVersion]]:
    """Return the versions written last, deleted ones too, by artifact and then by falling number."""
    written_last = connection.execute(
        "SELECT artifact_id, version FROM events WHERE artifact_id IN (SELECT value FROM json_each(?))"
        " GROUP BY artifact_id, version ORDER BY max(seq) DESC LIMIT ?",
        (json.dumps(artifact_ids), MAX_VERSIONS),
    )
    chosen = json.dumps([tuple(row) for row in written_last])
    rows = connection.execute(
        "SELECT v.* FROM json_each(?) c JOIN tagged_versions v"
        " ON v.artifact_id = json_extract(c.value, '$[0]') AND v.version = json_extract(c.value, '$[1]')",
        (chosen,),
    )
    registered = {(row["artifact_id"], row["version"]): parse_version(row) for row in rows}
    seen: dict[str, list[SeenVersion]] = {}
    for (artifact_id, number), history in _read_histories(connection, chosen).items():
        version = SeenVersion(number, registered.get((artifact_id, number)), tuple(history))
        seen.setdefault(artifact_id, []).append(version)
    return seen


def _read_histories(connection: sqlite3.Connection, chosen: str) -> Mapping[tuple[str, int], list[Event]]:
    """Return the newest events of each version of a JSON list of `[artifact_id, version]`."""
    histories: dict[tuple[str, int], list[Event]] = {}
    rows = connection.execute(
        "SELECT * FROM (SELECT e.*,"
        "  row_number() OVER (PARTITION BY e.artifact_id, e.version ORDER BY e.seq DESC) AS age"
        "  FROM json_each(?) c JOIN events e"
        "  ON e.artifact_id = json_extract(c.value, '$[0]') AND e.version = json_extract(c.value, '$[1]'))"
        " WHERE age <= ? ORDER BY version DESC, age",
        (chosen, MAX_EVENTS),
    )
    for row in rows:
        event = Event(row["at"], row["kind"], row["detail"])
        histories.setdefault((row["artifact_id"], row["version"]), []).append(event)
    return histories
