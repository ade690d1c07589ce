"""Hájek estimates: what share of all sessions is so, from a slice that was drawn with known propensities.

Each labelled session stands for 1 / propensity sessions. The estimate holds for the slice alone: sessions that were
shown because they score high say nothing of those that were not shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from data_contracts.errors import WatchworthyError
from models.calibration import Floats

COVERED: Final = 0.90
LEAST_EFFECTIVE: Final = 30.0  # below, one session of a low propensity moves the whole estimate
LEAST_OF_EACH: Final = 5  # with fewer of a kind, the spread that the slice shows is itself a guess


@dataclass(frozen=True)
class Estimate:
    """A share with its 90 % interval; ``n`` labelled sessions that weigh as much as ``effective`` equal ones."""

    value: float
    interval: tuple[float, float]
    n: int
    effective: float


def share(outcome: Floats, propensity: Floats) -> Estimate:
    """Share of sessions with an outcome, estimated from the drawn ones.

    The interval is Wilson's, at the number of equal sessions that would spread as these do (delta method over
    sessions); it counts sessions as independent draws, as the slice draws them.

    Parameters
    ----------
    outcome
        f8[n], 0 or 1: what a label said of each drawn session. For precision, of the drawn sessions that were
        flagged; for prevalence, of all that were drawn.
    propensity
        f8[n], above 0 and at most 1: the probability with which each was drawn.

    Raises
    ------
    ValueError
        If the lengths differ, an outcome is not 0 or 1, or a propensity is not in (0, 1].
    WatchworthyError
        ``slice_too_small`` if the slice cannot carry an estimate; it says what is missing.
    """
    if outcome.shape != propensity.shape or outcome.ndim != 1:
        raise ValueError("There is one outcome for each propensity.")
    if not np.isin(outcome, (0, 1)).all() or not ((propensity > 0) & (propensity <= 1)).all():
        raise ValueError("Outcomes are 0 or 1, and propensities above 0 and at most 1.")
    weight = 1 / propensity
    effective = float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0
    if effective < LEAST_EFFECTIVE:
        raise WatchworthyError(
            "slice_too_small",
            f"The labelled slice weighs as {effective:.0f} sessions; label more, until it is {LEAST_EFFECTIVE:.0f}.",
        )
    rarer = int(min(outcome.sum(), (1 - outcome).sum()))
    if rarer < LEAST_OF_EACH:
        raise WatchworthyError(
            "slice_too_small",
            f"Only {rarer} sessions of the rarer kind are in the labelled slice; it takes {LEAST_OF_EACH}.",
        )
    value = float((weight * outcome).sum() / weight.sum())
    variance = float((weight**2 * (outcome - value) ** 2).sum() / weight.sum() ** 2)
    # The rarer kind may happen to have the small weights: no more certainty than that of as many equal sessions.
    n = min(value * (1 - value) / variance, float(len(outcome)))
    return Estimate(value, wilson(value, n), len(outcome), effective)


def wilson(value: float, n: float) -> tuple[float, float]:
    """Wilson's interval of a share seen in ``n`` sessions.

    >>> [round(edge, 3) for edge in wilson(0.5, 100)]
    [0.419, 0.581]
    """
    z = NormalDist().inv_cdf((1 + COVERED) / 2)
    middle = (value + z * z / 2 / n) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(value * (1 - value) / n + z * z / 4 / n / n)
    return max(0.0, middle - half), min(1.0, middle + half)
