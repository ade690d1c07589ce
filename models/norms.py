"""Norms: where the sessions of one site put a value of a feature, as a percentile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

LEAST: Final = (
    100  # sessions in which a feature is defined; with fewer, one session is more than a percentile
)
GRID: Final = np.linspace(0.0, 1.0, 101)

Percentile = Callable[[str, float], float | None]
"""Percentile (0..100) of a value of a feature, or ``None`` where too few sessions define it."""


@dataclass(frozen=True)
class Norms:
    """Quantiles of each feature over sessions of one site.

    Attributes
    ----------
    sessions
        How many were read.
    columns
        Name of each feature to its row.
    quantiles
        f4[features, 101], rising in each row; NaN where fewer than ``LEAST`` sessions define the feature.
    """

    sessions: int
    columns: dict[str, int]
    quantiles: npt.NDArray[np.float32]

    def percentile(self, feature: str, value: float) -> float | None:
        """Percentage of sessions with a lower value; those with the same count half.

        >>> norms = Norms.of(["a"], np.arange(200, dtype="f4")[:, None])
        >>> norms.percentile("a", 99.5), norms.percentile("a", -1.0), norms.percentile("other", 0.0)
        (50.0, 0.0, None)
        """
        row = self.columns.get(feature)
        if row is None or np.isnan(value):
            return None
        edges = self.quantiles[row]
        if np.isnan(edges[0]):
            return None
        below, up_to = (int(np.searchsorted(edges, np.float32(value), side)) for side in ("left", "right"))
        return max(0.0, min(100.0, (below + up_to - 1) / 2))

    @classmethod
    def of(cls, names: Sequence[str], vectors: npt.NDArray[np.float32]) -> Norms:
        """The norms of vectors, f4[sessions, features]."""
        found = np.full((len(names), len(GRID)), np.nan, np.float32)
        for i in range(len(names)):
            column = vectors[:, i]
            known = column[~np.isnan(column)]
            if len(known) >= LEAST:
                found[i] = np.quantile(known, GRID)
        return cls(len(vectors), {name: i for i, name in enumerate(names)}, found)
