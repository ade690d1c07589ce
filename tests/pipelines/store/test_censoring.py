"""Of those who were erased or withdrew a store keeps until when they were seen, and no name; returns leave them out."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.heads.churn import CHURN, DAY_MS, DAYS
from pipelines.learning.returning import returns
from pipelines.store import Store
from pipelines.store.censoring import HOUR_MS, censored_visitors, erased_visits
from pipelines.workspace.stored import Stored
from tests.pipelines.store.making import SITE, make_unit

NOW = time.time_ns() // 1_000_000
VISITS = {"a1": 40, "a2": 38, "b1": 40, "c1": 5, "d1": 40, "e1": 40}
"""Days ago; the first letter is the visitor."""


def visit(store: Store, name: str, days: float, seq: int = 0, **facts: Any) -> None:
    at_ms = NOW - int(days * DAY_MS)
    unit = make_unit(seq, session=name, visitor=name[0], received_at_ms=at_ms, stream=name, **facts)
    store.submit(unit).result()


@pytest.fixture
def filled(opened: Callable[..., Store], tmp_path: Path) -> Store:
    """``a2``, ``c1`` and ``e1`` erased today, ``d`` withdrawn six hours after its visit began."""
    store = opened(tmp_path / "data")
    for name, days in VISITS.items():
        visit(store, name, days)
    visit(store, "d1", 39.75, 1, consent="false")
    for name in ("a2", "c1", "e1"):
        assert store.erase(SITE, name)
    return store


def test_a_name_stays_only_while_a_session_does(filled: Store) -> None:
    since = filled.read(lambda db: censored_visitors(db, SITE))
    assert set(since) == {"a", "d"}
    assert since["d"] == NOW - 39.75 * DAY_MS
    assert since["a"] >= NOW
    gone = filled.read(lambda db: erased_visits(db, SITE))
    assert [one.visitor for one in gone] == ["a", "", ""]
    assert all(one.ended_ms % HOUR_MS == 0 for one in gone)
    assert gone[0].ended_ms == (NOW - 38 * DAY_MS) // HOUR_MS * HOUR_MS
    filled.erase(SITE, "a1")
    assert set(filled.read(lambda db: censored_visitors(db, SITE))) == {"d"}
    filled.withdraw(SITE, "d", NOW)
    assert filled.read(lambda db: censored_visitors(db, SITE))["d"] == NOW - 39.75 * DAY_MS, (
        "the earliest stays"
    )


def test_the_table_of_labels_says_who_is_censored_and_returns_leave_them_out(
    filled: Store, tmp_path: Path
) -> None:
    source = Stored(tmp_path / "data")
    labels = source.labels()
    assert {one.session_id: one.censored_at_ms for one in labels} == {
        "a1": filled.read(lambda db: censored_visitors(db, SITE))["a"],
        "d1": NOW - 39.75 * DAY_MS,
    }
    assert {one.head for one in labels} == {"churn"}
    told, share = returns(CHURN, source.rows(), labels, NOW + DAY_MS, source.erased())
    values = {name: one.value for name, one in told.items()}
    assert values == {"a1": 1, "b1": 0, "d1": None}, "the visit that was erased had been a return"
    assert told["d1"].why == "censored"
    # Of the visits whose days are over, a1 and b1 are known; d1, and the erased a2 and e1, are not.
    assert share == pytest.approx(3 / 5)
    assert NOW - 5 * DAY_MS + DAYS * DAY_MS > NOW, "the days of c1 are not over: it is in no share yet"
