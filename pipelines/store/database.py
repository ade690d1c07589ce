"""Connections to SQLite, and what its errors mean to the person who runs the service."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Final

from data_contracts.errors import WatchworthyError
from pipelines.store.schema import Migration, migrate

BUSY_MS: Final = 10_000  # how long a second process waits for the first one's transaction
CHECKED_BYTES: Final = 32 << 20  # a database up to this size is checked whole when it is opened
WAL_PAGES: Final = (
    4_000  # SQLite's own 1,000 would write the pages that each group changes four times as often
)
LEAST_FREE: Final = 64 << 10  # with less, an input or output error means a full disk

MEANINGS: Final = {
    sqlite3.SQLITE_FULL: ("disk_full", "The disk is full: nothing was stored. Make room, then send again."),
    sqlite3.SQLITE_READONLY: (
        "store_read_only",
        "The data directory cannot be written to: check its mount and owner.",
    ),
    sqlite3.SQLITE_CORRUPT: ("store_corrupt", "The database is damaged: restore it from a backup."),
    sqlite3.SQLITE_NOTADB: ("store_corrupt", "The file is no database: restore it from a backup."),
    sqlite3.SQLITE_CANTOPEN: (
        "store_failed",
        "The database cannot be opened: check that the directory can be written to.",
    ),
    sqlite3.SQLITE_BUSY: ("busy", "Another process holds the database; try again."),
    sqlite3.SQLITE_LOCKED: ("busy", "Another process holds the database; try again."),
}


def refusal(error: sqlite3.Error | OSError, where: Path) -> WatchworthyError:
    """What an error of SQLite or of the system means, as one with a code."""
    folder = where if where.is_dir() else where.parent
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            code, message = MEANINGS[sqlite3.SQLITE_FULL]
        elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            code, message = MEANINGS[sqlite3.SQLITE_READONLY]
        else:
            code, message = "store_failed", f"The data directory cannot be used: {error.strerror or error}."
        return WatchworthyError(code, message, str(where))
    primary = (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF
    known = MEANINGS.get(primary)
    if primary in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        if is_read_only(folder):
            known = MEANINGS[sqlite3.SQLITE_READONLY]
        elif free_bytes(folder) < LEAST_FREE:
            known = MEANINGS[sqlite3.SQLITE_FULL]
    code, message = known or ("store_failed", f"The database failed: {error}.")
    return WatchworthyError(code, message, str(where))


def free_bytes(folder: Path) -> int:
    """Bytes that this process may still write to the disk of a folder."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of the same name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_read_only(folder: Path) -> bool:
    """Whether the folder's file system is mounted read-only, or its rights keep us out."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY) or not os.access(folder, os.W_OK)
    except OSError:
        return False


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode, durable at every commit; one thread at a time may use it."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def open_database(path: Path, migrations: tuple[Migration, ...]) -> sqlite3.Connection:
    """Open or make a database, bring it to the latest version, and look whether it is whole.

    Raises
    ------
    WatchworthyError
        ``store_read_only``, ``store_corrupt``, ``disk_full``, ``store_newer``, ``store_failed``, ``busy``.
    """
    try:
        connection = connect(path)
        try:
            migrate(connection, migrations, str(path))
            check_whole(connection, path)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise refusal(error, path) from error
    return connection


class SmallDatabase:
    """A database of a few tables beside the store, opened or made; its errors are told by what they mean.

    Parameters
    ----------
    path
        Its file; the folder is made if it is missing.
    tables
        Statements that make its tables where they are not there yet.

    Raises
    ------
    WatchworthyError
        What its errors mean.
    """

    def __init__(self, path: Path, tables: str) -> None:
        self._path = path
        with self._meant():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = connect(path)
        try:
            with self._meant():
                self._connection.executescript(tables)
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def _meant(self) -> Iterator[None]:
        """Say what an error of the database means."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise refusal(error, self._path) from error

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def check_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Look through a database that is small enough, as far as this connection has not read it before.

    Raises
    ------
    WatchworthyError
        ``store_corrupt``.
    """
    if path.stat().st_size <= CHECKED_BYTES:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            code, message = MEANINGS[sqlite3.SQLITE_CORRUPT]
            raise WatchworthyError(code, f"{message} {' '.join(said.split())}", str(path))


def check_file(path: Path) -> None:
    """Look through a database anew: what other connections keep in memory may be gone from the disk.

    Raises
    ------
    WatchworthyError
        ``store_corrupt``, and what else its errors mean.
    """
    try:
        connection = connect(path)
        try:
            check_whole(connection, path)
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise refusal(error, path) from error


class Reads:
    """Connections for reading, lent to one thread at a time; ``failed`` is told their errors, ``opened`` makes one."""

    def __init__(
        self,
        path: Path,
        failed: Callable[[BaseException], None],
        opened: Callable[[Path], sqlite3.Connection] = connect,
    ) -> None:
        self._path = path
        self._failed = failed
        self._open = opened
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._closed = False

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection whose statements all see the same state; keep it for moments, not minutes.

        Raises
        ------
        WatchworthyError
            What the database's errors mean; ``store_closed``.
        """
        if self._closed:
            raise WatchworthyError("store_closed", "The store is closed.", str(self._path))
        try:
            try:
                connection = self._idle.get_nowait()
            except Empty:
                connection = self._open(self._path)
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._idle.put(connection)
                self._close_idle_if_closed()
        except sqlite3.Error as error:
            self._failed(error)
            raise refusal(error, self._path) from error

    def close(self) -> None:
        """Close every connection that is not lent; those lent close when they come back."""
        self._closed = True
        self._close_idle_if_closed()

    def _close_idle_if_closed(self) -> None:
        while self._closed:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return
