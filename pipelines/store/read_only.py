"""A data directory that is only read, also while a service writes to it: nothing here changes a byte."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar
from urllib.parse import quote

from data_contracts.errors import WatchworthyError
from pipelines.store.crypto import VARIABLE, Keys
from pipelines.store.database import BUSY_MS, Reads, refusal
from pipelines.store.decisions import Decisions
from pipelines.store.objects import Objects
from pipelines.store.reading import Reader
from pipelines.store.recording import Kept
from pipelines.store.schema import KEYS, MAIN, Migration
from pipelines.store.units import SessionRow

T = TypeVar("T")
DATABASE: Final = "store.db"


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, in autocommit mode; one thread at a time may use it."""
    connection = sqlite3.connect(
        f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def opened(path: Path, migrations: tuple[Migration, ...]) -> sqlite3.Connection:
    """A connection for reading to a database that this release knows.

    Raises
    ------
    WatchworthyError
        ``store_newer`` if another release wrote it; what else its errors mean.
    """
    try:
        connection = connect_to_read(path)
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != len(migrations):
                done = "Use the newer release." if version > len(migrations) else "Start the service once."
                raise WatchworthyError(
                    "store_newer",
                    f"The store has version {version}, and this release reads {len(migrations)}. {done}",
                    str(path),
                )
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise refusal(error, path) from error
    return connection


class ReadKeys(Keys):
    """Keys of sessions that are only read."""

    def _opened(self) -> sqlite3.Connection:
        return opened(self._path, KEYS)

    def _mark(self) -> None:
        """Leave the mark of the master key as it is."""


class ReadOnlyStore(Decisions):
    """One data directory, read beside whoever writes to it; close it, or use it in a ``with`` block.

    Parameters
    ----------
    folder
        The directory.
    recordings_url
        Where sealed recordings are; ``recordings`` in the directory by default.

    Raises
    ------
    WatchworthyError
        ``workspace_wrong`` if it holds no store; ``store_newer``, ``master_key_wrong``, ``store_failed``.
    """

    def __init__(self, folder: Path, recordings_url: str | None = None) -> None:
        path = folder / DATABASE
        for needed in (path, folder / "keys.db"):
            if not needed.is_file():
                raise WatchworthyError(
                    "workspace_wrong",
                    f"The folder holds no {needed.name}: name the data directory of `watchworthy serve`.",
                    str(folder),
                )
        try:
            keys = ReadKeys(folder)
        except WatchworthyError as error:
            if error.code == "master_key_wrong":
                raise WatchworthyError(
                    error.code, f"{error.message} Set {VARIABLE} as the service has it.", error.where
                ) from error
            raise
        try:
            opened(path, MAIN).close()
        except BaseException:
            keys.close()
            raise
        super().__init__(keys, Reads(path, lambda error: None, connect_to_read))
        objects = Objects(recordings_url or str((folder / "recordings").resolve()))
        self._reader = Reader(self._reads, keys, objects)
        self.folder = folder

    def __enter__(self) -> ReadOnlyStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close everything."""
        self._reads.close()
        self.keys.close()

    def write(
        self, work: Callable[[sqlite3.Connection], T], touches: Collection[tuple[str, str]] | None = None
    ) -> Future[T]:
        """Refuse: it is only read.

        Raises
        ------
        WatchworthyError
            ``store_read_only``.
        """
        raise WatchworthyError("store_read_only", "A workspace only reads.", str(self.folder))

    def sessions(self, after: int = 0, most: int = 500, site: str | None = None) -> list[SessionRow]:
        """Sessions in the order of their first commit, after the ``number`` of one of them."""
        return self._reader.sessions(after, most, site)

    def session(self, site: str, session: str) -> SessionRow | None:
        """What is known of a session; None if there is none."""
        return self._reader.session(site, session)

    def kept(self, site: str, session: str) -> Iterator[Kept]:
        """Every batch of a log with all that stands beside it, by log number.

        Raises
        ------
        WatchworthyError
            ``payload_expired``, ``object_missing``, ``store_corrupt``.
        """
        return self._reader.batches(site, session)
