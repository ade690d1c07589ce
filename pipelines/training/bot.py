"""Training the bot head: one automation family after the other is held out with its kin, and people beside it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from data_contracts.errors import WatchworthyError
from models.calibration import choose
from models.head import Head
from models.heads.bot import BOT
from models.operating_points import operating_points, tightest
from models.trees import read
from pipelines.datasets.examples import LOOK, MARGIN, TAUGHT, TRAIN, Examples, Progress, quiet
from pipelines.training.alive import cohorts, evasion, horizons, probes
from pipelines.training.doubts import null_auc, sets_held_out, source_probe
from pipelines.training.evaluate import (
    alike,
    by_family,
    calibration,
    elsewhere,
    false_positives,
    miss_rates,
    plain,
    pooled,
)
from pipelines.training.fit import (
    Fitted,
    Labels,
    Rows,
    balanced,
    cross_fit,
    fitted,
    importance,
    mask_only_auc,
)

ELSEWHERE: Final = "elsewhere"
SHARES: Final = {ELSEWHERE: 0.25}  # its people are six devices at one task: a quarter of another source's say
REFITS_KEPT: Final = 2  # every second of the refits ships for the interval: each weighs as much as the model


def folds(group: np.ndarray[Any, Any], label: Labels, rng: np.random.Generator) -> dict[str, int]:
    """Fold of each group: one for each group of automation families, and the people dealt among them."""
    families = np.unique(group[label == 1])
    people = np.unique(group[label == 0])
    fold = {str(name): i for i, name in enumerate(families)}
    return fold | {
        str(people[i]): place % len(families) for place, i in enumerate(rng.permutation(len(people)))
    }


def train_bot(
    examples: Examples, answered: dict[str, float], seed: int, progress: Progress = quiet, head: Head = BOT
) -> Fitted:
    """Train the bot head on its examples.

    Parameters
    ----------
    examples
        Rows to train on, and moments of people for the operating points.
    answered
        Share of sessions on which the head may speak, by use, source and family.
    seed
        Fixes folds, pairs and bagging.
    head
        With settings of the booster other than the head's own, if somebody found such.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if there are not two families of automation and two people.
    """
    training, beside = examples.of(*TAUGHT), ~np.isin(examples["use"], TAUGHT)
    further, looks = examples.take(beside), examples["use"][beside] == LOOK
    look = further.take(looks)
    groups = [len(np.unique(training["group"][training["label"] == value])) for value in (0, 1)]
    if min(groups) < 2:
        raise WatchworthyError(
            "training_refused", f"It takes two people and two families of automation; here are {groups}."
        )
    weight = balanced(training["label"], training["group"], training["source"], SHARES)
    every = Rows(training.x, training["label"], weight, training["group"])
    fold_of = folds(every.group, every.y, np.random.default_rng(seed))
    fold = np.array([fold_of[name] for name in every.group.tolist()], "i8")
    beside_fold = np.array([fold_of.get(name, -1) for name in further["group"].tolist()], "i8")
    progress("bot: families held out", int(fold.max()) + 1)
    crossed = cross_fit(head, every, fold, seed, further.x, beside_fold, lambda: progress("", 0))
    progress("bot: the model itself", 1)
    text = fitted(head, every, seed)
    progress("", 0)
    trained_on = np.isin(examples["use"], TAUGHT)
    examples.columns["fold"][trained_on] = fold
    examples.columns[MARGIN][trained_on] = crossed.margin
    # What no booster was taught is scored by the one that ships.
    said = np.where(beside_fold < 0, read(text).margins(further.x), crossed.beside)
    examples.columns[MARGIN][beside] = said

    # Judged and calibrated by whole sessions; their first seconds were there to learn from.
    whole = training["use"] == TRAIN
    rows_of, rows, fold, margin = training.take(whole), every.take(whole), fold[whole], crossed.margin[whole]
    fit, losses = choose(margin, rows.y, rows.group, fold)
    points = operating_points(look["person"].tolist(), said[looks].tolist(), "cross_fitted")
    point = tightest(points)
    threshold = point.threshold if point else None
    final = read(text)
    progress("bot: doubts", 3)
    doubts = _doubts(head, rows_of, rows, seed, progress)
    alive: dict[str, Any] = {}
    if threshold is not None:
        margins = examples[MARGIN]
        alive = {
            "horizons": horizons(examples, margins, threshold),
            "cohorts": cohorts(examples, margins, threshold),
            "evasion": evasion(examples, margins, threshold),
            "probes": probes(examples, margins, threshold),
        }
    measures = {
        "families": by_family(rows_of, margin, answered),
        "pooled": pooled(rows_of, margin),
        "mask_only_auc": mask_only_auc(head, rows, seed),
        "mask_only_auc_before_pairing": mask_only_auc(head, rows, seed, pair=False),
        "answered": answered,
        "people": len(np.unique(look["person"])),
        "false_positives": false_positives(look, said[looks], threshold) if threshold is not None else [],
        "false_positives_alike": alike(look, said[looks], threshold) if threshold is not None else {},
        "elsewhere": source_held_out(head, rows_of, rows, seed, threshold),
        "calibration": calibration(margin, rows.y, rows.group, fold, fit.kind, head.base_rate, dict(losses)),
        "scores": _scores(rows_of, fit.ratios(margin)),
        "importance": importance(rows, final),
        **doubts,
        **alive,
    }
    facts = {"miss_rates": plain(miss_rates(rows_of, margin, point))}
    return Fitted(text, crossed.refits[::REFITS_KEPT], fit, points, facts, plain(measures))


def _doubts(head: Head, examples: Examples, rows: Rows, seed: int, progress: Progress) -> dict[str, Any]:
    """What luck, the looks of a source and a set seen before would make of the head."""
    found: dict[str, Any] = {"null": null_auc(head, rows, seed)}
    progress("", 0)
    named = np.where(examples["person"] == "", examples["session"], examples["person"])
    found["source_probe"] = source_probe(head, rows, examples["source"], named, seed)
    progress("", 0)
    found["sets_held_out"] = sets_held_out(head, examples, rows, seed)
    progress("", 0)
    return found


def source_held_out(
    head: Head, examples: Examples, rows: Rows, seed: int, threshold: float | None
) -> dict[str, Any]:
    """The set of another task, scored by a booster that saw nothing of it."""
    out = examples["source"] == ELSEWHERE
    if len(np.unique(rows.y[out])) < 2 or len(np.unique(rows.y[~out])) < 2:
        return {}
    without = read(fitted(head, rows.take(~out), seed))
    return elsewhere(examples.take(out), without.margins(rows.x[out]), threshold)


def _scores(examples: Examples, ratio: np.ndarray[Any, Any]) -> dict[str, list[float]]:
    """Quantiles of the log-likelihood ratio by source and family, for the plots."""
    found = {}
    for name in np.unique([f"{s}/{f}" for s, f in zip(examples["source"], examples["family"], strict=True)]):
        source, family = str(name).split("/")
        own = ratio[(examples["source"] == source) & (examples["family"] == family)]
        found[str(name)] = [float(q) for q in np.quantile(own, [0.05, 0.25, 0.5, 0.75, 0.95])]
    return found
