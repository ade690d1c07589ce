"""Rows of decisions: the record with its commitment, the card that shows it, and the change that readers follow."""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data_contracts.errors import WatchworthyError
from pipelines.store.bodies import pack, unpack
from pipelines.store.crypto import Keys, bound, decrypt, encrypt
from pipelines.store.rows import Row, insert
from pipelines.store.units import Decision, Name

KEY_BYTES: Final = 32  # of each commitment
DECISIONS: Final = (
    "decisions (name, site_id, session_id, part, log_number, bundle, policy, cause, created_at,"
    " commitment, payload)"
)
CARDS: Final = (
    "cards (site_id, session_id, part, log_number, decision, started_at, as_of_ms, bot, frustration, conversion, worth,"
    " verdict, action, flagged, seen_before, issue, headline, signals, pages, device, lane, rank, stratum,"
    " propensity, draw, final)"
)
_OF_ISSUE: Final = (
    "seen_before",
    "issue",
    "headline",
)  # stay as they were where nobody has looked up names again
_KEPT: Final = {
    "pages": "excluded.pages = ''",
    **dict.fromkeys(_OF_ISSUE, "excluded.issue = '' AND excluded.signals <> ''"),
}
"""When a column stays as it was. A card whose moments were all withdrawn has nothing more to tell."""
_SHOWN: Final = ", ".join(
    f"{name} = CASE WHEN {_KEPT[name]} THEN {name} ELSE excluded.{name} END"
    if name in _KEPT
    else f"{name} = excluded.{name}"
    for name in (column.strip(" )") for column in CARDS.partition("(")[2].split(",")[3:])
)
SHOW: Final = (
    f"ON CONFLICT (site_id, part) DO UPDATE SET {_SHOWN} WHERE excluded.log_number >= cards.log_number"
)
CHANGES: Final = "changes (site_id, session_id, part, what, at)"


class Place(NamedTuple):
    """Where a decision belongs: the log that it saw, up to which number, and the cipher of that log."""

    site: str
    site_id: int
    session: str
    session_id: int | None
    log_number: int
    cipher: AESGCM


def commitment(key: bytes, body: bytes) -> bytes:
    """HMAC-SHA-256 of a record under a random key of its own: it tells nothing of a record that is gone."""
    return hmac.digest(key, body, hashlib.sha256)


class Rows:
    """Rows to be written, by table."""

    def __init__(self) -> None:
        self._decisions: list[Row] = []
        self._cards: dict[tuple[int, str], Row] = {}
        self._changes: list[Row] = []

    def add(self, place: Place, decision: Decision) -> None:
        """Add a decision, and its card if it has one."""
        part = decision.part or place.session
        key = os.urandom(KEY_BYTES)
        payload = encrypt(place.cipher, key + pack(decision.body), bound("decision", place.site, decision.id))
        self._decisions.append(
            (
                decision.id,
                place.site_id,
                place.session_id,
                part,
                place.log_number,
                decision.bundle,
                decision.policy,
                decision.cause,
                decision.created_at_ms,
                commitment(key, decision.body),
                payload,
            )
        )
        if (card := decision.card) is None:
            return
        facts, signals, pages, *more = card[:12], card.signals, card.pages, *card[14:]
        told = f" {' '.join(signals)} " if signals else ""
        final = int(decision.cause == "ended")
        self._cards[place.site_id, part] = (
            *(place.site_id, place.session_id, part, place.log_number, decision.id),
            *facts,
            *(told, "\n".join(pages), *more, final),
        )
        self._changes.append((place.site_id, place.session_id, part, "decision", decision.created_at_ms))

    def write(self, db: sqlite3.Connection) -> None:
        """Write them; of several decisions on one session, the card is that of the last."""
        insert(db, DECISIONS, self._decisions)
        insert(db, CARDS, list(self._cards.values()), SHOW)
        insert(db, CHANGES, self._changes)


SESSION: Final = """
    SELECT session_tallies.id, site_id FROM session_tallies JOIN sites ON sites.id = site_id
    WHERE sites.name = ? AND session_tallies.name = ?
"""
THERE: Final = """
    SELECT 1 FROM decisions
    WHERE session_id = ? AND part = ? AND log_number = ? AND bundle = ? AND policy = ? AND cause = ?
"""
UNJUDGED: Final = """
    SELECT sites.name, sessions.name, next_log - 1
    FROM session_tallies AS sessions JOIN sites ON sites.id = site_id
    WHERE status <> 'open' AND judged < next_log - 1 ORDER BY last_received LIMIT ?
"""


def write_decisions(
    db: sqlite3.Connection,
    keys: Keys,
    site: str,
    session: str | None,
    decisions: Sequence[Decision],
    log_number: int,
    final: bool,
) -> int:
    """Write decisions that no batch brought; how many are new. See ``Store.decide``."""
    rows, new = Rows(), 0
    if session is None:
        db.execute("INSERT OR IGNORE INTO sites (name) VALUES (?)", (site,))
        (site_id,) = db.execute("SELECT id FROM sites WHERE name = ?", (site,)).fetchone()
        for decision in decisions:
            cipher = keys.made(site, unstored(decision.id))
            rows.add(Place(site, site_id, "", None, log_number, cipher), decision._replace(card=None))
            new += 1
    elif found := db.execute(SESSION, (site, session)).fetchone():
        session_id, site_id = found
        place = Place(site, site_id, session, session_id, log_number, keys.of(site, session))
        for decision in decisions:
            named = (session_id, decision.part or session, log_number, decision.bundle, decision.policy)
            if db.execute(THERE, (*named, decision.cause)).fetchone() is None:
                rows.add(place, decision)
                new += 1
        if final:
            db.execute("UPDATE session_tallies SET judged = ? WHERE id = ?", (log_number, session_id))
    rows.write(db)
    return new


def standing(
    db: sqlite3.Connection, site: str, session: str | None, decision: Decision, log_number: int
) -> str:
    """Id of the decision that stands for one that was to be written: itself, or the same of before."""
    if session is None:
        return decision.id
    part = decision.part or session
    row = db.execute(
        "SELECT decisions.name FROM decisions JOIN sites ON sites.id = decisions.site_id WHERE sites.name = ?"
        " AND part = ? AND log_number = ? AND bundle = ? AND policy = ? AND cause = ?",
        (site, part, log_number, decision.bundle, decision.policy, decision.cause),
    ).fetchone()
    return decision.id if row is None else str(row[0])


def unjudged(db: sqlite3.Connection, most: int) -> list[tuple[Name, int]]:
    """Sessions that ended and whose last decision saw less than all of them, each with its last log number."""
    return [((site, name), number) for site, name, number in db.execute(UNJUDGED, (most,))]


class Told(NamedTuple):
    """A decision as it stands in the store; ``body`` is None once it is gone."""

    id: int
    name: str
    site: str
    part: str
    log_number: int
    bundle: str
    policy: str
    cause: str
    created_at_ms: int
    commitment: bytes
    body: bytes | None


TOLD: Final = """
    SELECT decisions.id, decisions.name, sites.name, part, decisions.log_number, bundle, policy, cause, created_at,
           commitment, payload, sessions.name
    FROM decisions JOIN sites ON sites.id = decisions.site_id
    LEFT JOIN session_tallies AS sessions ON sessions.id = decisions.session_id
"""


def told(keys: Keys, rows: Sequence[Any]) -> list[Told]:
    """Rows of ``TOLD`` with their records opened; of those whose key is gone, without."""
    return [_told(keys, row) for row in rows]


def _told(keys: Keys, row: Any) -> Told:
    *facts, committed, payload, session = row
    site, name = facts[2], facts[1]
    body: bytes | None = None
    if payload is not None:
        try:
            cipher = keys.of(site, session or unstored(name))
            opened = decrypt(cipher, payload, bound("decision", site, name), name)
        except WatchworthyError as error:
            if error.code != "payload_expired":
                raise
        else:
            body = unpack(opened[KEY_BYTES:])
            if commitment(opened[:KEY_BYTES], body) != committed:
                said = "The record of a decision is not the one that was committed to."
                raise WatchworthyError("store_corrupt", said, name)
    return Told._make((*facts, committed, body))


def unstored(name: str) -> str:
    """Under which name the key is kept of a decision on a recording that was not stored: no session has one like it.

    >>> unstored("de_1")
    '~de_1'
    """
    return f"~{name}"
