"""Held out: what a head says of rows whose group it had not seen when it was trained.

A head that keeps its training vectors says of each row there what a booster said that had not seen the row's group; of
a group that is not there, the head itself says it. A row of a group that was trained on, without such a margin, is
left out and counted: nobody can say what a stranger's model would have made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from models.bundle import Trained, load_head
from models.calibration import Floats, logit
from models.metrics import Labels, at_base_rate, by_group
from pipelines.datasets.examples import MARGIN, TAUGHT, TRAIN, Examples
from pipelines.training.heads import VECTORS as VECTORS

Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class HeldOut:
    """Rows of whole sessions, and what a head says of each that had not seen it.

    Attributes
    ----------
    rows
        The rows.
    margin
        f8[n]; NaN where the head has seen the group.
    trained
        The head; None for nobody, who says the base rate of every row.
    """

    rows: Examples
    margin: Floats
    trained: Trained | None

    @property
    def told(self) -> npt.NDArray[np.bool_]:
        """Which rows have a margin."""
        return ~np.isnan(self.margin)

    def probability(self, base_rate: float) -> Floats:
        """Probability of each row by the head's own calibration, at a base rate that may be another's."""
        if self.trained is None:
            return np.full(len(self.margin), base_rate)
        ratio = self.trained.calibration.ratios(np.nan_to_num(self.margin))
        p = 0.5 * (1 + np.tanh(0.5 * (ratio + logit(base_rate))))
        return np.where(self.told, p, np.nan)


def nobody(rows: Examples) -> HeldOut:
    """What is said of rows where no head of this name scores yet."""
    return HeldOut(rows, np.zeros(len(rows)), None)


def held_out(folder: Path, rows: Examples) -> HeldOut:
    """What the head in a folder says of rows that it had not seen.

    Parameters
    ----------
    rows
        Of whole sessions; their features may be more than the head reads, in any order.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if the head does not keep what it was trained on; ``vector_mismatch`` if the rows lack a
        feature that it reads.
    """
    trained = load_head(folder)
    path = folder / VECTORS
    if not path.exists():
        raise WatchworthyError(
            "training_refused",
            "The head does not keep the vectors that it was trained on, so nobody can say whom it has not seen.",
            str(path),
        )
    missing = sorted(set(trained.model.names) - set(rows.names))
    if missing:
        raise WatchworthyError("vector_mismatch", f"The rows lack {', '.join(missing)}.", str(folder))
    own, _ = Examples.read(path)
    used = own.of(*TAUGHT)
    known = dict(zip(_keys(used), used[MARGIN].tolist(), strict=True))
    seen = {*used["group"].tolist(), *used["person"].tolist()} - {""}
    columns = [rows.names.index(name) for name in trained.model.names]
    margin = trained.model.margins(np.ascontiguousarray(rows.x[:, columns]))
    for i, (key, group, person) in enumerate(
        zip(_keys(rows), rows["group"].tolist(), rows["person"].tolist(), strict=True)
    ):
        if group in seen or person in seen:
            margin[i] = known.get(key, np.nan)
    return HeldOut(rows, margin, trained)


def whole_sessions(path: Path) -> Examples:
    """The rows of whole sessions of a file of vectors; guesses are left out: they may only train."""
    examples, _ = Examples.read(path)
    rows = examples.of(TRAIN)
    return rows.take(~rows.guessed)


def weights(label: Labels, group: npt.NDArray[Any], base_rate: float) -> Floats:
    """Weights by which groups weigh the same, and positives make up the base rate."""
    weight = np.zeros(len(label))
    for value in (0, 1):
        weight[label == value] = by_group(group[label == value])
    return at_base_rate(label, weight, base_rate)


def _keys(rows: Examples) -> list[Key]:
    return list(
        zip(
            rows["use"].tolist(),
            rows["source"].tolist(),
            rows["session"].tolist(),
            rows["t_ms"].tolist(),
            strict=True,
        )
    )
