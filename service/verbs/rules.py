"""``watchworthy rules``: list the rules, check one, and try it on what is stored."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.table import Table

from pipelines.store.intervening import rules, sites_with_rules
from pipelines.store.shelf import Shelf
from service.acting.dry_run import dry_run
from service.deciding.follower import scores_now
from service.live.metrics import Metrics
from service.live.opening import open_store
from service.live.reception import Reception
from service.live.settings import load
from service.offering.offers import rule_from, rule_in
from service.screen import clock, compiling, out, progress


def show(data_dir: Path) -> int:
    """Print the rules of every site; return the exit status."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("site", "id", "on", "offers", "holdout", "title"):
        table.add_column(name)
    with open_store(data_dir, load(data_dir)) as store:
        for site in store.read(sites_with_rules):
            for row in store.read(lambda db, site=site: rules(db, site)):  # type: ignore[misc]
                rule = rule_from(row)
                cells = (site, rule.id, "on" if rule.on else "off", rule.action.kind, f"{rule.holdout:.0%}")
                table.add_row(*cells, rule.title)
    out.print(table)
    return 0


def check(file: Path) -> int:
    """Say whether a file holds a rule; return the exit status."""
    try:
        rule = rule_in(file)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    out.print(f"{file}: {rule.title}, {'on' if rule.on else 'off'}.")
    return 0


def dry(file: Path, data_dir: Path, site: str, most: int) -> int:
    """Play stored sessions and say in how many a rule would have been due; return the exit status."""
    try:
        rule = rule_in(file)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    settings = load(data_dir)
    with open_store(data_dir, settings) as store, compiling():
        reception = Reception(store, scores_now(Shelf(data_dir), settings.models), settings, Metrics())
        try:
            with progress() as bar:
                task = bar.add_task("Playing", total=None)
                found = dry_run(reception, site, rule, most, None, lambda: bar.advance(task))
        finally:
            reception.close()
    out.print(f"{rule.title}: would have been due in {found.fired:,} of {found.sessions:,} sessions.")
    for one in found.first:
        out.print(f"  {one['session_id']}  {clock(float(str(one['t_ms'])))}", markup=False)
    if found.skipped:
        out.print(
            f"{found.skipped:,} sessions could not be played: their recordings are gone or cannot be read."
        )
    return 0
