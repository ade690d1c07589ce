"""Search: the settings of the booster by Optuna, under grouped folds, within a budget of time and trials.

Some groups are set aside before anything is tried. The search sees only the others, in folds that hold groups out; what
it found is measured on those set aside beside the head's own settings, and is only worth taking if it is better there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np

from data_contracts.errors import WatchworthyError
from models.calibration import Floats, choose, logit
from models.head import Boosting, Head
from models.heads import head as head_of
from models.metrics import Labels, log_loss
from models.trees import read
from pipelines.lifecycle.held_out import weights
from pipelines.lifecycle.measuring import Paired, paired
from pipelines.training.fit import Rows, boost, cross_fit, fitted, group_folds

FOLDS: Final = 3
SET_ASIDE: Final = 4  # one group in so many
PRIOR: Final = 0.5  # settings are compared with classes of equal weight
LEAST_GROUPS: Final = 12


Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Many = Annotated[int, msgspec.Meta(gt=0, le=100_000)]


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """Settings of a booster as a file may hold them; ``models.head.Boosting`` says what each is."""

    rounds: Many
    leaves: Annotated[int, msgspec.Meta(gt=1, le=1_024)]
    learning_rate: Share
    least_rows: Many
    ridge: Annotated[float, msgspec.Meta(ge=0)]
    bagging: Share
    columns: Share

    def boosting(self) -> Boosting:
        """The same, as heads have them."""
        return Boosting(**msgspec.structs.asdict(self))


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
        margin = cross_fit(one, inside, fold, seed, train=_trainer(one)).margin
        told.append(Trial(boosting, _loss(inside, margin, fold)))
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


def write_settings(path: Path, head: str, found: Search) -> None:
    """Write the best settings, as ``read_settings`` takes them, with what they were found to be worth."""
    loss = next(one for one in found.set_aside if one.name == "log_loss")
    told = {
        "head": head,
        "boosting": asdict(found.best),
        "is_better": found.is_better,
        "log_loss_set_aside": {
            "own": loss.champion,
            "these": loss.challenger,
            "low": loss.low,
            "high": loss.high,
        },
        "tries": len(found.trials),
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def read_settings(path: Path, head: str) -> Boosting:
    """Settings of the booster of a head from a file: what ``write_settings`` wrote, or the settings alone.

    What the file does not name stays as the head has it.

    Raises
    ------
    WatchworthyError
        ``file_missing``; ``training_refused`` if it is of another head, or names what is no setting or no number of its
        kind.
    """
    if not path.is_file():
        raise WatchworthyError("file_missing", "There is no file of settings of this name.", str(path))
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        given = told.get("boosting", told)
        if told.get("head", head) != head:
            raise ValueError(f"the settings are of the head {told['head']!r}, not of {head!r}")
        own = asdict(head_of(head).boosting)
        return msgspec.convert(own | given, Settings, strict=True).boosting()
    except (ValueError, AttributeError, TypeError, msgspec.ValidationError) as error:
        raise WatchworthyError(
            "training_refused", f"These are no settings of a booster: {error}.", str(path)
        ) from error


def _trainer(head: Head) -> Callable[[Head, Rows, int], str]:
    return fitted if head.pairs else boost


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
        train = _trainer(one)
        fit, _ = choose(cross_fit(one, inside, fold, seed, train=train).margin, inside.y, inside.group, fold)
        margin = read(train(one, inside, seed)).margins(outside.x)
        said.append(0.5 * (1 + np.tanh(0.5 * (fit.ratios(margin) + logit(PRIOR)))))
    return tuple(paired(said[0], said[1], outside.y, outside.group, PRIOR))
