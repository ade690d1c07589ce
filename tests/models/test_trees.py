"""The compiled walker says what LightGBM says, and its attributions sum to the margin."""

import lightgbm
import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.logistic import Logistic
from models.trees import ANYTHING, AT_LEAST, KNOWN, bare, read


@pytest.fixture(scope="module")
def booster():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(600, 5)).astype("f4")
    x[rng.random(x.shape) < 0.2] = np.nan
    x[:, 4] = rng.integers(0, 3, 600)  # never missing: NaN is read as 0 there
    y = (np.nan_to_num(x[:, 0]) * np.nan_to_num(x[:, 1]) + rng.normal(size=600) > 0).astype(int)
    settings = {
        "objective": "binary",
        "num_leaves": 9,
        "verbose": -1,
        "num_threads": 1,
        "deterministic": True,
    }
    return lightgbm.train(settings, lightgbm.Dataset(x, y), 25), x


def test_margins_equal_lightgbm(booster):
    model, x = booster
    rows = np.vstack([x[:100], np.full((1, 5), np.nan, "f4")])
    expected = model.predict(rows, raw_score=True)
    np.testing.assert_allclose(read(model.model_to_string()).margins(rows), expected, rtol=0, atol=1e-12)


def test_contributions_equal_lightgbm_and_sum_to_the_margin(booster):
    model, x = booster
    trees = read(model.model_to_string())
    expected = model.predict(x[:50], pred_contrib=True)
    for row, want in zip(x[:50], expected, strict=True):
        got = trees.contributions(row)
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-9)
        assert got.sum() == pytest.approx(trees.margin(row), abs=1e-9)


def check_reach(model, rows, others):
    """What is hidden may be what it is in any other row, or more than it was: the margin stays within its reach."""
    rng = np.random.default_rng(5)
    widths = []
    for row in rows:
        nothing = np.full(row.size, KNOWN, "u1")
        assert model.reach(row, nothing) == pytest.approx((model.margin(row),) * 2)
        hidden = rng.choice([KNOWN, ANYTHING, AT_LEAST], row.size).astype("u1")
        low, high = model.reach(row, hidden)
        widths.append(high - low)
        met = np.where(hidden == ANYTHING, others, row)
        more = np.where(np.isnan(row), others, np.fmax(row, others))
        met = np.where(hidden == AT_LEAST, more, met).astype("f4")
        margins = model.margins(met)
        assert low - 1e-9 <= margins.min() <= margins.max() <= high + 1e-9
    assert np.median(widths) > 0


def test_no_value_of_what_is_hidden_leads_out_of_reach(booster):
    model, x = booster
    check_reach(read(model.model_to_string()), x[:40], x[40:340])


def test_a_logistic_regression_has_a_reach_too(booster):
    _, x = booster
    names = tuple("abcde")
    low, high = np.nanmin(x, 0).tolist(), np.nanmax(x, 0).tolist()
    model = Logistic(
        names, (0.1,) * 5, (1.3,) * 5, tuple(low), tuple(high), (0.5, -1.0, 0.0, 2.0, -0.3), -1.0
    )
    check_reach(model, x[:40], x[40:340])


def test_a_tree_of_one_leaf_adds_its_value():
    x = np.zeros((40, 1), "f4")
    model = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, [0, 1] * 20), 2)
    trees = read(model.model_to_string())
    assert trees.margin(np.zeros(1, "f4")) == pytest.approx(model.predict(x[:1], raw_score=True)[0])
    assert trees.contributions(np.zeros(1, "f4"))[0] == 0


def test_what_is_no_model_is_refused():
    with pytest.raises(WatchworthyError) as refusal:
        read("hello")
    assert refusal.value.code == "model_missing"


def test_the_bare_text_is_the_same_model(booster):
    model, x = booster
    text = model.model_to_string()
    assert len(bare(text)) < 0.6 * len(text)
    assert (read(bare(text)).margins(x[:50]) == read(text).margins(x[:50])).all()
