"""One SQLite file that holds a registry, as the handlers see it: each method one transaction.

Several processes may open the same file. A write is `BEGIN IMMEDIATE`: it waits for its turn, and
only then reads what it decides by.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from reconciler.registry.errors import Busy
from reconciler.registry.storage import reads, writes
from reconciler.registry.storage.database import is_busy, open_database
from reconciler.registry.storage.overview import read_overview
from reconciler.registry.storage.rows import Json, MlRepo

MEMORY = ":memory:"
_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


def _as_transaction(
    call: Callable[Concatenate[sqlite3.Connection, _Asked], _Answer], kind: str = "DEFERRED"
) -> Callable[Concatenate[Store, _Asked], _Answer]:
    """A method of the store that makes a call in a transaction of its own."""

    @wraps(call)
    def method(store: Store, /, *asked: _Asked.args, **named: _Asked.kwargs) -> _Answer:
        with store.hold_transaction(kind) as connection:
            return call(connection, *asked, **named)

    return method


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
        with self.hold_transaction("IMMEDIATE") as connection:
            ml_repo = writes.put_ml_repo(connection, manifest)
            if dry_run:
                connection.rollback()
            return ml_repo

    get_ml_repo = _as_transaction(reads.read_ml_repo)
    list_ml_repos = _as_transaction(reads.list_ml_repos)
    put_version = _as_transaction(writes.put_version, "IMMEDIATE")
    get_version = _as_transaction(reads.read_version)
    list_versions = _as_transaction(reads.list_versions)
    delete_version = _as_transaction(writes.delete_version, "IMMEDIATE")
    tag_version = _as_transaction(writes.tag_version, "IMMEDIATE")
    get_artifact = _as_transaction(reads.read_artifact)
    list_artifacts = _as_transaction(reads.list_artifacts)
    read_overview = _as_transaction(read_overview)

    @contextmanager
    def hold_transaction(self, kind: str = "DEFERRED") -> Iterator[sqlite3.Connection]:
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
