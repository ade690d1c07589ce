"""The conversion trainer on real shop sessions: learned from February to October, judged in November and December."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.bundle import Model
from models.calibration import Floats, choose
from models.card import landmark_table
from models.card_text import percent, table
from models.head import Group, Head, Use
from models.heads.conversion import CONVERSION
from models.metrics import auc, average_precision, log_loss, probabilities
from models.trees import read
from pipelines.datasets.examples import Progress, quiet
from pipelines.datasets.shoppers import FEATURES, MONTHS, shoppers
from pipelines.training.conversion import boosted, logistic
from pipelines.training.fit import SEED, Labels, Rows

TESTED_FROM: Final = MONTHS.index("Nov")
BLOCKS: Final = (
    0,
    2,
    3,
    5,
    7,
)  # first month of each block of the time before; each is judged by those before it
DRAWS: Final = 1_000

SHOPPERS: Final = replace(
    CONVERSION,
    name="conversion",
    groups=(Group(up="MORE", down="LESS", uses=tuple(Use(name) for name in FEATURES)),),
)
"""The conversion head with the columns of this table in place of its own features."""

Learner = Callable[[Rows, int, Head], "Model | str"]


def measured(path: Path, seed: int = SEED, progress: Progress = quiet) -> dict[str, Any]:
    """What each learner of the trainer reaches on the last two months.

    Returns
    -------
    dict
        ``learned`` and ``judged`` (sessions), ``bought`` of each, ``chosen`` by the time before alone, ``rate`` and by
        learner, and for ``the rate alone``: ``roc_auc``, ``pr_auc``, ``brier``, ``log_loss``, each with its 95 %
        interval over sessions drawn again.
    """
    x, bought, month = shoppers(path)
    rows = Rows(x, bought, np.ones(len(bought)), np.arange(len(bought)).astype(str))
    before = month < TESTED_FROM
    past, later = rows.take(before), rows.take(~before)
    block = np.searchsorted(BLOCKS, month[before], "right") - 1
    rate = float(past.y.mean())
    learners: dict[str, Learner] = {"logistic": logistic, "boosted": boosted}
    progress("real shop sessions", len(learners))
    told: dict[str, Floats] = {}
    losses: dict[str, float] = {}
    for name, learn in learners.items():
        margin = _forward(past, block, learn, seed)
        known = ~np.isnan(margin)
        fit, _ = choose(margin[known], past.y[known], past.group[known], block[known])
        p = probabilities(fit.ratios(margin[known]), rate)
        losses[name] = log_loss(p, past.y[known], np.ones(int(known.sum())))
        told[name] = probabilities(fit.ratios(_ready(learn(past, seed, SHOPPERS)).margins(later.x)), rate)
        progress("", 0)
    told["the rate alone"] = np.full(len(later.y), rate)
    rng = np.random.default_rng(seed)
    draws = [rng.integers(0, len(later.y), len(later.y)) for _ in range(DRAWS)]
    return {
        "learned": len(past.y),
        "judged": len(later.y),
        "bought": (int(past.y.sum()), int(later.y.sum())),
        "rate": rate,
        "chosen": min(losses, key=lambda name: losses[name]),
        "by": {name: _with_intervals(p, later.y, draws) for name, p in told.items()},
    }


def _forward(rows: Rows, block: Labels, learn: Learner, seed: int) -> Floats:
    """Margins of each block of time by what was learned from those before it; NaN in the first."""
    margin = np.full(len(rows.y), np.nan)
    for k in range(1, len(BLOCKS)):
        margin[block == k] = _ready(learn(rows.take(block < k), seed, SHOPPERS)).margins(rows.x[block == k])
    return margin


def _ready(model: Model | str) -> Model:
    return read(model) if isinstance(model, str) else model


def _measures(p: Floats, y: Labels) -> dict[str, float]:
    even = np.ones(len(y))
    return {
        "roc_auc": auc(p[y == 1], p[y == 0]),
        "pr_auc": average_precision(p, y, even),
        "brier": float(((p - y) ** 2).mean()),
        "log_loss": log_loss(p, y, even),
    }


def _with_intervals(p: Floats, y: Labels, draws: list[Labels]) -> dict[str, Any]:
    drawn = [_measures(p[rows], y[rows]) for rows in draws]
    return {
        name: {"value": value, "interval": np.quantile([one[name] for one in drawn], [0.025, 0.975]).tolist()}
        for name, value in _measures(p, y).items()
    }


def page(found: dict[str, Any], landmarks: list[dict[str, Any]], simulated: int) -> str:
    """The page of the conversion trainer, in Markdown.

    Parameters
    ----------
    found
        What ``measured`` gave.
    landmarks
        ``landmarks`` of the measures of a head trained on a simulated history of ``simulated`` sessions.
    """
    names = ("roc_auc", "pr_auc", "brier", "log_loss")
    rows = [(who, *(_told(by[name]) for name in names)) for who, by in found["by"].items()]
    return PAGE.format(
        learned=found["learned"],
        judged=found["judged"],
        rate=percent(found["rate"], 1),
        later=percent(found["bought"][1] / found["judged"], 1),
        table=table(("learner", "ROC-AUC", "PR-AUC", "Brier", "log-loss"), rows),
        chosen=found["chosen"],
        simulated=simulated,
        landmarks=landmark_table(landmarks),
    )


def _told(one: dict[str, Any]) -> str:
    low, high = one["interval"]
    return f"{one['value']:.3f} ({low:.3f} to {high:.3f})"


PAGE: Final = """# Will this visitor buy?

The conversion head has no starter: what leads to a purchase is a site's own, and no public recordings of purchases
exist. It is trained on your goals (`watchworthy train conversion`). This page shows what its trainer can do, and is
made by `watchworthy report conversion`.

## Real sessions, forward in time

UCI Online Shoppers (Sakar and others 2019, CC BY 4.0): {learned} shop sessions from February to October to learn
from, {judged} from November and December to be judged on. They are totals at the end of a session, so this judges the
trainer and never a live score. `PageValues` is left out, for it is attributed back from purchases; so are the columns
that number machines, regions and sources. Of the sessions learned from {rate} bought, of those judged {later}: a site
that sells more in December is told too little by what it was before. Intervals (95 %) are over sessions drawn again;
no visitor is known here, so they are too narrow.

{table}

By the time before alone, the trainer would choose: {chosen}.

## Simulated shoppers, at landmarks

{simulated} sessions of simulated shoppers with mixed intent (who looks, compares, hunts prices, is lost, buys), in
five blocks of time; each block was scored by what was known before it, and visitors are never on both sides. Nothing
at or after a landmark is read. It shows that the trainer is honest about what it was given, and nothing about real
visitors. With fewer than ten goals, or ten sessions without one, no AUC is told.

{landmarks}

*Predicted* beside *observed* is the calibration at that landmark. A landmark is seen by the sessions that are still
open and without the goal then; the later it is, the fewer they are. Intervals (95 %) are over visitors drawn again.
"""
