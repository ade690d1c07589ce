"""The conversion head learns from simulated goals, sees nothing of them, and refuses when they are few."""

import json
from itertools import islice

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from data_contracts.recordings import read
from models.bundle import load_head
from models.card import digest_in
from pipelines.simulated.shop import simulated_history
from pipelines.training.conversion import landmarked, train_conversion, vector_before


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
