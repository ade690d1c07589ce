"""Estimated performance: what a calibrated score says of its own precision, before any label is known.

If a probability is calibrated, the share of true positives among the sessions that were raised is the mean of their
probabilities (confidence-based performance estimation, CBPE). It holds as long as what is calibrated stays so: a change
of how positives look, or of how many there are, moves the truth and not the estimate. So it stands beside what the
random slice measures, and a gap between the two is news.

NannyML, whose method this is, does not install beside us. Its last release, 0.13.1 of July 2025, takes LightGBM below
4.6 and our heads are trained by 4.6 or later; python-dateutil below 3, and the lock has 4. Its releases up to 0.12.1
take python-dateutil below 3 as well, those up to 0.8.6 pandas below 2. With both pins dropped it resolves, and brings
35 packages that nothing else here needs (drivers of two clouds, XGBoost, a client that reports use), all for the mean
of a column.

References
----------
NannyML's CBPE (Kuberski, Perrakis and others; its documentation, "Confidence-based Performance Estimation"); Garg and
others (2022), leveraging unlabelled data to predict out-of-distribution performance; Hájek (1971), for what is
measured.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from models.calibration import Floats
from models.hajek import Estimate, share

DRAWS: Final = 400
COVERED: Final = (5.0, 95.0)


class Estimated(msgspec.Struct, frozen=True):
    """A share with its 90 % interval, from so many sessions; ``None`` with what is missing."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    missing: str = ""


def estimated_precision(p: Floats, raised: npt.NDArray[np.bool_], seed: int = 0) -> Estimated:
    """Share of the raised sessions that are right, if the probabilities are calibrated.

    The interval is of the outcomes that such probabilities would have, over sessions drawn again.

    >>> told = estimated_precision(np.array([0.9] * 50 + [0.1] * 50), np.array([True] * 50 + [False] * 50))
    >>> round(told.value, 2), told.n, told.low < 0.9 < told.high
    (0.9, 50, True)
    """
    found = p[raised & ~np.isnan(p)]
    if not len(found):
        return Estimated(None, None, None, 0, "No session was raised.")
    rng = np.random.default_rng(seed)
    drawn = rng.choice(found, (DRAWS, len(found)))
    shares = (rng.random(drawn.shape) < drawn).mean(axis=1)
    low, high = np.percentile(shares, COVERED)
    return Estimated(float(found.mean()), float(low), float(high), len(found))


def estimated_recall(p: Floats, raised: npt.NDArray[np.bool_]) -> float | None:
    """Share of all positives that were raised, if the probabilities are calibrated."""
    told = ~np.isnan(p)
    whole = float(p[told].sum())
    return float(p[told & raised].sum()) / whole if whole > 0 else None


def measured_precision(right: Floats, propensity: Floats) -> Estimated:
    """Share of the raised sessions that are right, by labels of the random slice alone (Hájek).

    Parameters
    ----------
    right, propensity
        Of the raised sessions that were drawn and labelled.
    """
    try:
        told: Estimate = share(right, propensity)
    except WatchworthyError as error:
        return Estimated(None, None, None, len(right), error.message)
    return Estimated(told.value, *told.interval, told.n)
