"""Weights of the random slice: each drawn session stands for those that the lottery passed over."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.calibration import Floats

MOST: Final = 20.0
"""Most that one session may weigh of the mean weight; beyond, one lucky draw would speak for the site."""


def effective(weight: Floats) -> float:
    """As how many equal sessions these weigh (Kish 1965).

    >>> effective(np.array([1.0, 1.0, 2.0]))
    2.6666666666666665
    """
    return float(weight.sum() ** 2 / (weight**2).sum()) if weight.size else 0.0


def clipped(weight: Floats, most: float = MOST) -> tuple[Floats, int]:
    """Weights of which none is more than ``most`` times their mean, and how many were cut.

    >>> clipped(np.array([1.0, 1.0, 1.0, 97.0]), 2.0)
    (array([ 1.,  1.,  1., 50.]), 1)
    """
    limit = most * float(weight.mean()) if weight.size else 0.0
    return np.minimum(weight, limit), int((weight > limit).sum())
