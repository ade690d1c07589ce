"""Effects hold however often somebody looks, are what a search of all pairs of rates finds, and see what they say."""

import doctest
import math

import numpy as np
import pytest

from models import effects
from models.effects import Arm, bounds, effect, excludes, smallest_visible

CASES = [  # rate of the offered, rate of the held out, share held out
    (0.10, 0.10, 0.10),
    (0.02, 0.02, 0.50),
    (0.30, 0.25, 0.20),
    (0.50, 0.50, 0.01),
]
VISITS = 800
RUNS = 300


def drawn(rate, rate_held, share, runs, visits, seed):
    """Counts after each visitor of each run: offered, of them reached, held out, of them reached."""
    rng = np.random.default_rng(seed)
    held = rng.random((runs, visits)) < share
    reached = rng.random((runs, visits)) < np.where(held, rate_held, rate)
    return [np.cumsum(part, axis=1).astype("f8") for part in (~held, ~held & reached, held, held & reached)]


def missed_by_a_fixed_interval(difference, n, k, n_held, k_held):
    """Whether the textbook interval of two rates, which is right for one look, misses the difference."""
    both = (n > 0) & (n_held > 0)
    p, q = k / np.maximum(n, 1), k_held / np.maximum(n_held, 1)
    spread = np.sqrt(p * (1 - p) / np.maximum(n, 1) + q * (1 - q) / np.maximum(n_held, 1))
    return both & (np.abs(p - q - difference) > 1.96 * spread)


@pytest.mark.parametrize(("rate", "rate_held", "share"), CASES)
def test_the_truth_is_seldom_ever_excluded_though_somebody_looks_after_each_visitor(rate, rate_held, share):
    counts = drawn(rate, rate_held, share, RUNS, VISITS, seed=7)
    ours = excludes(rate - rate_held, *counts).any(axis=1).mean()
    fixed = missed_by_a_fixed_interval(rate - rate_held, *counts)
    from_100_on = fixed[:, 100:].any(axis=1).mean()
    assert ours <= 0.05, f"misses in {ours:.1%} of runs"
    assert from_100_on > 0.15, (
        f"the fixed interval misses in {from_100_on:.1%} of runs: the test sees nothing"
    )


def test_an_interval_holds_just_what_is_not_excluded():
    rng = np.random.default_rng(3)
    n, n_held = rng.integers(0, 400, (2, 60))
    counts = n, rng.binomial(n, 0.2), n_held, rng.binomial(n_held, 0.4)
    low, high = bounds(*counts)
    assert (low <= high).all()
    for difference in np.linspace(-0.999, 0.999, 101):
        outside = (difference < low - 1e-9) | (difference > high + 1e-9)
        np.testing.assert_array_equal(excludes(difference, *counts), outside)


@pytest.mark.parametrize(
    "counts", [(40, 9, 12, 1), (5, 0, 5, 0), (30, 30, 4, 0), (900, 70, 100, 20), (7, 3, 0, 0)]
)
def test_a_difference_is_excluded_when_every_pair_of_rates_with_it_is(counts):
    n, k, n_held, k_held = counts

    def evidence(k, n, rate):
        mixed = math.lgamma(k + 0.5) + math.lgamma(n - k + 0.5) - math.lgamma(n + 1) - math.log(math.pi)
        with np.errstate(divide="ignore", invalid="ignore"):
            told = np.where(k > 0, k * np.log(rate), 0) + np.where(n > k, (n - k) * np.log1p(-rate), 0)
        return mixed - told

    rates = np.linspace(0, 1, 2001)
    pairs = evidence(k, n, rates)[:, None] + evidence(k_held, n_held, rates)[None, :]
    kept = np.nonzero(pairs < math.log(20))
    differences = rates[kept[0]] - rates[kept[1]]
    low, high = bounds(*counts)
    assert low == pytest.approx(differences.min(), abs=1.1e-3)
    assert high == pytest.approx(differences.max(), abs=1.1e-3)


def test_arms_change_places_and_the_effect_its_sign():
    one, other = effect(Arm(900, 90), Arm(100, 25)), effect(Arm(100, 25), Arm(900, 90))
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-9)
    assert one.difference == pytest.approx(-other.difference)


def test_a_harm_is_found_and_a_rule_without_effect_is_seldom_called_one():
    harmful = drawn(0.05, 0.15, 0.1, 100, 6000, seed=1)
    final = [part[:, -1] for part in harmful]
    assert (bounds(*final)[1] < 0).mean() > 0.8
    harmless = drawn(0.10, 0.10, 0.1, 100, 6000, seed=2)
    looks = [part[:, 99::100] for part in harmless]
    assert (bounds(*looks)[1] < 0).any(axis=1).mean() <= 0.05


@pytest.mark.parametrize(("n", "n_held", "rate"), [(900, 100, 0.05), (9000, 1000, 0.1), (500, 500, 0.3)])
def test_the_smallest_visible_gain_is_seen_four_times_in_five(n, n_held, rate):
    gain = smallest_visible(n, n_held, rate)
    rng = np.random.default_rng(5)
    k, k_held = rng.binomial(n, rate + gain, 2000), rng.binomial(n_held, rate, 2000)
    seen = (bounds(n, k, n_held, k_held)[0] > 0).mean()
    assert 0.72 < seen < 0.88, f"seen in {seen:.1%}"


def test_more_visitors_see_less():
    seen = [smallest_visible(9 * n, n, 0.1) for n in (30, 100, 300, 1000, 10_000)]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == len(seen)


def test_with_an_empty_arm_nothing_is_said():
    for offered, held in ((Arm(0, 0), Arm(0, 0)), (Arm(500, 50), Arm(0, 0)), (Arm(0, 0), Arm(90, 9))):
        found = effect(offered, held)
        assert found.difference is None
        assert found.smallest is None
        assert found.verdict == "open"


@pytest.mark.parametrize(
    ("offered", "held", "wrong"),
    [
        (Arm(3, 4), Arm(1, 0), "offered"),
        (Arm(3, 1), Arm(1, -1), "held out"),
        (Arm(-1, 0), Arm(1, 0), "offered"),
    ],
)
def test_counts_that_cannot_be_are_refused(offered, held, wrong):
    with pytest.raises(ValueError, match=wrong):
        effect(offered, held)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, math.nan])
def test_a_confidence_is_a_share(confidence):
    with pytest.raises(ValueError, match="share between 0 and 1"):
        effect(Arm(9, 1), Arm(1, 0), confidence)


def test_what_the_docstrings_show_is_so():
    assert doctest.testmod(effects).failed == 0
