"""Training the churn head on a site's own identified visitors, visitors held out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from data_contracts.errors import WatchworthyError
from models.bundle import save_head, write_json
from models.calibration import choose
from models.golden import write_golden
from models.heads.churn import CHURN, DAYS, LEAST_RETURNS, LEAST_VISITORS
from models.metrics import auc
from models.signal_rates import digests
from pipelines.training.evaluate import plain
from pipelines.training.fit import SEED, boost, cross_fit, group_folds

if TYPE_CHECKING:
    from pipelines.learning.training_set import TrainingSet

FOLDS: Final = 5


def train_churn(found: TrainingSet, out: Path, seed: int = SEED) -> Path:
    """Train the churn head and write it to ``out / "churn"``.

    Parameters
    ----------
    found
        Its training set: stays whose days are over, those that stayed in weighing for those that were censored.

    Raises
    ------
    WatchworthyError
        ``training_refused`` under 50 returns or 300 visitors; the message says how many there are.
    """
    rows = found.rows()
    returned, visitors = int(rows.y.sum()), len(np.unique(rows.group))
    if returned < LEAST_RETURNS or len(rows.y) - returned < LEAST_RETURNS or visitors < LEAST_VISITORS:
        raise WatchworthyError(
            "training_refused",
            f"A churn head needs {LEAST_VISITORS} visitors, and {LEAST_RETURNS} visits each with and without a return "
            f"in time; here are {visitors} visitors, {returned} with and {len(rows.y) - returned} without.",
        )
    fold = group_folds(rows.group, rows.y, FOLDS, np.random.default_rng(seed))
    crossed = cross_fit(CHURN, rows, fold, seed, train=boost)
    fit, losses = choose(crossed.margin, rows.y, rows.group, fold)
    base_rate = float((rows.weight * rows.y).sum() / rows.weight.sum())
    facts: dict[str, Any] = {
        "name": CHURN.name,
        "version": CHURN.version,
        "alias": "site",
        "question": CHURN.question,
        "base_rate": base_rate,
        "days": DAYS,
        "features": [{"name": name, "digest": digests()[name]} for name in CHURN.features],
        "trained": {
            "seed": seed,
            "rows": len(rows.y),
            "returned": returned,
            "visitors": visitors,
            "censored_share": found.provenance["censored_share"],
            "set": found.digest,
        },
    }
    folder = out / CHURN.name
    text = boost(CHURN, rows, seed)
    digest = save_head(folder, text, crossed.refits, fit, (), facts)
    write_golden(folder, text, rows.x)
    one = rows.y == 1
    measures = {
        "digest": digest,
        "auc_visitors_held_out": auc(
            crossed.margin[one], crossed.margin[~one], rows.weight[one], rows.weight[~one]
        ),
        "log_loss_by_kind": losses,
        "censored_share": found.provenance["censored_share"],
    }
    write_json(folder / "measures.json", plain(measures))
    from models.card import write

    write(folder)
    return folder
