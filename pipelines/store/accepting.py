"""Takes units into an open transaction: each is checked against what is known of its session, then all are written."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data_contracts.errors import WatchworthyError
from pipelines.store.bodies import pack
from pipelines.store.censoring import REFUSALS, withdraw
from pipelines.store.checking import check_limits, is_next
from pipelines.store.crypto import NONCE_BYTES, Keys, bound, encrypt
from pipelines.store.deciding import Place
from pipelines.store.deciding import Rows as DecisionRows
from pipelines.store.intervening import confirm
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
Outcome = Stored | Exception


class _Pending:
    """What is to be written: rows of batches, rows that go with them, sessions to tally."""

    def __init__(self) -> None:
        self.batches: list[Row] = []
        self.with_them: dict[str, list[Row]] = {}
        self.decisions = DecisionRows()
        self.confirmed: list[tuple[int, int, str, str]] = []
        self.to_tally: dict[int, SessionState] = {}
        self.with_checkpoints: set[int] = set()

    def add(self, table: str, row: Row) -> None:
        """Add a row that goes with a batch."""
        self.with_them.setdefault(WITH_THEM[table], []).append(row)

    def write_batches(self, db: sqlite3.Connection) -> None:
        """Write the batches now: what follows may look for one of them."""
        if self.batches:
            insert(db, BATCHES, self.batches)
            self.batches = []

    def write(self, db: sqlite3.Connection, checkpoints: int) -> None:
        """Write everything; of the sessions with a new checkpoint, keep so many."""
        self.write_batches(db)
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

    def prepare(self, units: Sequence[Unit]) -> list[bytes]:
        """Do what can be done before the transaction: pack the bodies, make the keys that are lacking."""
        strange = {(unit.site, unit.session) for unit in units if not self.remembered.has(unit)}
        if strange:
            self._keys.make(strange)
        return [unit.packed or pack(unit.body) for unit in units]

    def begin(self, db: sqlite3.Connection) -> None:
        """Note that a transaction has begun."""
        self.remembered.begin(db)

    def forget(self, names: Iterable[Name] | None = None) -> None:
        """Note that sessions, or any, may have become others than they were: rolled back, or changed by other work."""
        self.remembered.forget(names)

    def accept(self, db: sqlite3.Connection, units: Sequence[Unit], packed: Sequence[bytes]) -> list[Outcome]:
        """Store units, or find that they were stored before, or what is wrong with them.

        Parameters
        ----------
        db
            In a transaction that the caller ends.
        packed
            The units' bodies, packed.

        Returns
        -------
        list of Stored or Exception
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
        sessions = self.remembered.recall(db, units)
        nonces = os.urandom(NONCE_BYTES * len(units))
        pending = _Pending()
        outcomes: list[Outcome] = []
        for at, unit in enumerate(units):
            nonce = nonces[NONCE_BYTES * at : NONCE_BYTES * (at + 1)]
            outcomes.append(self._take(db, pending, unit, sessions[at], packed[at], nonce))
        pending.write(db, self._limits.checkpoints)
        self.remembered.shrink()
        for outcome in outcomes:
            if isinstance(outcome, WatchworthyError):
                self._refusals[outcome.code] += 1
        return outcomes

    def _take(
        self,
        db: sqlite3.Connection,
        pending: _Pending,
        unit: Unit,
        session: SessionState | None,
        packed: bytes,
        nonce: bytes,
    ) -> Outcome:
        """Check a unit; if nothing is wrong with it, count it and add its rows to those to be written."""
        limits = self._limits
        if session is None:
            session = self.remembered.get((unit.site, unit.session))  # a unit before it may have begun it
        stream = session.streams.get(unit.stream) if session is not None else None
        seq, received, size = unit.seq, unit.received_at_ms, len(unit.body)
        log_number = session.next_log if session is not None else 1
        try:
            in_order = is_next(limits, session, stream, seq, size, received)
            if not in_order and session is not None and stream is not None and holds(stream.ranges, seq):
                pending.write_batches(db)  # it may be among them
                return _repeat(db, session, stream, unit)
            if unit.after is not None and unit.after != log_number - 1:
                said = f"The log ends at number {log_number - 1}, not at {unit.after}: read the rest, then try again."
                raise WatchworthyError("log_moved", said, unit.session)
            if not in_order:
                check_limits(limits, unit.session, session, stream, seq, size, received)
        except WatchworthyError as error:
            return error
        answer = unit.answer
        if not isinstance(answer, bytes):
            try:
                answer = answer(log_number)
            except Exception as error:
                return error
        if session is None:
            session = self._begin_session(db, unit)
        if stream is None:
            stream = _begin_stream(db, session, unit)
        if session.cipher is None:
            session.cipher = self._keys.made(unit.site, unit.session)
        payload = encrypt(session.cipher, packed, bound("batch", unit.site, unit.session, log_number), nonce)
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
        was_ended = stream.ended
        session.take(unit.stream, seq, received, size, unit.rows)
        if unit.ends and seq > stream.end_seq:
            stream.end_seq = seq
        stream.ended = stream.end_seq >= 0 and stream.end_seq == highest(stream.ranges)
        all_ended = stream.ended and all(one.ended for one in session.streams.values())
        status = "ended" if all_ended else "open"
        if (
            session.next_log - session.tallied >= limits.tally_batches
            or stream.ended
            or was_ended
            or unit.ends
            or status != session.status
            or (unit.visitor and not session.visitor)
        ):
            session.status = status
            session.visitor = session.visitor or unit.visitor
            pending.to_tally[session.id] = session
        if unit.consent in REFUSALS and session.visitor:
            withdraw(db, unit.site, session.visitor, received)
        if unit.confirmed:
            pending.confirmed += [(session.id, received, *one) for one in unit.confirmed]
        if unit.checkpoint is not None or unit.decisions or unit.interventions or unit.outbox or unit.caps:
            self._with_it(pending, unit, session, log_number, session.cipher)
        return Stored(log_number, answer, ended=all_ended)

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


def _repeat(db: sqlite3.Connection, session: SessionState, stream: StreamState, unit: Unit) -> Stored:
    found = find_answer(db, session.id, session.tallied, stream.id, unit.seq)
    where = f"stream {unit.stream} seq {unit.seq}"
    if found is None:
        raise WatchworthyError("store_corrupt", "A batch that was stored is not there any more.", where)
    if found.digest != unit.digest:
        raise WatchworthyError("seq_conflict", "Another batch of this number is already held.", where)
    return Stored(found.log_number, found.answer, repeated=True)
