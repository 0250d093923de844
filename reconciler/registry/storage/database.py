"""Opening a registry's file: whose it is, how it is written, which tables it has.

The file is in WAL mode with `synchronous=NORMAL`. A commit is then a write to the log that the
operating system has taken, which is all that surviving `kill -9` needs: what was answered is there
when the file is opened again. Only a crash of the whole machine can lose the last commits, and it
cannot tear the file. `FULL` would pay an fsync for each `PUT` to survive that as well.
"""

from __future__ import annotations

import sqlite3
import time

from reconciler.registry.errors import StoreError
from reconciler.registry.storage.schema import APPLICATION_ID, FORMAT, TABLES


def open_database(path: str, patience: float) -> sqlite3.Connection:
    """Open or make a registry's file, ready for explicit transactions, for use by any thread.

    Args:
        path: The file, or `":memory:"`.
        patience: Seconds that a write waits for one of another process.

    Raises:
        StoreError: The file cannot be opened, or holds something else.
    """
    try:
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise StoreError(f"cannot open {path} as a registry: {error}") from error
    try:
        _prepare_connection(connection, path, patience)
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(f"cannot use {path} as a registry: {error}") from error
    except StoreError:
        connection.close()
        raise
    return connection


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether a call failed because another connection holds the file, in any of SQLite's ways."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY


def _prepare_connection(connection: sqlite3.Connection, path: str, patience: float) -> None:
    connection.row_factory = sqlite3.Row
    _refuse_foreign_file(connection, path)
    _enter_wal(connection, time.monotonic() + patience)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    _create_tables(connection)


def _refuse_foreign_file(connection: sqlite3.Connection, path: str) -> None:
    """Stop before the first write to a database that some other program, or a newer version, made."""
    connection.execute("BEGIN")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (form,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.commit()
    if application == APPLICATION_ID and form == FORMAT:
        return
    if application == APPLICATION_ID:
        raise StoreError(f"{path} is a registry of format {form}; this version reads format {FORMAT}")
    if application or form or tables:
        raise StoreError(f"{path} is a SQLite database, but not a registry")


def _enter_wal(connection: sqlite3.Connection, deadline: float) -> None:
    """Switch to WAL. SQLite does not wait for its turn here, so two that open a new file at once must."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _create_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (form,) = connection.execute("PRAGMA user_version").fetchone()
    if form != FORMAT:
        for statement in TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.commit()
