"""Cards: what listings show of each session."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

MOST: Final = 10_000  # sessions of one issue that are counted; beyond, one more makes it no rarer

_ISSUE: Final = """  -- the index holds cards that show an issue, and SQLite must see that these do
    SELECT count(*) FROM (SELECT 1 FROM cards JOIN sites ON sites.id = site_id
        WHERE sites.name = ? AND issue = ? AND issue <> '' LIMIT ?)
"""


class CardRow(NamedTuple):
    """A card as it stands in the store; times in ms since the epoch, scores 0..1."""

    id: int
    site: str
    log: str
    part: str
    log_number: int
    decision: str
    started_at: int
    as_of_ms: int
    bot: float | None
    frustration: float | None
    conversion: float | None
    worth: float | None
    verdict: str
    action: str
    flagged: int
    seen_before: int
    issue: str
    headline: str
    signals: str
    pages: str
    device: str
    lane: str
    rank: float
    stratum: int | None
    propensity: float
    draw: float | None
    final: int
    status: str
    assignee: str
    snoozed_until: int | None
    why: str
    label: str
    version: int


CARD: Final = """
    SELECT cards.id, sites.name, sessions.name, cards.part, cards.log_number, decision, started_at, as_of_ms, bot,
           frustration, conversion, worth, verdict, action, flagged, seen_before, issue, headline, signals, pages,
           device, lane, rank, stratum, propensity, draw, final, cards.status, assignee, snoozed_until,
           why, label, version
    FROM cards JOIN sites ON sites.id = cards.site_id
    JOIN session_tallies AS sessions ON sessions.id = cards.session_id
"""


def find_card(db: sqlite3.Connection, site: str, part: str) -> CardRow | None:
    """The card of a session; None while nothing was decided of it."""
    row = db.execute(f"{CARD} WHERE sites.name = ? AND part = ?", (site, part)).fetchone()
    return None if row is None else CardRow._make(row)


def awake(card: CardRow, now_ms: int) -> CardRow:
    """A card as it stands now: one that was put off is new again once its time is over."""
    if card.status != "snoozed" or (card.snoozed_until or 0) > now_ms:
        return card
    return card._replace(status="new", snoozed_until=None)


def with_issue(db: sqlite3.Connection, site: str, issue: str) -> int:
    """How many sessions of a site have a card that shows an issue."""
    (count,) = db.execute(_ISSUE, (site, issue, MOST)).fetchone()
    return int(count)
