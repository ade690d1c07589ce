"""Drift is a size, called so only where chance does not make it; and what scores say of themselves is beside labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.lifecycle.alarms import Alarm, Alarms
from pipelines.lifecycle.drift import DISCOVERY, LEAST_EFFECT, QUANTILES, _quantiles, drift, permuted
from pipelines.lifecycle.estimating import estimated_precision, measured_precision


def test_where_nothing_moved_few_are_called_moved() -> None:
    rng = np.random.default_rng(0)
    false = []
    for seed in range(12):
        x = rng.normal(size=(120, 12))
        found = drift([str(i) for i in range(12)], x[:60], x[60:], permutations=60, seed=seed)
        false.append(any(one.drifted for one in found))
    assert np.mean(false) <= 0.25, "under the null every discovery is false: 5 % of the runs in the mean"


def test_a_move_is_found_told_in_spreads_and_missing_values_count() -> None:
    rng = np.random.default_rng(1)
    before, now = rng.normal(size=(300, 4)), rng.normal(size=(300, 4))
    now[:, 1] += 1.0
    now[:150, 2] = np.nan
    found = {one.name: one for one in drift(["still", "moved", "gone", "also still"], before, now)}
    assert {name for name, one in found.items() if one.drifted} == {"moved", "gone"}
    half = (np.quantile(before[:, 1], 0.95) - np.quantile(before[:, 1], 0.05)) / 2
    assert found["moved"].effect == pytest.approx(1 / half, abs=0.1)
    assert found["gone"].missing == pytest.approx(0.5)
    assert found["gone"].effect >= 0.5
    assert all(one.q >= one.p for one in found.values())
    both = np.sort(before[:, 0]), np.sort(now[:, 0])
    for values in both:
        np.testing.assert_allclose(_quantiles(values, QUANTILES), np.quantile(values, QUANTILES))


def test_what_was_a_constant_moves_by_a_size_that_can_be_read() -> None:
    now = np.concatenate([np.zeros(30), np.full(30, 7.0)])[:, None]
    found = drift(["x"], np.zeros((60, 1)), now)[0]
    assert found.drifted
    assert 0.5 < found.effect < 3
    assert drift(["x"], np.zeros((60, 1)), np.zeros((60, 1)))[0].effect == 0


def test_sessions_of_few_people_are_no_evidence_of_many() -> None:
    """Each of four people has a level of their own; sessions alone would call the two of now moved."""
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(4), 60)
    x = (rng.normal(size=4)[person] + 0.1 * rng.normal(size=240))[:, None]
    before, now = person < 2, person >= 2
    alone = drift(["x"], x[before], x[now])[0]
    grouped = drift(["x"], x[before], x[now], person[before], person[now])[0]
    assert alone.drifted
    assert alone.effect == grouped.effect >= LEAST_EFFECT
    assert grouped.q > DISCOVERY
    assert not grouped.drifted
    with pytest.raises(ValueError, match="takes 20 sessions"):
        drift(["x"], x[:5], x[5:])


def test_estimated_precision_is_right_while_calibrated_and_not_after() -> None:
    rng = np.random.default_rng(3)
    inside, wrong = [], []
    for _ in range(60):
        p = rng.beta(2, 2, 400)
        raised = p >= 0.5
        for shift, kept in ((0.0, inside), (-0.25, wrong)):
            truth = rng.random(400) < np.clip(p + shift, 0, 1)
            told = estimated_precision(p, raised)
            assert told.low is not None
            assert told.high is not None
            kept.append(told.low <= truth[raised].mean() <= told.high)
    assert np.mean(inside) >= 0.8, "a 90 % interval"
    assert np.mean(wrong) <= 0.1, "probabilities that promise a quarter too much"


def test_measured_precision_says_what_is_missing() -> None:
    assert "label more" in measured_precision(np.ones(4), np.full(4, 0.5)).missing
    right = np.array([1.0] * 40 + [0.0] * 20)
    told = measured_precision(right, np.full(60, 0.15))
    assert told.value == pytest.approx(2 / 3)
    assert told.low is not None
    assert told.low < 2 / 3
    assert estimated_precision(np.array([0.9]), np.array([False])).value is None


def test_an_alarm_takes_two_looks_of_three_and_then_rests(tmp_path: Path) -> None:
    hour = 3_600_000
    alarms = Alarms(tmp_path)
    assert alarms.look("a", ["drift x"], 0) == []
    assert alarms.look("b", ["drift x"], 0) == [], "another site"
    assert alarms.look("a", [], hour) == []
    assert alarms.look("a", ["drift x"], 2 * hour) == [Alarm("drift x", 2, 3)]
    assert Alarms(tmp_path).look("a", ["drift x"], 3 * hour) == [], "it was told an hour ago"
    assert alarms.look("a", ["drift x"], 27 * hour) == [Alarm("drift x", 3, 3)]
    assert alarms.look("a", ["drift y"], 28 * hour) == []


def test_visitors_who_come_back_are_permuted_with_all_their_sessions() -> None:
    """Sixty visitors, each with a level of their own and ten visits on either side: the same levels twice."""
    rng = np.random.default_rng(5)
    level, visitor = rng.normal(size=60), np.repeat(np.arange(60), 10)
    called, moved = 0, 0
    for seed in range(8):
        before, now = (level[visitor] + 0.2 * rng.normal(size=600) for _ in range(2))
        still = drift(["x"], before[:, None], now[:, None], visitor, visitor, permutations=60, seed=seed)[0]
        now += 0.3
        shifted = drift(["x"], before[:, None], now[:, None], visitor, visitor, permutations=60, seed=seed)[0]
        called, moved = called + still.drifted, moved + shifted.drifted
    assert called == 0
    assert moved == 8


def test_a_permutation_parts_no_group_and_keeps_how_many_stand_on_a_side() -> None:
    rng = np.random.default_rng(6)
    group = np.repeat(np.arange(40), 3)
    before = (group < 15) | ((group >= 30) & (np.arange(120) % 3 == 0))  # the last ten stand on both sides
    for _ in range(30):
        side = permuted(group, before, rng)
        once = np.array([side[group == g].mean() for g in range(30)])
        assert set(once.tolist()) == {0.0, 1.0}
        assert once.sum() == 15
        for g in range(30, 40):
            assert side[group == g].tolist() in ([True, False, False], [False, True, True])
