"""Measures of one head on held-out rows, and of two heads on the same rows, with intervals over groups drawn again."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.calibration import Floats
from models.metrics import (
    Labels,
    auc,
    average_precision,
    expected_calibration_error,
    log_loss,
    slope_and_intercept,
    tpr_at,
)
from pipelines.lifecycle.held_out import weights

DRAWS: Final = 400
COVERED: Final = (2.5, 97.5)
HIGHER_IS_BETTER: Final = {"auc": True, "pr_auc": True, "log_loss": False, "ece": False, "hits_at_5": True}
"""Each measure, and whether more of it is better. ``hits_at_5``: share of positives that pass the threshold which 5 %
of the negatives pass; empirical, no bound."""


class Measured(msgspec.Struct, frozen=True):
    """One measure of one head with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


class Paired(msgspec.Struct, frozen=True):
    """One measure of both heads on the same rows, and their difference with its paired 95 % interval."""

    name: str
    champion: float
    challenger: float
    difference: float
    low: float
    high: float


def measures(p: Floats, label: Labels, weight: Floats) -> dict[str, float]:
    """Every measure of probabilities, with weights by which positives make up the base rate."""
    one, zero = label == 1, label == 0
    return {
        "auc": auc(p[one], p[zero], weight[one], weight[zero]),
        "pr_auc": average_precision(p, label, weight),
        "log_loss": log_loss(p, label, weight),
        "ece": expected_calibration_error(p, label, weight),
        "hits_at_5": tpr_at(p[one], p[zero], 0.05, weight[one], weight[zero]),
    }


def slope(p: Floats, label: Labels, weight: Floats) -> tuple[float, float]:
    """Slope and intercept of calibration: 1 and 0 where it is right."""
    clipped = np.clip(p, 1e-9, 1 - 1e-9)
    return slope_and_intercept(np.log(clipped / (1 - clipped)), label, weight * len(label))


def drawn(
    scores: list[Floats], label: Labels, group: npt.NDArray[Any], base_rate: float, draws: int, seed: int
) -> npt.NDArray[np.float64]:
    """Measures of each score over draws of whole groups, f8[draws, scores, measures].

    Groups are drawn within each class. A draw takes the same groups for every score: differences are paired.
    """
    rng = np.random.default_rng(seed)
    base = weights(label, group, base_rate)
    places = {value: np.unique(group[label == value], return_inverse=True) for value in (0, 1)}
    found = []
    for _ in range(draws):
        weight = base.copy()
        for value, (names, at) in places.items():
            times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
            weight[label == value] *= times[at]
        kept = weight > 0
        if len(np.unique(label[kept])) < 2:
            continue
        total = {value: weight[label == value].sum() for value in (0, 1)}
        weight[label == 1] *= base_rate / total[1]
        weight[label == 0] *= (1 - base_rate) / total[0]
        found.append([list(measures(p[kept], label[kept], weight[kept]).values()) for p in scores])
    return np.array(found)


def measured(
    p: Floats, label: Labels, group: npt.NDArray[Any], base_rate: float, draws: int = DRAWS, seed: int = 0
) -> list[Measured]:
    """Every measure of one head, with its interval over groups."""
    middle = measures(p, label, weights(label, group, base_rate))
    low, high = np.nanpercentile(drawn([p], label, group, base_rate, draws, seed)[:, 0], COVERED, axis=0)
    return [
        Measured(name, value, float(a), float(b))
        for (name, value), a, b in zip(middle.items(), low, high, strict=True)
    ]


def paired(
    ours: Floats,
    theirs: Floats,
    label: Labels,
    group: npt.NDArray[Any],
    base_rate: float,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Paired]:
    """Every measure of a champion and a challenger on the same rows, with the interval of the difference."""
    weight = weights(label, group, base_rate)
    first, second = measures(ours, label, weight), measures(theirs, label, weight)
    found = drawn([ours, theirs], label, group, base_rate, draws, seed)
    low, high = np.nanpercentile(found[:, 1] - found[:, 0], COVERED, axis=0)
    return [
        Paired(name, first[name], second[name], second[name] - first[name], float(a), float(b))
        for name, a, b in zip(first, low, high, strict=True)
    ]
