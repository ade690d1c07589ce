"""Fitting: from examples to a booster, the refits that left groups out, and margins of unseen groups.

Whatever is missing must say nothing: each training row also hides what another row, drawn from the other class,
does not have. So both classes have the very same pattern of missing values, and what is missing more often in one
(short sessions, tools without a pointer) cannot be learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.assessments import OperatingPoint
from models.calibration import Calibration, Floats, equal_weights
from models.head import Group, Head
from models.logistic import Logistic
from models.metrics import auc
from models.trees import read

Matrix = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

SEED: Final = 20_300_101

DRAWS: Final = (
    3  # partners that each row is paired with: hiding is a loss, and another draw hides another part
)


@dataclass
class Fitted:
    """What a trainer hands back."""

    model: str | Logistic
    refits: tuple[str, ...]
    calibration: Calibration
    points: tuple[OperatingPoint, ...]
    facts: dict[str, Any]
    measures: dict[str, Any]
    plots: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """Training rows: ``x`` f4[n, k] of the head's features, ``y`` 0 or 1, ``weight``, ``group`` never split."""

    x: Matrix
    y: Labels
    weight: Floats
    group: npt.NDArray[Any]

    def take(self, rows: npt.NDArray[Any]) -> Rows:
        """Some of the rows, by mask or by index."""
        return Rows(self.x[rows], self.y[rows], self.weight[rows], self.group[rows])


def paired(head: Head, rows: Rows, seed: int, draws: int = DRAWS) -> Rows:
    """Rows whose missing values are the same in both classes, ``draws`` versions of each.

    A row hides what its partner in the other class lacks, and the partner is drawn by weight; so the pattern of a
    row of either class is the union of one pattern of each, in the same distribution. Then whole parts of the
    vector, and single groups of it, are hidden at the head's own rates.
    """
    rng = np.random.default_rng(seed)
    hidden = np.isnan(rows.x)
    parts = np.array([group.hidden_together for group in head.groups for _ in group.uses])
    group_of = np.array(head.group_of())
    xs, partners = [], {value: np.flatnonzero(rows.y == 1 - value) for value in (0, 1)}
    for _ in range(draws):
        x = rows.x.copy()
        for value, others in partners.items():
            own = np.flatnonzero(rows.y == value)
            share = rows.weight[others] / rows.weight[others].sum()
            partner = rng.choice(others, len(own), p=share)
            x[own] = np.where(hidden[partner], np.nan, x[own])
        for part, rate in head.hide_share.items():
            gone = rng.random(len(x)) < rate
            x[np.ix_(gone, parts == part)] = np.nan
        for index in range(len(head.groups) if head.hide_group else 0):
            x[np.ix_(rng.random(len(x)) < head.hide_group, group_of == index)] = np.nan
        xs.append(x)
    return Rows(
        np.concatenate(xs),
        np.tile(rows.y, draws),
        np.tile(rows.weight / draws, draws),
        np.tile(rows.group, draws),
    )


def settings(head: Head, seed: int) -> dict[str, Any]:
    """LightGBM's parameters: the same trees to the last bit from the same rows on the same kind of machine."""
    boosting = head.boosting
    return {
        "objective": "binary",
        "num_leaves": boosting.leaves,
        "learning_rate": boosting.learning_rate,
        "min_data_in_leaf": boosting.least_rows,
        "lambda_l2": boosting.ridge,
        "bagging_fraction": boosting.bagging,
        "bagging_freq": 1,
        "feature_fraction": boosting.columns,
        "max_bin": 63,
        "feature_pre_filter": False,
        "use_missing": True,
        "monotone_constraints": list(head.monotone),
        "boost_from_average": True,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": seed,
        "verbose": -1,
    }


def boost(head: Head, rows: Rows, seed: int) -> str:
    """Train a booster on rows as they are, and return LightGBM's text."""
    import lightgbm

    # A fold that leaves a family out must not make the rest look rarer: both classes weigh the same in any part.
    weight = rows.weight.copy()
    for value in (0, 1):
        weight[rows.y == value] *= len(rows.y) / 2 / rows.weight[rows.y == value].sum()
    data = lightgbm.Dataset(
        rows.x,
        rows.y,
        weight=weight,
        feature_name=list(head.features),
        free_raw_data=True,
    )
    booster = lightgbm.train(settings(head, seed), data, head.boosting.rounds)
    return str(booster.model_to_string(num_iteration=-1))


def fitted(head: Head, rows: Rows, seed: int) -> str:
    """Pair, balance and train: LightGBM's text."""
    return boost(head, paired(head, rows, seed), seed)


def group_folds(group: npt.NDArray[Any], label: Labels, folds: int, rng: np.random.Generator) -> Labels:
    """Deal the groups of each class to folds at random, as evenly as they go; the fold of each row.

    A group that has rows of both classes is dealt once.
    """
    fold = np.zeros(len(group), "i8")
    dealt: dict[Any, int] = {}
    for value in (1, 0):
        names = [name for name in np.unique(group[label == value]) if name not in dealt]
        order = rng.permutation(len(names))
        for place, i in enumerate(order):
            dealt[names[i]] = place % folds
    for i, name in enumerate(group):
        fold[i] = dealt[name]
    return fold


@dataclass(frozen=True)
class CrossFit:
    """Margins of rows by boosters that had not seen their group, and those boosters."""

    margin: Floats
    refits: tuple[str, ...]
    beside: Floats  # margins of further rows, by the same boosters


def cross_fit(
    head: Head,
    rows: Rows,
    fold: Labels,
    seed: int,
    beside: Matrix | None = None,
    beside_fold: Labels | None = None,
    progress: Callable[[], None] = lambda: None,
    train: Callable[[Head, Rows, int], str] = fitted,
) -> CrossFit:
    """Train once for each fold on the others, and score the fold.

    Parameters
    ----------
    fold
        Fold of each row.
    beside, beside_fold
        Further rows, each scored by the booster of its fold: moments of sessions whose group is in that fold.
    progress
        Called after each fold.
    """
    margin = np.full(len(rows.y), np.nan)
    extra = np.full(0 if beside is None else len(beside), np.nan)
    refits = []
    for k in np.unique(fold):
        inside = fold == k
        text = train(head, rows.take(~inside), seed + 1 + int(k))
        trees = read(text)
        margin[inside] = trees.margins(rows.x[inside])
        if beside is not None and beside_fold is not None:
            extra[beside_fold == k] = trees.margins(beside[beside_fold == k])
        refits.append(text)
        progress()
    return CrossFit(margin, tuple(refits), extra)


def balanced(
    label: Labels,
    group: npt.NDArray[Any],
    source: npt.NDArray[Any],
    shares: Mapping[str, float] | None = None,
) -> Floats:
    """Weights: classes equal, sources within a class by their share, groups within a source of a class equal."""
    weight = np.zeros(len(label))
    for name in np.unique(source):
        inside = source == name
        if len(np.unique(label[inside])) == 2:
            share = (shares or {}).get(str(name), 1.0)
            weight[inside] = share * equal_weights(label[inside], group[inside]) / inside.sum()
        else:  # a source of one class only would be told by its looks alone
            weight[inside] = 0.0
    return weight


def mask_only_auc(head: Head, rows: Rows, seed: int, pair: bool = True, folds: int = 5) -> float:
    """AUC of a booster that is given nothing but which values are missing, on groups that it had not seen.

    Parameters
    ----------
    pair
        Whether rows are paired first, as they are trained on; held-out rows are paired among themselves.
    """
    free = replace(head, groups=_unconstrained(head))
    fold = group_folds(rows.group, rows.y, folds, np.random.default_rng(seed))
    found = []
    for k in range(folds):
        parts = [rows.take(fold != k), rows.take(fold == k)]
        if pair:
            parts = [paired(head, part, seed + k) for part in parts]
        train, test = (replace(part, x=np.isnan(part.x).astype("f4")) for part in parts)
        margin = read(boost(free, train, seed)).margins(test.x)
        one = test.y == 1
        found.append(auc(margin[one], margin[~one], test.weight[one], test.weight[~one]))
    return float(np.mean(found))


def _unconstrained(head: Head) -> tuple[Group, ...]:
    return tuple(replace(g, uses=tuple(replace(u, monotone=0) for u in g.uses)) for g in head.groups)


def seeds(seed: int, count: int) -> Sequence[int]:
    """Further seeds of one seed."""
    return [int(s) for s in np.random.SeedSequence(seed).generate_state(count) >> 1]


def importance(rows: Rows, model: Any, most: int = 400) -> dict[str, float]:
    """Mean size of each feature's attribution in log-odds, over a spread of rows."""
    step = max(1, len(rows.y) // most)
    parts = np.abs(np.array([model.contributions(row)[:-1] for row in rows.x[::step]])).mean(axis=0)
    return {
        name: float(part) for name, part in sorted(zip(model.names, parts, strict=True), key=lambda p: -p[1])
    }
