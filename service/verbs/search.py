"""``watchworthy search``: settings of a head's booster, tried under grouped folds within a budget."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np
from rich.table import Table

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER
from models.heads import head as head_of
from pipelines.datasets.examples import TAUGHT, Examples
from pipelines.lifecycle.held_out import VECTORS
from pipelines.training.bot import SHARES
from pipelines.training.fit import Rows, balanced
from pipelines.training.heads import TRAINED_BY_US
from pipelines.training.search import Search, search, write_settings
from service.screen import errors, out, phases


def run(
    name: str,
    vectors: Path | None,
    minutes: float,
    trials: int,
    seed: int,
    target: Path | None,
    json: Path | None,
) -> int:
    """Search, and say what was found and whether it is worth taking; return the exit status."""
    path = vectors or STARTER / name / VECTORS
    if not path.exists():
        raise WatchworthyError(
            "file_missing",
            "No vectors of this head ship: make some with `watchworthy training-set` and name them with --vectors.",
            name,
        )
    examples, _ = Examples.read(path)
    head = head_of(name).only(examples.names)
    rows = _rows(name, examples)
    with phases() as progress:
        progress(f"{name}: settings tried, {minutes:g} minutes at most", trials)
        found = search(head, rows, 60 * minutes, trials, seed, lambda: progress("", 0))
    show(found)
    if target is not None:
        write_settings(target, name, found)
        errors.print(f"To train with them: watchworthy train {name} --settings {target}", soft_wrap=True)
    if json is not None:
        told = {"best": asdict(found.best), "is_better": found.is_better, "set_aside": found.set_aside}
        json.write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")
    return 0


def _rows(name: str, examples: Examples) -> Rows:
    """Rows to search on, weighed as the head's trainer weighs them; guesses are left out: a search tests."""
    used = examples.of(*TAUGHT)
    used = used.take(~used.guessed)
    weight = (
        used["weight"]
        if name not in TRAINED_BY_US
        else balanced(used["label"], used["group"], used["source"], SHARES if name == "bot" else None)
    )
    return Rows(used.x, used["label"], weight, used["group"])


def show(found: Search) -> None:
    """Print what was found."""
    losses = np.array([one.loss for one in found.trials])
    out.print(
        f"{len(losses)} settings tried; log-loss on groups unseen: {losses[0]:.4f} by the head's own, "
        f"{losses.min():.4f} by the best.",
        soft_wrap=True,
    )
    told = ", ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in asdict(found.best).items()
    )
    out.print(f"The best: {told}", highlight=False, soft_wrap=True)
    table = Table(
        box=None, header_style="bold", pad_edge=False, title="On groups set aside", title_justify="left"
    )
    for name in ("measure", "own", "best", "difference, paired 95 %"):
        table.add_column(name, justify="left" if name == "measure" else "right")
    for one in found.set_aside:
        interval = f"{one.difference:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
        table.add_row(one.name, f"{one.champion:.4f}", f"{one.challenger:.4f}", interval)
    out.print(table)
    if found.is_better:
        out.print("Better beyond doubt: write them down with --out and train with them.")
    else:
        errors.print(
            "[yellow]Not better beyond doubt[/] on groups that the search never saw: keep the head's own."
        )
