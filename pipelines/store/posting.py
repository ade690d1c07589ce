"""Postings: each message of the outbox on its way to each webhook that is told of it, and the log of attempts.

A posting is leased before it is sent and noted afterwards, so that two dispatchers never send it at once, and one that
is killed in between leaves it to be sent again. Messages of erased sessions go with all that stands here of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from pipelines.store.endpoints import AT_ONCE, WEBHOOK, Webhook, read, site_number
from pipelines.store.units import Outgoing

SPREAD: Final = 50  # messages spread in one transaction; with 64 webhooks it then holds up batches for 20 ms
REPLAYED: Final = 10_000  # dead letters revived by one call
DAY_MS: Final = 86_400_000
KEPT_MS: Final = 30 * DAY_MS  # messages, and the log of their attempts
KEPT_MESSAGES: Final = 1_000_000
KEPT_ATTEMPTS: Final = 10_000  # of each webhook

OF_SESSION: Final = (
    "DELETE FROM deliveries WHERE posting_id IN (SELECT postings.id FROM postings"
    " JOIN outbox ON outbox.id = outbox_id WHERE session_id = ?)",
    "DELETE FROM postings WHERE outbox_id IN (SELECT id FROM outbox WHERE session_id = ?)",
    "DELETE FROM alert_hits WHERE outbox_id IN (SELECT id FROM outbox WHERE session_id = ?)",
)
"""What goes before the messages of a session that is erased."""

SITE: Final = "coalesce(outbox.site_id, (SELECT site_id FROM session_tallies WHERE id = outbox.session_id))"


class Claimed(NamedTuple):
    """A posting that is ours to send until its lease is over.

    Attributes
    ----------
    message
        Id of the message: the same in each attempt, and for each webhook.
    attempt
        From 1.
    """

    posting: int
    webhook: Webhook
    message: str
    topic: str
    body: bytes
    attempt: int
    lease: str


class Attempt(NamedTuple):
    """One line of the log; ``status`` is None where no answer came."""

    id: int
    message: str
    topic: str
    attempt: int
    at: int
    ms: int
    status: int | None
    error: str


class Outcome(NamedTuple):
    """What came of an attempt, and what comes next: ``due_at`` where it is tried again."""

    state: str
    at: int
    ms: int
    status: int | None = None
    error: str = ""
    due_at: int = 0
    gone: bool = False


def post(db: sqlite3.Connection, site: str, name: str, topic: str, body: bytes) -> int:
    """Put a message that is of no session into the outbox; its number, or 0 if it is there already."""
    number = site_number(db, site)
    added = db.execute(
        "INSERT OR IGNORE INTO outbox (name, topic, body, site_id) VALUES (?, ?, ?, ?)",
        (name, topic, body, number),
    )
    return int(added.lastrowid or 0) if added.rowcount else 0


def post_of(db: sqlite3.Connection, site: str, session: str, messages: Iterable[Outgoing]) -> None:
    """Put messages on a session into the outbox that no batch brought; those that are there stay as they are."""
    db.executemany(
        "INSERT OR IGNORE INTO outbox (session_id, name, topic, body) SELECT session_tallies.id, ?, ?, ?"
        " FROM session_tallies JOIN sites ON sites.id = site_id WHERE sites.name = ? AND session_tallies.name = ?",
        [(*message, site, session) for message in messages],
    )


def post_to(
    db: sqlite3.Connection, webhook: Webhook, name: str, topic: str, body: bytes, now_ms: int
) -> None:
    """Send a message to one webhook alone."""
    outbox = post(db, webhook.site, name, topic, body)
    db.execute("UPDATE outbox SET state = 'sent', spread_at = ? WHERE id = ?", (now_ms, outbox))
    db.execute(
        "INSERT INTO postings (outbox_id, webhook_id, due_at) VALUES (?, ?, ?)", (outbox, webhook.id, now_ms)
    )


def has_work(db: sqlite3.Connection, now_ms: int) -> bool:
    """Whether a message is to be spread, or a posting to be sent."""
    if db.execute("SELECT 1 FROM outbox WHERE state = 'waiting' LIMIT 1").fetchone():
        return True
    due = (
        "SELECT 1 FROM webhooks WHERE disabled_at IS NULL AND EXISTS (SELECT 1 FROM postings WHERE state = 'waiting'"
        " AND webhook_id = webhooks.id AND due_at <= ? AND lease_until <= ?) LIMIT 1"
    )
    return db.execute(due, (now_ms, now_ms)).fetchone() is not None


def spread(db: sqlite3.Connection, now_ms: int) -> int:
    """Make a posting of each message that came for each webhook of its site and topic; how many messages."""
    messages = [
        (number,)
        for (number,) in db.execute(
            "SELECT id FROM outbox WHERE state = 'waiting' ORDER BY id LIMIT ?", (SPREAD,)
        )
    ]
    db.executemany(
        f"INSERT OR IGNORE INTO postings (outbox_id, webhook_id, due_at) SELECT outbox.id, webhooks.id, {now_ms:d}"
        f" FROM outbox JOIN webhooks ON webhooks.site_id = {SITE} AND disabled_at IS NULL"
        " AND instr(webhooks.topics, ' ' || outbox.topic || ' ') WHERE outbox.id = ?",
        messages,
    )
    db.executemany(f"UPDATE outbox SET state = 'sent', spread_at = {now_ms:d} WHERE id = ?", messages)
    return len(messages)


def claim(
    db: sqlite3.Connection,
    lease: str,
    now_ms: int,
    lease_ms: int,
    rooms: Mapping[int, int],
    room: int,
    most_attempts: int,
) -> list[Claimed]:
    """Take the lease of postings that are due, and count the attempt.

    Parameters
    ----------
    lease
        Text that no other attempt to claim has.
    rooms, room
        How many each webhook may have more, by number; how many those not named.
    most_attempts
        A posting that was begun so often without a note of its end is dead.
    """
    claimed: list[Claimed] = []
    for webhook in map(read, db.execute(f"{WEBHOOK} WHERE disabled_at IS NULL").fetchall()):
        free = rooms.get(webhook.id, room)
        due = db.execute(
            "SELECT postings.id, outbox.name, topic, body, postings.attempts FROM postings"
            " JOIN outbox ON outbox.id = outbox_id WHERE postings.state = 'waiting' AND webhook_id = ?"
            " AND postings.due_at <= ? AND lease_until <= ? ORDER BY postings.due_at, postings.id LIMIT ?",
            (webhook.id, now_ms, now_ms, free),
        ).fetchall()
        for posting, name, topic, body, attempts in due:
            if attempts >= most_attempts:
                db.execute("UPDATE postings SET state = 'dead' WHERE id = ?", (posting,))
                continue
            db.execute(
                "UPDATE postings SET lease_owner = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ?",
                (lease, now_ms + lease_ms, posting),
            )
            claimed.append(Claimed(posting, webhook, name, topic, body, attempts + 1, lease))
    return claimed


def note(db: sqlite3.Connection, claimed: Claimed, outcome: Outcome) -> bool:
    """Write down what came of an attempt; False if the posting is gone, or another's by now."""
    ours = db.execute(
        "UPDATE postings SET state = ?, due_at = ?, lease_owner = '', lease_until = 0"
        " WHERE id = ? AND lease_owner = ?",
        (outcome.state, outcome.due_at, claimed.posting, claimed.lease),
    ).rowcount
    if not ours:
        return False
    db.execute(
        "INSERT INTO deliveries (posting_id, webhook_id, attempt, at, ms, status, error) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(claimed.posting, claimed.webhook.id, claimed.attempt),
            *(outcome.at, outcome.ms, outcome.status, outcome.error),
        ),
    )
    if outcome.gone:
        db.execute(
            "UPDATE webhooks SET disabled_at = ? WHERE id = ? AND disabled_at IS NULL",
            (outcome.at, claimed.webhook.id),
        )
    return True


def replay(db: sqlite3.Connection, webhook: Webhook, message: str, now_ms: int) -> bool:
    """Send a message once more to a webhook of its site; False if there is no such message, or it is on its way.

    A message that came before the webhook was there is sent as well.
    """
    found = db.execute(
        f"SELECT outbox.id FROM outbox JOIN webhooks ON webhooks.id = ? AND webhooks.site_id = {SITE}"
        " WHERE outbox.name = ? AND outbox.state = 'sent'",
        (webhook.id, message),
    ).fetchone()
    if found is None:
        return False
    replayed = db.execute(
        "INSERT INTO postings (outbox_id, webhook_id, due_at) VALUES (?, ?, ?)"
        " ON CONFLICT (outbox_id, webhook_id) DO UPDATE SET state = 'waiting', attempts = 0, due_at = excluded.due_at,"
        " lease_owner = '', lease_until = 0 WHERE lease_until <= excluded.due_at",
        (found[0], webhook.id, now_ms),
    )
    return bool(replayed.rowcount)


def replay_dead(db: sqlite3.Connection, webhook: Webhook, now_ms: int) -> int:
    """Send dead letters once more, the oldest first; how many."""
    dead = "SELECT id FROM postings WHERE webhook_id = ? AND state = 'dead' ORDER BY id LIMIT ?"
    revived = db.execute(
        f"UPDATE postings SET state = 'waiting', attempts = 0, due_at = ? WHERE id IN ({dead})",
        (now_ms, webhook.id, REPLAYED),
    )
    return revived.rowcount


def attempts(db: sqlite3.Connection, webhook: Webhook, before: int | None, most: int) -> list[Attempt]:
    """The log of a webhook, the latest first, from before the ``id`` of one of its lines."""
    rows = db.execute(
        "SELECT deliveries.id, outbox.name, topic, attempt, at, ms, status, error FROM deliveries"
        " JOIN postings ON postings.id = posting_id JOIN outbox ON outbox.id = outbox_id"
        " WHERE deliveries.webhook_id = ? AND deliveries.id < ? ORDER BY deliveries.id DESC LIMIT ?",
        (webhook.id, before or 1 << 62, most),
    )
    return [Attempt._make(row) for row in rows]


def waiting(db: sqlite3.Connection) -> int:
    """Postings that wait for webhooks."""
    statement = (
        "SELECT count(*) FROM webhooks JOIN postings ON webhook_id = webhooks.id"
        " WHERE state = 'waiting' AND disabled_at IS NULL"
    )
    return int(db.execute(statement).fetchone()[0])


def tidy(db: sqlite3.Connection, now_ms: int) -> bool:
    """Delete some of what is kept no longer; whether there is more.

    A message is kept for 30 days after it was spread, and as long as it still waits for somebody; of the messages, the
    latest million are kept; of the attempts of each webhook, the latest ten thousand.
    """
    before = now_ms - KEPT_MS
    gone = db.execute(
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE at < ? LIMIT ?)",
        (before, AT_ONCE),
    ).rowcount
    for (webhook,) in db.execute("SELECT id FROM webhooks").fetchall():
        last = "SELECT id FROM deliveries WHERE webhook_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?"
        some = f"SELECT id FROM deliveries WHERE webhook_id = ? AND id <= ({last}) LIMIT ?"
        gone += db.execute(
            f"DELETE FROM deliveries WHERE id IN ({some})", (webhook, webhook, KEPT_ATTEMPTS, AT_ONCE)
        ).rowcount
    old = db.execute(
        "SELECT id FROM outbox WHERE state = 'sent' AND (spread_at < ? OR id <= (SELECT max(id) FROM outbox) - ?)"
        " AND id <= (SELECT outbox_id FROM alert_cursor) AND NOT EXISTS (SELECT 1 FROM postings JOIN webhooks"
        " ON webhooks.id = webhook_id AND disabled_at IS NULL WHERE outbox_id = outbox.id AND state = 'waiting')"
        " LIMIT ?",
        (before, KEPT_MESSAGES, AT_ONCE),
    ).fetchall()
    db.executemany(
        "DELETE FROM deliveries WHERE posting_id IN (SELECT id FROM postings WHERE outbox_id = ?)", old
    )
    for table, column in (("postings", "outbox_id"), ("alert_hits", "outbox_id"), ("outbox", "id")):
        db.executemany(f"DELETE FROM {table} WHERE {column} = ?", old)
    return gone + len(old) >= AT_ONCE
