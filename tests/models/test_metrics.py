"""Measures agree with scikit-learn's, and their intervals draw people."""

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import roc_auc_score

from models.metrics import (
    at_base_rate,
    auc,
    expected_calibration_error,
    log_loss,
    ranking,
    simulated_error,
    slope_and_intercept,
    tpr_at,
)
from pipelines.training.evaluate import at_rates


@pytest.fixture(scope="module")
def scores():
    rng = np.random.default_rng(5)
    label = rng.integers(0, 2, 400)
    return np.round(rng.normal(size=400) + label, 1), label, rng.random(400) + 0.1


def test_auc_equals_scikit_learn_with_ties_and_weights(scores):
    score, label, weight = scores
    one = label == 1
    assert auc(score[one], score[~one]) == pytest.approx(roc_auc_score(label, score))
    weighted = auc(score[one], score[~one], weight[one], weight[~one])
    assert weighted == pytest.approx(roc_auc_score(label, score, sample_weight=weight))


def test_hits_are_counted_at_no_more_than_the_rate():
    negative = np.arange(100.0)
    assert tpr_at(np.array([93.5, 95.5, 98.5]), negative, 0.05) == pytest.approx(2 / 3)
    assert tpr_at(np.array([94.0, 95.0]), negative, 0.05) == pytest.approx(0.5)
    assert tpr_at(np.array([98.5, 99.5]), negative, 0.01) == pytest.approx(1.0)


def test_intervals_widen_when_sessions_are_of_few_people():
    rng = np.random.default_rng(2)
    mean = rng.normal(size=8)
    person = np.repeat(np.arange(8), 50)
    negative = mean[person] + 0.1 * rng.normal(size=400)
    positive = rng.normal(1, 1, 100)
    few = ranking(positive, negative, person)
    many = ranking(positive, negative, np.arange(400))
    assert few.auc_interval[1] - few.auc_interval[0] > 1.5 * (many.auc_interval[1] - many.auc_interval[0])


def test_calibration_measures_of_a_calibrated_score():
    rng = np.random.default_rng(9)
    ratio = rng.normal(0, 1.5, 20_000)
    p = 1 / (1 + np.exp(-ratio))
    label = (rng.random(len(p)) < p).astype("i8")
    weight = np.ones(len(p))
    slope, intercept = slope_and_intercept(ratio, label, weight)
    assert (slope, intercept) == pytest.approx((1, 0), abs=0.06)
    assert expected_calibration_error(p, label, weight) <= np.quantile(simulated_error(p, weight), 0.999)
    assert (
        expected_calibration_error(np.clip(p + 0.1, 0, 1), label, weight) > simulated_error(p, weight).max()
    )
    assert log_loss(p, label, weight) == pytest.approx(sklearn_log_loss(label, p))


def test_weights_at_a_base_rate():
    label = np.array([1, 0, 0, 1])
    weight = at_base_rate(label, np.array([1.0, 3.0, 1.0, 1.0]), 0.05)
    assert weight[label == 1].sum() == pytest.approx(0.05)
    assert weight.sum() == pytest.approx(1)


def test_the_prior_offset_mends_what_another_base_rate_breaks():
    rng = np.random.default_rng(5)
    label = (np.arange(20_000) < 10_000).astype("i8")
    ratio = rng.normal(np.where(label == 1, 1.0, -1.0), math.sqrt(2.0))  # its own log-likelihood ratio
    told = {(one["base_rate"], one["offset"]): one for one in at_rates(ratio, label, np.ones(len(label)))}
    assert {rate for rate, _ in told} == {0.5, 0.1, 0.02, 0.005}
    for rate in (0.1, 0.02, 0.005):
        before, after = told[rate, False], told[rate, True]
        assert after["ece"] < before["ece"] / 5
        assert after["log_loss"] < before["log_loss"]
        assert after["slope"] == pytest.approx(1.0, abs=0.1)
        assert after["intercept"] == pytest.approx(0.0, abs=0.25)
        assert before["intercept"] < -1.5
    assert told[0.5, False] == {**told[0.5, True], "offset": False}
