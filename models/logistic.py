"""A penalised logistic regression as plain numbers: what a head is while its site has few goals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.trees import AT_LEAST, KNOWN


@dataclass(frozen=True)
class Logistic:
    """Coefficients on standardised features; a missing value counts as the middle one and so adds nothing.

    Parameters
    ----------
    names
        Features that a row holds.
    centre, scale
        Median and spread of each feature in training, f8[k].
    low, high
        Values are clipped to what training held.
    coefficients
        Log-odds per spread; 0 for the features that were not chosen.
    intercept
        Log-odds of the middle row.
    """

    names: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float

    def standardised(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Rows as the coefficients read them, f8[n, k]."""
        clipped = np.clip(np.asarray(rows, "f8"), self.low, self.high)
        z = (clipped - np.array(self.centre)) / np.array(self.scale)
        return np.where(np.isnan(z), 0.0, z)

    def margin(self, values: npt.NDArray[np.float32]) -> float:
        """Log-odds of one row, f4[k]."""
        return float(self.contributions(values).sum())

    def margins(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Log-odds of each row, f4[n, k] to f8[n]."""
        return np.asarray(self.standardised(rows) @ np.array(self.coefficients) + self.intercept)

    def reach(self, values: npt.NDArray[np.float32], hidden: npt.NDArray[np.uint8]) -> tuple[float, float]:
        """Bounds of the log-odds of one row, whatever its ``hidden`` features may be within what training held."""
        lowest = np.where((hidden == AT_LEAST) & ~np.isnan(values), values, self.low)
        ends = self.standardised(np.array([lowest, self.high, values])) * np.array(self.coefficients)
        kept = (
            np.where(hidden == KNOWN, ends[2], ends.min(0)).sum(),
            np.where(hidden == KNOWN, ends[2], ends.max(0)).sum(),
        )
        return float(kept[0]) + self.intercept, float(kept[1]) + self.intercept

    def contributions(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """What each feature adds, then the intercept; they sum to the margin. f8[k + 1]."""
        parts = self.standardised(values) * np.array(self.coefficients)
        return np.append(parts, self.intercept)

    def to_json(self) -> dict[str, Any]:
        """Plain facts, as ``logistic.json`` keeps them."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in self.__dict__.items()}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Logistic:
        """Read what ``to_json`` wrote."""
        return cls(
            tuple(facts["names"]),
            tuple(facts["centre"]),
            tuple(facts["scale"]),
            tuple(facts["low"]),
            tuple(facts["high"]),
            tuple(facts["coefficients"]),
            facts["intercept"],
        )
