"""Rows of shadows: what a challenger says of sessions that ended, beside what was decided."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pipelines.store.crypto import Keys
from pipelines.store.deciding import TOLD, Told, told

Pair = tuple[float | None, float | None]
"""Probability of a head by the champion and by the challenger; None where it abstains."""

_DUE: Final = f"""
    {TOLD} WHERE decisions.id > ? AND cause = 'ended' AND payload IS NOT NULL AND bundle <> ?
    ORDER BY decisions.id LIMIT ?
"""
_WRITE: Final = """
    INSERT OR IGNORE INTO shadows
    SELECT id, ?, site_id, session_id, part, bundle, ?, ?, ? FROM decisions WHERE id = ? AND session_id IS NOT NULL
"""
_MOVE: Final = "UPDATE cards SET lane = ?, rank = ? WHERE decision = ?"


class Shadowed(NamedTuple):
    """What a challenger says of one decision.

    Attributes
    ----------
    decision, name
        Number and name of the record.
    heads
        Of each head, the champion's probability and the challenger's.
    disagreement
        Their distance of struggle, 0..1; None where one of them abstains.
    lane, rank
        Where the session stands in the queue, now that both have spoken.
    """

    decision: int
    name: str
    heads: Mapping[str, Pair]
    disagreement: float | None
    lane: str
    rank: float


def due(db: sqlite3.Connection, keys: Keys, bundle: str, after: int, most: int) -> list[Told]:
    """Last decisions on sessions after a number, made by another bundle, with their records."""
    return told(keys, db.execute(_DUE, (after, bundle, most)).fetchall())


def reached(db: sqlite3.Connection, bundle: str, since_ms: int) -> int:
    """Number of the last decision that a bundle has shadowed, or of the last before it began to."""
    (last,) = db.execute("SELECT max(decision_id) FROM shadows WHERE bundle = ?", (bundle,)).fetchone()
    if last is None:
        # Numbers and times grow together, so the search ends at the first that is old enough.
        row = db.execute(
            "SELECT id FROM decisions WHERE created_at < ? ORDER BY id DESC LIMIT 1", (since_ms,)
        ).fetchone()
        last = row[0] if row is not None else 0
    return int(last)


def write(db: sqlite3.Connection, bundle: str, rows: Sequence[Shadowed], now_ms: int) -> None:
    """Write what a challenger says, and move the cards of those on which it disagrees."""
    for row in rows:
        told = json.dumps({name: list(pair) for name, pair in row.heads.items()})
        db.execute(_WRITE, (bundle, told, row.disagreement, now_ms, row.decision))
        db.execute(_MOVE, (row.lane, row.rank, row.name))


def shadows(
    db: sqlite3.Connection, site: str, bundle: str, after: int = 0, most: int = 1_000
) -> list[tuple[int, str, dict[str, Pair], float | None]]:
    """What a challenger said of a site's sessions: number of the decision, session, heads, disagreement."""
    rows = db.execute(
        "SELECT decision_id, part, scores, disagreement FROM shadows JOIN sites ON sites.id = site_id"
        " WHERE bundle = ? AND sites.name = ? AND decision_id > ? ORDER BY decision_id LIMIT ?",
        (bundle, site, after, most),
    )
    return [
        (number, part, {name: (pair[0], pair[1]) for name, pair in json.loads(text).items()}, distance)
        for number, part, text, distance in rows
    ]
