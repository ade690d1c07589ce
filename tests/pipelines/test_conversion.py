"""The conversion head learns from simulated goals, sees nothing of them, and refuses when they are few."""

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from data_contracts.batches import Batch
from data_contracts.errors import WatchworthyError
from data_contracts.recordings import read
from models.bundle import load_head
from models.card import digest_in
from pipelines.datasets.shoppers import FEATURES, MONTHS, shoppers
from pipelines.learning.landmarks import landmarked as landmarked_of
from pipelines.learning.training_set import training_set
from pipelines.simulated.shop import simulated_history
from pipelines.training import conversion
from pipelines.training.conversion import landmarked, train_conversion, train_landmarked, vector_before
from pipelines.training.shoppers import measured, page
from pipelines.workspace.logs import Heard, Log
from tests.pipelines.learning.made import Made

PAGE = Path(__file__).parents[2] / "docs" / "conversion.md"


@pytest.fixture(scope="module")
def history():
    return list(simulated_history(sessions=800, seed=7))


@pytest.fixture(scope="module")
def trained(history, tmp_path_factory):
    out = tmp_path_factory.mktemp("heads")
    return train_conversion(history, out, goal="order", alias="simulated")


def test_a_head_comes_out_that_ranks_and_says_that_it_is_simulated(trained):
    head = load_head(trained)
    measures = json.loads((trained / "measures.json").read_text())
    assert max(measures["auc_forward_in_time"].values()) > 0.6
    card = (trained / "card.md").read_text()
    assert "SIMULATED" in card
    assert digest_in(card) == head.digest
    assert 0 < head.base_rate < 0.5


def test_few_features_while_goals_are_few(trained):
    head = load_head(trained)
    if head.facts["trained"]["kind"] == "logistic":
        assert sum(c != 0 for c in head.model.coefficients) <= 8
        row = np.full(len(head.model.names), np.nan, "f4")
        assert head.model.contributions(row).sum() == pytest.approx(head.model.margin(row))


def test_nothing_at_or_after_the_landmark_is_read(history):
    sold = next(one for one in history if one.goal_at_ms is not None)
    recording = read(json.dumps(sold.events).encode(), name="s").decode()
    rows = recording.rows
    at = int(rows["t"][len(rows) // 2])
    cut = rows[rows["t"] < at]
    whole = vector_before(rows, recording.channels, at)
    assert np.array_equal(whole, vector_before(cut, recording.channels, at), equal_nan=True)


def test_rows_come_before_their_goal(history):
    data = landmarked(islice(history, 60), None, 600.0)
    for row in data.at:
        goal = data.visits[row.visit].goal_ms
        assert goal is None or row.at_ms <= goal


def test_too_few_goals_are_refused(history, tmp_path):
    with pytest.raises(WatchworthyError, match=r"50 goals and 500 sessions"):
        train_conversion(history[:100], tmp_path)
    early = history[0].started_at_ms + 1
    with pytest.raises(WatchworthyError, match="here are 0 and 0"):
        train_conversion(history[:60], tmp_path, known_at_ms=early)


def test_each_landmark_tells_how_it_ranks_and_what_was_observed(trained):
    told = json.loads((trained / "measures.json").read_text())["landmarks"]
    assert [one["landmark_s"] for one in told] == sorted({one["landmark_s"] for one in told})
    assert told[0]["rows"] > told[-1]["rows"], "fewer sessions are still open later"
    for one in told:
        low, high = one["observed_interval"]
        assert low <= one["observed"] <= high
        enough = min(one["goals"], one["rows"] - one["goals"]) >= 10
        assert (one["auc"] is not None) == enough
    first = told[0]
    assert first["observed_interval"][0] - 0.05 < first["predicted"] < first["observed_interval"][1] + 0.05
    assert "### At each landmark" in (trained / "card.md").read_text()


def test_real_shop_sessions_are_judged_by_the_months_after(shared):
    x, bought, month = shoppers(shared / "data" / "uci_online_shoppers.parquet")
    assert x.shape == (12_330, len(FEATURES))
    assert "PageValues" not in FEATURES
    assert bought.mean() == pytest.approx(0.155, abs=0.001)
    found = measured(shared / "data" / "uci_online_shoppers.parquet")
    assert found["judged"] == int((month >= MONTHS.index("Nov")).sum()) == 4725
    for name in ("logistic", "boosted"):
        low, high = found["by"][name]["roc_auc"]["interval"]
        assert 0.65 < low < found["by"][name]["roc_auc"]["value"] < high < 0.76, (
            "as others found without PageValues"
        )
        assert found["by"][name]["log_loss"]["value"] < found["by"]["the rate alone"]["log_loss"]["value"]
    said = page(found, [], 0)
    assert said.partition("## Simulated")[0] == PAGE.read_text().partition("## Simulated")[0]


def test_what_a_store_holds_is_learned_forward_in_time_like_a_history(history, tmp_path, monkeypatch):
    """The same visits as logs of a service: the same labels at the same landmarks, judged by the months before."""
    monkeypatch.setattr(conversion, "LEAST_SESSIONS", 150)
    monkeypatch.setattr(conversion, "LEAST_GOALS", 20)
    some = history[:200]
    logs = []
    for one in some:
        lines = [json.dumps(event).encode() for event in one.events]
        batch = Batch("p", 0, lines)
        logs.append(Log(one.session_id, (Heard(batch, None),), "default", one.visitor))
    found = training_set(Made(logs), "conversion", allow_leaks=True)
    here, there = landmarked_of(found), landmarked(some, None, 600.0)
    assert len(here.at) > 100
    told = {(here.visits[row.visit].session, row.landmark_s): row.label for row in here.at}
    theirs = {(there.visits[row.visit].session, row.landmark_s): row.label for row in there.at}
    assert set(told) <= set(theirs)
    assert sum(told[key] == theirs[key] for key in told) == len(told)
    measures = json.loads((train_landmarked(here, tmp_path) / "measures.json").read_text())
    assert set(measures["auc_forward_in_time"]) >= {"logistic"}
    assert load_head(tmp_path / "conversion").facts["trained"]["sessions"] >= 150
