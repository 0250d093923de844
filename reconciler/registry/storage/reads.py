"""The reads, each a function of an open transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from reconciler.registry.errors import NotFound
from reconciler.registry.storage.queries import ArtifactQuery, MlRepoQuery, Paging, VersionQuery, Where
from reconciler.registry.storage.rows import (
    Artifact,
    ArtifactVersion,
    MlRepo,
    PageOf,
    parse_artifact,
    parse_ml_repo,
    parse_version,
)


def read_ml_repo(connection: sqlite3.Connection, ml_repo_id: str) -> MlRepo:
    """Return one ML repo, or raise `NotFound`."""
    select = "SELECT * FROM ml_repos WHERE id = ?"
    return parse_ml_repo(_read_row(connection, select, ml_repo_id, "ML repo"))


def list_ml_repos(connection: sqlite3.Connection, query: MlRepoQuery) -> PageOf[MlRepo]:
    """Return the ML repos that match, newest first."""
    chosen, total = _select_rows(connection, query.build_where(), query)
    rows = connection.execute(
        "SELECT * FROM ml_repos WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq DESC", (chosen,)
    )
    return PageOf(tuple(map(parse_ml_repo, rows)), total)


def read_version(connection: sqlite3.Connection, version_id: str) -> ArtifactVersion:
    """Return one version, or raise `NotFound`."""
    select = "SELECT * FROM tagged_versions WHERE id = ?"
    return parse_version(_read_row(connection, select, version_id, "artifact version"))


def list_versions(connection: sqlite3.Connection, query: VersionQuery) -> PageOf[ArtifactVersion]:
    """Return the versions that match, newest first."""
    chosen, total = _select_rows(connection, query.build_where(), query)
    return PageOf(tuple(_read_versions_at(connection, chosen)), total)


def read_artifact(connection: sqlite3.Connection, artifact_id: str) -> Artifact:
    """Return one artifact, or raise `NotFound`."""
    row = _read_row(connection, "SELECT seq FROM artifacts WHERE id = ?", artifact_id, "artifact")
    (found,) = _read_artifacts_at(connection, json.dumps([row["seq"]]))
    return found


def list_artifacts(connection: sqlite3.Connection, query: ArtifactQuery) -> PageOf[Artifact]:
    """Return the artifacts that match, newest first."""
    chosen, total = _select_rows(connection, query.build_where(), query)
    return PageOf(tuple(_read_artifacts_at(connection, chosen)), total)


def _read_row(connection: sqlite3.Connection, select: str, row_id: str, what: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(select, (row_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no {what} with id {row_id}")
    return row


def _select_rows(connection: sqlite3.Connection, where: Where, asked: Paging) -> tuple[str, int]:
    """Return the `seq` of the rows of a page, as a JSON list, and how many rows match in all.

    Paging over an index alone leaves the documents of the rows before the page unread.
    """
    matching = f"FROM {where.table} WHERE {where.condition}"
    (total,) = connection.execute(f"SELECT count(*) {matching}", where.values).fetchone()
    page = connection.execute(
        f"SELECT seq {matching} ORDER BY seq DESC LIMIT ? OFFSET ?",
        (*where.values, asked.limit, asked.offset),
    )
    return json.dumps([row["seq"] for row in page]), total


def _read_versions_at(connection: sqlite3.Connection, chosen: str) -> Iterable[ArtifactVersion]:
    rows = connection.execute(
        "SELECT * FROM tagged_versions WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq DESC",
        (chosen,),
    )
    return map(parse_version, rows)


def _read_artifacts_at(connection: sqlite3.Connection, chosen: str) -> Iterable[Artifact]:
    rows = connection.execute(
        "SELECT a.*, (SELECT max(seq) FROM versions WHERE artifact_id = a.id) AS latest_seq,"
        " (SELECT json_group_array(step) FROM"
        "  (SELECT DISTINCT step FROM versions WHERE artifact_id = a.id ORDER BY step)) AS run_steps"
        " FROM artifacts a WHERE a.seq IN (SELECT value FROM json_each(?)) ORDER BY a.seq DESC",
        (chosen,),
    ).fetchall()
    newest = _read_versions_at(connection, json.dumps([row["latest_seq"] for row in rows]))
    latest = {found.artifact_id: found for found in newest}
    return [parse_artifact(row, latest.get(row["id"])) for row in rows]
