"""Drift: how far a feature's or a score's distribution has moved, as an effect size, with few false alarms.

With enough sessions every difference is significant, so what is reported is its size: Wasserstein's distance in
spreads of the reference (half the range between its 5th and 95th percentile), and for missing values the difference
of their shares. A p-value from permuted whole groups decides only whether it may be chance, and over all features
together at most a stated share of those called drifted are chance findings (Benjamini and Hochberg).

References
----------
Vallender (1974), Wasserstein's distance on the line; Benjamini and Hochberg (1995), false discovery rate;
Phipson and Smyth (2010), permutation p-values are never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.calibration import Floats

PERMUTATIONS: Final = 200
DISCOVERY: Final = 0.05  # at most this share of what is called drifted is chance, in the mean
LEAST_EFFECT: Final = 0.10  # a tenth of the reference's spread: less is no news, however certain
LEAST_ROWS: Final = 20
QUANTILES: Final = np.linspace(0.005, 0.995, 100)


class Drift(msgspec.Struct, frozen=True):
    """How far one column has moved.

    Attributes
    ----------
    effect
        Wasserstein's distance in spreads of the reference; or, if larger, the difference of missing shares.
    missing
        Share of missing values now less that of the reference.
    p, q
        Chance of such a distance if nothing had moved; the same after the correction for many columns.
    drifted
        Whether it is both large enough and no chance finding.
    """

    name: str
    effect: float
    missing: float
    p: float
    q: float
    drifted: bool


def distance(before: Floats, now: Floats) -> tuple[float, float]:
    """Effect size of a move and difference of missing shares; 0 where there is nothing to compare."""
    a, b = before[~np.isnan(before)], now[~np.isnan(now)]
    missing = float(np.isnan(now).mean() - np.isnan(before).mean())
    if len(a) < 2 or len(b) < 2:
        return abs(missing), missing
    low, high = np.quantile(a, [0.05, 0.95])
    spread = max((high - low) / 2, float(a.std()) / 2, 1e-9)
    moved = float(np.abs(np.quantile(a, QUANTILES) - np.quantile(b, QUANTILES)).mean()) / spread
    return max(moved, abs(missing)), missing


def drift(
    names: Sequence[str],
    before: npt.NDArray[Any],
    now: npt.NDArray[Any],
    groups_before: npt.NDArray[Any] | None = None,
    groups_now: npt.NDArray[Any] | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> list[Drift]:
    """Drift of every column.

    Parameters
    ----------
    before, now
        Rows of the reference and of today, f[n, k] and f[m, k]; NaN is missing.
    groups_before, groups_now
        Whose each row is: people are permuted whole, for their sessions are alike. Rows by default.

    Raises
    ------
    ValueError
        Under 20 rows on a side.
    """
    if min(len(before), len(now)) < LEAST_ROWS:
        raise ValueError(
            f"Drift takes {LEAST_ROWS} sessions on each side; here are {len(before)} and {len(now)}."
        )
    both = np.concatenate([before, now]).astype("f8")
    first = np.arange(len(before)) if groups_before is None else groups_before
    second = np.arange(len(now)) + len(before) if groups_now is None else groups_now
    _, group = np.unique(np.concatenate([first.astype(str), second.astype(str)]), return_inverse=True)
    many = group.max() + 1
    share = len(before) / len(both)
    rng = np.random.default_rng(seed)
    sides = [rng.permutation(many)[group] < share * many for _ in range(permutations)]
    sides = [side for side in sides if LEAST_ROWS // 2 <= side.sum() <= len(side) - LEAST_ROWS // 2]
    told = []
    for i in range(len(names)):
        column = both[:, i]
        effect, missing = distance(before[:, i].astype("f8"), now[:, i].astype("f8"))
        by_chance = sum(distance(column[side], column[~side])[0] >= effect - 1e-12 for side in sides)
        told.append((effect, missing, (by_chance + 1) / (len(sides) + 1)))
    corrected = adjusted(np.array([p for *_, p in told]))
    return [
        Drift(name, effect, missing, p, float(q), bool(q <= DISCOVERY and effect >= LEAST_EFFECT))
        for name, (effect, missing, p), q in zip(names, told, corrected, strict=True)
    ]


def adjusted(p: Floats) -> Floats:
    """p-values corrected for their number, so that a bound on them bounds the false discovery rate.

    >>> adjusted(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.04, 0.04]
    """
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    out = np.empty(len(p))
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out
