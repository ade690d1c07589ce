"""What further features add to a head: the same rows and folds with and without them, groups held out, paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from models.calibration import Floats
from models.head import Group, Head, Use
from models.metrics import auc, by_group
from pipelines.training.fit import SEED, Rows, cross_fit, group_folds, seeds

DRAWS: Final = 5  # of folds: one proves nothing with few groups
FOLDS: Final = 3
AGAIN: Final = 400  # groups drawn again, for the interval
LEAST_GROUPS: Final = 6  # of each class, that folds and intervals take


@dataclass(frozen=True)
class Gain:
    """What features add to a head.

    Attributes
    ----------
    without, with_them
        AUC on groups that were held out, mean over draws of the folds.
    gain, interval
        Their difference, and its 95 % interval over groups drawn again, the boosters staying as they are.
    rows, groups
        What that stands on; ``groups`` of the rarer class.
    """

    head: str
    features: tuple[str, ...]
    without: float
    with_them: float
    gain: float
    interval: tuple[float, float]
    rows: int
    groups: int

    def __str__(self) -> str:
        low, high = self.interval
        verdict = "adds" if low > 0 else "harms" if high < 0 else "cannot be told from nothing"
        return (
            f"{', '.join(self.features)} on {self.head}: AUC {self.without:.3f} without, {self.with_them:.3f} with; "
            f"difference {self.gain:+.3f} [{low:+.3f}, {high:+.3f}] over {self.groups} groups of the rarer kind held "
            f"out ({self.rows} rows): {verdict}."
        )


def widened(head: Head, features: Sequence[str]) -> Head:
    """The head with further features, as a group of their own."""
    uses = tuple(Use(name) for name in features)
    return replace(head, groups=(*head.groups, Group("TRIED", "NOT_TRIED", uses)))


def gain(
    head: Head, x: npt.NDArray[np.float32], extra: npt.NDArray[np.float32], features: Sequence[str], rows: Rows,
    draws: int = DRAWS, seed: int = SEED,
) -> Gain:  # fmt: skip
    """Measure what features add.

    Parameters
    ----------
    x, extra
        f4[n, k] of the head, f4[n, m] of what is tried.
    rows
        Labels, weights and groups of the same rows.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if a class has fewer than 6 groups.
    """
    groups = [len(np.unique(rows.group[rows.y == value])) for value in (0, 1)]
    if min(groups) < LEAST_GROUPS:
        raise WatchworthyError(
            "training_refused",
            f"To hold groups out takes {LEAST_GROUPS} of each kind; here are {groups[1]} and {groups[0]}.",
            head.name,
        )
    wide = widened(head, features)
    narrow = replace(rows, x=x)
    both = replace(rows, x=np.column_stack([x, extra]).astype("f4"))
    margins: list[tuple[Floats, Floats]] = []
    for own in seeds(seed, draws):
        fold = group_folds(rows.group, rows.y, FOLDS, np.random.default_rng(own))
        margins.append((cross_fit(head, narrow, fold, own).margin, cross_fit(wide, both, fold, own).margin))
    plain = np.ones(len(rows.y))
    a, b = _mean(margins, rows, plain)
    names, place = np.unique(rows.group, return_inverse=True)
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(AGAIN):
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[place].astype("f8")
        one, other = _mean(margins, rows, times)
        drawn.append(other - one)
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Gain(head.name, tuple(features), a, b, b - a, (float(low), float(high)), len(rows.y), min(groups))


def _mean(margins: Sequence[tuple[Floats, Floats]], rows: Rows, times: Floats) -> tuple[float, float]:
    """AUC without and with, groups weighing the same and standing in as often as they were drawn."""
    found: list[tuple[float, float]] = []
    one, zero = (rows.y == 1) & (times > 0), (rows.y == 0) & (times > 0)
    w: Any = by_group(rows.group) * times
    for pair in margins:
        found.append(tuple(auc(m[one], m[zero], w[one], w[zero]) for m in pair))  # type: ignore[arg-type]
    a, b = np.nanmean(np.array(found), axis=0) if one.any() and zero.any() else (np.nan, np.nan)
    return float(a), float(b)
