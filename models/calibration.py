"""Calibration: from a booster's raw margin to a log-likelihood ratio, and by a stated prior to a probability.

Every group (a person, an automation family, a scenario) weighs the same within its class, and the two classes
weigh the same, so what is fitted is a log-likelihood ratio in log-odds. A prior is then an offset.

References
----------
Platt (1999), sigmoid calibration; Kull, Silva Filho and Flach (2017), beta calibration; Zadrozny and Elkan
(2002), isotonic calibration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import also_compiled

Floats = npt.NDArray[np.float64]
"""One number a row, f8[n]; margins and ratios are in log-odds."""
Kind = Literal["sigmoid", "beta", "isotonic"]

ISOTONIC_ROWS: Final = 1_000  # a staircase fitted to fewer rows follows their noise
ISOTONIC_GROUPS: Final = 100
LONGEST_RATIO: Final = math.log(1e4)  # a few dozen groups cannot show that anything is 10,000 times likelier


def logit(p: float) -> float:
    """Log-odds of a probability.

    >>> logit(0.5)
    0.0
    """
    return math.log(p) - math.log1p(-p)


@also_compiled
def expit(x: float) -> float:
    """Probability of log-odds, without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


@also_compiled
def softplus(x: float) -> float:
    """``log(1 + exp(x))``, without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@also_compiled
def ratio_on(margin: float, beta: bool, first: float, second: float, intercept: float) -> float:
    """Log-likelihood ratio on a sigmoid, or on the curve of beta calibration; ``second`` is of the latter alone."""
    if beta:
        ratio = -softplus(-margin) * first + softplus(margin) * second + intercept
    else:
        ratio = margin * first + intercept
    return min(max(ratio, -LONGEST_RATIO), LONGEST_RATIO)


def _expit(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def _parts(margin: Floats, kind: Kind) -> Floats:
    """What the log-odds are linear in: the margin, or beta calibration's two logarithms."""
    if kind == "sigmoid":
        return margin[:, None]
    log_q = -np.logaddexp(0, -margin)
    log_not_q = -np.logaddexp(0, margin)
    return np.column_stack([log_q, -log_not_q])


@dataclass(frozen=True)
class Calibration:
    """A fitted calibrator. ``slopes`` and ``intercept`` in log-odds; ``knots`` (margin, ratio) for isotonic."""

    kind: Kind
    slopes: tuple[float, ...]
    intercept: float
    knots: tuple[tuple[float, float], ...] = ()
    groups: int = 0
    rows: int = 0

    def log_likelihood_ratio(self, margin: float) -> float:
        """Logarithm of how much likelier this margin is in the positive class; between ±``LONGEST_RATIO``."""
        # One number at a time, as live scores come: NumPy would take thirty times as long.
        if self.kind == "isotonic":
            return float(self.ratios(np.array([margin], "f8"))[0])
        return ratio_on(margin, self.kind == "beta", self.slopes[0], self.slopes[-1], self.intercept)

    def ratios(self, margin: Floats) -> Floats:
        """``log_likelihood_ratio`` of each margin, f8[n] to f8[n]."""
        if self.kind == "isotonic":
            x, y = np.array(self.knots).T
            ratio = np.interp(margin, x, y)
        else:
            ratio = _parts(np.asarray(margin, "f8"), self.kind) @ np.array(self.slopes) + self.intercept
        return np.asarray(np.clip(ratio, -LONGEST_RATIO, LONGEST_RATIO))

    def probability(self, margin: float, base_rate: float) -> float:
        """Probability at a stated base rate.

        >>> round(Calibration("sigmoid", (1.0,), 0.0).probability(0.0, 0.05), 6)
        0.05
        """
        return expit(self.log_likelihood_ratio(margin) + logit(base_rate))

    def to_json(self) -> dict[str, Any]:
        """Plain facts, as ``calibration.json`` keeps them."""
        return {
            "kind": self.kind,
            "slopes": list(self.slopes),
            "intercept": self.intercept,
            "knots": [list(knot) for knot in self.knots],
            "groups": self.groups,
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Calibration:
        """Read what ``to_json`` wrote."""
        return cls(
            facts["kind"],
            tuple(facts["slopes"]),
            facts["intercept"],
            tuple((a, b) for a, b in facts["knots"]),
            facts["groups"],
            facts["rows"],
        )


def equal_weights(label: npt.NDArray[np.int64], group: npt.NDArray[Any]) -> Floats:
    """Weights by which groups weigh the same within a class, and each class sums to half the number of rows."""
    weight = np.zeros(len(label))
    for value in (0, 1):
        rows = np.flatnonzero(label == value)
        _, place, count = np.unique(group[rows], return_inverse=True, return_counts=True)
        if len(rows):
            weight[rows] = (1 / count)[place] * len(label) / 2 / len(count)
    return weight


def fit(
    margin: Floats,
    label: npt.NDArray[np.int64],
    group: npt.NDArray[Any],
    kind: Kind = "sigmoid",
) -> Calibration:
    """Fit a calibrator to margins that the booster gave to groups which it had not seen.

    Parameters
    ----------
    margin
        Raw margins in log-odds, f8[n], out of fold.
    label
        1 for the positive class, i8[n].
    group
        Group of each row; groups weigh the same.
    kind
        ``sigmoid`` by default.

    Raises
    ------
    ValueError
        If a class is missing, or isotonic is asked for with too few rows or groups.
    """
    if len(np.unique(label)) < 2:
        raise ValueError("Calibration needs rows of both classes.")
    groups = len(np.unique(group))
    weight = equal_weights(label, group)
    if kind == "isotonic":
        if len(label) < ISOTONIC_ROWS or groups < ISOTONIC_GROUPS:
            raise ValueError(
                f"Isotonic calibration needs {ISOTONIC_ROWS} rows of {ISOTONIC_GROUPS} groups, "
                f"not {len(label)} of {groups}: use sigmoid."
            )
        return Calibration(kind, (), 0.0, _staircase(margin, label, weight), groups, len(label))
    parts = _parts(np.asarray(margin, "f8"), kind)
    # Platt's targets: no finite sample of groups proves a probability of 0 or 1.
    positives = len(np.unique(group[label == 1]))
    negatives = len(np.unique(group[label == 0]))
    target = np.where(label == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    beta = _logistic(parts, target, weight)
    if kind == "beta" and min(beta[:2]) < 0:  # a falling curve would contradict the score: drop that part
        keep = int(np.argmax(beta[:2]))
        reduced = _logistic(parts[:, [keep]], target, weight)
        beta = np.array([0.0, 0.0, reduced[1]])
        beta[keep] = reduced[0]
    beta[:-1] = np.maximum(beta[:-1], 0.0)
    return Calibration(kind, tuple(float(b) for b in beta[:-1]), float(beta[-1]), (), groups, len(label))


def _logistic(parts: Floats, target: Floats, weight: Floats, ridge: float = 1e-3) -> Floats:
    """Weighted logistic regression on soft targets by Newton's method; last coefficient is the intercept."""
    design = np.column_stack([parts, np.ones(len(parts))])
    beta = np.zeros(design.shape[1])
    penalty = np.diag([ridge] * parts.shape[1] + [0.0])

    def loss(b: Floats) -> float:
        z = design @ b
        return float(np.sum(weight * (np.logaddexp(0, z) - target * z)) + 0.5 * b @ penalty @ b)

    now = loss(beta)
    for _ in range(100):
        p = _expit(design @ beta)
        gradient = design.T @ (weight * (p - target)) + penalty @ beta
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + penalty + 1e-9 * np.eye(len(beta))
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-6 and loss(beta - size * step) > now:
            size /= 2
        beta = beta - size * step
        before, now = now, loss(beta)
        if before - now < 1e-10 * (1 + abs(now)):
            break
    return beta


def _staircase(
    margin: Floats, label: npt.NDArray[np.int64], weight: Floats
) -> tuple[tuple[float, float], ...]:
    """Isotonic regression by pooling neighbours that fall, as (margin, log-odds) at the middle of each pool."""
    order = np.argsort(margin, kind="stable")
    pools: list[list[float]] = []  # weight, weighted positives, weighted margin
    for i in order:
        pools.append([float(weight[i]), float(weight[i] * label[i]), float(weight[i] * margin[i])])
        while len(pools) > 1 and pools[-2][1] / pools[-2][0] >= pools[-1][1] / pools[-1][0]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    least = 0.5 / (len(label) + 1)
    knots = []
    for total, positive, position in pools:
        p = min(max(positive / total, least), 1 - least)
        knots.append((position / total, logit(p)))
    return tuple(knots)


def choose(
    margin: Floats, label: npt.NDArray[np.int64], group: npt.NDArray[Any], fold: npt.NDArray[np.int64]
) -> tuple[Calibration, dict[str, float]]:
    """Fit a sigmoid, unless another kind has a better grouped out-of-fold log-loss by a standard error.

    Parameters
    ----------
    margin
        Raw margin of each row in log-odds, f8[n].
    label
        1 or 0, i8[n].
    group
        Name of the group of each row, [n].
    fold
        Fold of each row, i8[n]; no group is in two folds.

    Returns
    -------
    Calibration, {kind: log-loss in nats}
    """
    kinds: list[Kind] = ["sigmoid", "beta"]
    if len(label) >= ISOTONIC_ROWS and len(np.unique(group)) >= ISOTONIC_GROUPS:
        kinds.append("isotonic")
    weight = equal_weights(label, group)
    losses: dict[Kind, Floats] = {}
    for kind in kinds:
        ratio = cross_fitted_ratios(margin, label, group, fold, kind)
        losses[kind] = np.logaddexp(0, ratio) - label * ratio
    best: Kind = "sigmoid"
    names = np.array([f"{y}:{g}" for y, g in zip(label, group, strict=True)])
    for kind in kinds[1:]:
        gain = weight * (losses[best] - losses[kind])
        per_group = np.array([gain[names == name].sum() for name in np.unique(names)])
        error = float(per_group.std(ddof=1) * math.sqrt(len(per_group)))
        if per_group.sum() > error:
            best = kind
    total = float(weight.sum())
    return fit(margin, label, group, best), {
        kind: float((weight * losses[kind]).sum() / total) for kind in kinds
    }


def cross_fitted_ratios(
    margin: Floats,
    label: npt.NDArray[np.int64],
    group: npt.NDArray[Any],
    fold: npt.NDArray[np.int64],
    kind: Kind = "sigmoid",
) -> Floats:
    """Log-likelihood ratio of each row by a calibrator that had not seen its group, f8[n]; parameters as of ``choose``.

    Raises
    ------
    ValueError
        If a fold leaves only one class to the calibrator.
    """
    ratio = np.zeros(len(margin))
    for k in np.unique(fold):
        inside, outside = fold == k, fold != k
        if len(np.unique(label[outside])) < 2:
            raise ValueError("Each fold must leave both classes to the calibrator; use fewer or other folds.")
        kept: Kind = kind
        if kind == "isotonic" and (
            outside.sum() < ISOTONIC_ROWS or len(np.unique(group[outside])) < ISOTONIC_GROUPS
        ):
            kept = "sigmoid"
        ratio[inside] = fit(margin[outside], label[outside], group[outside], kept).ratios(margin[inside])
    return ratio
