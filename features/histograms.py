"""Fixed histograms: small counters that never overflow, and the numbers read off them."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled, compiled_as

FULL: Final = 65_535
"""What a cell of two bytes holds."""


@compiled
def put(cells: npt.NDArray[np.uint16], index: int, amount: int) -> None:
    """Add ``amount`` to a cell of two bytes; when it is full, halve all: a histogram of shares loses nothing by it."""
    amount = min(amount, FULL // 2)
    if cells[index] + amount > FULL:
        for i in range(cells.size):
            cells[i] = cells[i] >> 1
    cells[index] = cells[index] + amount


@compiled
def octave_bin(value: float, low: float, per_octave: int, bins: int) -> int:
    """Bin of ``value`` on a logarithmic scale that starts at ``low``; the ends hold what lies beyond them."""
    if not value > low:
        return 0
    return min(int(math.log2(value / low) * per_octave), bins - 1)


def _octave_quantile(cells: npt.NDArray[Any], share: float, low: float, per_octave: int) -> float:
    """The same as ``octave_quantile``, in loops that Numba compiles."""
    wanted = 0.0
    for i in range(cells.size):
        wanted += cells[i]
    wanted *= share
    found = math.nan
    for i in range(cells.size):
        count = float(cells[i])
        if count > 0:
            if wanted <= count:
                return float(low * 2 ** ((i + wanted / count) / per_octave))
            found = float(low * 2 ** ((i + 1) / per_octave))
        wanted -= count
    return found


@compiled_as(_octave_quantile)
def octave_quantile(cells: npt.NDArray[Any], share: float, low: float, per_octave: int) -> float:
    """Quantile of what ``octave_bin`` placed, interpolated within its bin; NaN when there is nothing.

    >>> octave_quantile(np.array([0, 4, 0], "u2"), 1.0, low=100.0, per_octave=1)
    400.0
    """
    wanted = share * float(cells.sum(dtype="f8"))
    found = math.nan
    for i, count in enumerate(cells.tolist()):
        if count:
            if wanted <= count:
                return float(low * 2 ** ((i + wanted / count) / per_octave))
            found = float(low * 2 ** ((i + 1) / per_octave))
        wanted -= count
    return found
