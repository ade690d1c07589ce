"""The estimate from a slice hits the share of all, its interval covers as often as it says, and thin slices refuse."""

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.hajek import COVERED, share
from models.queue import EDGES, RATES


@pytest.mark.parametrize("size", [3_000, 12_000])
def test_the_interval_covers_the_share_of_all_sessions(size):
    rng = np.random.default_rng(7)
    rates = np.array(RATES)
    covered, values, truths, naive = [], [], [], []
    for _ in range(600):
        p = rng.beta(0.6, 2.0, size)
        truth = (rng.random(size) < p).astype("f8")
        propensity = rates[np.searchsorted(EDGES, p, "right")]
        drawn = rng.random(size) < propensity
        found = share(truth[drawn], propensity[drawn])
        covered.append(found.interval[0] <= truth.mean() <= found.interval[1])
        values.append(found.value)
        truths.append(truth.mean())
        naive.append(truth[drawn].mean())
    assert abs(np.mean(covered) - COVERED) < 0.045
    assert abs(np.mean(values) - np.mean(truths)) < 0.01
    assert np.mean(naive) - np.mean(truths) > 0.1  # without the propensities it would be far off


def test_equal_propensities_give_the_plain_share():
    found = share(np.repeat([1.0, 0.0], [20, 60]), np.full(80, 0.1))
    assert found.value == pytest.approx(0.25)
    assert found.effective == pytest.approx(80)
    assert found.interval[0] < 0.25 < found.interval[1]


def test_a_slice_that_cannot_carry_it_is_refused():
    with pytest.raises(WatchworthyError, match="weighs as 0 sessions"):
        share(np.array([]), np.array([]))
    with pytest.raises(WatchworthyError, match="weighs as 20 sessions"):
        share(np.repeat([1.0, 0.0], 10), np.full(20, 0.5))
    with pytest.raises(WatchworthyError, match="Only 2 sessions of the rarer kind"):
        share(np.repeat([1.0, 0.0], [2, 98]), np.full(100, 0.5))
    heavy = np.where(np.arange(100) == 0, 0.0001, 0.5)
    with pytest.raises(WatchworthyError, match="weighs as 1 sessions"):
        share(np.tile([1.0, 0.0], 50), heavy)


def test_what_is_no_share_is_refused():
    with pytest.raises(ValueError, match="one outcome"):
        share(np.zeros(3), np.ones(2))
    with pytest.raises(ValueError, match="above 0"):
        share(np.zeros(2), np.zeros(2))
