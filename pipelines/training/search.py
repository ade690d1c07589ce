"""Search: the settings of the booster by Optuna, under grouped folds, within a budget of time and trials.

Some groups are set aside before anything is tried. The search sees only the others, in folds that hold groups out; what
it found is measured on those set aside beside the head's own settings, and is only worth taking if it is better there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from data_contracts.errors import WatchworthyError
from models.calibration import Floats, choose, logit
from models.head import Boosting, Head
from models.metrics import Labels, log_loss
from models.trees import read
from pipelines.lifecycle.held_out import weights
from pipelines.lifecycle.measuring import Paired, paired
from pipelines.training.fit import Rows, cross_fit, fitted, group_folds

FOLDS: Final = 3
SET_ASIDE: Final = 4  # one group in so many
PRIOR: Final = 0.5  # settings are compared with classes of equal weight
LEAST_GROUPS: Final = 12


@dataclass(frozen=True)
class Trial:
    """One try: its settings, and the log-loss of groups unseen, in nats, classes of equal weight."""

    boosting: Boosting
    loss: float


@dataclass(frozen=True)
class Search:
    """What was found.

    Attributes
    ----------
    best
        The best of the tried settings.
    trials
        Every try, the head's own settings first.
    set_aside
        The best beside the head's own settings on the groups set aside.
    """

    best: Boosting
    trials: tuple[Trial, ...]
    set_aside: tuple[Paired, ...]

    @property
    def is_better(self) -> bool:
        """Whether the best is beyond doubt better than the head's own settings, on groups that the search never saw."""
        return next(one for one in self.set_aside if one.name == "log_loss").high < 0


def search(
    head: Head,
    rows: Rows,
    seconds: float,
    most: int = 60,
    seed: int = 0,
    progress: Callable[[], None] = lambda: None,
) -> Search:
    """Search settings for a head.

    Parameters
    ----------
    rows
        Training rows with the groups that may never be split.
    seconds, most
        The budget: no try begins after so long, or after so many.
    progress
        Called after each try.

    Raises
    ------
    WatchworthyError
        ``learn_missing`` without Optuna; ``training_refused`` under twelve groups of a class.
    """
    try:
        import optuna
    except ImportError as error:
        raise WatchworthyError(
            "learn_missing", "A search needs Optuna: pip install 'watchworthy[learn]'."
        ) from error
    many = min(len(np.unique(rows.group[rows.y == value])) for value in (0, 1))
    if many < LEAST_GROUPS:
        raise WatchworthyError(
            "training_refused",
            f"A search holds groups out twice, so it takes {LEAST_GROUPS} of each class; here are {many}.",
        )
    rng = np.random.default_rng(seed)
    aside = group_folds(rows.group, rows.y, SET_ASIDE, rng) == 0
    inside = rows.take(~aside)
    fold = group_folds(inside.group, inside.y, FOLDS, rng)
    told: list[Trial] = []

    def tried(boosting: Boosting) -> float:
        one = _with(head, boosting)
        told.append(Trial(boosting, _loss(inside, cross_fit(one, inside, fold, seed).margin, fold)))
        progress()
        return told[-1].loss

    def objective(trial: Any) -> float:
        return tried(
            Boosting(
                rounds=trial.suggest_int("rounds", 40, 400, log=True),
                leaves=trial.suggest_int("leaves", 3, 16),
                learning_rate=trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
                least_rows=trial.suggest_int("least_rows", 5, 80, log=True),
                ridge=trial.suggest_float("ridge", 0.5, 50.0, log=True),
                bagging=trial.suggest_float("bagging", 0.5, 1.0),
                columns=trial.suggest_float("columns", 0.3, 1.0),
            )
        )

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    tried(head.boosting)
    if most > 1:
        study.optimize(objective, n_trials=most - 1, timeout=seconds)
    best = min(told, key=lambda one: one.loss).boosting
    return Search(best, tuple(told), _aside(head, best, rows, aside, seed))


def _with(head: Head, boosting: Boosting) -> Head:
    return replace(head, boosting=boosting)


def _loss(rows: Rows, margin: Floats, fold: Labels) -> float:
    """Log-loss of cross-fitted margins after calibration, classes and groups of equal weight."""
    fit, _ = choose(margin, rows.y, rows.group, fold)
    p = 0.5 * (1 + np.tanh(0.5 * fit.ratios(margin)))
    return log_loss(p, rows.y, weights(rows.y, rows.group, PRIOR))


def _aside(head: Head, best: Boosting, rows: Rows, aside: Any, seed: int) -> tuple[Paired, ...]:
    inside, outside = rows.take(~aside), rows.take(aside)
    fold = group_folds(inside.group, inside.y, FOLDS, np.random.default_rng(seed + 1))
    said = []
    for boosting in (head.boosting, best):
        one = _with(head, boosting)
        fit, _ = choose(cross_fit(one, inside, fold, seed).margin, inside.y, inside.group, fold)
        margin = read(fitted(one, inside, seed)).margins(outside.x)
        said.append(0.5 * (1 + np.tanh(0.5 * (fit.ratios(margin) + logit(PRIOR)))))
    return tuple(paired(said[0], said[1], outside.y, outside.group, PRIOR))
