"""``watchworthy signals``: the moments that matter, each with its second."""

from __future__ import annotations

import json
import sys

from rich.table import Table

from data_contracts.recordings import open_paths
from features.thresholds import thresholds
from pipelines.readings import readings
from pipelines.tables import moments_of
from service.screen import clock, compiling, out, tracked


def run(paths: list[str], format: str, preset: str, idle_minutes: float) -> int:
    """List moments; return the exit status."""
    try:
        limits = thresholds(preset)
    except ValueError as error:
        print(f"watchworthy signals: {error}", file=sys.stderr)
        return 2
    files = list(open_paths(paths))
    failed = False
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("recording", "at", "signal", "on", "page", "evidence"):
        table.add_column(name, overflow="fold", no_wrap=name in ("at", "signal"))
    with compiling():
        found = readings(files, idle_ms=int(idle_minutes * 60_000), thresholds=limits)
        for one in tracked(found, len(files), "Looking"):
            failed = failed or bool(one.problems)
            for moment in moments_of(one):
                if format == "json":
                    sys.stdout.write(json.dumps(moment, ensure_ascii=False, allow_nan=False) + "\n")
                    continue
                evidence = ", ".join(
                    f"{name} {value:g}" for name, value in moment["evidence"].items() if value is not None
                )
                colour = "red" if moment["severity"] >= 0.6 else "yellow" if moment["severity"] >= 0.4 else ""
                table.add_row(
                    moment["session"],
                    clock(moment["start_ms"]),
                    f"[{colour}]{moment['code']}[/]" if colour else moment["code"],
                    moment["name"] or "",
                    _path(moment["page"]),
                    f"[dim]{evidence}[/]",
                )
    if format == "table":
        out.print(table if table.row_count else "No moments: nothing of the catalogue's signals was seen.")
    return 1 if failed else 0


def _path(address: str) -> str:
    """Path of an address: the host is the same all through a recording."""
    _, _, rest = address.partition("://")
    return "/" + rest.partition("/")[2] if rest else address
