"""Intervals: the 90 % range of the probability over refits that each left whole groups out.

It shows how far the answer hangs on who happened to be in the data. It is no confidence interval of a
population, and it cannot show what none of the groups has. Where something of the session could not be seen, it is
the range over all that the features which hang on it might have been, so that whoever sees less never claims more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.calibration import Calibration

COVERED: Final = 0.90


def interval(
    own: tuple[float, float],
    refits: Sequence[tuple[float, float]],
    calibration: Calibration,
    base_rate: float,
) -> tuple[float, float]:
    """Range of the probability over refits, always with all in it that the model itself might say.

    Parameters
    ----------
    own
        Lowest and highest raw margin that the model might come to: the same where nothing is hidden.
    refits
        The same of each refit for the same vector.
    calibration, base_rate
        The model's own; calibration was fitted on the margins of just these refits.

    Returns
    -------
    (low, high)
    """
    lowest, highest = sorted(calibration.probability(margin, base_rate) for margin in own)
    if not len(refits):
        return lowest, highest
    tail = (1 - COVERED) / 2
    said = [[calibration.probability(margin, base_rate) for margin in ends] for ends in refits]
    low = float(np.quantile([min(ends) for ends in said], tail))
    high = float(np.quantile([max(ends) for ends in said], 1 - tail))
    return min(low, lowest), max(high, highest)
