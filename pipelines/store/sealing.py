"""Seals sessions that ended: one object instead of many rows, in steps that may each be the last.

What a sealer takes the lease of is tallied first, so that dropping rows of batches takes nothing else away.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final, Protocol

from data_contracts.errors import WatchworthyError
from pipelines.store import faults
from pipelines.store.crypto import Keys
from pipelines.store.database import Reads
from pipelines.store.limits import StoreLimits
from pipelines.store.objects import Objects
from pipelines.store.reading import PAGE, SESSION, find_session, newer
from pipelines.store.recording import Kept, Recording, write
from pipelines.store.tallying import tally_named
from pipelines.store.units import Name, SessionRow

log = logging.getLogger("watchworthy.store")
GRACE: Final = 2  # objects that nobody points to are swept at this many leases of age

AT_ONCE: Final = 256  # sessions ended in one transaction; the batches that are sent meanwhile wait for it

TALLIED: Final = SESSION.replace("FROM sessions", "FROM session_tallies AS sessions")
UNSEALED: Final = "status <> 'sealed'"  # as the index has it
SILENT: Final = f"""
    SELECT sites.name, sessions.name FROM session_tallies AS sessions JOIN sites ON sites.id = site_id
    WHERE {UNSEALED} AND status = 'open' AND last_received <= ?
"""


class Write(Protocol):
    """Has work done in the writer's transaction, and waits until it is durable."""

    def __call__(
        self, work: Callable[[sqlite3.Connection], Any], touches: Collection[Name] | None = None, /
    ) -> Any:
        """What the work returned.

        Parameters
        ----------
        touches
            Sessions that it changes; None if any.
        """


class Sealer:
    """Ends, seals and sweeps; several may work on the same store."""

    def __init__(self, write: Write, reads: Reads, keys: Keys, objects: Objects, limits: StoreLimits) -> None:
        self._write = write
        self._reads = reads
        self._keys = keys
        self._objects = objects
        self._limits = limits
        self.failures: Counter[str] = Counter()
        """Sessions that could not be sealed when they were due, by code; each is tried again after its lease."""

    def end_due(self, now_ms: int) -> list[SessionRow]:
        """End the sessions whose last batch was received longer ago than the idle time; which they are."""
        before = now_ms - self._limits.idle_ms

        def end(db: sqlite3.Connection) -> tuple[bool, list[SessionRow]]:
            names = db.execute(f"{SILENT} ORDER BY last_received LIMIT ?", (before, AT_ONCE)).fetchall()
            tally_named(db, names)  # some are not silent, their rows were only behind
            rows = [row for name in names if (row := find_session(db, *name)) is not None]
            ended = [row._replace(status="ended") for row in rows if row.last_received_ms <= before]
            db.executemany(
                "UPDATE session_tallies SET status = 'ended' WHERE id = ?", [(row.number,) for row in ended]
            )
            return len(names) == AT_ONCE, ended

        with self._reads.snapshot() as db:
            more = db.execute(f"{SILENT} LIMIT 1", (before,)).fetchone() is not None
        found: list[SessionRow] = []
        while more:
            more, ended = self._write(end)
            found += ended
        return sorted(found, key=lambda row: row.last_received_ms)

    def seal_due(self, now_ms: int, most: int = 1_000) -> list[SessionRow]:
        """End what is due, and seal what ended; the sessions that were sealed."""
        self.end_due(now_ms)
        with self._reads.snapshot() as db:
            due = db.execute(
                f"{TALLIED} WHERE {UNSEALED} AND status = 'ended' AND last_received <= ? AND lease_until <= ?"
                " ORDER BY last_received LIMIT ?",
                (now_ms - self._limits.seal_after_ms, now_ms, most),
            ).fetchall()
        rows = [SessionRow._make(row) for row in due]
        sealed = []
        for row in rows:
            try:
                if self.seal(row.site, row.session, now_ms):
                    sealed.append(row)
            except WatchworthyError as error:
                self.failures[error.code] += 1
            except Exception:  # of this session's own: those behind it are not to wait for ever
                self.failures["internal"] += 1
                log.exception("not sealed", extra={"site": row.site, "session": row.session})
        return sealed

    def seal(self, site: str, session: str, now_ms: int) -> bool:
        """Seal one session, whether or not it ended.

        Returns
        -------
        bool
            False if another sealer has the lease, lost or took it meanwhile, or nothing is left to seal.
        """
        begun = time.monotonic()
        lease = secrets.token_hex(16)  # no two attempts are the same, not even of one sealer
        row: SessionRow | None = self._write(self._lease(site, session, lease, now_ms), [(site, session)])
        if row is None:
            return False
        faults.reach("seal_leased")
        upto = row.next_log - 1
        cipher = self._keys.of(site, session)
        old = (
            Recording(self._objects, row.sealed_object, cipher, site, session) if row.sealed_object else None
        )
        if upto > row.covered:
            data = write(self._rows(row, upto), cipher, site, session, self._limits.frame_bytes, old)
            name = self._objects.put(data)
            faults.reach("seal_written")
        else:
            name = row.sealed_object  # nothing came since: only its status is due
        pointed: bool = self._write(
            _point(row, lease, name, upto, begun + self._limits.lease_ms / 1_000), [(site, session)]
        )
        if not pointed and name != row.sealed_object:
            self._objects.delete(name)
        if pointed:
            faults.reach("seal_pointed")
            if old is not None and name != row.sealed_object:
                self._objects.delete(row.sealed_object)
        return pointed

    def sweep(self) -> int:
        """Delete the objects that no session points to and no sealer may still be about to; how many."""
        swept = 0
        for name in list(self._objects.older(GRACE * self._limits.lease_ms)):
            with self._reads.snapshot() as db:
                wanted = db.execute("SELECT 1 FROM sessions WHERE sealed_object = ?", (name,)).fetchone()
            if wanted is None:
                self._objects.delete(name)
                swept += 1
        return swept

    def _lease(
        self, site: str, session: str, lease: str, now_ms: int
    ) -> Callable[[sqlite3.Connection], SessionRow | None]:
        def take(db: sqlite3.Connection) -> SessionRow | None:
            tally_named(db, [(site, session)])
            row = find_session(db, site, session)
            if row is None or row.status == "sealed":
                return None
            taken = db.execute(
                "UPDATE session_tallies SET lease_owner = ?, lease_until = ? WHERE id = ? AND lease_until <= ?",
                (lease, now_ms + self._limits.lease_ms, row.number, now_ms),
            ).rowcount
            return row if taken else None

        return take

    def _rows(self, row: SessionRow, upto: int) -> Iterator[Kept]:
        """Batches after what is sealed, up to a log number, none missing."""
        after = row.covered
        while after < upto:
            with self._reads.snapshot() as db:
                page = newer(db, self._keys, row, after, upto, PAGE)
            for one in page:
                if one.log_number != after + 1:
                    break
                after += 1
                yield one
            if not page or page[-1].log_number != after:
                raise WatchworthyError(
                    "seal_lost", f"Batch {after + 1} is not there: another sealer was quicker.", row.session
                )


def _point(
    row: SessionRow, lease: str, name: str, upto: int, until: float
) -> Callable[[sqlite3.Connection], bool]:
    """Point the session to the object and drop the rows that it covers, if the lease still stands."""

    def point(db: sqlite3.Connection) -> bool:
        if time.monotonic() > until:
            return False  # the object may be swept soon
        pointed = db.execute(
            "UPDATE session_tallies SET sealed_object = ?, covered = ?, lease_owner = '', lease_until = 0,"
            " status = CASE WHEN next_log = ? AND status = 'ended' THEN 'sealed' ELSE status END"
            " WHERE id = ? AND lease_owner = ? AND covered = ?",
            (name, upto, upto + 1, row.number, lease, row.covered),
        ).rowcount
        if pointed:
            db.execute("DELETE FROM batches WHERE session_id = ? AND log_number <= ?", (row.number, upto))
        return bool(pointed)

    return point
