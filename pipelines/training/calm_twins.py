"""The frustration head on struggles and their calm twins: scenario and person held out together.

Twins share page, hand, length and acts, and differ in whether the page answers: what counts acts or minutes alone
must be at chance on them, or the pairs are no twins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.calibration import Floats
from models.head import Head
from models.heads.frustration import FRUSTRATION
from models.metrics import auc
from models.trees import read
from pipelines.datasets.examples import BASELINE, TRAIN, Examples, Progress, quiet
from pipelines.datasets.frustration import TWINS
from pipelines.training.fit import Rows, fitted

FEWEST_POSITIVES: Final = 10
DRAWS: Final = 1_000
ABLATED: Final = {
    "waits and unanswered acts": ("NO_ANSWER", "SLOW_ANSWER"),
    "bursts and retries": ("TRIED_AGAIN",),
    "errors": ("ERRORS_FOLLOWED",),
    "ways lost": ("LOST_THE_WAY",),
    "all friction as one": ("FRICTION",),
}
"""Families of evidence, by the reasons that they give."""

Score = Callable[[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], Floats]
"""Scores the rows of the second mask after learning from those of the first."""


def held_out(examples: Examples, score: Score) -> Floats:
    """Scores of the twins, each scenario by what learned from neither it nor anyone who plays in it."""
    found = np.full(len(examples), np.nan)
    for name in np.unique(examples["group"][examples["source"] == TWINS]):
        inside = examples["group"] == name
        seen = np.isin(examples["person"], np.unique(examples["person"][inside]))
        found[inside] = score(~inside & ~seen, inside)
    return found


def on_twins(
    examples: Examples, rows: Rows, seed: int, progress: Progress = quiet, head: Head = FRUSTRATION
) -> dict[str, Any]:
    """What the head, its parts and what is cruder reach on the twins; empty where there are none.

    Returns
    -------
    dict
        ``scenarios``, ``people``, ``pairs``; ``auc``: name to AUC and its 95 % interval over scenarios drawn again;
        ``without``: family of evidence to the same of a head that does not have it; None under ten positives.
    """
    twins = (examples["source"] == TWINS) & (examples["use"] == TRAIN)
    label = examples["label"]
    if int(label[twins].sum()) < FEWEST_POSITIVES:
        return {}
    progress("frustration: twins held out", 2 + len(ABLATED))
    scores: dict[str, Floats] = {"the head": held_out(examples, _head(head, rows, seed))}
    progress("", 0)
    totals = np.log1p(np.column_stack([examples[name] for name in BASELINE[:4]]).astype("f8"))
    scores["four totals, forest"] = held_out(examples, _forest(totals, label, seed))
    scores["four totals, logistic"] = held_out(examples, _logistic(totals, label))
    scores["signals by severity"] = examples["all_signals"].astype("f8")
    scores["signals by severity, per act"] = examples["all_signals"] / np.maximum(examples["acts"], 1)
    for column, use in enumerate(head.uses):
        scores[f"{use.name} alone"] = np.nan_to_num(examples.x[:, column].astype("f8"), nan=0.0)
    progress("", 0)
    without: dict[str, Floats] = {}
    groups = [group.up for group in head.groups for _ in group.uses]
    for name, codes in ABLATED.items():
        blind = rows.x.copy()
        blind[:, np.isin(groups, codes)] = np.nan
        without[name] = held_out(examples, _head(head, replace(rows, x=blind), seed))
        progress("", 0)
    group = examples["group"][twins]
    draws = _draws(group)

    def told(score: Floats) -> dict[str, Any]:
        return _interval(score[twins], label[twins], group, draws)

    return {
        "scenarios": len(np.unique(group)),
        "people": len(np.unique(examples["person"][twins])),
        "struggles": int(label[twins].sum()),
        "calm": int((label[twins] == 0).sum()),
        "auc": {name: told(score) for name, score in scores.items()},
        "without": {name: told(score) for name, score in without.items()},
    }


def _head(head: Head, rows: Rows, seed: int) -> Score:
    def score(train: npt.NDArray[np.bool_], test: npt.NDArray[np.bool_]) -> Floats:
        return read(fitted(head, rows.take(train), seed)).margins(rows.x[test])

    return score


def _forest(x: Floats, label: npt.NDArray[np.int64], seed: int) -> Score:
    from sklearn.ensemble import RandomForestClassifier

    def score(train: npt.NDArray[np.bool_], test: npt.NDArray[np.bool_]) -> Floats:
        model = RandomForestClassifier(
            100, min_samples_leaf=3, random_state=seed % 2**32, class_weight="balanced"
        ).fit(x[train], label[train])
        return np.asarray(model.predict_proba(x[test])[:, 1], "f8")

    return score


def _logistic(x: Floats, label: npt.NDArray[np.int64]) -> Score:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def score(train: npt.NDArray[np.bool_], test: npt.NDArray[np.bool_]) -> Floats:
        model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
        model.fit(x[train], label[train])
        return np.asarray(model.predict_proba(x[test])[:, 1], "f8")

    return score


def _draws(group: npt.NDArray[Any]) -> list[Floats]:
    """How often each row is drawn when whole scenarios are drawn again, many times."""
    names, at = np.unique(group, return_inverse=True)
    rng = np.random.default_rng(0)
    return [
        np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[at].astype("f8")
        for _ in range(DRAWS)
    ]


def _interval(
    score: Floats, label: npt.NDArray[np.int64], group: npt.NDArray[Any], draws: list[Floats]
) -> dict[str, Any]:
    one, two = label == 1, label == 0
    drawn = [auc(score[one], score[two], times[one], times[two]) for times in draws]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {"auc": auc(score[one], score[two]), "interval": (float(low), float(high))}
