"""Calibration recovers what made the scores, a prior is an offset, and groups weigh the same."""

import json

import numpy as np
import pytest

from models.calibration import Calibration, choose, equal_weights, expit, fit, logit


def drawn(n=20_000, slope=0.6, intercept=0.4, seed=1):
    """Margins whose log-likelihood ratio is ``slope * margin + intercept``, by importance sampling."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(0, 2.5, n)
    label = (rng.random(n) < 1 / (1 + np.exp(-(slope * margin + intercept)))).astype("i8")
    # Class sizes differ; the ratio is what is left when each class weighs the same.
    offset = np.log(label.mean() / (1 - label.mean()))
    return margin, label, offset


def test_a_known_sigmoid_is_recovered():
    margin, label, offset = drawn()
    got = fit(margin, label, np.arange(len(label)))
    assert got.slopes[0] == pytest.approx(0.6, abs=0.03)
    assert got.intercept == pytest.approx(0.4 - offset, abs=0.05)


def test_the_prior_is_an_offset_in_log_odds():
    calibration = Calibration("sigmoid", (0.7,), -0.2)
    for margin in (-3.0, 0.0, 2.0):
        ratio = calibration.log_likelihood_ratio(margin)
        for rate in (0.01, 0.05, 0.5):
            assert logit(calibration.probability(margin, rate)) - logit(rate) == pytest.approx(ratio)


def test_one_margin_is_read_as_many_are():
    margins = np.linspace(-40, 40, 801)
    sigmoid, beta = Calibration("sigmoid", (0.7,), -0.2), Calibration("beta", (0.7, 0.3), -0.2)
    np.testing.assert_array_equal([sigmoid.log_likelihood_ratio(m) for m in margins], sigmoid.ratios(margins))
    one_by_one = [beta.log_likelihood_ratio(m) for m in margins]
    np.testing.assert_allclose(one_by_one, beta.ratios(margins), rtol=1e-14, atol=1e-14)
    stairs = Calibration("isotonic", (), 0.0, ((-1.0, -2.0), (1.0, 3.0)))
    np.testing.assert_array_equal([stairs.log_likelihood_ratio(m) for m in margins], stairs.ratios(margins))


def test_groups_weigh_the_same_however_many_rows_they_have():
    label = np.array([1] * 10 + [0] * 4)
    group = np.array(["a"] * 9 + ["b"] + ["c"] * 3 + ["d"])
    weight = equal_weights(label, group)
    sums = {name: weight[group == name].sum() for name in "abcd"}
    assert sums == pytest.approx({"a": 3.5, "b": 3.5, "c": 3.5, "d": 3.5})
    margin, y, _ = drawn(500)
    once = fit(margin, y, np.arange(500))
    again = np.r_[np.arange(500), np.full(300, int(np.argmax(margin)))]
    repeated = fit(margin[again], y[again], again)
    assert repeated.slopes[0] == pytest.approx(once.slopes[0], rel=1e-4)


def test_beta_calibration_is_monotone_and_isotonic_is_refused_on_little():
    margin, label, _ = drawn(3000)
    group = np.arange(3000)
    grid = np.linspace(-8, 8, 200)
    for kind in ("sigmoid", "beta", "isotonic"):
        ratios = fit(margin, label, group, kind).ratios(grid)
        assert (np.diff(ratios) >= -1e-12).all()
    with pytest.raises(ValueError, match="Isotonic"):
        fit(margin[:500], label[:500], group[:500], "isotonic")
    with pytest.raises(ValueError, match="Isotonic"):
        fit(margin, label, group % 99, "isotonic")


def test_a_sigmoid_stays_unless_another_is_better_by_a_standard_error():
    margin, label, _ = drawn(2000)
    chosen, losses = choose(margin, label, np.arange(2000), np.arange(2000) % 5)
    assert chosen.kind == "sigmoid"
    assert set(losses) == {"sigmoid", "beta", "isotonic"}
    bent = np.sign(margin) * np.abs(margin) ** 3 + 3  # no straight line in log-odds
    other, _ = choose(bent, label, np.arange(2000), np.arange(2000) % 5)
    assert other.kind != "sigmoid"


def test_what_is_written_is_read():
    calibration = fit(*drawn(2000)[:2], np.arange(2000), "isotonic")
    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="both classes"):
        fit(np.zeros(4), np.zeros(4, "i8"), np.arange(4))


def test_log_odds_do_not_overflow():
    assert expit(-800) == 0.0
    assert expit(800) == 1.0
