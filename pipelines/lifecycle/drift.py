"""Drift: how far a feature's or a score's distribution has moved, as an effect size, with few false alarms.

With enough sessions every difference is significant, so what is reported is its size: Wasserstein's distance in
spreads of the reference (half the range between its 5th and 95th percentile), and for missing values the difference
of their shares. A p-value from permuted whole groups decides only whether it may be chance, and over all features
together at most a stated share of those called drifted are chance findings (Benjamini and Hochberg).

References
----------
Vallender (1974), Wasserstein's distance on the line; Benjamini and Hochberg (1995), false discovery rate;
Phipson and Smyth (2010), permutation p-values are never zero; Besag and Clifford (1991), sequential permutation tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.calibration import Floats

PERMUTATIONS: Final = 200
MORE: Final = 10  # times so many where few reached it: the correction for many columns asks for small p
ENOUGH: Final = 30  # permutations that reached it, from which more would change nothing
DISCOVERY: Final = 0.05  # at most this share of what is called drifted is chance, in the mean
LEAST_EFFECT: Final = 0.10  # a tenth of the reference's spread: less is no news, however certain
LEAST_ROWS: Final = 20
FLAT: Final = 1e-6  # a spread that is none, beside the values
EDGES: Final = np.array([0.05, 0.95])
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
    a, b = np.sort(before[~np.isnan(before)]), np.sort(now[~np.isnan(now)])
    missing = float(np.isnan(now).mean() - np.isnan(before).mean())
    return _effect(a, b, missing), missing


def _effect(a: Floats, b: Floats, missing: float) -> float:
    """Effect size of a move from sorted values ``a`` to ``b``."""
    if len(a) < 2 or len(b) < 2:
        return abs(missing)
    spread = _spread(a)
    if spread <= FLAT * (1 + abs(float(a[-1]))):  # the reference is a constant: of what came since, too
        spread = max(float(np.concatenate([a, b]).std()), FLAT)
    return max(_moved(a, b) / spread, abs(missing))


def _spread(values: Floats) -> float:
    """Half the way from the 5th to the 95th percentile of sorted values; of many equal ones half their deviation."""
    low, high = _quantiles(values, EDGES)
    return max(float(high - low) / 2, float(values.std()) / 2)


def _moved(a: Floats, b: Floats) -> float:
    """Wasserstein's distance of sorted values, in their own unit; 0 if either side has fewer than two."""
    if len(a) < 2 or len(b) < 2:
        return 0.0
    return float(np.abs(_quantiles(a, QUANTILES) - _quantiles(b, QUANTILES)).mean())


def _quantiles(values: Floats, at: Floats) -> Floats:
    """Quantiles of sorted values, between neighbours on the line between them."""
    place = at * (len(values) - 1)
    below = place.astype("i8")
    above = np.minimum(below + 1, len(values) - 1)
    return np.asarray(values[below] + (place - below) * (values[above] - values[below]))


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
        Whose each row is: people are permuted whole, for their sessions are alike. By default each row is its own.

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
    old_rows = np.arange(len(both)) < len(before)
    rng = np.random.default_rng(seed)

    def sides(times: int) -> list[npt.NDArray[np.bool_]]:
        found = [permuted(group, old_rows, rng) for _ in range(times)]
        return [side for side in found if LEAST_ROWS // 2 <= side.sum() <= len(side) - LEAST_ROWS // 2]

    first_sides, more_sides = sides(permutations), sides(MORE * permutations)
    told = []
    for i in range(len(names)):
        column = both[:, i]
        empty = np.isnan(column)
        order = np.argsort(column)[: len(column) - int(empty.sum())]
        values = column[order]
        effect, missing = distance(before[:, i].astype("f8"), now[:, i].astype("f8"))
        # What chance is judged by is scaled by all rows: a permuted reference would have a spread of its own.
        scale = max(_spread(values), FLAT) if len(values) else 1.0
        old = order < len(before)
        seen = max(_moved(values[old], values[~old]) / scale, abs(missing))
        reached = tried = 0
        for side in chain(first_sides, more_sides):
            if tried >= len(first_sides) and (reached >= ENOUGH or effect < LEAST_EFFECT):
                break
            first_of = side[order]
            gone = float(empty[~side].mean() - empty[side].mean())
            reached += max(_moved(values[first_of], values[~first_of]) / scale, abs(gone)) >= seen - 1e-12
            tried += 1
        told.append((effect, missing, (reached + 1) / (tried + 1)))
    corrected = adjusted(np.array([p for *_, p in told]))
    return [
        Drift(name, effect, missing, p, float(q), bool(q <= DISCOVERY and effect >= LEAST_EFFECT))
        for name, (effect, missing, p), q in zip(names, told, corrected, strict=True)
    ]


def permuted(
    group: npt.NDArray[np.int64], before: npt.NDArray[np.bool_], rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Which rows would stand before, had nothing moved: whole groups change sides, never single rows.

    A group that stands on one side alone takes the side of another such; one that stands on both, such as a visitor who
    came before and came back, changes its two parts over or does not.

    Parameters
    ----------
    group
        Of each row, i8[n], counted from 0.
    before
        Which rows stand before.
    """
    many = int(group.max()) + 1
    rows, old = np.bincount(group, minlength=many), np.bincount(group, before, minlength=many)
    both = (old > 0) & (old < rows)
    side = old > 0
    side[~both] = rng.permutation(side[~both])
    over = rng.random(many) < 0.5
    found: npt.NDArray[np.bool_] = np.where(both[group], before ^ over[group], side[group])
    return found


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
