"""The writes, each a function of an open transaction: it looks, decides, writes, and may refuse.

The caller commits what returns and rolls back what raises.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from reconciler.registry.behaviour import Behaviour
from reconciler.registry.errors import Conflict, NotFound
from reconciler.registry.storage import documents, reads
from reconciler.registry.storage.rows import (
    TENANT,
    ArtifactVersion,
    Json,
    MlRepo,
    parse_ml_repo,
    parse_version,
)
from reconciler.wire.models import VersionManifest


def put_ml_repo(connection: sqlite3.Connection, manifest: Json) -> MlRepo:
    """Create or update the ML repo of that name."""
    name, now, body = manifest["name"], _format_now(), json.dumps(manifest)
    registered = _find_ml_repo(connection, name)
    if registered is None:
        connection.execute(
            "INSERT INTO ml_repos (id, name, manifest, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
            (_make_id(), name, body, now, now),
        )
    elif not documents.are_same(json.loads(registered["manifest"]), manifest):
        connection.execute(
            "UPDATE ml_repos SET manifest = ?, updated_at = ? WHERE name = ?", (body, now, name)
        )
    return parse_ml_repo(_require_row(_find_ml_repo(connection, name)))


def put_version(
    connection: sqlite3.Connection, manifest: VersionManifest, behaviour: Behaviour
) -> ArtifactVersion:
    """Create or update the version that the manifest names; without a number, the next one.

    Raises:
        NotFound: The ML repo does not exist.
        Conflict: Another version of the artifact holds the alias.
        Invalid: The version is registered, and its contents would change.
    """
    artifact = _find_or_create_artifact(connection, manifest.ml_repo, manifest.name)
    registered = None
    if manifest.version is not None:
        registered = connection.execute(
            "SELECT * FROM tagged_versions WHERE artifact_id = ? AND version = ?",
            (artifact["id"], manifest.version),
        ).fetchone()
    if registered is not None:
        return _update_version(connection, parse_version(registered), manifest, behaviour)
    number = manifest.version if behaviour.unknown_version == "honour" else None
    return _create_version(
        connection, artifact, manifest, number or artifact["highest_version"] + 1, behaviour
    )


def delete_version(connection: sqlite3.Connection, version_id: str) -> None:
    """Delete a version; the artifact stays, and remembers the highest number it ever gave.

    Raises:
        NotFound: There is none with that id.
    """
    version = reads.read_version(connection, version_id)
    connection.execute("DELETE FROM versions WHERE id = ?", (version_id,))
    _record_event(connection, version, "deleted", "")


def tag_version(
    connection: sqlite3.Connection, version_id: str, tags: Sequence[str], *, force: bool = False
) -> None:
    """Give a version exactly these tags; `force` takes them from other versions of the artifact.

    Raises:
        NotFound: There is no version with that id.
        Conflict: Another version of the artifact has one of the tags, and `force` is false.
    """
    version = reads.read_version(connection, version_id)
    wanted = sorted(set(tags))
    for tag in wanted:
        holder = connection.execute(
            "SELECT v.id, v.version FROM tags t JOIN versions v ON v.id = t.version_id"
            " WHERE t.tag = ? AND v.artifact_id = ? AND v.id != ?",
            (tag, version.artifact_id, version_id),
        ).fetchone()
        if holder is None:
            continue
        if not force:
            raise Conflict(f"version {holder['version']} of the artifact has the tag {tag!r}")
        connection.execute("DELETE FROM tags WHERE version_id = ? AND tag = ?", (holder["id"], tag))
        _record_event(connection, reads.read_version(connection, holder["id"]), "untagged", tag)
    if tuple(wanted) == version.tags:
        return
    connection.execute("DELETE FROM tags WHERE version_id = ?", (version_id,))
    connection.executemany(
        "INSERT INTO tags (version_id, tag) VALUES (?, ?)", [(version_id, tag) for tag in wanted]
    )
    _record_event(connection, version, "tagged", ", ".join(wanted))


def _create_version(
    connection: sqlite3.Connection,
    artifact: sqlite3.Row,
    manifest: VersionManifest,
    number: int,
    behaviour: Behaviour,
) -> ArtifactVersion:
    document = documents.complete_new_document(documents.make_document(manifest, number))
    _clear_alias(connection, artifact["id"], number, manifest.version_alias, behaviour)
    version_id, now = _make_id(), _format_now()
    connection.execute(
        "INSERT INTO versions (id, artifact_id, ml_repo_id, name, version, fqn, alias, step, run_id,"
        " manifest, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            version_id,
            artifact["id"],
            artifact["ml_repo_id"],
            manifest.name,
            number,
            f"{artifact['fqn']}:{number}",
            manifest.version_alias,
            document["step"],
            manifest.run_id,
            json.dumps(document),
            now,
            now,
        ),
    )
    connection.execute(
        "UPDATE artifacts SET highest_version = max(highest_version, ?), updated_at = ? WHERE id = ?",
        (number, now, artifact["id"]),
    )
    version = reads.read_version(connection, version_id)
    _record_event(connection, version, "created", "")
    return version


def _update_version(
    connection: sqlite3.Connection,
    registered: ArtifactVersion,
    manifest: VersionManifest,
    behaviour: Behaviour,
) -> ArtifactVersion:
    number = registered.manifest["version"]
    document = documents.update_document(
        registered.manifest, documents.make_document(manifest, number), behaviour
    )
    _clear_alias(connection, registered.artifact_id, number, manifest.version_alias, behaviour)
    return _replace_document(connection, registered, document)


def _clear_alias(
    connection: sqlite3.Connection, artifact_id: str, number: int, alias: str | None, behaviour: Behaviour
) -> None:
    """Make room for an alias, or refuse because another version of the artifact holds it."""
    row = connection.execute(
        "SELECT * FROM tagged_versions WHERE artifact_id = ? AND alias = ? AND version != ?",
        (artifact_id, alias, number),
    ).fetchone()
    if row is None:
        return
    holder = parse_version(row)
    if behaviour.taken_alias == "refuse":
        raise Conflict(
            f"version {holder.manifest['version']} of artifact {holder.manifest['name']}"
            f" already has the alias {alias}"
        )
    _replace_document(connection, holder, documents.drop_alias(holder.manifest))


def _replace_document(
    connection: sqlite3.Connection, registered: ArtifactVersion, document: Json
) -> ArtifactVersion:
    """Write a version's new document; one that says the same leaves no trace."""
    changed = documents.list_differing_fields(registered.manifest, document)
    if not changed:
        return registered
    now = _format_now()
    connection.execute(
        "UPDATE versions SET alias = ?, manifest = ?, updated_at = ? WHERE id = ?",
        (document.get("version_alias"), json.dumps(document), now, registered.id),
    )
    connection.execute("UPDATE artifacts SET updated_at = ? WHERE id = ?", (now, registered.artifact_id))
    _record_event(connection, registered, "updated", ", ".join(changed))
    return reads.read_version(connection, registered.id)


def _find_or_create_artifact(connection: sqlite3.Connection, ml_repo: str, name: str) -> sqlite3.Row:
    """Return the artifact's row; the first version of a name makes it."""
    repo = _find_ml_repo(connection, ml_repo)
    if repo is None:
        raise NotFound(f"there is no ML repo named {ml_repo}")
    find = ("SELECT * FROM artifacts WHERE ml_repo_id = ? AND name = ?", (repo["id"], name))
    artifact: sqlite3.Row | None = connection.execute(*find).fetchone()
    if artifact is not None:
        return artifact
    now = _format_now()
    connection.execute(
        "INSERT INTO artifacts (id, ml_repo_id, name, fqn, highest_version, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, 0, ?, ?)",
        (_make_id(), repo["id"], name, f"artifact:{TENANT}/{ml_repo}/{name}", now, now),
    )
    return _require_row(connection.execute(*find).fetchone())


def _find_ml_repo(connection: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM ml_repos WHERE name = ?", (name,)).fetchone()
    return row


def _record_event(connection: sqlite3.Connection, version: ArtifactVersion, kind: str, detail: str) -> None:
    connection.execute(
        "INSERT INTO events (artifact_id, version, at, kind, detail) VALUES (?, ?, ?, ?, ?)",
        (version.artifact_id, version.manifest["version"], _format_now(), kind, detail),
    )


def _require_row(row: sqlite3.Row | None) -> sqlite3.Row:
    """Return the row that this very transaction wrote."""
    if row is None:
        raise AssertionError("a row written in this transaction is gone")
    return row


def _make_id() -> str:
    return uuid4().hex


def _format_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
