"""The leakage linter: looks whether a training set knows its own answers, or the future, and says so loudly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from models.calibration import Floats
from models.metrics import auc, by_group
from pipelines.learning.sets import Finding, TrainingSet
from pipelines.learning.weak import behind
from pipelines.training.fit import SEED, Matrix, Rows, paired

LEAK: Final = 0.98
"""AUC of one feature from which it is taken to know the answer: the strongest honest one of the starters, friction
per act against scripted struggles, has 0.96."""
SUSPECT: Final = 0.90
LEAST_GROUPS: Final = 20  # of each class, below which a perfect ranking may be chance
MASK_AUC: Final = 0.55  # what the pattern of missing values may tell on groups that it was not fitted to
A_CLOCK: Final = 0.95  # rank correlation with the order of collection from which a feature is an order


def lint(found: TrainingSet) -> tuple[Finding, ...]:
    """Everything that the linter finds, refusals first."""
    checks = (
        single_features,
        time_travel,
        across_folds,
        label_in_features,
        missingness,
        order_signals,
        guesses,
    )
    all_of_it = [finding for check in checks for finding in check(found)]
    return tuple(sorted(all_of_it, key=lambda one: one.severity != "refuse"))


def held_to(findings: Iterable[Finding]) -> None:
    """Raise if the set must not be learned from.

    Raises
    ------
    WatchworthyError
        ``leakage``, with every finding that refuses.
    """
    wrong = [one for one in findings if one.severity == "refuse"]
    if wrong:
        raise WatchworthyError("leakage", " ".join(map(str, wrong)), wrong[0].where)


def single_features(found: TrainingSet) -> Iterator[Finding]:
    """A feature that alone ranks the labels almost perfectly is the label in disguise, until shown otherwise."""
    label, group = found["label"], found["group"]
    for i, name in enumerate(found.head.features):
        seen = ~np.isnan(found.x[:, i])
        groups = [len(np.unique(group[seen & (label == value)])) for value in (0, 1)]
        if min(groups) < 2:
            continue
        ranked = _auc(found.x[:, i].astype("f8"), label, group, seen)
        strength = max(ranked, 1 - ranked)
        if strength < SUSPECT:
            continue
        few = min(groups) < LEAST_GROUPS
        yield Finding(
            "single-feature AUC",
            "refuse" if strength >= LEAK and not few else "note",
            name,
            f"alone it ranks the labels with AUC {strength:.3f} over {groups[1]} and {groups[0]} groups.",
            "See what in its definition could know the label; take it out of the head, or find other labels.",
        )


def time_travel(found: TrainingSet) -> Iterator[Finding]:
    """Nothing that was read may be later than the row's landmark, than ``as_of`` or than ``known_at``."""
    as_of, known_at = found.provenance.get("as_of_ms"), found.provenance.get("known_at_ms")
    late: list[tuple[npt.NDArray[Any], str, str]] = [
        (
            found["last_event_ms"] >= found["at_ms"],
            "reads an event at or after its landmark",
            "Cut it off before.",
        )
    ]
    if as_of is not None:
        late.append(
            (found["last_received_ms"] > as_of, "reads a batch received after as_of", "Leave it out.")
        )
    if known_at is not None:
        late.append(
            (found["recorded_at_ms"] > known_at, "bears a label recorded after known_at", "Leave it out.")
        )
        late.append(
            (found["window_closed_ms"] > known_at, "bears a label whose window was open at known_at", "Wait.")
        )
    if as_of is not None and known_at is not None and known_at < as_of:
        first = "as_of_ms, known_at_ms"
        yield Finding("time travel", "note", first, "labels end before events do.", "Is that what you meant?")
    for rows, what, do in late:
        if rows.any():
            first, more = str(found["session"][rows][0]), int(rows.sum()) - 1
            yield Finding("time travel", "refuse", first, f"a row of it {what} ({more} more rows do).", do)


def across_folds(found: TrainingSet) -> Iterator[Finding]:
    """Nobody, and no session under two names, may be on both sides of a split."""
    for name, who in (
        ("visitor", "visitor"),
        ("person", "person"),
        ("log", "log"),
        ("digest", "session under two names"),
    ):
        fold_of: dict[str, set[int]] = {}
        for value, fold in zip(found[name].tolist(), found["fold"].tolist(), strict=True):
            if value:
                fold_of.setdefault(value, set()).add(fold)
        split = [value for value, folds in fold_of.items() if len(folds) > 1]
        if split:
            yield Finding(
                "duplicates across folds",
                "refuse",
                split[0],
                f"this {who} stands in several folds ({len(split) - 1} more do).",
                "Deal folds by the set's own groups.",
            )


def label_in_features(found: TrainingSet) -> Iterator[Finding]:
    """No feature may be what the head is asked, nor stand on what a weak label read."""
    named = set(found.head.features)
    for name in sorted(named & set(found.head.never)):
        yield Finding(
            "label in features", "refuse", name, "it says what the head is asked.", "Take it out of the head."
        )
    for function in found.weak:
        for name in sorted(named & behind(function.reads)):
            yield Finding(
                "label in features",
                "refuse",
                name,
                f"the weak label {function.name!r} reads {', '.join(function.reads)}, which it stands on.",
                "Take it out of the head, as pipelines.learning.weak.kept_from does.",
            )


def missingness(found: TrainingSet) -> Iterator[Finding]:
    """What is missing must not tell the label to groups that it was not fitted to, as the head is trained."""
    rows = Rows(found.x, found["label"], np.ones(len(found)), found["group"])
    hides = bool(found.head.hide_share or found.head.hide_group)
    told = _mask_auc(found, rows, hides)
    if told is None:
        return
    value, error = told
    if value - 2 * error > MASK_AUC:
        paired_too = (
            "though both classes are trained with the same gaps"
            if hides
            else "for this head trains on gaps as they are"
        )
        yield Finding(
            "missingness",
            "refuse",
            "the pattern of missing values",
            f"alone it ranks the labels with AUC {value:.2f} ± {2 * error:.2f} on groups held out, {paired_too}.",
            "Give both classes the same gaps, or collect them by the same recorder and pages.",
        )


def order_signals(found: TrainingSet) -> Iterator[Finding]:
    """No feature may count sessions up, and the classes should not have been collected one after the other."""
    from scipy.stats import spearmanr

    started, label = found["started_ms"].astype("f8"), found["label"]
    for i, name in enumerate(found.head.features):
        seen = ~np.isnan(found.x[:, i])
        values = found.x[seen, i]
        if seen.sum() < LEAST_GROUPS or len(np.unique(values)) < LEAST_GROUPS:
            continue
        rho = float(spearmanr(values, started[seen]).statistic)
        if abs(rho) >= A_CLOCK:
            yield Finding(
                "order", "refuse", name, f"it goes with the order of collection (rank correlation {rho:.2f}).",
                "It is a number of the session or a clock, and no behaviour: take it out.",
            )  # fmt: skip
    ranked = _auc(started, label, found["group"], np.ones(len(found), bool))
    strength = max(ranked, 1 - ranked)
    if strength >= SUSPECT:
        yield Finding(
            "order", "note", "started_ms", f"when a session began ranks the labels with AUC {strength:.2f}.",
            "The kinds were collected one after the other: whatever changed meanwhile looks like the label.",
        )  # fmt: skip


def guesses(found: TrainingSet) -> Iterator[Finding]:
    """A guess must say that it is one, weigh less than a label, and never test."""
    weak = found["kind"] == "weak"
    if (weak & found["may_test"]).any():
        where = str(found["session"][weak & found["may_test"]][0])
        yield Finding(
            "weak labels", "refuse", where, "a guess is marked as one that may test.", "Only train by it."
        )
    if weak.any() and (~weak).any() and found["weight"][weak].max() >= found["weight"][~weak].max():
        yield Finding(
            "weak labels", "refuse", str(found["session"][weak][0]), "a guess weighs as much as a label.",
            "Weigh guesses less.",
        )  # fmt: skip


def _auc(score: Floats, label: npt.NDArray[Any], group: npt.NDArray[Any], seen: npt.NDArray[Any]) -> float:
    one, zero = seen & (label == 1), seen & (label == 0)
    if not one.any() or not zero.any():
        return float("nan")
    return auc(score[one], score[zero], by_group(group[one]), by_group(group[zero]))


def _mask_auc(found: TrainingSet, rows: Rows, hides: bool) -> tuple[float, float] | None:
    """AUC of the mask alone on held-out folds and its standard error over groups; None where nothing is missing."""
    from sklearn.linear_model import LogisticRegression

    mask: Matrix = np.isnan(rows.x)
    if not mask.any() or mask.all() or len(np.unique(rows.y)) < 2:
        return None
    fold, score, label, group = found["fold"], [], [], []
    for k in np.unique(fold):
        train, test = rows.take(fold != k), rows.take(fold == k)
        if min(len(np.unique(train.y)), len(np.unique(test.y))) < 2:
            continue
        if hides:
            train, test = (paired(found.head, part, SEED + int(k), 1) for part in (train, test))
        model = LogisticRegression(C=1.0).fit(np.isnan(train.x), train.y)
        score.append(model.decision_function(np.isnan(test.x)))
        label.append(test.y)
        group.append(test.group)
    if not score:
        return None
    s, y, g = np.concatenate(score), np.concatenate(label), np.concatenate(group)
    groups = min(len(np.unique(g[y == value])) for value in (0, 1))
    value = auc(s[y == 1], s[y == 0], by_group(g[y == 1]), by_group(g[y == 0]))
    return value, float(np.sqrt(max(value * (1 - value), 0.05) / groups))
