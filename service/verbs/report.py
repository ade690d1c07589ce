"""``watchworthy report``: what the project claims of itself, measured on recordings that can show it."""

from __future__ import annotations

import json
from pathlib import Path

from rich.table import Table

from models.bundle import STARTER
from pipelines.training.evaluate import plain
from pipelines.training.first_ten import FirstTen, first_ten
from pipelines.training.worth_card import lines, write
from service.screen import compiling, errors, out, percent, phases


def run(recordings: Path, target: Path | None, card: bool, seed: int) -> int:
    """Measure the first ten, print the table and what it does not show; return the exit status."""
    with compiling(), phases() as progress:
        found = first_ten(recordings, seed, progress=progress)
    out.print(table(found))
    for line in lines(found):
        out.print(line)
    if target is not None:
        target.write_text(json.dumps(plain(found.to_json()), indent=1) + "\n", encoding="utf-8")
    if card:
        errors.print(f"The card: {write(STARTER, found)}")
    return 0


def table(found: FirstTen) -> Table:
    """True struggles among the first ten, by order."""
    title = f"Of the first ten, true struggles, where {percent(found.prevalence)} of sessions are"
    shown = Table(box=None, header_style="bold", pad_edge=False, title=title, title_justify="left")
    shown.add_column("order")
    for name in ("of ten", "90 % of draws"):
        shown.add_column(name, justify="right")
    for one in found.orders:
        shown.add_row(one.name, f"{10 * one.precision:.1f}", f"{10 * one.low:.1f} to {10 * one.high:.1f}")
    return shown
