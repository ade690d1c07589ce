"""``watchworthy report conversion``: what the trainer of the conversion head reaches, forward in time."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from rich.table import Table

from data_contracts.errors import WatchworthyError
from pipelines.simulated.shop import simulated_history
from pipelines.training.conversion import train_conversion
from pipelines.training.fit import SEED
from pipelines.training.shoppers import measured, page
from service.screen import compiling, out, phases


def run(shoppers: Path, target: Path | None, sessions: int) -> int:
    """Train and judge, print the table, write the page; return the exit status."""
    if not shoppers.is_file():
        raise WatchworthyError(
            "file_missing", "There is no table of shop sessions of this name.", str(shoppers)
        )
    with compiling(), phases() as progress:
        found = measured(shoppers, SEED, progress)
        with tempfile.TemporaryDirectory() as folder:
            history = simulated_history(sessions=sessions, seed=SEED % 2**31)
            trained = train_conversion(
                history, Path(folder), goal="order", alias="simulated", progress=progress
            )
            landmarks = json.loads((trained / "measures.json").read_text(encoding="utf-8"))["landmarks"]
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("learner", "ROC-AUC", "PR-AUC", "Brier", "log-loss"):
        shown.add_column(name)
    for who, by in found["by"].items():
        shown.add_row(
            who, *(f"{by[name]['value']:.3f}" for name in ("roc_auc", "pr_auc", "brier", "log_loss"))
        )
    out.print(shown)
    if target is not None:
        target.write_text(page(found, landmarks, sessions), encoding="utf-8")
        out.print(f"Written: {target}")
    return 0
