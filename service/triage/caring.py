"""Care of a card: its status, whose it is, why it was resolved; each change is on record with who made it."""

from __future__ import annotations

import json
import sqlite3
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from data_contracts.errors import WatchworthyError
from pipelines.store.cards import CardRow, find_card
from pipelines.store.listing import asleep
from service.live.json_body import Told

Why = Literal[
    "fixed",
    "known_issue",
    "not_a_problem",
    "duplicate",
    "automation",
    "own_test",
    "cannot_reproduce",
    "other",
]
Status = Literal["new", "seen", "assigned", "snoozed", "resolved"]
MOST_MS: Final = 1 << 53


class CareRequest(Told):
    """What is to become of a card; ``version`` is that of the card that was looked at."""

    version: Annotated[int, Field(ge=1, le=1 << 40)]
    status: Status
    assignee: Annotated[str, Field(max_length=100)] | None = None
    snoozed_until_ms: Annotated[int, Field(ge=0, le=MOST_MS)] | None = None
    why: Why | None = None
    note: Annotated[str, Field(max_length=1_000)] = ""

    @model_validator(mode="after")
    def whole(self) -> CareRequest:
        """What each status needs."""
        if (self.status == "resolved") != (self.why is not None):
            raise ValueError("a card is resolved with a why, and only then has one")
        if (self.status == "snoozed") != (self.snoozed_until_ms is not None):
            raise ValueError("a card is snoozed until a time, and only then has one")
        if self.status == "assigned" and not self.assignee:
            raise ValueError("a card is assigned to somebody")
        return self


_CARE: Final = """
    UPDATE cards SET status = ?, assignee = ?, snoozed_until = ?, why = ?, version = version + 1 WHERE id = ?
"""
_HISTORY: Final = """
    INSERT INTO card_history (site_id, session_id, part, who, at, was, became)
    SELECT site_id, session_id, part, ?, ?, ?, ? FROM cards WHERE id = ?
"""
_CHANGE: Final = """
    INSERT INTO changes (site_id, session_id, part, what, at)
    SELECT site_id, session_id, part, ?, ? FROM cards WHERE id = ?
"""


def care(
    db: sqlite3.Connection, site: str, part: str, told: CareRequest, who: str, now_ms: int
) -> CardRow | None:
    """Change a card; as it is then, None if there is none.

    Raises
    ------
    WatchworthyError
        ``card_changed`` if it is no longer the one that was looked at; ``snooze_over`` if the time until which it is
        to sleep is over.
    """
    if told.snoozed_until_ms is not None and told.snoozed_until_ms <= now_ms:
        said = (
            f"The card cannot sleep until {told.snoozed_until_ms}: it is {now_ms} now, in ms since the epoch."
        )
        raise WatchworthyError("snooze_over", said)
    card = find_card(db, site, part)
    if card is None:
        return None
    if card.version != told.version:
        said = f"The card is at version {card.version}, not {told.version}; look at it again."
        raise WatchworthyError("card_changed", said)
    assignee = card.assignee if told.assignee is None else told.assignee
    why = f"{told.why}: {told.note}" if told.why and told.note else told.why or ""
    db.execute(_CARE, (told.status, assignee, told.snoozed_until_ms, why, card.id))
    after = find_card(db, site, part)
    assert after is not None
    db.execute(_HISTORY, (who, now_ms, _state(card), _state(after, told.note), card.id))
    db.execute(_CHANGE, ("care", now_ms, card.id))
    return after


def wake(db: sqlite3.Connection, now_ms: int) -> int:
    """Make the cards new whose time to sleep is over, so that whoever follows hears of it; how many there were."""
    rows = asleep(db, now_ms)
    for number, site, part in rows:
        card = find_card(db, site, part)
        assert card is not None
        db.execute(_CARE, ("new", card.assignee, None, "", number))
        db.execute(
            _HISTORY,
            ("", now_ms, _state(card), _state(card._replace(status="new", snoozed_until=None)), number),
        )
        db.execute(_CHANGE, ("woke", now_ms, number))
    return len(rows)


def history(db: sqlite3.Connection, site: str, part: str) -> list[dict[str, object]]:
    """Who made what of a card, the oldest first; the last hundred."""
    rows = db.execute(
        "SELECT who, at, was, became FROM card_history JOIN sites ON sites.id = site_id"
        " WHERE sites.name = ? AND part = ? ORDER BY card_history.id DESC LIMIT 100",
        (site, part),
    ).fetchall()
    return [
        {"who": who, "at_ms": at, "was": json.loads(was), "became": json.loads(became)}
        for who, at, was, became in reversed(rows)
    ]


def _state(card: CardRow, note: str = "") -> str:
    told = {
        "status": card.status,
        "assignee": card.assignee,
        "snoozed_until_ms": card.snoozed_until,
        "why": card.why,
    }
    return json.dumps(told | {"note": note} if note and not card.why else told)
