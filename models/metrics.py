"""Measures of a score: ranking, hits at a false-positive rate, calibration; all with groups of equal weight.

Sessions of one person are not independent, so intervals come from drawing whole people again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.calibration import Floats, expit, logit

Labels = npt.NDArray[np.int64]
"""1 or 0 of each row, i8[n]. Scores, probabilities and weights beside them are f8[n], as ``Floats`` are."""


def auc(
    positive: Floats, negative: Floats, w_positive: Floats | None = None, w_negative: Floats | None = None
) -> float:
    """Chance that a positive, f8[n], scores above a negative, f8[m], ties counted half; NaN when either is empty.

    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    if not len(positive) or not len(negative):
        return float("nan")
    wp = np.ones(len(positive)) if w_positive is None else w_positive
    wn = np.ones(len(negative)) if w_negative is None else w_negative
    order = np.argsort(negative, kind="stable")
    ranked, mass = negative[order], np.concatenate([[0.0], np.cumsum(wn[order])])
    below = mass[np.searchsorted(ranked, positive, "left")]
    upto = mass[np.searchsorted(ranked, positive, "right")]
    return float((wp * (below + upto) / 2).sum() / wp.sum() / mass[-1])


def average_precision(score: Floats, label: Labels, weight: Floats) -> float:
    """Area under precision against recall, as the mean precision at each positive; ties stand together.

    >>> average_precision(np.array([3.0, 2.0, 1.0]), np.array([1, 0, 1]), np.ones(3))
    0.8333333333333333
    """
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)  # of each run of equal scores
    hits = np.cumsum((weight * label)[order])[last]
    shown = np.cumsum(weight[order])[last]
    if not hits[-1] > 0:
        return float("nan")
    gained = np.diff(hits, prepend=0.0)
    return float((gained * np.where(shown > 0, hits / np.maximum(shown, 1e-300), 0)).sum() / hits[-1])


def by_group(group: npt.NDArray[Any]) -> Floats:
    """Weights by which each group weighs 1: of names [n], f8[n]."""
    _, place, count = np.unique(group, return_inverse=True, return_counts=True)
    return np.asarray((1 / count)[place], "f8")


def threshold_at(negative: Floats, weight: Floats, rate: float) -> float:
    """Smallest score that at most ``rate``, 0 to 1, of the negatives, f8[n], pass, by weight, f8[n]."""
    order = np.argsort(-negative, kind="stable")
    passed = np.cumsum(weight[order]) / weight.sum()
    first = int(np.searchsorted(passed, rate + 1e-12, "right"))
    return float(negative[order][min(first, len(order) - 1)])


def tpr_at(
    positive: Floats,
    negative: Floats,
    rate: float,
    w_positive: Floats | None = None,
    w_negative: Floats | None = None,
) -> float:
    """Share of positives, f8[n], over what at most ``rate`` of the negatives, f8[m], pass: empirical, no bound."""
    if not len(positive) or not len(negative):
        return float("nan")
    wp = np.ones(len(positive)) if w_positive is None else w_positive
    wn = np.ones(len(negative)) if w_negative is None else w_negative
    return float(wp[positive > threshold_at(negative, wn, rate)].sum() / wp.sum())


@dataclass(frozen=True)
class Ranking:
    """How a score ranks one slice: values, each with its 95 % interval over people drawn again."""

    n_positive: int
    n_negative: int
    people: int
    auc: float
    auc_interval: tuple[float, float]
    tpr_5: float
    tpr_5_interval: tuple[float, float]
    tpr_1: float
    tpr_1_interval: tuple[float, float]


def ranking(
    positive: Floats,
    negative: Floats,
    person: npt.NDArray[Any],
    group: npt.NDArray[Any] | None = None,
    draws: int = 300,
    seed: int = 0,
) -> Ranking:
    """AUC and hits at an empirical false-positive rate of 5 % and 1 %.

    Parameters
    ----------
    positive, negative
        Scores, f8[p] and f8[n].
    person
        Person of each negative; people weigh the same.
    group
        Group of each positive; sessions by default.
    draws
        Bootstrap draws, of whole people and of whole positive groups.
    """
    rng = np.random.default_rng(seed)
    group = np.arange(len(positive)) if group is None else group
    people, at = np.unique(person, return_inverse=True)
    groups, of = np.unique(group, return_inverse=True)
    wp, wn = by_group(group), by_group(person)

    def measure(a: Floats, b: Floats) -> tuple[float, float, float]:
        keep_p, keep_n = a > 0, b > 0
        p, n, a, b = positive[keep_p], negative[keep_n], a[keep_p], b[keep_n]
        return auc(p, n, a, b), tpr_at(p, n, 0.05, a, b), tpr_at(p, n, 0.01, a, b)

    middle = measure(wp, wn)
    drawn = []
    if len(positive) and len(negative):
        for _ in range(draws):
            times_n = np.bincount(rng.integers(0, len(people), len(people)), minlength=len(people))
            times_p = np.bincount(rng.integers(0, len(groups), len(groups)), minlength=len(groups))
            drawn.append(measure(wp * times_p[of], wn * times_n[at]))
    spread = np.nanquantile(np.array(drawn), [0.025, 0.975], axis=0) if drawn else np.full((2, 3), np.nan)
    low, high = spread
    return Ranking(
        len(positive),
        len(negative),
        len(people),
        middle[0],
        (float(low[0]), float(high[0])),
        middle[1],
        (float(low[1]), float(high[1])),
        middle[2],
        (float(low[2]), float(high[2])),
    )


def at_base_rate(label: Labels, weight: Floats, base_rate: float) -> Floats:
    """Weights, f8[n], by which positives make up ``base_rate``, 0 to 1, of the whole; they sum to 1."""
    out = np.asarray(weight, "f8").copy()
    for value, total in ((1, base_rate), (0, 1 - base_rate)):
        rows = label == value
        out[rows] *= total / out[rows].sum()
    return out


def log_loss(probability: Floats, label: Labels, weight: Floats) -> float:
    """Mean negative log-likelihood in nats of probabilities f8[n], by weight."""
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    return float(-(weight * np.where(label == 1, np.log(p), np.log1p(-p))).sum() / weight.sum())


def slope_and_intercept(ratio: Floats, label: Labels, weight: Floats) -> tuple[float, float]:
    """Slope and intercept of outcome on log-odds, f8[n]: 1 and 0 where the score is calibrated."""
    design = np.column_stack([ratio, np.ones(len(ratio))])
    beta = np.array([1.0, 0.0])
    for _ in range(50):
        p = 0.5 * (1 + np.tanh(0.5 * design @ beta))
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (weight * (label - p)))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return float(beta[0]), float(beta[1])


@dataclass(frozen=True)
class Bin:
    """One bar of a reliability diagram."""

    low: float
    high: float
    predicted: float
    observed: float
    rows: int


def reliability(probability: Floats, label: Labels, weight: Floats, bins: int = 8) -> tuple[Bin, ...]:
    """Predicted beside observed share, of probabilities f8[n], in ``bins`` bins that hold the same number of rows."""
    order = np.argsort(probability, kind="stable")
    found = []
    for rows in np.array_split(order, bins):
        w = weight[rows]
        if len(rows) and w.sum() > 0:
            p = probability[rows]
            mean, seen = float((w * p).sum() / w.sum()), float((w * label[rows]).sum() / w.sum())
            found.append(Bin(float(p.min()), float(p.max()), mean, seen, len(rows)))
    return tuple(found)


def expected_calibration_error(probability: Floats, label: Labels, weight: Floats, bins: int = 8) -> float:
    """Mean distance of predicted from observed share, 0 to 1, by weight, over bins of as many rows."""
    total, order = 0.0, np.argsort(probability, kind="stable")
    for rows in np.array_split(order, bins):
        if len(rows):
            total += abs(float((weight[rows] * (probability[rows] - label[rows])).sum()))
    return total / float(weight.sum())


def simulated_error(
    probability: Floats, weight: Floats, bins: int = 8, draws: int = 200, seed: int = 0
) -> Floats:
    """Calibration error that a perfectly calibrated score of these very probabilities would show, f8[draws].

    Rows are drawn as if they were independent, so for sessions that share people this null is too narrow.
    """
    rng = np.random.default_rng(seed)
    return np.array(
        [
            expected_calibration_error(
                probability, (rng.random(len(probability)) < probability).astype("i8"), weight, bins
            )
            for _ in range(draws)
        ]
    )


def probabilities(ratio: Floats, base_rate: float) -> Floats:
    """Probability of each log-likelihood ratio, f8[n], at a base rate."""
    return np.array([expit(float(r) + logit(base_rate)) for r in ratio])
