"""``watchworthy base-rates``: a site's table of how often each signal fires on each of its elements."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path

from rich.table import Table

from pipelines.site_rates import keep, site_table
from service.live.opening import open_store
from service.live.settings import load
from service.screen import compiling, out, percent

SHOWN = 20


def run(data_dir: Path, site: str, as_of: str | None) -> int:
    """Count, keep the table, print what it excuses most; return the exit status."""
    try:
        day = date.fromisoformat(as_of) if as_of else datetime.now(UTC).date()
    except ValueError:
        print(f"watchworthy base-rates: {as_of} is no day; write it as 2026-11-27.", file=sys.stderr)
        return 2
    store = open_store(data_dir, load(data_dir))
    try:
        with compiling():
            made = site_table(store, site, day)
    finally:
        store.close()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("signal", "element", "page", "showed it", "of sessions", "excused"):
        table.add_column(name, overflow="fold")
    most = sorted(made.rows, key=lambda row: -row[1].excused)[:SHOWN]
    for key, rate in most:
        cells = (str(rate.met), str(rate.sessions), percent(rate.excused))
        table.add_row(key.code, key.element, key.page, *cells)
    out.print(table if most else "No session that counts showed a signal on an element.")
    out.print(f"Base rates of {site} as of {made.as_of}, {len(made.rows)} rows, digest {made.digest}:")
    out.print(str(keep(made, data_dir)))
    return 0
