"""Rows of alerts: how far the messages were read, what was counted, when each fired. All move in one transaction."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from pipelines.store.posting import SITE

AT_ONCE: Final = 10  # messages read in one transaction; with 32 alerts it then holds up batches for 50 ms
MOST_COUNTED: Final = 1_000  # messages of one value that are counted; the latest
MOST_TOLD: Final = 50  # values that a digest names

CURSOR: Final = "(SELECT outbox_id FROM alert_cursor)"
LATEST: Final = "FROM alert_hits WHERE alert = ? AND key = ? ORDER BY outbox_id DESC LIMIT"


class Came(NamedTuple):
    """A message as alerts read it."""

    number: int
    topic: str
    body: bytes
    site: str


class Waiting(NamedTuple):
    """What a digest tells of one value: first time, how often, and the most that was counted; time in ms."""

    key: str
    first_at: int
    times: int
    most: int


def are_new(db: sqlite3.Connection) -> bool:
    """Whether there is a message that no alert has read."""
    return db.execute(f"SELECT 1 FROM outbox WHERE id > {CURSOR} LIMIT 1").fetchone() is not None


def take(db: sqlite3.Connection) -> list[Came]:
    """The next messages in commit order; they count as read."""
    rows = db.execute(
        f"SELECT outbox.id, topic, body, coalesce(sites.name, '') FROM outbox LEFT JOIN sites ON sites.id = {SITE}"
        f" WHERE outbox.id > {CURSOR} ORDER BY outbox.id LIMIT ?",
        (AT_ONCE,),
    ).fetchall()
    if rows:
        db.execute("UPDATE alert_cursor SET outbox_id = ?", (rows[-1][0],))
    return [Came._make(row) for row in rows]


def count(
    db: sqlite3.Connection, alert: str, key: str, came: int, at: int, hit: bool, within_ms: int, last: int
) -> tuple[int, int]:
    """Count a message; how many of those in the window are hits, and how many they are in all.

    Parameters
    ----------
    came
        Number of the message.
    last
        At most so many of the latest are looked at.
    """
    db.execute("INSERT OR IGNORE INTO alert_hits VALUES (?, ?, ?, ?, ?)", (alert, key, came, at, int(hit)))
    hits, of = db.execute(
        f"SELECT coalesce(sum(hit), 0), count(*) FROM (SELECT at, hit {LATEST} ?) WHERE at > ?",
        (alert, key, min(last, MOST_COUNTED), at - within_ms),
    ).fetchone()
    return int(hits), int(of)


def trim(db: sqlite3.Connection, alert: str, key: str) -> None:
    """Forget all but the latest messages of one value."""
    db.execute(
        f"DELETE FROM alert_hits WHERE alert = ? AND key = ? AND outbox_id <= (SELECT outbox_id {LATEST} 1 OFFSET ?)",
        (alert, key, alert, key, MOST_COUNTED),
    )


def forget(db: sqlite3.Connection, alert: str, counted_before: int, fired_before: int) -> None:
    """Forget what lies before a window, and firings whose cooldown is over and that no digest waits for."""
    db.execute("DELETE FROM alert_hits WHERE alert = ? AND at <= ?", (alert, counted_before))
    db.execute(
        "DELETE FROM alert_firings WHERE alert = ? AND first_at IS NULL AND fired_at <= ?",
        (alert, fired_before),
    )


def keep_only(db: sqlite3.Connection, alerts: list[str]) -> None:
    """Forget all of alerts that there are no longer."""
    marks = ", ".join("?" * len(alerts))
    for table in ("alert_hits", "alert_firings"):
        db.execute(f"DELETE FROM {table} WHERE alert NOT IN ({marks})", alerts)


def fire(db: sqlite3.Connection, alert: str, key: str, at: int, cooldown_ms: int) -> bool:
    """Note that an alert fires; False while it cools down."""
    noted = db.execute(
        "INSERT INTO alert_firings (alert, key, fired_at) VALUES (?, ?, ?)"
        " ON CONFLICT (alert, key) DO UPDATE SET fired_at = excluded.fired_at WHERE fired_at <= excluded.fired_at - ?",
        (alert, key, at, cooldown_ms),
    )
    return bool(noted.rowcount)


def keep_for_digest(db: sqlite3.Connection, alert: str, key: str, at: int, counted: int) -> None:
    """Have the next digest tell of a firing."""
    db.execute(
        "UPDATE alert_firings SET first_at = coalesce(first_at, ?), times = times + 1, most = max(most, ?)"
        " WHERE alert = ? AND key = ?",
        (at, counted, alert, key),
    )


def digest_is_due(db: sqlite3.Connection, alert: str, begun_before: int) -> bool:
    """Whether the first that waits for a digest came at or before a moment."""
    statement = "SELECT 1 FROM alert_firings WHERE alert = ? AND first_at <= ? LIMIT 1"
    return db.execute(statement, (alert, begun_before)).fetchone() is not None


def take_digest(db: sqlite3.Connection, alert: str) -> list[Waiting]:
    """What waits for a digest, the most frequent first; it waits no longer."""
    rows = db.execute(
        "SELECT key, first_at, times, most FROM alert_firings WHERE alert = ? AND first_at IS NOT NULL"
        " ORDER BY times DESC, key",
        (alert,),
    ).fetchall()
    db.execute("UPDATE alert_firings SET first_at = NULL, times = 0, most = 0 WHERE alert = ?", (alert,))
    return [Waiting._make(row) for row in rows]
