"""A session as the record of a decision keeps it: what a scorer reads of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_contracts.decisions import Decision
from features.moments import MOMENT


class Kept:
    """A session as a record keeps it.

    Parameters
    ----------
    made
        The record.

    Raises
    ------
    ValueError
        If its bytes are no vector or no moments.
    """

    def __init__(self, made: Decision) -> None:
        self.vector: npt.NDArray[np.float32] = np.frombuffer(made.vector, "<f4").astype(np.float32)
        # Copied, for what is compiled for a live session's moments may write to them, and takes no others.
        self.moments: npt.NDArray[np.void] = np.frombuffer(made.moments, MOMENT).copy()
        self.coverage = made.seen
