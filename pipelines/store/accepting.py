"""Takes units into an open transaction: each is checked against what is known of its session, then all are written."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from struct import iter_unpack
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data_contracts.errors import WatchworthyError
from pipelines.store.bodies import pack
from pipelines.store.censoring import REFUSALS, withdraw
from pipelines.store.checking import check_limits, is_next
from pipelines.store.crypto import NONCE_BYTES, Keys, bound, encrypt
from pipelines.store.deciding import Place
from pipelines.store.deciding import Rows as DecisionRows
from pipelines.store.intervening import confirm
from pipelines.store.jobs import Outcome
from pipelines.store.limits import StoreLimits
from pipelines.store.ranges import highest, holds
from pipelines.store.remembered import Remembered, SessionState, StreamState
from pipelines.store.rows import Row, insert
from pipelines.store.tallying import find_answer, tally
from pipelines.store.units import Checkpoint, Name, Stored, Unit

BATCHES: Final = (
    "batches (session_id, log_number, stream_id, seq, digest, received_at, rows, first_ms, last_ms, channels,"
    " consent, scrub, size, answer, payload)"
)
WITH_THEM: Final = {
    "checkpoints": "checkpoints (session_id, log_number, order_key, digests, memory)",
    "interventions": (
        "interventions (session_id, log_number, name, rule, body, version, visitor, arm, goals, due_at)"
    ),
    "outbox": "outbox (session_id, name, topic, body)",
    "caps": "caps (site_id, cap, key, session_id)",
}
OLD_CHECKPOINTS: Final = """
    DELETE FROM checkpoints WHERE session_id = ? AND log_number <= (
        SELECT log_number FROM checkpoints WHERE session_id = ? ORDER BY log_number DESC LIMIT 1 OFFSET ?)
"""
NONCE: Final = f"{NONCE_BYTES}s"


class Prepared(NamedTuple):
    """Units for which all is done that can be done before the transaction.

    Attributes
    ----------
    names
        Of their sessions.
    packed
        Their bodies, packed.
    """

    units: Sequence[Unit]
    names: Sequence[Name]
    packed: Sequence[bytes]

    def each(self) -> list[Prepared]:
        """One unit after another."""
        return [
            Prepared([unit], [name], [packed])
            for unit, name, packed in zip(self.units, self.names, self.packed, strict=True)
        ]


class _Pending:
    """What is to be written: rows of batches, rows that go with them, sessions to tally; and codes of refusals."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.batches: list[Row] = []
        self.with_them: dict[str, list[Row]] = {}
        self.decisions = DecisionRows()
        self.confirmed: list[tuple[int, int, str, str]] = []
        self.to_tally: dict[int, SessionState] = {}
        self.with_checkpoints: set[int] = set()
        self.refused: list[str] = []

    def add(self, table: str, row: Row) -> None:
        """Add a row that goes with a batch."""
        self.with_them.setdefault(WITH_THEM[table], []).append(row)

    def write_batches(self) -> None:
        """Write the batches now: what follows may look for one of them."""
        if self.batches:
            insert(self.db, BATCHES, self.batches)
            self.batches = []

    def write(self, checkpoints: int) -> None:
        """Write everything; of the sessions with a new checkpoint, keep so many."""
        db = self.db
        self.write_batches()
        for into, rows in self.with_them.items():
            insert(db, into, rows)
        self.decisions.write(db)
        for session, at_ms, name, what in self.confirmed:
            confirm(db, session, name, what, at_ms)
        for session in self.with_checkpoints:
            db.execute(OLD_CHECKPOINTS, (session, session, checkpoints))
        if self.to_tally:
            tally(db, self.to_tally.values())


class Acceptor:
    """Accepts the units of one writer, in its thread.

    Parameters
    ----------
    refusals
        Where refusals are counted by code.
    """

    def __init__(self, keys: Keys, limits: StoreLimits, refusals: Counter[str]) -> None:
        self.remembered = Remembered(limits.remembered)
        self._keys = keys
        self._turn = keys.turn
        self._limits = limits
        self._refusals = refusals

    def prepare(self, units: Sequence[Unit]) -> Prepared:
        """Do what can be done before the transaction: pack the bodies, make the keys that are lacking."""
        names = [(unit.site, unit.session) for unit in units]
        if strange := self.remembered.strange(names):
            self._keys.make(strange)
        return Prepared(units, names, [unit.packed or pack(unit.body) for unit in units])

    def begin(self, db: sqlite3.Connection) -> None:
        """Note that a transaction has begun."""
        self.remembered.begin(db)

    def forget(self, names: Iterable[Name] | None = None) -> None:
        """Note that sessions, or any, may have become others than they were: rolled back, or changed by other work."""
        self.remembered.forget(names)

    def accept(self, db: sqlite3.Connection, prepared: Prepared) -> list[Outcome]:
        """Store units, or find that they were stored before, or what is wrong with them.

        Parameters
        ----------
        db
            In a transaction that the caller ends.

        Returns
        -------
        list of Outcome
            For each unit; an error is that unit's alone, and nothing of it is stored. ``WatchworthyError``:
            ``seq_conflict``, ``log_moved``; ``seq_too_far``, ``too_many_gaps``, ``too_many_streams``,
            ``session_too_large``, ``session_too_long``. Whatever its ``answer`` raises.

        Raises
        ------
        Exception
            What may be the fault of one unit or of the database. The caller then rolls all of them back, calls
            ``forget``, and may try them one by one.
        """
        self._keys.look()
        if self._turn != self._keys.turn:
            self._turn = self._keys.turn
            self.remembered.forget()
        units, names, packed = prepared
        sessions = self.remembered.recall(db, units, names)
        nonces = iter_unpack(NONCE, os.urandom(NONCE_BYTES * len(units)))
        pending = _Pending(db)
        outcomes: list[Outcome] = [
            self._take(pending, *facts) for facts in zip(units, names, sessions, packed, nonces, strict=True)
        ]
        pending.write(self._limits.checkpoints)
        self.remembered.shrink()
        for code in pending.refused:
            self._refusals[code] += 1
        return outcomes

    def _take(
        self,
        pending: _Pending,
        unit: Unit,
        name: Name,
        session: SessionState | None,
        packed: bytes,
        nonce: tuple[bytes],
    ) -> Outcome:
        """Check a unit; if nothing is wrong with it, count it and add its rows to those to be written."""
        limits = self._limits
        if session is None:
            session = self.remembered.get(name)  # a unit before it may have begun it
        seq, received, size = unit.seq, unit.received_at_ms, len(unit.body)
        log_number, stream = 1, None
        if session is not None:
            log_number, stream = session.next_log, session.streams.get(unit.stream)
        if unit.after != log_number - 1 or not is_next(limits, session, stream, seq, size, received):
            try:
                repeated = self._looked_up(pending, unit, session, stream, log_number)
            except WatchworthyError as error:
                pending.refused.append(error.code)
                return None, error
            if repeated is not None:
                return repeated, None
        answer = unit.answer
        if not isinstance(answer, bytes):
            try:
                answer = answer(log_number)
            except Exception as error:
                if isinstance(error, WatchworthyError):
                    pending.refused.append(error.code)
                return None, error
        if session is None:
            session = self._begin_session(pending.db, unit)
        if stream is None:
            stream = _begin_stream(pending.db, session, unit)
        if session.cipher is None:
            session.cipher = self._keys.made(unit.site, unit.session)
        payload = encrypt(session.cipher, packed, bound("batch", *name, log_number), *nonce)
        pending.batches.append(
            (
                session.id,
                log_number,
                stream.id,
                seq,
                unit.digest,
                received,
                unit.rows,
                unit.first_ms,
                unit.last_ms,
                unit.channels,
                unit.consent,
                unit.scrub,
                size,
                answer,
                payload,
            )
        )
        session.take(unit.stream, stream, seq, received, size, unit.rows)
        all_ended, is_due = False, unit.ends
        if is_due or stream.end_seq >= 0:  # else nobody has said yet where the stream ends
            is_due = _ends(stream, unit) or is_due
            all_ended = stream.ended and all(one.ended for one in session.streams.values())
        status = "ended" if all_ended else "open"
        if (
            is_due
            or session.next_log - session.tallied >= limits.tally_batches
            or status != session.status
            or (unit.visitor and not session.visitor)
        ):
            session.status = status
            session.visitor = session.visitor or unit.visitor
            pending.to_tally[session.id] = session
        if unit.consent in REFUSALS and session.visitor:
            withdraw(pending.db, unit.site, session.visitor, received)
        if unit.confirmed:
            pending.confirmed += [(session.id, received, *one) for one in unit.confirmed]
        if unit.decisions or unit.checkpoint is not None or unit.interventions or unit.outbox or unit.caps:
            self._with_it(pending, unit, session, log_number, session.cipher)
        return Stored(log_number, answer, False, all_ended), None

    def _looked_up(
        self,
        pending: _Pending,
        unit: Unit,
        session: SessionState | None,
        stream: StreamState | None,
        log_number: int,
    ) -> Stored | None:
        """What became of a unit before; None if it is new, and to be stored under this log number."""
        if session is not None and stream is not None and holds(stream.ranges, unit.seq):
            pending.write_batches()  # it may be among them
            return _repeat(pending.db, session, stream, unit)
        if unit.after is not None and unit.after != log_number - 1:
            said = f"The log ends at number {log_number - 1}, not at {unit.after}: read the rest, then try again."
            raise WatchworthyError("log_moved", said, unit.session)
        facts = unit.seq, len(unit.body), unit.received_at_ms
        check_limits(self._limits, unit.session, session, stream, *facts)
        return None

    def _begin_session(self, db: sqlite3.Connection, unit: Unit) -> SessionState:
        received = unit.received_at_ms
        db.execute("INSERT OR IGNORE INTO sites (name) VALUES (?)", (unit.site,))
        ((number, site_id),) = db.execute(
            "INSERT INTO session_tallies (site_id, name, visitor, first_received, last_received)"
            " VALUES ((SELECT id FROM sites WHERE name = ?), ?, ?, ?, ?) RETURNING id, site_id",
            (unit.site, unit.session, unit.visitor, received, received),
        ).fetchall()
        session = SessionState(number, site_id, unit.visitor, "open", received, received)
        self.remembered.add((unit.site, unit.session), session)
        return session

    def _with_it(
        self,
        pending: _Pending,
        unit: Unit,
        session: SessionState,
        log_number: int,
        cipher: AESGCM,
    ) -> None:
        """Add what goes with a batch: checkpoint, decisions, interventions, outbox, caps."""
        place = (session.id, log_number)
        if (given := unit.checkpoint) is not None:
            checkpoint = given if isinstance(given, Checkpoint) else Checkpoint(given)
            bound_to = bound("checkpoint", unit.site, unit.session, log_number)
            memory = encrypt(cipher, pack(checkpoint.memory), bound_to)
            pending.add("checkpoints", (*place, checkpoint.order_key, checkpoint.digests, memory))
            pending.with_checkpoints.add(session.id)
        decided = Place(unit.site, session.site_id, unit.session, session.id, log_number, cipher)
        for decision in unit.decisions:
            pending.decisions.add(decided, decision)
        for intervention in unit.interventions:
            pending.add("interventions", (*place, *intervention, unit.received_at_ms))
        for message in unit.outbox:
            pending.add("outbox", (session.id, *message))
        for cap in unit.caps:
            pending.add("caps", (session.site_id, *cap, session.id))


def _begin_stream(db: sqlite3.Connection, session: SessionState, unit: Unit) -> StreamState:
    number = db.execute(
        "INSERT INTO streams (session_id, name, ranges, last_received) VALUES (?, ?, '[]', ?)",
        (session.id, unit.stream, unit.received_at_ms),
    ).lastrowid
    assert number is not None
    stream = StreamState(number, [], -1, False, unit.received_at_ms)
    session.streams[unit.stream] = stream
    return stream


def _ends(stream: StreamState, unit: Unit) -> bool:
    """Note where a stream ends and whether all up to there is held; whether it is ended now, or was."""
    was_ended = stream.ended
    if unit.ends and unit.seq > stream.end_seq:
        stream.end_seq = unit.seq
    stream.ended = stream.end_seq >= 0 and stream.end_seq == highest(stream.ranges)
    return stream.ended or was_ended


def _repeat(db: sqlite3.Connection, session: SessionState, stream: StreamState, unit: Unit) -> Stored:
    found = find_answer(db, session.id, session.tallied, stream.id, unit.seq)
    where = f"stream {unit.stream} seq {unit.seq}"
    if found is None:
        raise WatchworthyError("store_corrupt", "A batch that was stored is not there any more.", where)
    if found.digest != unit.digest:
        raise WatchworthyError("seq_conflict", "Another batch of this number is already held.", where)
    return Stored(found.log_number, found.answer, repeated=True)
