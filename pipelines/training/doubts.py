"""What might make a score look better than it is: luck, the looks of a source, a set that was seen before."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np

from models.calibration import equal_weights
from models.head import Head
from models.metrics import auc, ranking
from models.trees import read
from pipelines.datasets.examples import Examples
from pipelines.training.evaluate import spread
from pipelines.training.fit import Rows, boost, cross_fit, fitted, group_folds, importance, seeds

FOLDS: Final = 5
NULL_DRAWS: Final = 8
STRONGEST: Final = 10
FEWEST: Final = 20


def null_auc(head: Head, rows: Rows, seed: int, progress: Any = lambda: None) -> dict[str, float]:
    """AUC when the labels of whole people and families are dealt anew: what luck alone reaches."""
    names, first, at = np.unique(rows.group, return_index=True, return_inverse=True)
    label_of = rows.y[first]
    found = []
    for own in seeds(seed, NULL_DRAWS):
        rng = np.random.default_rng(own)
        y = label_of[rng.permutation(len(names))][at]
        weight = equal_weights(y, rows.group)
        dealt = Rows(rows.x, y, weight, rows.group)
        fold = group_folds(rows.group, y, FOLDS, rng)
        margin = cross_fit(head, dealt, fold, own).margin
        found.append(auc(margin[y == 1], margin[y == 0], weight[y == 1], weight[y == 0]))
        progress()
    return spread(found)


def source_probe(
    head: Head, rows: Rows, source: np.ndarray[Any, Any], person: np.ndarray[Any, Any], seed: int
) -> dict[str, Any]:
    """How well the source of people's sessions is told, people apart; and the head without what tells it best.

    Parameters
    ----------
    source, person
        Of each row.

    Returns
    -------
    dict
        ``auc`` of each source against the rest, ``strongest`` features, ``with`` and ``without`` them the head's own
        AUC in the same folds of whole groups, and their difference ``loss`` with its 95 % interval over groups.
    """
    free = replace(
        head,
        groups=tuple(replace(g, uses=tuple(replace(u, monotone=0) for u in g.uses)) for g in head.groups),
    )
    human = rows.y == 0
    weight: dict[str, float] = dict.fromkeys(head.features, 0.0)
    told: dict[str, float] = {}
    fold = group_folds(person[human], np.zeros(int(human.sum()), "i8"), FOLDS, np.random.default_rng(seed))
    for name in np.unique(source[human]):
        y = (source[human] == name).astype("i8")
        if min(y.sum(), (1 - y).sum()) < FEWEST:
            continue
        probe = Rows(rows.x[human], y, np.ones(len(y)), person[human])
        margin = np.full(len(y), np.nan)
        for k in range(FOLDS):
            train = probe.take(fold != k)
            if len(np.unique(train.y)) == 2:
                margin[fold == k] = read(boost(free, train, seed)).margins(probe.x[fold == k])
        seen = ~np.isnan(margin)
        told[str(name)] = auc(margin[seen & (y == 1)], margin[seen & (y == 0)])
        for feature, part in importance(probe, read(boost(free, probe, seed))).items():
            weight[feature] += part
    strongest = sorted(weight, key=lambda name: -weight[name])[:STRONGEST]
    return {"auc": told, "strongest": strongest} | _without(head, rows, strongest, seed)


def _without(head: Head, rows: Rows, dropped: list[str], seed: int) -> dict[str, Any]:
    fold = group_folds(rows.group, rows.y, FOLDS, np.random.default_rng(seed))
    blind = rows.x.copy()
    blind[:, [head.features.index(name) for name in dropped]] = np.nan
    full = cross_fit(head, rows, fold, seed).margin
    part = cross_fit(head, replace(rows, x=blind), fold, seed).margin
    groups, at = np.unique(rows.group, return_inverse=True)
    rng = np.random.default_rng(seed)

    def both(weight: np.ndarray[Any, Any]) -> tuple[float, float]:
        one, two = rows.y == 1, rows.y == 0
        return (
            auc(full[one], full[two], weight[one], weight[two]),
            auc(part[one], part[two], weight[one], weight[two]),
        )

    even = equal_weights(rows.y, rows.group)
    whole, less = both(even)
    drawn = []
    for _ in range(300):
        times = np.bincount(rng.integers(0, len(groups), len(groups)), minlength=len(groups))[at]
        a, b = both(even * times)
        drawn.append(a - b)
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {"with": whole, "without": less, "loss": whole - less, "loss_interval": (float(low), float(high))}


def sets_held_out(head: Head, examples: Examples, rows: Rows, seed: int) -> list[dict[str, Any]]:
    """Each source that has both classes, scored by a booster that saw nothing of it."""
    found = []
    for name in np.unique(examples["source"]):
        out = examples["source"] == name
        if len(np.unique(rows.y[out])) < 2 or len(np.unique(rows.y[~out])) < 2:
            continue
        margin = read(fitted(head, rows.take(~out), seed)).margins(rows.x[out])
        bots = rows.y[out] == 1
        own = examples.take(out)
        named = np.where(own["person"] == "", own["session"], own["person"])
        measured = ranking(margin[bots], margin[~bots], named[~bots], own["family"][bots])
        found.append(
            {"source": str(name), "families": len(np.unique(own["family"][bots]))} | asdict(measured)
        )
    return found
