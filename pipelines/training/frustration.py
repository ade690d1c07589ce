"""Training the frustration head: scenarios are held out, the calm ones too, over many draws of the folds.

One draw of folds proves nothing with some twenty scenarios, so every number is a mean over draws with its range.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from data_contracts.errors import WatchworthyError
from models.calibration import Floats, choose
from models.head import Head
from models.heads.frustration import FRUSTRATION
from models.metrics import auc
from models.trees import read
from pipelines.datasets.examples import BASELINE, MARGIN, TAUGHT, TRAIN, Examples, Progress, quiet
from pipelines.training.calm_twins import on_twins
from pipelines.training.evaluate import calibration, plain, spread
from pipelines.training.fit import (
    Fitted,
    Labels,
    Rows,
    balanced,
    cross_fit,
    fitted,
    group_folds,
    importance,
    mask_only_auc,
    seeds,
)

FOLDS: Final = 3
DRAWS: Final = 20
DRAWS_KEPT: Final = 5  # refits of so many draws ship for the interval


def train_frustration(
    examples: Examples,
    answered: dict[str, float],
    seed: int,
    progress: Progress = quiet,
    head: Head = FRUSTRATION,
) -> Fitted:
    """Train the frustration head on its examples.

    Parameters
    ----------
    examples, answered, seed, head
        As of ``train_bot``; groups are scenarios.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if a class has fewer scenarios than folds.
    """
    taught = examples.of(*TAUGHT)
    label, scenario = taught["label"], taught["group"]
    if min(len(np.unique(scenario[label == value])) for value in (0, 1)) < FOLDS:
        raise WatchworthyError(
            "training_refused", f"It takes {FOLDS} scenarios of each kind to hold them out."
        )
    rows = Rows(taught.x, label, balanced(label, scenario, taught["source"]), scenario)
    # Judged and calibrated by sessions as they were recorded; what a lesser recorder tells is there to learn from.
    whole = taught["use"] == TRAIN
    rows_of = taught.take(whole)
    margins: list[Floats] = []
    folds: list[Labels] = []
    refits: list[str] = []
    measured: dict[str, list[float]] = {}
    progress("frustration: scenarios held out", DRAWS)
    for draw, own in enumerate(seeds(seed, DRAWS)):
        rng = np.random.default_rng(own)
        fold = group_folds(scenario, label, FOLDS, rng)
        crossed = cross_fit(head, rows, fold, own)
        margins.append(crossed.margin)
        folds.append(fold)
        if draw < DRAWS_KEPT:
            refits += crossed.refits
        said = {"model": crossed.margin[whole]} | baselines(rows_of, rows_of["label"], fold[whole], own)
        for name, score in said.items():
            positive = rows_of["label"] == 1
            measured.setdefault(name, []).append(auc(score[positive], score[~positive]))
        progress("", 0)
    # The last fold is noted beside the vectors; a row has as many as there were draws.
    trained_on = np.isin(examples["use"], TAUGHT)
    examples.columns["fold"][trained_on] = folds[-1]
    text = fitted(head, rows, seed)
    strict = people_too(head, rows, taught, folds[0], seed)
    examples.columns[MARGIN][trained_on] = np.mean(margins, axis=0)
    margins, label, scenario = [one[whole] for one in margins], label[whole], scenario[whole]
    stacked = [np.concatenate(margins), np.tile(label, DRAWS), np.tile(scenario, DRAWS)]
    leave_one = np.unique(stacked[2], return_inverse=True)[1].astype("i8")
    fit, losses = choose(stacked[0], stacked[1], stacked[2], leave_one)
    mean = np.mean(margins, axis=0)
    measures: dict[str, Any] = {
        "auc": {name: spread(values) for name, values in measured.items()},
        "auc_people_held_out_too": strict,
        "scenarios": by_scenario(rows_of, fit.ratios(mean)),
        "mask_only_auc": mask_only_auc(head, rows, seed, folds=FOLDS),
        "answered": answered,
        "people": len(np.unique(rows_of["person"])),
        "calibration": calibration(
            mean,
            label,
            scenario,
            np.unique(scenario, return_inverse=True)[1].astype("i8"),
            fit.kind,
            head.base_rate,
            dict(losses),
        ),
        "scores": {
            f"{'struggle' if value else 'calm'}/{name}": [
                float(q)
                for q in np.quantile(
                    fit.ratios(mean[(scenario == name) & (label == value)]), [0.05, 0.25, 0.5, 0.75, 0.95]
                )
            ]
            for name in np.unique(scenario)
            for value in (1, 0)
            if ((scenario == name) & (label == value)).any()
        },
        "importance": importance(rows, read(text)),
        "twins": on_twins(taught, rows, seed, progress, head),
    }
    return Fitted(text, tuple(refits), fit, (), {}, plain(measures))


def baselines(examples: Examples, label: Labels, fold: Labels, seed: int) -> dict[str, Floats]:
    """What cruder means say of the same rows in the same folds.

    Four totals in a forest and in a logistic regression; the head's own features in a logistic regression; and the
    signals summed by severity, which need no training.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    totals = np.column_stack([examples[name] for name in BASELINE[:4]]).astype("f8")
    signals = examples["all_signals"].astype("f8")
    makers: dict[str, tuple[Floats, Callable[[], Any]]] = {
        "four_totals_forest": (
            totals,
            lambda: RandomForestClassifier(
                100, min_samples_leaf=3, random_state=seed % 2**32, class_weight="balanced"
            ),
        ),
        "four_totals_logistic": (
            np.log1p(totals),
            lambda: make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced")),
        ),
        "same_features_logistic": (
            examples.x.astype("f8"),
            lambda: make_pipeline(
                SimpleImputer(strategy="median", keep_empty_features=True),
                StandardScaler(),
                LogisticRegression(class_weight="balanced"),
            ),
        ),
    }
    found = {"signals_by_severity": signals, "signals_a_minute": signals / np.maximum(totals[:, 0], 1)}
    for name, (x, make) in makers.items():
        score = np.zeros(len(label))
        for k in np.unique(fold):
            model = make().fit(x[fold != k], label[fold != k])
            score[fold == k] = model.predict_proba(x[fold == k])[:, 1]
        found[name] = score
    return found


def people_too(head: Head, rows: Rows, examples: Examples, fold: Labels, seed: int) -> float:
    """AUC when, with the scenarios, the people of the held-out sessions are left out as well: stricter, and starved."""
    margin = np.zeros(len(rows.y))
    for k in np.unique(fold):
        inside = fold == k
        seen = np.isin(examples["person"], np.unique(examples["person"][inside]))
        kept = ~inside & ~seen
        if len(np.unique(rows.y[kept])) < 2:
            return float("nan")
        margin[inside] = read(fitted(head, rows.take(kept), seed)).margins(rows.x[inside])
    whole = examples["use"] == TRAIN
    return auc(margin[whole & (rows.y == 1)], margin[whole & (rows.y == 0)])


def by_scenario(examples: Examples, ratio: Floats) -> list[dict[str, Any]]:
    """Each scenario, held out: how many sessions, and the middle of what is said of them."""
    found = []
    for name in np.unique(examples["group"]):
        for value in (1, 0):
            own = (examples["group"] == name) & (examples["label"] == value)
            if own.any():
                found.append(
                    {
                        "scenario": str(name),
                        "struggle": value,
                        "n": int(own.sum()),
                        "median_log_likelihood_ratio": float(np.median(ratio[own])),
                    }
                )
    return sorted(found, key=lambda row: -row["median_log_likelihood_ratio"])
