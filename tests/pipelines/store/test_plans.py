"""What is asked often is found by an index, however much is stored: no table is read from end to end for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from data_contracts.annotations import Annotation
from pipelines.store import Store, listing
from pipelines.store.annotating import annotate, annotations_of
from pipelines.store.assessing import before, find, override_of, referred
from pipelines.store.cards import CardRow, find_card, with_issue
from pipelines.store.deciding import TOLD, unjudged
from pipelines.store.intervening import offered, outcomes, used
from tests.pipelines.store.making import SESSION, SITE

SMALL = ("sites", "CONSTANT", "(subquery")
"""What may be read from end to end."""

NOBODY = Annotation(annotation_id="an_1", session_id="s", label="calm", reason="watched")
CARD = CardRow(*[None] * len(CardRow._fields))  # type: ignore[arg-type]

ASKED: dict[str, Callable[[sqlite3.Connection, Store], Any]] = {
    "card": lambda db, store: find_card(db, SITE, "s"),
    "rarity": lambda db, store: with_issue(db, SITE, "dead_click:1"),
    "counts of issues": lambda db, store: listing.of_issues(db, SITE, listing.Wanted(), 0, ["a", "b"]),
    "lane": lambda db, store: listing.in_lane(
        db, SITE, listing.Wanted(statuses=("new",)), 0, "worth", (0.5, "s"), ["a"], 20
    ),
    "before": lambda db, store: listing.before(
        db, SITE, listing.Wanted(statuses=("new",)), 0, CARD._replace(lane="worth", rank=0.5, part="s")
    ),
    "happening": lambda db, store: listing.happening(db, SITE, listing.Wanted(statuses=("new",)), 0, 0, 20),
    "slice": lambda db, store: listing.in_order(db, SITE, listing.Wanted(), 0, "slice", (0.5, "s"), 20),
    "put off": lambda db, store: listing.asleep(db, 0),
    "worth": lambda db, store: listing.in_order(db, SITE, listing.Wanted(), 0, "worth", (0.5, "s"), 20),
    "newest": lambda db, store: listing.in_order(db, SITE, listing.Wanted(), 0, "newest", (5, "s"), 20),
    "changes": lambda db, store: listing.changed(db, SITE, listing.Wanted(), 0, 7, 20),
    "ended": lambda db, store: unjudged(db, 20),
    "asked before": lambda db, store: before(db, SITE, "s", b"x"),
    "reference": lambda db, store: referred(db, SITE, b"x"),
    "assessment": lambda db, store: find(db, store.keys, SITE, "as_1"),
    "list entry": lambda db, store: override_of(db, SITE, b"x", b"y", 0),
    "annotations": lambda db, store: annotations_of(db, SITE, "s", 0, 20),
    "offered": lambda db, store: offered(db, SITE, SESSION),
    "caps": lambda db, store: used(db, SITE, "rule", "ada", "2030-01-01"),
    "outcomes": lambda db, store: outcomes(db, SITE, "rule"),
    "decisions": lambda db, store: db.execute(
        f"{TOLD} WHERE decisions.id > ? AND sites.name = ? AND part = ? ORDER BY decisions.id LIMIT ?",
        (0, SITE, "s", 20),
    ),
    "annotate": lambda db, store: annotate(db, SITE, "s", NOBODY, "key"),
}


BY: dict[str, str] = {
    "rarity": "cards_issue",
    "counts of issues": "cards_folded",
    "lane": "cards_lane (site_id=? AND lane=? AND (rank,part)>",
    "before": "cards_lane (site_id=? AND lane=? AND (rank,part)<",
    "happening": "cards_open",
    "slice": "cards_draw (site_id=? AND (draw,part)>",
    "put off": "cards_snoozed",
    "worth": "cards_worth",
    "newest": "cards_started",
    "ended": "sessions_unjudged",
    "asked before": "assessments_part (site_id=? AND part=?)",
    "reference": "assessments_reference",
    "annotations": "annotations_part (site_id=? AND part=?",
    "caps": "(site_id=? AND cap=? AND key>? AND key<?)",
    "decisions": "decisions_part (site_id=? AND part=?",
    "outcomes": "interventions_rule (rule=? AND visitor=?)",
    "annotate": "annotations_retracts",
}
"""What must be found by which index: to search all that a site has is no better than to read the table."""


@pytest.mark.parametrize("name", ASKED)
def test_no_large_table_is_read_from_end_to_end(store: Store, name: str) -> None:
    said: list[str] = []

    def ask(db: sqlite3.Connection) -> list[str]:
        db.execute("INSERT OR IGNORE INTO sites (name) VALUES (?)", (SITE,))
        db.set_trace_callback(said.append)
        try:
            ASKED[name](db, store)
        finally:
            db.set_trace_callback(None)
        statements = [
            one for one in said if one.lstrip().upper().startswith(("SELECT", "UPDATE", "INSERT", "--"))
        ]
        assert statements
        return [row[3] for one in statements for row in db.execute(f"EXPLAIN QUERY PLAN {one}")]

    plan = store.write(ask, ()).result()
    scans = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
    assert not [step for step in scans if not step.split()[1].startswith(SMALL)], plan
    assert any(BY.get(name, "") in step for step in plan), plan
