"""``watchworthy bench queue``: the lists of a site with a million sessions, beside finding one card by its key."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from rich.table import Table

from service.benching.queue import PAGE, Figure, measured
from service.screen import out, phases
from service.serving import stoppable
from service.verbs.demo import SAMPLES


def run(paths: list[str], cards: int, common: list[float], rounds: int, json_file: Path | None) -> int:
    """Measure a site for each share of its most common issue, and print; return the exit status."""
    found: list[Figure] = []
    for share in common:
        with (
            stoppable(),
            tempfile.TemporaryDirectory(prefix="watchworthy-bench-") as folder,
            phases() as progress,
        ):
            one = measured(paths or [str(SAMPLES)], Path(folder), cards, share, rounds, progress)
        out.print(table(one))
        out.print(
            f"[dim]{cards:,} cards like those of recorded sessions, {share:.0%} of those with an issue show the same"
            f" one; pages of {PAGE}; {rounds} rounds in turn, median (lowest … highest); time on the clock.[/]"
        )
        found += one
    if json_file is not None:
        json_file.write_text(json.dumps([one._asdict() for one in found], indent=1) + "\n", "utf-8")
    return 0


def table(found: list[Figure]) -> Table:
    """The figures as they are printed, each beside the first."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    made.add_column("what")
    for name in ("ms", "ratio"):
        made.add_column(name, justify="right")
    for one in found:
        spread = f"{one.median:,.2f} ({one.low:,.2f} … {one.high:,.2f})"
        made.add_row(one.name, spread, f"{one.median / found[0].median:,.0f}")
    return made
