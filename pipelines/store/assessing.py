"""Rows of assessments, tokens, the owner's lists and annotations."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from data_contracts.errors import WatchworthyError
from pipelines.store.bodies import pack, unpack
from pipelines.store.crypto import Keys, bound, decrypt, encrypt
from pipelines.store.deciding import unstored


class Asked(NamedTuple):
    """An assessment to be kept.

    Attributes
    ----------
    session, part
        The log and the session of it; empty of a recording that was not stored.
    decision
        The record that it stands on.
    reference, subject
        Keyed hashes, or None.
    """

    name: str
    site: str
    session: str
    part: str
    decision: str
    created_at_ms: int
    action: str
    bound: bool
    reference: bytes | None
    subject: bytes | None
    body: bytes


CLOCKS_MS: Final = (
    60_000  # how far the clocks of two processes may be apart, and their transactions out of order
)
_SITE: Final = "(SELECT id FROM sites WHERE name = ?)"
_SESSION: Final = f"(SELECT id FROM session_tallies WHERE site_id = {_SITE} AND name = ?)"
_ASK: Final = f"""
    INSERT INTO assessments (name, site_id, session_id, part, decision, created_at, action, bound, reference, subject,
        payload)
    VALUES (?, {_SITE}, {_SESSION}, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_TOLD: Final = """
    SELECT assessments.name, sites.name, sessions.name, part, decision, created_at, action, bound, reference, subject,
           payload
    FROM assessments JOIN sites ON sites.id = assessments.site_id
    LEFT JOIN session_tallies AS sessions ON sessions.id = session_id
"""


def keep(db: sqlite3.Connection, keys: Keys, asked: Asked) -> None:
    """Keep an assessment; its answer is encrypted under the key of its session, or one of its own.

    Raises
    ------
    WatchworthyError
        ``payload_expired`` if the session was erased meanwhile: nothing of it may come back.
    """
    if asked.session:
        if db.execute(f"SELECT {_SESSION}", (asked.site, asked.session)).fetchone() == (None,):
            raise WatchworthyError("payload_expired", "The session was erased.", asked.session)
        cipher = keys.of(asked.site, asked.session)
    else:
        cipher = keys.made(asked.site, unstored(asked.decision))
    payload = encrypt(cipher, pack(asked.body), bound("assessment", asked.site, asked.name))
    *facts, _ = asked[4:]
    db.execute(_ASK, (asked.name, asked.site, asked.site, asked.session, asked.part, *facts, payload))


def find(db: sqlite3.Connection, keys: Keys, site: str, name: str) -> Asked | None:
    """An assessment of a site; None if there is none of this id.

    Raises
    ------
    WatchworthyError
        ``payload_expired`` if its session was erased.
    """
    row = db.execute(f"{_TOLD} WHERE sites.name = ? AND assessments.name = ?", (site, name)).fetchone()
    if row is None:
        return None
    *facts, payload = row
    if payload is None:
        raise WatchworthyError("payload_expired", "The session was erased, and the assessment with it.", name)
    session, decision = facts[2] or "", facts[4]
    opened = decrypt(
        keys.of(site, session or unstored(decision)), payload, bound("assessment", site, name), name
    )
    return Asked._make((*facts[:2], session, *facts[3:7], bool(facts[7]), *facts[8:], unpack(opened)))


def referred(db: sqlite3.Connection, site: str, reference: bytes) -> tuple[str, str, str] | None:
    """Log, session and id of the last assessment that was asked for under a reference."""
    row = db.execute(
        f"{_TOLD} WHERE sites.name = ? AND reference = ? ORDER BY assessments.id DESC LIMIT 1",
        (site, reference),
    ).fetchone()
    return None if row is None else (row[2] or "", row[3], row[0])


class Before(NamedTuple):
    """What was asked of a session before: how often, and whether for another subject."""

    times: int
    others: bool


def before(db: sqlite3.Connection, site: str, part: str, subject: bytes | None) -> Before:
    """What was asked of a session before."""
    times, others = db.execute(
        "SELECT count(*), coalesce(max(subject IS NOT NULL AND ? IS NOT NULL AND subject <> ?), 0) FROM assessments"
        " JOIN sites ON sites.id = site_id WHERE sites.name = ? AND part = ? AND part <> ''",
        (subject, subject, site, part),
    ).fetchone()
    return Before(int(times), bool(others))


def use_token(db: sqlite3.Connection, nonce: bytes, expires_at_ms: int, now_ms: int) -> None:
    """Use a token up, and forget those that have expired.

    Raises
    ------
    WatchworthyError
        ``token_reused`` if it was used before.
    """
    db.execute("DELETE FROM used_tokens WHERE expires_at < ?", (now_ms - CLOCKS_MS,))
    try:
        db.execute("INSERT INTO used_tokens VALUES (?, ?)", (nonce, expires_at_ms))
    except sqlite3.IntegrityError:
        raise WatchworthyError("token_reused", "The token was used before; ask for a new one.") from None


class Override(NamedTuple):
    """An entry of one of the owner's lists."""

    id: int
    list: str
    kind: str
    why: str
    made_by: str
    created_at_ms: int
    expires_at_ms: int | None


_OVERRIDES: Final = """
    SELECT overrides.id, list, kind, why, made_by, created_at, expires_at FROM overrides
    JOIN sites ON sites.id = site_id WHERE sites.name = ?
"""


def add_override(
    db: sqlite3.Connection,
    site: str,
    entry: tuple[str, str, bytes, str, str],
    now_ms: int,
    expires_at_ms: int | None,
) -> int:
    """Add (list, kind, value, why, made by), in the place of what was said of the same before; its id."""
    db.execute("INSERT OR IGNORE INTO sites (name) VALUES (?)", (site,))
    (number,) = db.execute(
        "INSERT OR REPLACE INTO overrides (site_id, list, kind, value, why, made_by, created_at, expires_at)"
        f" VALUES ({_SITE}, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (site, *entry, now_ms, expires_at_ms),
    ).fetchone()
    return int(number)


def remove_override(db: sqlite3.Connection, site: str, number: int) -> bool:
    """Take an entry off; whether there was one."""
    return bool(
        db.execute(f"DELETE FROM overrides WHERE site_id = {_SITE} AND id = ?", (site, number)).rowcount
    )


def overrides(db: sqlite3.Connection, site: str, after: int, most: int) -> list[Override]:
    """Entries by id, after one of them."""
    rows = db.execute(f"{_OVERRIDES} AND overrides.id > ? ORDER BY overrides.id LIMIT ?", (site, after, most))
    return [Override._make(row) for row in rows]


def override_of(
    db: sqlite3.Connection, site: str, session: bytes | None, subject: bytes | None, now_ms: int
) -> Override | None:
    """The entry that holds for a session and its subject now; the denying one if there are two."""
    row = db.execute(
        f"{_OVERRIDES} AND ((kind = 'session' AND value = ?) OR (kind = 'subject' AND value = ?))"
        " AND (expires_at IS NULL OR expires_at > ?) ORDER BY list = 'deny' DESC, overrides.id LIMIT 1",
        (site, session, subject, now_ms),
    ).fetchone()
    return None if row is None else Override._make(row)
