"""Visitors of whom nothing is known any more: those who were erased, and those who withdrew.

Whoever asks later what became of visitors must leave these out as *censored*, not count them as lost. What is kept says
when, and names nobody whom the store has forgotten: once no session of a visitor is left, neither is the name.
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

REFUSALS: Final = frozenset({"false", "no", "denied", "refused", "withdrawn", "revoked"})
"""Words of a batch's consent that take it back."""
HOUR_MS: Final = 3_600_000  # of an erased visit only the hour is kept
_WITHDRAW: Final = """
    INSERT INTO censored (site_id, visitor, at, why)
    SELECT id, ?, ?, 'withdrawn' FROM sites WHERE name = ? AND NOT EXISTS (
        SELECT 1 FROM censored WHERE site_id = sites.id AND visitor = ? AND why = 'withdrawn' AND at <= ?)
"""
_ERASE: Final = """
    INSERT INTO censored (site_id, visitor, at, why, ended)
    SELECT site_id, visitor, ?, 'erased', coalesce(
        (SELECT max(started_at + as_of_ms) FROM cards WHERE session_id = session_tallies.id), last_received) / ? * ?
    FROM session_tallies WHERE id = ? AND visitor <> ''
"""
_NAMELESS: Final = """
    UPDATE censored SET visitor = '' WHERE visitor <> '' AND NOT EXISTS (
        SELECT 1 FROM session_tallies AS left WHERE left.site_id = censored.site_id AND left.visitor = censored.visitor)
"""


class Gone(NamedTuple):
    """A visit that was erased: whose, while the store knows them; when it ended, to the hour; when it was erased."""

    visitor: str
    ended_ms: int
    at_ms: int


def withdraw(db: sqlite3.Connection, site: str, visitor: str, at_ms: int) -> None:
    """Note that a visitor withdrew; said again, the earliest time stays."""
    db.execute(_WITHDRAW, (visitor, at_ms, site, visitor, at_ms))


def note_erased(db: sqlite3.Connection, session: int, at_ms: int) -> None:
    """Note that a session of an identified visitor is about to be erased; of nobody's nothing is noted."""
    db.execute(_ERASE, (at_ms, HOUR_MS, HOUR_MS, session))


def forget_names(db: sqlite3.Connection) -> None:
    """Take away the names of visitors of whom no session is left."""
    db.execute(_NAMELESS)


def censored_visitors(db: sqlite3.Connection, site: str) -> dict[str, int]:
    """Since when nothing is known of visitors that the store still knows, Unix ms."""
    return dict(
        db.execute(
            "SELECT visitor, min(at) FROM censored JOIN sites ON sites.id = site_id"
            " WHERE sites.name = ? AND visitor <> '' GROUP BY visitor",
            (site,),
        ).fetchall()
    )


def erased_visits(db: sqlite3.Connection, site: str) -> list[Gone]:
    """Visits that were erased, in the order in which that happened."""
    found = db.execute(
        "SELECT visitor, ended, at FROM censored JOIN sites ON sites.id = site_id"
        " WHERE sites.name = ? AND why = 'erased' ORDER BY censored.id",
        (site,),
    )
    return [Gone(*row) for row in found.fetchall()]
