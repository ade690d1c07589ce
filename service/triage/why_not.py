"""Why a session is not in a list: each filter that it fails, or where it stands, or why nobody flagged it."""

from __future__ import annotations

import sqlite3
from typing import Any

from data_contracts import decisions
from data_contracts.assessments import INELIGIBLE
from models.worth import FLAG_FROM
from pipelines.store.cards import CardRow, find_card
from pipelines.store.listing import NOW, OPEN, Wanted, before, of_issues, passes
from pipelines.store.store import Store


def why_not(store: Store, site: str, part: str, wanted: Wanted, now_ms: int) -> dict[str, Any] | None:
    """What keeps a session out of the queue under these filters; None if there is no card of it."""

    def look(db: sqlite3.Connection) -> tuple[CardRow, dict[str, bool], str, int, int] | None:
        card = find_card(db, site, part)
        if card is None:
            return None
        (status,) = db.execute(
            f"SELECT {NOW} FROM cards WHERE id = :id", {"id": card.id, "now": now_ms}
        ).fetchone()
        open_ = wanted if wanted.statuses else wanted._replace(statuses=OPEN)
        same = of_issues(db, site, open_, now_ms, [card.issue]).get(card.issue, 0) if card.issue else 0
        place = before(db, site, open_, now_ms, card)
        return card, passes(db, site, part, open_, now_ms), status, place, same

    found = store.read(look)
    if found is None:
        return None
    card, passed, status, place, same = found
    failed = [name for name, ok in passed.items() if not ok]
    return {
        "session_id": part,
        "listed": not failed,
        "fails": failed,
        "status": status,
        "lane": card.lane,
        "before_it_in_its_lane": place if not failed else None,
        "sessions_of_its_issue": same if card.flagged else None,
        "flagged": bool(card.flagged),
        "reasons": _reasons(store, site, card, failed, status),
    }


def _reasons(store: Store, site: str, card: CardRow, failed: list[str], status: str) -> list[str]:
    """The same in sentences."""
    said = [f"It does not pass the filter {name}." for name in failed if name != "status"]
    if "status" in failed:
        said.append(f"Its card is {status}, and those are not asked for.")
    if card.lane == "automation":
        said.append("Its verdict is automation; these sessions have a queue of their own.")
    elif not card.flagged:
        said += _unflagged(store, site, card)
    if not said:
        said.append(
            "It is in the queue; if other sessions show its issue, one card may stand for all of them."
        )
    return said


def _unflagged(store: Store, site: str, card: CardRow) -> list[str]:
    if card.frustration is None:
        told = store.decision(site, card.decision)
        if told is None or told.body is None:
            return ["No head has judged it."]
        score = decisions.read(told.body).outcome.heads.get("frustration")
        reason = score.ineligible_reason if score is not None else None
        return [f"The frustration head abstains: {INELIGIBLE.get(reason or '', 'no reason is on record')}."]
    if not card.headline:
        return ["There is no moment that a headline could tell of, so nobody is sent to watch."]
    worth = card.worth or 0.0
    rarity = f", for {card.seen_before:,} sessions showed its issue before" if card.seen_before else ""
    return [f"Its worth is {worth:.2f}{rarity}; sessions are flagged from {FLAG_FROM:.2f} upwards."]
