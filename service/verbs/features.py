"""``watchworthy features``: the behavioural vector of each session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.table import Table

from data_contracts.batches import Batch
from data_contracts.recordings import open_paths
from pipelines.readings import Reading, readings, recut
from pipelines.tables import feature_table
from service.screen import compiling, errors, out, tracked

SHOWN = 6  # sessions that fit beside each other on a screen


def run(paths: list[str], target: Path | None, parts: int, seed: int, idle_minutes: float) -> int:
    """Compute vectors and write or print them; return the exit status."""
    rng = np.random.default_rng(seed)

    def again(batches: list[Batch]) -> list[Batch]:
        return recut(batches, parts, rng)

    files = list(open_paths(paths))
    with compiling():
        found = readings(files, idle_ms=int(idle_minutes * 60_000), again=again if parts > 1 else None)
        done = list(tracked(found, len(files), "Computing"))
    if target is not None:
        import pyarrow.parquet as pq

        table = feature_table(done)
        pq.write_table(table, target, compression="zstd")
        errors.print(f"{table.num_rows} sessions, {table.num_columns - 3} features: {target}")
    else:
        show(done)
    return 1 if any(one.problems for one in done) else 0


def show(done: list[Reading]) -> None:
    """Print the vectors of the first sessions, one column each."""
    from features.catalogue import engine

    sessions = [session for one in done for session in one.sessions]
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("feature", no_wrap=True)
    table.add_column("unit", style="dim", no_wrap=True)
    for session in sessions[:SHOWN]:
        table.add_column(session.id, justify="right", max_width=14, overflow="ellipsis", no_wrap=True)
    for i, feature in enumerate(engine().features):
        values = [float(session.vector[i]) for session in sessions[:SHOWN]]
        cells = ["[dim]–[/]" if np.isnan(value) else f"{value:.4g}" for value in values]
        table.add_row(feature.name, feature.unit, *cells)
    out.print(table)
    if len(sessions) > SHOWN:
        out.print(f"[dim]… and {len(sessions) - SHOWN} sessions more; --out FILE.parquet writes all.[/]")
