"""One SQLite file that holds a registry, as the handlers see it: each method one transaction.

Several processes may open the same file. A write is `BEGIN IMMEDIATE`: it waits for its turn, and
only then reads what it decides by.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from reconciler.registry.behaviour import Behaviour
from reconciler.registry.errors import Busy
from reconciler.registry.storage import reads, writes
from reconciler.registry.storage.database import is_busy, open_database
from reconciler.registry.storage.overview import Overview, read_overview
from reconciler.registry.storage.queries import ArtifactQuery, MlRepoQuery, VersionQuery
from reconciler.registry.storage.rows import Artifact, ArtifactVersion, Json, MlRepo, PageOf
from reconciler.wire.models import VersionManifest

MEMORY = ":memory:"


class Store:
    """The registry's state; every method may be called from any thread.

    Each raises `Busy` if another process holds the file for longer than the store's patience.

    Args:
        path: The database file, made if missing; `":memory:"` keeps all of it in this process.
        patience: Seconds that a write waits for one of another process.

    Raises:
        StoreError: The file cannot be opened, or holds something else.
    """

    def __init__(self, path: str | Path = MEMORY, *, patience: float = 5.0) -> None:
        self._lock = threading.RLock()
        self._connection = open_database(str(path), patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was written is there for the next who opens it."""
        with self._lock:
            self._connection.close()

    def put_ml_repo(self, manifest: Json, *, dry_run: bool = False) -> MlRepo:
        """Create the ML repo that `manifest["name"]` names, or replace its manifest.

        A dry run answers what would be and writes nothing.
        """
        with self._transaction("IMMEDIATE") as connection:
            ml_repo = writes.put_ml_repo(connection, manifest)
            if dry_run:
                connection.rollback()
            return ml_repo

    def get_ml_repo(self, ml_repo_id: str) -> MlRepo:
        """Return one ML repo.

        Raises:
            NotFound: There is none with that id.
        """
        with self._transaction() as connection:
            return reads.read_ml_repo(connection, ml_repo_id)

    def list_ml_repos(self, query: MlRepoQuery) -> PageOf[MlRepo]:
        """Return the ML repos that match, newest first."""
        with self._transaction() as connection:
            return reads.list_ml_repos(connection, query)

    def put_version(self, manifest: VersionManifest, behaviour: Behaviour) -> ArtifactVersion:
        """Create or update the version that the manifest names; without a number, the next one.

        Raises:
            NotFound: The ML repo does not exist.
            Conflict: Another version of the artifact holds the alias.
            Invalid: The version is registered, and its contents would change.
        """
        with self._transaction("IMMEDIATE") as connection:
            return writes.put_version(connection, manifest, behaviour)

    def get_version(self, version_id: str) -> ArtifactVersion:
        """Return one artifact version.

        Raises:
            NotFound: There is none with that id.
        """
        with self._transaction() as connection:
            return reads.read_version(connection, version_id)

    def list_versions(self, query: VersionQuery) -> PageOf[ArtifactVersion]:
        """Return the artifact versions that match, newest first."""
        with self._transaction() as connection:
            return reads.list_versions(connection, query)

    def delete_version(self, version_id: str) -> None:
        """Forget a version; its number is not given again unless a `PUT` asks for it.

        Raises:
            NotFound: There is none with that id.
        """
        with self._transaction("IMMEDIATE") as connection:
            writes.delete_version(connection, version_id)

    def tag_version(self, version_id: str, tags: Sequence[str], *, force: bool = False) -> None:
        """Give a version exactly these tags; `force` takes them from other versions of the artifact.

        Raises:
            NotFound: There is no version with that id.
            Conflict: Another version of the artifact has one of the tags, and `force` is false.
        """
        with self._transaction("IMMEDIATE") as connection:
            writes.tag_version(connection, version_id, tags, force=force)

    def get_artifact(self, artifact_id: str) -> Artifact:
        """Return one artifact.

        Raises:
            NotFound: There is none with that id.
        """
        with self._transaction() as connection:
            return reads.read_artifact(connection, artifact_id)

    def list_artifacts(self, query: ArtifactQuery) -> PageOf[Artifact]:
        """Return the artifacts that match, newest first."""
        with self._transaction() as connection:
            return reads.list_artifacts(connection, query)

    def read_overview(self) -> Overview:
        """Return what the page shows: the newest of everything, with the history of each version."""
        with self._transaction() as connection:
            return read_overview(connection)

    @contextmanager
    def _transaction(self, kind: str = "DEFERRED") -> Iterator[sqlite3.Connection]:
        """Hold one transaction: committed at the end, rolled back on any error."""
        with self._lock:
            try:
                self._connection.execute(f"BEGIN {kind}")
                yield self._connection
                self._connection.commit()
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
                raise Busy("another process is writing to this registry; try again") from error
            finally:
                if self._connection.in_transaction:
                    self._connection.rollback()
