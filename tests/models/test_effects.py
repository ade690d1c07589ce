"""Effects hold however often somebody looks; the interval that is made for one look does not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.effects import Sequence, effect

RUNS, LONG = 400, 600


def naive(successes: int, n: int) -> tuple[float, float]:
    """The textbook interval of 95 % for one look."""
    p = successes / n
    half = 1.96 * math.sqrt(p * (1 - p) / n)
    return p - half, p + half


@pytest.mark.parametrize("share", [0.03, 0.3, 0.5])
def test_the_bounds_hold_at_every_look_and_the_naive_ones_do_not(share: float) -> None:
    rng = np.random.default_rng(7)
    missed = naive_missed = 0
    for _ in range(RUNS):
        one = Sequence()
        out = naive_out = False
        successes = 0
        for t, value in enumerate(rng.random(LONG) < share, start=1):
            one.take(float(value))
            successes += int(value)
            low, high = one.bounds
            out = out or not low <= share <= high
            if t >= 30 and successes:
                low, high = naive(successes, t)
                naive_out = naive_out or not low <= share <= high
        missed += out
        naive_missed += naive_out
    assert missed / RUNS <= 0.05
    assert naive_missed / RUNS > 0.2, "whoever looks often is nearly sure to be misled by it"


def test_the_bounds_narrow_around_the_truth() -> None:
    rng = np.random.default_rng(3)
    one, widths = Sequence(), []
    for t, value in enumerate(rng.random(20_000) < 0.2, start=1):
        one.take(float(value))
        if t in (200, 2_000, 20_000):
            widths.append(one.bounds[1] - one.bounds[0])
    assert widths[0] > widths[1] > widths[2]
    assert widths[2] < 0.05


def test_harm_is_seen_and_none_is_seen_where_there_is_none() -> None:
    rng = np.random.default_rng(5)
    treated = rng.random(4_000) < 0.5
    harmed = effect(
        zip(treated.tolist(), (rng.random(4_000) < np.where(treated, 0.2, 0.4)).tolist(), strict=True)
    )
    assert harmed.harms
    assert harmed.low < -0.2 < harmed.high
    same = effect(zip(treated.tolist(), (rng.random(4_000) < 0.3).tolist(), strict=True))
    assert not same.harms
    assert same.low < 0 < same.high
    assert 0 < same.smallest < 0.2


def test_of_nobody_nothing_is_said() -> None:
    nothing = effect([])
    assert (nothing.difference, nothing.low, nothing.high, nothing.smallest) == (None, -1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Sequence().take(1.5)
