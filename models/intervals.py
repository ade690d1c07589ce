"""Intervals: the 90 % range of the probability over refits that each left whole groups out.

It shows how far the answer hangs on who happened to be in the data. It is no confidence interval of a
population, and it cannot show what none of the groups has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.calibration import Calibration

COVERED: Final = 0.90


def interval(
    probability: float, refits: Sequence[float], calibration: Calibration, base_rate: float
) -> tuple[float, float]:
    """Range of the probability over refits, always with the probability itself in it.

    Parameters
    ----------
    probability
        What the model says.
    refits
        Raw margin of each refit for the same vector.
    calibration, base_rate
        The model's own; calibration was fitted on the margins of just these refits.

    Returns
    -------
    (low, high)
    """
    if not len(refits):
        return probability, probability
    said = [calibration.probability(margin, base_rate) for margin in refits]
    low, high = np.quantile(said, [(1 - COVERED) / 2, (1 + COVERED) / 2])
    return min(float(low), probability), max(float(high), probability)
