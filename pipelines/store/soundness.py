"""Whether the files of a store may be written to: what was seen of damage stands until the store is opened anew."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from data_contracts.errors import WatchworthyError
from pipelines.store.database import free_bytes, identity, refusal

LOOK_S: Final = 1.0  # how old what is known of the disk may be
CHECK_S: Final = 10.0  # how long a file that was looked through is taken to be whole


class Soundness:
    """What is known of a database and of its disk; any thread may ask.

    Parameters
    ----------
    path
        The database; it is there.
    least_free
        Bytes that stay free on its disk.
    """

    def __init__(self, path: Path, least_free: int) -> None:
        self._path = path
        self._least_free = least_free
        self._opened = identity(path)
        self._looked = self._room_until = float("-inf")
        self._checked = time.monotonic()
        self._free = 0
        self._damage: WatchworthyError | None = None

    def note(self, error: BaseException) -> None:
        """Remember an error of SQLite, or one that came of it, if it means damage.

        A later write may succeed all the same, but what is written on top of damage may never be read again.
        """
        cause = error if isinstance(error, sqlite3.Error) else error.__cause__
        if isinstance(cause, sqlite3.Error):
            said = error if isinstance(error, WatchworthyError) else refusal(cause, self._path)
            if said.code == "store_corrupt":
                self._damage = self._damage or said

    def refuse_damaged(self) -> None:
        """Refuse everything once damage was seen.

        Raises
        ------
        WatchworthyError
            ``store_corrupt``, ``store_failed``.
        """
        if (damage := self._damage) is not None:
            raise WatchworthyError(damage.code, damage.message, damage.where)

    def check(self) -> None:
        """Refuse what could be lost: on damage, into a file that is gone, on a disk that is nearly full.

        Raises
        ------
        WatchworthyError
            ``store_corrupt``, ``store_failed``, ``disk_full``.
        """
        if self._damage is None and time.monotonic() < self._room_until:
            return
        self.refuse_damaged()
        if time.monotonic() - self._looked > LOOK_S:
            if identity(self._path) != self._opened:
                said = "The database was replaced or removed; start the service again."
                self._damage = WatchworthyError("store_failed", said, str(self._path))
                self.refuse_damaged()
            self._free = free_bytes(self._path.parent)
            self._looked = time.monotonic()
        # Before the disk is full: what is half stored then could not even be cleaned up.
        if self._free < self._least_free:
            raise WatchworthyError(
                "disk_full",
                f"Only {self._free:,} bytes are free, and {self._least_free:,} are to stay so. Make room.",
                str(self._path.parent),
            )
        self._room_until = self._looked + LOOK_S

    def look_through(self, *checks: Callable[[], None]) -> None:
        """Run these checks of whole files if the last time is some while ago; the first that fails, stands.

        Raises
        ------
        WatchworthyError
            ``store_corrupt``, and what else the checks raise.
        """
        if time.monotonic() - self._checked > CHECK_S:
            try:
                for check in checks:
                    check()
            except WatchworthyError as error:
                if error.code == "store_corrupt":
                    self._damage = error
                raise
            self._checked = time.monotonic()
