"""Percentiles of a site: what they are of sorted values, and silence where too few sessions say anything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.norms import LEAST, Norms


@given(st.lists(st.integers(0, 50), min_size=LEAST, max_size=300), st.integers(-5, 55))
def test_a_percentile_is_the_share_of_lower_values(values, asked):
    norms = Norms.of(["a"], np.array(values, np.float32)[:, None])
    found = norms.percentile("a", float(asked))
    lower, same = np.mean(np.array(values) < asked), np.mean(np.array(values) == asked)
    assert found == pytest.approx(100 * (lower + same / 2), abs=1.5)  # a grid of 101 quantiles


def test_too_few_sessions_have_no_percentile():
    vectors = np.full((2 * LEAST, 2), np.nan, np.float32)
    vectors[:, 0] = np.arange(2 * LEAST)
    vectors[: LEAST - 1, 1] = 1.0
    norms = Norms.of(["often", "seldom"], vectors)
    assert norms.percentile("often", LEAST - 0.5) == pytest.approx(50, abs=0.6)
    assert norms.percentile("seldom", 1.0) is None
    assert norms.percentile("often", float("nan")) is None
    assert Norms.of(["a"], np.empty((0, 1), np.float32)).percentile("a", 1.0) is None
