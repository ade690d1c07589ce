"""``watchworthy report traps``: precision and recall of every signal on the recordings that signals err on."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from pipelines.traps.marking import Mark, pooled
from pipelines.traps.page import BEFORE, OURS, PEERS, REPORTS, findings, page, precision, recall
from service.screen import compiling, out


def run(target: Path | None) -> int:
    """Read the traps, print the table, write the page; return the exit status."""
    with compiling():
        found = findings()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("signal", "precision", "recall"):
        table.add_column(name)
    for code, mark in found.corpus[OURS].items():
        table.add_row(code, precision(mark), recall(mark))
    rows: list[tuple[str, Mark]] = [("[bold]corpus[/]", pooled(found.corpus[OURS]))]
    rows += [(f"corpus, {peer}", pooled(found.corpus[peer], REPORTS[peer])) for peer in PEERS]
    rows += [
        (f"hostile, {who}", pooled(found.hostile[who])) for who in (BEFORE, OURS) if who in found.hostile
    ]
    for label, mark in rows:
        table.add_row(label, precision(mark), recall(mark))
    out.print(table)
    if target is not None:
        target.write_text(page(found), encoding="utf-8")
        out.print(f"Written: {target}")
    return 0
