"""Reads sessions back: the sealed recording first, then the batches that are newer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from data_contracts.errors import WatchworthyError
from pipelines.store.bodies import unpack
from pipelines.store.crypto import Keys, bound, decrypt
from pipelines.store.database import Reads
from pipelines.store.objects import Objects
from pipelines.store.ranges import Ranges
from pipelines.store.recording import Kept, Recording
from pipelines.store.remembered import decode_ranges, read_sessions
from pipelines.store.tallying import find_answer
from pipelines.store.units import Checkpoint, SessionRow, StoredAnswer

PAGE: Final = 64  # batches read in one snapshot of the database
TRIES: Final = 5  # a sealed recording may be replaced while it is read, seldom twice

SESSION: Final = """
    SELECT sessions.id, sites.name, sessions.name, visitor, status, first_received, last_received, next_log,
           bytes, rows, sealed_object, covered
    FROM sessions JOIN sites ON sites.id = site_id
"""
NAMED: Final = f"{SESSION} WHERE sites.name = ? AND sessions.name = ?"
STREAM: Final = """
    SELECT session_id, next_log, streams.id FROM streams JOIN session_tallies AS sessions ON sessions.id = session_id
    JOIN sites ON sites.id = site_id WHERE sites.name = ? AND sessions.name = ? AND streams.name = ?
"""


def find_session(db: sqlite3.Connection, site: str, session: str) -> SessionRow | None:
    """A session by its name."""
    row = db.execute(NAMED, (site, session)).fetchone()
    return None if row is None else SessionRow._make(row)


def newer(
    db: sqlite3.Connection, keys: Keys, row: SessionRow, after: int, upto: int | None, most: int
) -> list[Kept]:
    """Batches in the database by log number, decrypted: after one number, up to another, at most so many."""
    found = db.execute(
        "SELECT log_number, streams.name, seq, received_at, channels, consent, scrub, payload"
        " FROM batches JOIN streams ON streams.id = stream_id"
        " WHERE batches.session_id = ? AND log_number > ? AND log_number <= ? ORDER BY log_number LIMIT ?",
        (row.number, after, row.next_log if upto is None else upto, most),
    ).fetchall()
    if not found:
        return []
    cipher = keys.of(row.site, row.session)
    kept = []
    for number, *facts, payload in found:
        packed = decrypt(cipher, payload, bound("batch", row.site, row.session, number), row.session)
        kept.append(Kept._make((number, *facts, unpack(packed))))
    return kept


class Reader:
    """Whatever the store can be asked; any thread may ask."""

    def __init__(self, reads: Reads, keys: Keys, objects: Objects) -> None:
        self._reads = reads
        self._keys = keys
        self._objects = objects

    def session(self, site: str, session: str) -> SessionRow | None:
        """What is known of a session; None if there is none."""
        with self._reads.snapshot() as db:
            return find_session(db, site, session)

    def sessions(self, after: int = 0, most: int = 100, site: str | None = None) -> list[SessionRow]:
        """Sessions in the order in which they were first committed.

        Parameters
        ----------
        after
            ``number`` of the last session of the page before. None that comes later is missed.
        """
        with self._reads.snapshot() as db:
            rows = db.execute(
                f"{SESSION} WHERE sessions.id > ? AND (? IS NULL OR sites.name = ?) ORDER BY sessions.id LIMIT ?",
                (after, site, site, most),
            ).fetchall()
        return [SessionRow._make(row) for row in rows]

    def ranges(self, site: str, session: str) -> dict[str, Ranges]:
        """Numbers of the batches held of each stream of a session, sealed ones too."""
        with self._reads.snapshot() as db:
            state = read_sessions(db, [(site, session)]).get((site, session))
            if state is None:
                return {}
            settled = db.execute(
                "SELECT name, ranges FROM streams WHERE session_id = ?", (state.id,)
            ).fetchall()
        held = {name: decode_ranges(text) for name, text in settled}
        return held | {name: stream.ranges for name, stream in state.streams.items()}

    def known(self, site: str, session: str, stream: str, seq: int) -> StoredAnswer | None:
        """What was answered to a batch; None if it was never stored."""
        with self._reads.snapshot() as db:
            row = db.execute(STREAM, (site, session, stream)).fetchone()
            if row is None:
                return None
            session_id, tallied, stream_id = row
            return find_answer(db, session_id, tallied, stream_id, seq)

    def batches(self, site: str, session: str, after: int = 0) -> Iterator[Kept]:
        """Every batch after a log number, once, by log number, also while others are stored and sealed.

        Raises
        ------
        WatchworthyError
            ``payload_expired``, ``object_missing``, ``store_corrupt``.
        """
        tries = 0
        while True:
            page: list[Kept] = []
            with self._reads.snapshot() as db:
                row = find_session(db, site, session)
                if row is None:
                    return
                sealed = row.covered > after
                if not sealed:
                    page = newer(db, self._keys, row, after, None, PAGE)
            if not sealed:
                yield from page
                if len(page) < PAGE:
                    return
                after = page[-1].log_number
                continue
            try:
                for one in self.recording(row).batches(after):
                    yield one
                    after = one.log_number
            except WatchworthyError as error:
                tries += 1
                if error.code != "object_missing" or tries == TRIES:
                    raise
                continue  # replaced by a newer one and swept: the session says which
            if after < row.covered:
                raise WatchworthyError(
                    "store_corrupt", "The sealed recording lacks batches.", row.sealed_object
                )

    def replay(self, site: str, session: str, begin_ms: float) -> Iterator[Kept]:
        """The batches that a replay from a moment needs; of the sealed recording only these frames are read.

        Parameters
        ----------
        begin_ms
            Event time, ms since the epoch.
        """
        with self._reads.snapshot() as db:
            row = find_session(db, site, session)
        if row is None:
            return
        if row.sealed_object:
            recording = self.recording(row)
            for frame in recording.from_time(begin_ms):
                yield from recording.read(frame)
        yield from self.batches(site, session, row.covered)

    def recording(self, row: SessionRow) -> Recording:
        """The sealed recording of a session."""
        cipher = self._keys.of(row.site, row.session)
        return Recording(self._objects, row.sealed_object, cipher, row.site, row.session)

    def checkpoint(
        self, site: str, session: str, before: int | None = None, log_number: int | None = None
    ) -> Checkpoint | None:
        """The latest checkpoint, if it is asked for one from before ``before`` ms, or of a log number; None if none."""
        with self._reads.snapshot() as db:
            row = find_session(db, site, session)
            if row is None:
                return None
            found = db.execute(
                "SELECT memory, order_key, digests, log_number FROM checkpoints WHERE session_id = ?"
                " AND (? IS NULL OR order_key < ?) AND (? IS NULL OR log_number = ?)"
                " ORDER BY log_number DESC LIMIT 1",
                (row.number, before, before, log_number, log_number),
            ).fetchone()
        if found is None:
            return None
        sealed, order_key, digests, number = found
        bound_to = bound("checkpoint", site, session, number)
        memory = unpack(decrypt(self._keys.of(site, session), sealed, bound_to, session))
        return Checkpoint(memory, order_key, digests, number)

    def checkpoints(self, site: str, session: str) -> list[Checkpoint]:
        """All checkpoints of a session without their memory, the latest first."""
        with self._reads.snapshot() as db:
            row = find_session(db, site, session)
            if row is None:
                return []
            found = db.execute(
                "SELECT order_key, digests, log_number FROM checkpoints WHERE session_id = ?"
                " ORDER BY log_number DESC",
                (row.number,),
            ).fetchall()
        return [Checkpoint(b"", *facts) for facts in found]
