"""A head from a training set: guesses train and weigh little; only labels test, and only the lottery's calibrate."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from data_contracts.errors import WatchworthyError
from models.calibration import choose
from models.hajek import LEAST_EFFECTIVE
from models.metrics import ranking
from models.trees import read
from pipelines.learning.weights import clipped, effective
from pipelines.training.evaluate import plain
from pipelines.training.fit import SEED, Fitted, boost, cross_fit, fitted, importance

if TYPE_CHECKING:
    from pipelines.learning.sets import TrainingSet

LEAST_GROUPS: Final = 6
"""Groups of each kind among the labels that may test: with fewer, neither folds nor a calibration can be had."""


def fit_set(found: TrainingSet, seed: int = SEED) -> Fitted:
    """Train a head on a set.

    Every row trains by its weight. Margins that are looked at are of rows that may test, by boosters that had not seen
    their group; they stand in the set's column ``margin``, NaN for a guess. Of these, those that the lottery drew
    calibrate, if they weigh as thirty sessions and hold enough groups of both kinds; until then all that may test do,
    and the measures say so: such a calibration follows what the queue chose to show. No operating point is set.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if too few groups of a kind may test, or fewer than the head asks for; the message says
        how many there are.
    """
    head, rows, tested = found.head, found.rows(), found["may_test"]
    _enough(found)
    train = fitted if head.pairs else boost
    crossed = cross_fit(head, rows, found["fold"].astype("i8"), seed, train=train)
    found.columns["margin"] = np.where(tested, crossed.margin, np.nan)
    drawn = tested & found["drawn"]
    weight, cut = clipped(found["inclusion_weight"][drawn].astype("f8"))
    by_lottery = effective(weight) >= LEAST_EFFECTIVE and all(
        len(np.unique(rows.group[drawn & (rows.y == value)])) >= LEAST_GROUPS for value in (0, 1)
    )
    chosen = drawn if by_lottery else tested
    fold = np.unique(rows.group[chosen], return_inverse=True)[1].astype("i8") % 5
    calibration, losses = choose(crossed.margin[chosen], rows.y[chosen], rows.group[chosen], fold)
    one, zero = tested & (rows.y == 1), tested & (rows.y == 0)
    text = train(head, rows, seed)
    measures: dict[str, Any] = {
        "held_out": asdict(
            ranking(crossed.margin[one], crossed.margin[zero], rows.group[zero], rows.group[one])
        ),
        "calibrated": {
            "basis": "random slice" if by_lottery else "every label that may test",
            "rows": int(chosen.sum()),
            "slice_weighs_as": effective(weight),
            "weights_clipped": cut,
            "log_loss_by_kind": losses,
        },
        "labels": found.provenance.get("by_kind", {}),
        "importance": importance(rows, read(text)),
    }
    base_rate = head.base_rate
    if head.truth != "labels":  # every session has an outcome: nobody chose which to label
        base_rate = float((rows.weight * rows.y).sum() / rows.weight.sum())
    elif by_lottery:
        base_rate = float((weight * rows.y[drawn]).sum() / weight.sum())
    facts = {"training_set": found.digest, "base_rate": base_rate}
    return Fitted(text, crossed.refits, calibration, (), facts, plain(measures))


def _enough(found: TrainingSet) -> None:
    head, rows, tested = found.head, found.rows(), found["may_test"]
    own = [rows.group[tested & (rows.y == value)] for value in (0, 1)]
    groups, each = [len(np.unique(part)) for part in own], [len(part) for part in own]
    if min(groups) < LEAST_GROUPS:
        raise WatchworthyError(
            "training_refused",
            f"The labels that may test are of {groups[1]} groups with and {groups[0]} without; "
            f"it takes {LEAST_GROUPS} each.",
            head.name,
        )
    whole = len(np.unique(rows.group[tested]))
    if min(each) < head.least_each or whole < head.least_groups:
        who = head.split_by[0] if head.split_by else "group"
        raise WatchworthyError(
            "training_refused",
            f"This head takes {head.least_groups} {who}s, and {head.least_each} rows each with and without; "
            f"here are {whole}, {each[1]} with and {each[0]} without.",
            head.name,
        )
