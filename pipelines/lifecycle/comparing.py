"""Comparison of a challenger with the champion on the same held-out groups."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from data_contracts.assessments import OperatingPoint
from data_contracts.errors import WatchworthyError
from models.calibration import Floats
from models.head import Head
from models.heads import head as head_of
from models.operating_points import highest_by_person, tightest, upper_bound
from pipelines.datasets.examples import Examples
from pipelines.lifecycle.held_out import HeldOut, held_out, nobody, weights
from pipelines.lifecycle.measuring import DRAWS, Measured, Paired, measured, paired, slope

LEAST_GROUPS: Final = 5  # of each class; with fewer, drawing them again says nothing of others
SLICES: Final = ("source", "family", "scenario", "recorder", "viewport")
LEAST_ROWS: Final = 8
NOBODY: Final = "nobody"
"""Stands for the digest of a champion where no head of this name scores yet."""


class PointSeen(msgspec.Struct, frozen=True):
    """A head's point of verdict on held-out rows: people over it with the exact bound, and hits by weight of groups."""

    name: str
    threshold: float | None
    people: int
    over: int
    share_upper_95: float
    hits: float | None
    refused: str | None


class Slice(msgspec.Struct, frozen=True):
    """A part of the rows; AUC is of its positives or negatives against all of the other class of the same source."""

    by: str
    value: str
    rows: int
    groups: int
    champion: float
    challenger: float


class Comparison(msgspec.Struct, frozen=True):
    """Both heads on the same rows.

    Attributes
    ----------
    rows, left_out
        Rows that neither head had seen the group of, and those that were left out because one had.
    groups
        Names of the groups, hashed: what a ledger keeps.
    """

    head: str
    champion: str
    challenger: str
    base_rate: float
    rows: int
    left_out: int
    positives: int
    groups: tuple[str, ...]
    measures: tuple[Paired, ...]
    slopes: tuple[tuple[float, float], tuple[float, float]]
    points: tuple[PointSeen, PointSeen]
    slices: tuple[Slice, ...]

    def measure(self, name: str) -> Paired:
        """A measure by its name."""
        return next(one for one in self.measures if one.name == name)


class Evaluation(msgspec.Struct, frozen=True):
    """One head on rows that it had not seen."""

    head: str
    digest: str
    base_rate: float
    rows: int
    left_out: int
    positives: int
    groups: int
    measures: tuple[Measured, ...]
    slope: tuple[float, float]
    point: PointSeen


def groups_of(rows: Examples) -> npt.NDArray[Any]:
    """The group that is never split: a person where one is known, else the family or scenario."""
    return np.where(
        rows["label"] == 0, np.where(rows["person"] == "", rows["group"], rows["person"]), rows["group"]
    )


def evaluate(name: str, folder: Path, rows: Examples, draws: int = DRAWS, seed: int = 0) -> Evaluation:
    """Measure a head on rows that it had not seen.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if these are of fewer than five groups of a class.
    """
    said = held_out(folder, rows)
    assert said.trained is not None
    told = said.told
    kept, group = rows.take(told), groups_of(rows.take(told))
    _enough(kept, group)
    rate = said.trained.base_rate
    p, label = said.probability(rate)[told], kept["label"]
    return Evaluation(
        name,
        said.trained.digest,
        rate,
        len(kept),
        int((~told).sum()),
        int(label.sum()),
        len(np.unique(group)),
        tuple(measured(p, label, group, rate, draws, seed)),
        slope(p, label, weights(label, group, rate)),
        _point(said, told, group),
    )


def compare(
    name: str, champion: Path | None, challenger: Path, rows: Examples, draws: int = DRAWS, seed: int = 0
) -> Comparison:
    """Compare two heads on the rows that neither had seen; without a champion, a head with saying the base rate.

    Both probabilities are at the champion's base rate, each by its own calibration, so that what is compared is what
    would be said.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if these rows are of fewer than five groups of a class.
    """
    ours = held_out(champion, rows) if champion is not None else nobody(rows)
    theirs = held_out(challenger, rows)
    assert theirs.trained is not None
    told = ours.told & theirs.told
    kept = rows.take(told)
    group, label = groups_of(kept), kept["label"]
    _enough(kept, group)
    rate = (ours.trained or theirs.trained).base_rate
    first, second = (one.probability(rate)[told] for one in (ours, theirs))
    weight = weights(label, group, rate)
    return Comparison(
        name,
        ours.trained.digest if ours.trained is not None else NOBODY,
        theirs.trained.digest,
        rate,
        len(kept),
        int((~told).sum()),
        int(label.sum()),
        tuple(sorted({_hashed(one) for one in group.tolist()})),
        tuple(paired(first, second, label, group, rate, draws, seed)),
        (slope(first, label, weight), slope(second, label, weight)),
        (_point(ours, told, group), _point(theirs, told, group)),
        tuple(_slices(head_of(name), kept, group, first, second)),
    )


def _enough(rows: Examples, group: npt.NDArray[Any]) -> None:
    many = [len(np.unique(group[rows["label"] == value])) for value in (0, 1)]
    if min(many) < LEAST_GROUPS:
        raise WatchworthyError(
            "training_refused",
            f"It takes {LEAST_GROUPS} held-out groups of each class to compare on; here are {many[0]} and {many[1]}.",
        )


def _point(said: HeldOut, told: npt.NDArray[np.bool_], group: npt.NDArray[Any]) -> PointSeen:
    found: OperatingPoint | None = tightest(said.trained.points) if said.trained is not None else None
    label, margin = said.rows["label"][told], said.margin[told]
    if found is None or found.threshold is None:
        return PointSeen(found.name if found else "", None, 0, 0, 1.0, None, "insufficient_negatives")
    highest = highest_by_person(group[label == 0].tolist(), margin[label == 0].tolist())
    over = sum(score > found.threshold for score in highest.values())
    weight = weights(label, group, 0.5)
    hits = float(weight[(label == 1) & (margin > found.threshold)].sum() / weight[label == 1].sum())
    return PointSeen(
        found.name, found.threshold, len(highest), over, upper_bound(over, len(highest)), hits, None
    )


def _slices(
    head: Head, rows: Examples, group: npt.NDArray[Any], first: Floats, second: Floats
) -> list[Slice]:
    from models.metrics import auc

    found, label, source = [], rows["label"], rows["source"]
    for by in dict.fromkeys((*head.slices, *SLICES)):
        if by not in rows.columns:
            continue
        values = rows[by].astype(str)
        for value in np.unique(values):
            inside = values == value
            where = np.isin(source, np.unique(source[inside]))
            positive, negative = label == 1, label == 0
            if len(np.unique(label[inside])) == 2:
                positive, negative = positive & inside, negative & inside
            elif label[inside].any():
                positive, negative = inside, negative & where
            else:
                positive, negative = positive & where, inside
            if not value or inside.sum() < LEAST_ROWS or not positive.any() or not negative.any():
                continue
            both = [auc(p[positive], p[negative]) for p in (first, second)]
            found.append(Slice(by, str(value), int(inside.sum()), len(np.unique(group[inside])), *both))
    return found


def _hashed(name: str) -> str:
    return hashlib.sha256(f"group\0{name}".encode()).hexdigest()[:12]
