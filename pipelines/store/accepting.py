"""Takes one unit into an open transaction: the repeat and the limits first, then every row that belongs to it."""

from __future__ import annotations

import sqlite3
from typing import Any, Final, NamedTuple

import msgspec

from data_contracts.errors import WatchworthyError
from pipelines.store.bodies import unpack
from pipelines.store.crypto import Keys, bound, encrypt
from pipelines.store.limits import StoreLimits
from pipelines.store.ranges import Ranges, added, gaps, highest, holds
from pipelines.store.units import Checkpoint, Stored, StoredAnswer, Unit

FIND_SESSION: Final = """
    SELECT id, next_log, first_received, bytes FROM sessions
    WHERE site_id = (SELECT id FROM sites WHERE name = ?) AND name = ?
"""
FIND_STREAM: Final = "SELECT id, ranges, end_seq FROM streams WHERE session_id = ? AND name = ?"

decode_ranges: Final = msgspec.json.Decoder(Ranges).decode


class SealedBatch(msgspec.Struct, array_like=True, frozen=True):
    """What stays in the database of a batch that was sealed: enough to answer its repeats."""

    seq: int
    log_number: int
    digest: bytes
    answer: bytes


_sealed: Final = msgspec.msgpack.Decoder(list[SealedBatch])


class _Session(NamedTuple):
    id: int
    next_log: int
    first_received: int
    bytes: int


class _Stream(NamedTuple):
    id: int
    ranges: Ranges
    end_seq: int


def accept(db: sqlite3.Connection, keys: Keys, limits: StoreLimits, unit: Unit, packed: bytes) -> Stored:
    """Store a unit, or find that it was stored before.

    Parameters
    ----------
    db
        In a transaction that the caller ends.
    packed
        The unit's body, packed.

    Raises
    ------
    WatchworthyError
        ``seq_conflict``, ``log_moved``; ``seq_too_far``, ``too_many_gaps``, ``too_many_streams``,
        ``session_too_large``, ``session_too_long``.
    """
    row = db.execute(FIND_SESSION, (unit.site, unit.session)).fetchone()
    session = None if row is None else _Session._make(row)
    stream = None if session is None else _stream(db, session.id, unit.stream)
    if stream is not None and holds(stream.ranges, unit.seq):
        return _repeat(db, stream.id, unit)
    log_number = session.next_log if session is not None else 1
    if unit.after is not None and unit.after != log_number - 1:
        raise WatchworthyError(
            "log_moved",
            f"The log ends at number {log_number - 1}, not at {unit.after}: read what is missing, then try again.",
            unit.session,
        )
    ranges = _within_limits(db, limits, unit, session, stream)
    answer = unit.answer if isinstance(unit.answer, bytes) else unit.answer(log_number)
    session_id = session.id if session is not None else _new_session(db, unit)
    end_seq = max(stream.end_seq if stream is not None else -1, unit.seq if unit.ends else -1)
    ended = end_seq == highest(ranges)
    written = (msgspec.json.encode(ranges).decode(), end_seq, ended)
    if stream is None:
        stream_id = db.execute(
            "INSERT INTO streams (ranges, end_seq, ended, last_received, session_id, name) VALUES (?, ?, ?, ?, ?, ?)",
            (*written, unit.received_at_ms, session_id, unit.stream),
        ).lastrowid
    else:
        stream_id = stream.id
        db.execute(
            "UPDATE streams SET ranges = ?, end_seq = ?, ended = ?, last_received = max(last_received, ?)"
            " WHERE id = ?",
            (*written, unit.received_at_ms, stream_id),
        )
    cipher = keys.of(unit.site, unit.session)
    db.execute(
        "INSERT INTO batches (session_id, log_number, stream_id, seq, digest, received_at, rows, first_ms, last_ms,"
        " channels, consent, scrub, answer, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(session_id, log_number, stream_id, unit.seq, unit.digest, unit.received_at_ms, unit.rows),
            *(unit.first_ms, unit.last_ms, unit.channels, unit.consent, unit.scrub, answer),
            encrypt(cipher, packed, bound("batch", unit.site, unit.session, log_number)),
        ),
    )
    all_ended = (
        ended
        and not db.execute(
            "SELECT 1 FROM streams WHERE session_id = ? AND NOT ended LIMIT 1", (session_id,)
        ).fetchone()
    )
    db.execute(
        "UPDATE sessions SET next_log = ?, last_received = max(last_received, ?), bytes = bytes + ?,"
        " rows = rows + ?, status = ?, visitor = CASE visitor WHEN '' THEN ? ELSE visitor END WHERE id = ?",
        (
            *(log_number + 1, unit.received_at_ms, len(unit.body), unit.rows),
            *("ended" if all_ended else "open", unit.visitor, session_id),
        ),
    )
    _with_it(db, keys, limits, unit, session_id, log_number)
    return Stored(log_number, answer, ended=all_ended)


def find_answer(db: sqlite3.Connection, stream_id: int, seq: int) -> StoredAnswer | None:
    """What was answered to a batch of a stream, whether it is sealed or not."""
    row = db.execute(
        "SELECT log_number, digest, answer FROM batches WHERE stream_id = ? AND seq = ?", (stream_id, seq)
    ).fetchone()
    if row is not None:
        return StoredAnswer._make(row)
    (blob,) = db.execute("SELECT sealed FROM streams WHERE id = ?", (stream_id,)).fetchone()
    for one in sealed_batches(blob):
        if one.seq == seq:
            return StoredAnswer(one.log_number, one.digest, one.answer)
    return None


def sealed_batches(blob: bytes | None) -> list[SealedBatch]:
    """What a stream keeps of its sealed batches."""
    return [] if blob is None else _sealed.decode(unpack(blob))


def _stream(db: sqlite3.Connection, session_id: int, name: str) -> _Stream | None:
    row = db.execute(FIND_STREAM, (session_id, name)).fetchone()
    return None if row is None else _Stream(row[0], decode_ranges(row[1]), row[2])


def _repeat(db: sqlite3.Connection, stream_id: int, unit: Unit) -> Stored:
    found = find_answer(db, stream_id, unit.seq)
    where = f"stream {unit.stream} seq {unit.seq}"
    if found is None:
        raise WatchworthyError("store_corrupt", "A batch that was stored is not there any more.", where)
    if found.digest != unit.digest:
        raise WatchworthyError("seq_conflict", "Another batch of this number is already held.", where)
    return Stored(found.log_number, found.answer, repeated=True)


def _within_limits(
    db: sqlite3.Connection, limits: StoreLimits, unit: Unit, session: _Session | None, stream: _Stream | None
) -> Ranges:
    """The stream's numbers with the new one, if the session may still grow by this batch."""
    held = stream.ranges if stream is not None else []
    where = f"session {unit.session} stream {unit.stream} seq {unit.seq}"
    if unit.seq > highest(held) + limits.seq_ahead:
        raise WatchworthyError(
            "seq_too_far",
            f"Number {unit.seq} is more than {limits.seq_ahead} past {highest(held)}, the highest of its stream.",
            where,
        )
    ranges = added(held, unit.seq)
    if gaps(ranges) > limits.gaps and gaps(ranges) > gaps(held):
        raise WatchworthyError(
            "too_many_gaps", f"The stream misses more than {limits.gaps} stretches of batches.", where
        )
    size = len(unit.body) + (session.bytes if session is not None else 0)
    if size > limits.session_bytes:
        raise WatchworthyError(
            "session_too_large", f"The session would hold more than {limits.session_bytes:,} bytes.", where
        )
    if session is None:
        return ranges
    if unit.received_at_ms - session.first_received > limits.session_ms:
        hours = limits.session_ms / 3_600_000
        raise WatchworthyError("session_too_long", f"The session began over {hours:g} hours ago.", where)
    if stream is None:
        (opened,) = db.execute(
            "SELECT count(*) FROM streams WHERE session_id = ? AND NOT ended AND last_received >= ?",
            (session.id, unit.received_at_ms - limits.idle_ms),
        ).fetchone()
        if opened >= limits.open_streams:
            raise WatchworthyError(
                "too_many_streams", f"The session has {opened} open page loads already.", where
            )
    return ranges


def _new_session(db: sqlite3.Connection, unit: Unit) -> int:
    db.execute("INSERT OR IGNORE INTO sites (name) VALUES (?)", (unit.site,))
    number = db.execute(
        "INSERT INTO sessions (site_id, name, visitor, first_received, last_received)"
        " VALUES ((SELECT id FROM sites WHERE name = ?), ?, ?, ?, ?)",
        (unit.site, unit.session, unit.visitor, unit.received_at_ms, unit.received_at_ms),
    ).lastrowid
    assert number is not None
    return number


def _with_it(
    db: sqlite3.Connection, keys: Keys, limits: StoreLimits, unit: Unit, session_id: int, log_number: int
) -> None:
    """Write what goes with a batch: checkpoint, decisions, interventions, outbox, caps."""
    place = (session_id, log_number)
    if unit.checkpoint is not None:
        given = unit.checkpoint
        checkpoint = given if isinstance(given, Checkpoint) else Checkpoint(given)
        cipher = keys.of(unit.site, unit.session)
        memory = encrypt(cipher, checkpoint.memory, bound("checkpoint", unit.site, unit.session, log_number))
        db.execute(
            "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?)",
            (*place, checkpoint.order_key, checkpoint.digests, memory),
        )
        db.execute(
            "DELETE FROM checkpoints WHERE session_id = ? AND log_number <= (SELECT log_number FROM checkpoints"
            " WHERE session_id = ? ORDER BY log_number DESC LIMIT 1 OFFSET ?)",
            (session_id, session_id, limits.checkpoints),
        )
    rows: list[tuple[str, tuple[Any, ...]]] = [
        *(
            ("INSERT INTO decisions (session_id, log_number, name, bundle, body) VALUES (?, ?, ?, ?, ?)", one)
            for one in unit.decisions
        ),
        *(
            (
                "INSERT INTO interventions (session_id, log_number, name, rule, body) VALUES (?, ?, ?, ?, ?)",
                one,
            )
            for one in unit.interventions
        ),
    ]
    for statement, values in rows:
        db.execute(statement, (*place, *values))
    for message in unit.outbox:
        db.execute(
            "INSERT INTO outbox (session_id, name, topic, body) VALUES (?, ?, ?, ?)", (session_id, *message)
        )
    for cap in unit.caps:
        db.execute(
            "INSERT INTO caps VALUES ((SELECT site_id FROM sessions WHERE id = ?), ?, ?, ?)",
            (session_id, *cap, session_id),
        )
