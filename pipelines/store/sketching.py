"""Sketches of the pointer's path in the sessions of a site, by which a path that was replayed is found again.

A sketch is kept for thirty days and goes with its session. Where two sessions share a path, both are told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.sketch import FEWEST_SHARED, SECOND_BITS, match

KEPT_MS: Final = 30 * 86_400_000
AT_ONCE: Final = (
    256  # sessions looked at of those that share a hash, the newest: many share a habit, few a path
)
SWEPT: Final = 4_096  # rows of expired sketches that one session's end takes away
_SITE: Final = "(SELECT id FROM sites WHERE name = ?)"


class Twin(NamedTuple):
    """Another session with the same path.

    Attributes
    ----------
    part
        Id of the other session.
    shared
        Runs of swings in both, at one distance in time.
    here_ms, there_ms
        When the first of them began, from the start of each session, to the second.
    """

    part: str
    shared: int
    here_ms: int
    there_ms: int


def note(
    db: sqlite3.Connection, site: str, session: str, part: str, sketch: npt.NDArray[np.uint32], now_ms: int
) -> list[Twin]:
    """Keep the sketch of a session that ended, and the twins that it has among the sessions before it.

    Parameters
    ----------
    session, part
        The log, and the session of it.
    sketch
        As ``features.sketch.sketch_of`` gives it, u4[n].

    Returns
    -------
    list of Twin
        None if the site does not know the session: nothing of it may come back.
    """
    own = db.execute(
        f"SELECT id, site_id FROM session_tallies WHERE site_id = {_SITE} AND name = ?", (site, session)
    ).fetchone()
    db.execute(
        "DELETE FROM sketches WHERE (site_id, hash, session_id, part) IN"
        " (SELECT site_id, hash, session_id, part FROM sketches WHERE expires_at <= ? LIMIT ?)",
        (now_ms, SWEPT),
    )
    if own is None:
        return []
    session_id, site_id = own
    db.execute("DELETE FROM sketches WHERE session_id = ? AND part = ?", (session_id, part))
    db.execute("DELETE FROM twins WHERE session_id = ? AND part = ?", (session_id, part))
    found = []
    for other_id, other, its in _near(db, site_id, session_id, sketch, now_ms):
        told = match(sketch, its)
        if told.shared >= FEWEST_SHARED:
            found.append(Twin(other, told.shared, 1_000 * told.here_s, 1_000 * told.there_s))
            rows = [
                (session_id, part, other_id, other, *found[-1][1:]),
                (other_id, other, session_id, part, told.shared, found[-1].there_ms, found[-1].here_ms),
            ]
            db.executemany("INSERT OR REPLACE INTO twins VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    db.executemany(
        "INSERT OR REPLACE INTO sketches VALUES (?, ?, ?, ?, ?, ?)",
        [
            (site_id, int(word) >> SECOND_BITS, session_id, part, int(word), now_ms + KEPT_MS)
            for word in sketch
        ],
    )
    return found


def _near(
    db: sqlite3.Connection,
    site_id: int,
    session_id: int,
    sketch: npt.NDArray[np.uint32],
    now_ms: int,
) -> list[tuple[int, str, npt.NDArray[np.uint32]]]:
    """Sessions of the site that share hashes enough, each with those that it shares."""
    shared: dict[tuple[int, str], list[int]] = {}
    for word in sketch:
        rows = db.execute(
            "SELECT session_id, part, word FROM sketches WHERE site_id = ? AND hash = ? AND expires_at > ?"
            " ORDER BY session_id DESC LIMIT ?",
            (site_id, int(word) >> SECOND_BITS, now_ms, AT_ONCE),
        )
        for other_id, part, its in rows:
            if other_id != session_id:
                shared.setdefault((other_id, part), []).append(its)
    return [
        (other_id, part, np.array(words, "u4"))
        for (other_id, part), words in shared.items()
        if len(words) >= FEWEST_SHARED
    ]


def twins(db: sqlite3.Connection, site: str, session: str, part: str) -> list[Twin]:
    """The sessions that share a path with one, the one that shares most first."""
    rows: Sequence[tuple[str, int, int, int]] = db.execute(
        "SELECT other_part, shared, here_ms, there_ms FROM twins"
        f" WHERE session_id = (SELECT id FROM session_tallies WHERE site_id = {_SITE} AND name = ?) AND part = ?"
        " ORDER BY shared DESC, other_session_id LIMIT 8",
        (site, session, part),
    ).fetchall()
    return [Twin(*row) for row in rows]
