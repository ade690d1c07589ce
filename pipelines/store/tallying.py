"""Tallies sessions: their own rows follow the log of batches in steps, as a row each would cost more than the log.

A session *now* is its row and the few batches after it; the view ``sessions`` adds them up. Batches not yet tallied
belong to open streams of an open session: whatever ends or reopens one tallies it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Final

import msgspec

from pipelines.store.remembered import SessionState, read_sessions
from pipelines.store.rows import update
from pipelines.store.units import Name, StoredAnswer

ANSWERS: Final = """
    INSERT OR FAIL INTO answers SELECT stream_id, seq, log_number, digest, answer
    FROM {given} CROSS JOIN batches ON session_id = column1 AND log_number >= column2
"""
SESSIONS: Final = """
    UPDATE OR FAIL session_tallies SET next_log = column2, last_received = column3, bytes = column4, rows = column5,
        status = column6, visitor = column7
    FROM {given} WHERE id = column1
"""
STREAMS: Final = """
    UPDATE OR FAIL streams SET ranges = column2, end_seq = column3, ended = column4, last_received = column5
    FROM {given} WHERE id = column1
"""


def tally(db: sqlite3.Connection, states: Collection[SessionState]) -> None:
    """Write what sessions and their streams are now, and what answers their repeats."""
    update(db, ANSWERS, [(one.id, one.tallied) for one in states])
    update(
        db,
        SESSIONS,
        [
            (one.id, one.next_log, one.last_received, one.bytes, one.rows, one.status, one.visitor)
            for one in states
        ],
    )
    streams = [one.streams[name] for one in states for name in one.changed]
    update(
        db,
        STREAMS,
        [
            (one.id, msgspec.json.encode(one.ranges).decode(), one.end_seq, one.ended, one.last_received)
            for one in streams
        ],
    )
    for one in states:
        one.tallied = one.next_log
        one.changed.clear()


def tally_named(db: sqlite3.Connection, names: Collection[Name]) -> None:
    """The same for sessions that are not at hand; those that are not there are left out."""
    tally(db, read_sessions(db, names).values())


def find_answer(
    db: sqlite3.Connection, session_id: int, tallied: int, stream_id: int, seq: int
) -> StoredAnswer | None:
    """What was answered to a batch of a session that is tallied up to before a log number."""
    row = db.execute(
        "SELECT log_number, digest, answer FROM answers WHERE stream_id = ? AND seq = ?", (stream_id, seq)
    ).fetchone()
    if row is None:
        row = db.execute(
            "SELECT log_number, digest, answer FROM batches"
            " WHERE session_id = ? AND log_number >= ? AND stream_id = ? AND seq = ?",
            (session_id, tallied, stream_id, seq),
        ).fetchone()
    return None if row is None else StoredAnswer._make(row)
