"""Rows of webhooks: where messages go, on which topics, and, under the master key, what signs them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any, Final, NamedTuple

import msgspec

from data_contracts.errors import WatchworthyError
from pipelines.store.crypto import Keys

MOST: Final = 64  # webhooks of a store: each may hold some connections open at once
AT_ONCE: Final = 5_000  # rows that go in one transaction; the batches sent meanwhile wait for it


class Secrets(msgspec.Struct, frozen=True):
    """What no one reads off the disk: the address and the template, which may hold keys of theirs, and what signs."""

    url: str
    secret: str
    fields: msgspec.Raw = msgspec.Raw(b"{}")


class Webhook(NamedTuple):
    """A webhook as it stands in the store; times in ms since the epoch.

    Attributes
    ----------
    name
        Its id for the world.
    topics
        What it is told of.
    template
        ``capture``, or empty: the message as it is.
    wrapped
        Its ``Secrets``, as ``opened`` reads them.
    disabled_at
        When it said 410 Gone; None while it is told.
    """

    id: int
    name: str
    site: str
    topics: tuple[str, ...]
    template: str
    wrapped: bytes
    allow_private: bool
    created_at: int
    disabled_at: int | None


class Counts(NamedTuple):
    """Messages of a webhook by state, each counted up to a bound."""

    waiting: int
    sent: int
    dead: int


COUNTED: Final = 10_000
WEBHOOK: Final = """
    SELECT webhooks.id, webhooks.name, sites.name, topics, template, wrapped, allow_private, created_at, disabled_at
    FROM webhooks JOIN sites ON sites.id = webhooks.site_id
"""


def read(row: Any) -> Webhook:
    """A row of ``WEBHOOK``."""
    id_, name, site, topics, template, wrapped, private, created_at, disabled_at = row
    facts = (tuple(topics.split()), template, wrapped, bool(private), created_at, disabled_at)
    return Webhook(id_, name, site, *facts)


def wrap(keys: Keys, name: str, secrets: Secrets) -> bytes:
    """Secrets as they are stored."""
    return keys.wrap(msgspec.json.encode(secrets), _bound(name))


def opened(keys: Keys, name: str, wrapped: bytes) -> Secrets:
    """Secrets as they were before.

    Raises
    ------
    WatchworthyError
        ``store_corrupt``.
    """
    return msgspec.json.decode(keys.unwrap(wrapped, _bound(name), name), type=Secrets)


def _bound(name: str) -> bytes:
    return msgspec.json.encode(["webhook", name])


def site_number(db: sqlite3.Connection, site: str) -> int:
    """The number of a site; it gets one if it has none."""
    db.execute("INSERT OR IGNORE INTO sites (name) VALUES (?)", (site,))
    (number,) = db.execute("SELECT id FROM sites WHERE name = ?", (site,)).fetchone()
    return int(number)


def add(
    db: sqlite3.Connection,
    name: str,
    site: str,
    topics: Collection[str],
    template: str,
    wrapped: bytes,
    allow_private: bool,
    now_ms: int,
) -> Webhook:
    """Add a webhook.

    Raises
    ------
    WatchworthyError
        ``too_many_webhooks``.
    """
    (there,) = db.execute("SELECT count(*) FROM webhooks").fetchone()
    if there >= MOST:
        raise WatchworthyError(
            "too_many_webhooks", f"There are {there} webhooks already: delete one first.", site
        )
    number = site_number(db, site)
    db.execute(
        "INSERT INTO webhooks (name, site_id, topics, template, wrapped, allow_private, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (name, number, f" {' '.join(topics)} ", template, wrapped, int(allow_private), now_ms),
    )
    return read(db.execute(f"{WEBHOOK} WHERE webhooks.name = ?", (name,)).fetchone())


def find(db: sqlite3.Connection, site: str, name: str) -> Webhook | None:
    """A webhook of a site; None if there is none of this name."""
    row = db.execute(f"{WEBHOOK} WHERE sites.name = ? AND webhooks.name = ?", (site, name)).fetchone()
    return None if row is None else read(row)


def listed(db: sqlite3.Connection, site: str) -> list[tuple[Webhook, Counts]]:
    """The webhooks of a site, in the order in which they were added, with what they have to do."""
    rows = db.execute(f"{WEBHOOK} WHERE sites.name = ? ORDER BY webhooks.id", (site,)).fetchall()
    return [(webhook, counts(db, webhook.id)) for webhook in map(read, rows)]


def counts(db: sqlite3.Connection, webhook: int) -> Counts:
    """How many messages of a webhook wait, were sent, are dead."""
    statement = "SELECT count(*) FROM (SELECT 1 FROM postings WHERE webhook_id = ? AND state = ? LIMIT ?)"
    return Counts(
        *(db.execute(statement, (webhook, state, COUNTED)).fetchone()[0] for state in Counts._fields)
    )


def able(db: sqlite3.Connection, webhook: int, disabled_at: int | None) -> None:
    """Disable a webhook, or enable it again with None."""
    db.execute("UPDATE webhooks SET disabled_at = ? WHERE id = ?", (disabled_at, webhook))


def remove(db: sqlite3.Connection, webhook: int) -> bool:
    """Delete some rows of a webhook that is disabled; whether all are gone, the webhook too."""
    for table in ("deliveries", "postings"):
        some = f"SELECT id FROM {table} WHERE webhook_id = ? LIMIT ?"
        if db.execute(f"DELETE FROM {table} WHERE id IN ({some})", (webhook, AT_ONCE)).rowcount == AT_ONCE:
            return False
    db.execute("DELETE FROM webhooks WHERE id = ?", (webhook,))
    return True
