"""Returns in a training set, and a churn head trained on visitors who do come back by how they visit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.bundle import load
from models.heads.churn import CHURN, DAY_MS, DAYS
from models.live_scores import LiveScorer
from models.scorer import Scorer
from pipelines.learning.returning import returns
from pipelines.learning.site_head import train_set
from pipelines.readings import reading
from pipelines.training.fit import group_folds
from tests.pipelines.learning.made import label
from tests.pipelines.learning.test_linter import clean

SAMPLE = Path(__file__).resolve().parents[3] / "samples" / "calm-game.json.gz"


def row(session: str, visitor: str, day: float, received: int | None = None) -> dict[str, object]:
    return {
        "session_id": session, "visitor": visitor, "started_at_ms": int(day * DAY_MS), "duration_ms": 1000,
        "first_received_ms": int(day * DAY_MS) if received is None else received,
    }  # fmt: skip


def test_a_visit_is_told_once_its_days_are_over_and_censored_with_its_visitor() -> None:
    rows = [
        row("a1", "a", 0), row("a2", "a", 5), row("b1", "b", 1), row("c1", "c", 2), row("c2", "c", 3),
        row("d1", "d", 20), row("d2", "d", 21), row("n", "", 0), row("late", "b", 4, received=10**15),
    ]  # fmt: skip
    gone = label("c1", 0, head="churn", kind="goal", censored_at_ms=int(3.5 * DAY_MS), recorded_at_ms=0)
    told, censored = returns(CHURN, rows, [gone], 25 * DAY_MS)
    values = {name: one.value for name, one in told.items()}
    assert values == {"a1": 1, "a2": 0, "b1": 0, "c1": 1, "c2": None, "d1": None, "d2": None}
    assert told["c2"].why == "censored"
    assert (
        told["d1"].why == "window_still_open"
    )  # back the next day, and yet not told before its days are over
    assert told["a1"].window_closed_ms == 1000 + DAYS * DAY_MS
    assert censored == pytest.approx(1 / 5)
    assert "n" not in told, "nobody said who that was"


def test_a_churn_head_is_trained_saved_and_speaks(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    n = 900
    base = clean(CHURN)
    x = rng.random((n, len(CHURN.features))).astype("f4")
    place = CHURN.features.index("active_share")
    y = (rng.random(n) < 1 / (1 + np.exp(-4 * (x[:, place] - 0.5)))).astype("i8")
    group = np.array([f"v{i // 2}" for i in range(n)])
    fold = group_folds(group, y, 5, rng)
    columns = base.columns | {
        "label": y, "group": group, "fold": fold, "visitor": group, "person": np.full(n, ""),
        "session": np.array([f"s{i}" for i in range(n)]), "kind": np.full(n, "goal"),
    }  # fmt: skip
    for name, value in (("weight", 1.0), ("inclusion_weight", np.nan), ("drawn", False), ("may_test", True)):
        columns[name] = np.full(n, value)
    columns = {name: np.resize(column, n) for name, column in columns.items()}
    found = replace(base, x=x, columns=columns, provenance={"censored_share": 0.04})
    folder = train_set(found, tmp_path)
    card = (folder / "card.md").read_text("utf-8")
    assert "Censored before it was known: 4.0 %" in card
    judge = Scorer(load(tmp_path))
    low, high = (x[:1].copy() for _ in range(2))
    low[0, place], high[0, place] = 0.05, 0.95
    model = judge.bundle.heads["churn"].model
    assert model.margin(high[0]) > model.margin(low[0]) + 1
    (session,) = reading(str(SAMPLE)).sessions
    own, shipped = Scorer.starter(tmp_path), Scorer.starter()
    said = own.assess(session, session.id, "2030-01-01T00:00:00Z").heads
    assert said["churn"].eligible
    assert said["churn"].probability == LiveScorer(own).scores(session).heads["churn"].probability
    assert not shipped.assess(session, session.id, "2030-01-01T00:00:00Z").heads
    assert "churn" not in LiveScorer(shipped).scores(session).heads
    with pytest.raises(WatchworthyError, match="takes 300 visitors"):
        train_set(found.take(np.arange(n) < 100), tmp_path)
