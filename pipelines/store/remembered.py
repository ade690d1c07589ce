"""Sessions as the writer knows them: all that the checks of the next batch need, so that usually nothing is read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.store.ranges import Ranges, added
from pipelines.store.rows import Row, select
from pipelines.store.units import Name, Unit

STREAMS_EACH: Final = 8  # so many streams may be remembered for each session that may

SESSIONS: Final = """
    SELECT sites.name, sessions.name, sessions.id, site_id, visitor, status, first_received, last_received, next_log,
           bytes, rows
    FROM {given} CROSS JOIN sites ON sites.name = column1
    CROSS JOIN session_tallies AS sessions ON site_id = sites.id AND sessions.name = column2
"""
OPEN_STREAMS: Final = """
    SELECT session_id, name, id, ranges, end_seq, ended, last_received
    FROM {given} CROSS JOIN streams ON session_id = column1 WHERE NOT ended
"""
NAMED_STREAMS: Final = """
    SELECT session_id, name, id, ranges, end_seq, ended, last_received
    FROM {given} CROSS JOIN streams ON session_id = column1 AND name = column2
"""
UNTALLIED: Final = """
    SELECT session_id, stream_id, seq, received_at, size, rows
    FROM {given} CROSS JOIN batches ON session_id = column1 AND log_number >= column2
    ORDER BY session_id, log_number
"""

decode_ranges: Final = msgspec.json.Decoder(Ranges).decode


class StreamState:
    """A stream: the numbers it holds, the last of them if it said so, and whether all up to that are there."""

    __slots__ = ("end_seq", "ended", "id", "last_received", "ranges")

    def __init__(self, id: int, ranges: Ranges, end_seq: int, ended: bool, last_received: int) -> None:
        self.id = id
        self.ranges = ranges
        self.end_seq = end_seq
        self.ended = ended
        self.last_received = last_received


class SessionState:
    """A session with its open streams, and those others that were asked for.

    Attributes
    ----------
    next_log
        Log number that its next batch will get.
    tallied
        The first log number that its row and those of its streams do not know of.
    changed
        Names of the streams whose rows are behind.
    cipher
        Its key, once it was needed.
    """

    __slots__ = (
        "bytes",
        "changed",
        "cipher",
        "first_received",
        "id",
        "last_received",
        "next_log",
        "rows",
        "site_id",
        "status",
        "streams",
        "tallied",
        "visitor",
    )

    def __init__(
        self,
        id: int,
        site_id: int,
        visitor: str,
        status: str,
        first_received: int,
        last_received: int,
        next_log: int = 1,
        bytes: int = 0,
        rows: int = 0,
    ) -> None:
        self.id = id
        self.site_id = site_id
        self.visitor = visitor
        self.status = status
        self.first_received = first_received
        self.last_received = last_received
        self.next_log = self.tallied = next_log
        self.bytes = bytes
        self.rows = rows
        self.streams: dict[str, StreamState] = {}
        self.changed: set[str] = set()
        self.cipher: AESGCM | None = None

    def take(self, name: str, stream: StreamState, seq: int, received_at: int, size: int, rows: int) -> None:
        """Count the next batch, of the stream of this name."""
        ranges = stream.ranges
        if ranges and ranges[-1] == seq:
            ranges[-1] = seq + 1
        else:
            stream.ranges = added(ranges, seq)
        if received_at > stream.last_received:
            stream.last_received = received_at
        if received_at > self.last_received:
            self.last_received = received_at
        self.changed.add(name)
        self.next_log += 1
        self.bytes += size
        self.rows += rows


def read_sessions(db: sqlite3.Connection, names: Iterable[Name]) -> dict[Name, SessionState]:
    """Those of these sessions that there are, with their open streams, as they are now."""
    found: dict[Name, SessionState] = {}
    for site, session, *facts in select(db, SESSIONS, list(names)):
        found[site, session] = SessionState(*facts)
    by_id = {state.id: state for state in found.values()}
    _read_streams(db, OPEN_STREAMS, [(number,) for number in by_id], by_id)
    names_of = {stream.id: name for state in by_id.values() for name, stream in state.streams.items()}
    ahead = [(state.id, state.tallied) for state in by_id.values()]
    for session_id, stream_id, seq, received_at, size, rows in select(db, UNTALLIED, ahead):
        state, name = by_id[session_id], names_of[stream_id]
        state.take(name, state.streams[name], seq, received_at, size, rows)
    return found


def read_streams(db: sqlite3.Connection, asked: Sequence[tuple[SessionState, str]]) -> None:
    """Add these streams, each to its session, if there are such."""
    by_id = {state.id: state for state, _ in asked}
    _read_streams(db, NAMED_STREAMS, [(state.id, name) for state, name in asked], by_id)


def _read_streams(
    db: sqlite3.Connection, statement: str, given: Sequence[Row], by_id: dict[int, SessionState]
) -> None:
    for session_id, name, number, ranges, end_seq, ended, heard in select(db, statement, given):
        stream = StreamState(number, decode_ranges(ranges), end_seq, bool(ended), heard)
        by_id[session_id].streams[name] = stream


class Remembered:
    """The sessions that the writer used last.

    What it says holds while no other connection commits and no transaction is rolled back: the writer calls ``begin``
    in each of its transactions, and ``forget`` when one fails or when work of another kind changed a session.

    Parameters
    ----------
    most
        About so many sessions.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # Two halves, because to keep all in order of use would cost more for each batch than to look in both.
        self._recent: dict[Name, SessionState] = {}
        self._older: dict[Name, SessionState] = {}
        self._streams = 0  # that came to the recent half, at most
        self._version = -1

    def begin(self, db: sqlite3.Connection) -> None:
        """Forget everything if another connection has committed since the last transaction."""
        (version,) = db.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version = version
            self.forget()

    def get(self, name: Name) -> SessionState | None:
        """What is remembered of a session; any thread may ask."""
        return self._recent.get(name) or self._older.get(name)

    def strange(self, names: Iterable[Name]) -> set[Name]:
        """Those of these sessions that were not used lately."""
        return set(names).difference(self._recent)

    def add(self, name: Name, state: SessionState) -> None:
        """Remember a session that has only now begun."""
        self._recent[name] = state

    def recall(
        self, db: sqlite3.Connection, units: Sequence[Unit], names: Sequence[Name]
    ) -> list[SessionState | None]:
        """The session of each unit with its stream, read if it is not remembered; None if there is none yet.

        Parameters
        ----------
        names
            Of the units' sessions.
        """
        states = list(map(self._recent.get, names))
        strange = [
            unit
            for unit, state in zip(units, states, strict=True)
            if state is None or unit.stream not in state.streams
        ]
        if strange:
            self._meet(db, strange)
            states = list(map(self._recent.get, names))
        return states

    def _meet(self, db: sqlite3.Connection, units: Sequence[Unit]) -> None:
        recent, older = self._recent, self._older
        names = {(unit.site, unit.session) for unit in units}
        for name in names:  # one by one: to take the keys of either half from a set looks at all of them
            if name in older:
                recent[name] = older.pop(name)
        read = read_sessions(db, [name for name in names if name not in recent])
        recent |= read
        asked = []
        for unit in units:
            state = recent.get((unit.site, unit.session))
            if state is not None and unit.stream not in state.streams:
                asked.append((state, unit.stream))
        read_streams(db, asked)
        self._streams += len(units) + sum(len(state.streams) for state in read.values())

    def forget(self, names: Iterable[Name] | None = None) -> None:
        """Forget some sessions, or all."""
        for half in (self._recent, self._older):
            if names is None:
                half.clear()
            else:
                for name in names:
                    half.pop(name, None)

    def shrink(self) -> None:
        """Forget the sessions that were used longest ago if there are too many, or too many streams."""
        if len(self._recent) > self._most // 2 or self._streams > self._most * STREAMS_EACH // 2:
            self._older, self._recent = self._recent, {}
            self._streams = 0
