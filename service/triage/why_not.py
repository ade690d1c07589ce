"""Why a session is not in a list: each filter that it fails, or where it stands, or why nobody flagged it."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from data_contracts import decisions
from data_contracts.assessments import INELIGIBLE
from models.worth import FLAG_FROM
from pipelines.store.cards import CardRow, awake, find_card
from pipelines.store.listing import Wanted, before, of_issues, passes
from pipelines.store.store import Store
from service.triage.pages import counted, in_front, still_open


class Looked(NamedTuple):
    """What the store says of a card under filters.

    Attributes
    ----------
    failed
        Names of the filters that it does not pass.
    before
        Cards before it in its lane, counted as far as those of an issue.
    same
        Flagged sessions of its issue, counted as ``of_issues`` does.
    front
        Of the first ten cards the one that stands for its issue, and its place.
    """

    card: CardRow
    failed: list[str]
    before: int
    same: int
    front: tuple[int, CardRow] | None

    @property
    def folded_into(self) -> str | None:
        """The session whose card stands for it, if that is another."""
        return self.front[1].part if self.front is not None and self.front[1].part != self.card.part else None


def why_not(store: Store, site: str, part: str, wanted: Wanted, now_ms: int) -> dict[str, Any] | None:
    """What keeps a session out of the queue under these filters; None if there is no card of it."""
    asked = still_open(wanted)

    def look(db: sqlite3.Connection) -> Looked | None:
        card = find_card(db, site, part)
        if card is None:
            return None
        return Looked(
            awake(card, now_ms),
            [name for name, ok in passes(db, site, part, asked, now_ms).items() if not ok],
            before(db, site, asked, now_ms, card),
            of_issues(db, site, asked, now_ms, [card.issue]).get(card.issue, 0),
            in_front(db, site, asked, now_ms, card),
        )

    found = store.read(look)
    if found is None:
        return None
    if found.failed:
        found = found._replace(front=None)
    card, listed = found.card, not found.failed and found.folded_into is None
    return {
        "session_id": part,
        "listed": listed,
        "fails": found.failed,
        "status": card.status,
        "lane": card.lane,
        "before_it_in_its_lane": found.before if listed else None,
        "sessions_of_its_issue": found.same if card.flagged else None,
        "folded_into": found.folded_into,
        "flagged": bool(card.flagged),
        "reasons": _reasons(store, site, found),
    }


def _reasons(store: Store, site: str, found: Looked) -> list[str]:
    """The same in sentences."""
    card = found.card
    said = [f"It does not pass the filter {name}." for name in found.failed if name != "status"]
    if "status" in found.failed:
        said.append(f"Its card is {card.status}, and those are not asked for.")
    if card.lane == "automation":
        said.append("Its verdict is automation; these sessions have a queue of their own.")
    elif not card.flagged:
        said += _unflagged(store, site, card)
    elif not found.failed:
        said.append(_place(found))
    return said


def _place(found: Looked) -> str:
    if found.front is None:
        return "It is in the queue, with a card of its own."
    place, stands = found.front
    what = f"card {place} of the queue, which stands for {counted(found.same)} sessions of this issue"
    if found.folded_into is None:
        return f"It is {what}."
    return f"Another session of its issue stands in front: {stands.part}, {what}."


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
