"""``watchworthy import``: put recordings into the store as if they had been sent."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from data_contracts.recordings import open_paths
from pipelines.store.shelf import Shelf
from service.deciding.follower import scores_now
from service.live.closing import close_ended
from service.live.importing import Importer, Tally
from service.live.metrics import Metrics
from service.live.opening import open_store
from service.live.reception import Reception
from service.live.settings import Settings, load
from service.screen import compiling, errors, progress


def run(paths: list[str], data_dir: Path, site: str) -> int:
    """Import; return the exit status."""
    try:
        settings = load(data_dir)
    except ValueError as error:
        print(f"watchworthy import: {error}", file=sys.stderr)
        return 2
    tally = put(paths, data_dir, site, settings)
    errors.print(summary(tally))
    return 1 if tally.refused else 0


def put(paths: list[str], data_dir: Path, site: str, settings: Settings) -> Tally:
    """Put recordings into the store of a data folder, and decide on those that have ended; what became of them."""
    files = list(open_paths(paths))
    store = open_store(data_dir, settings)
    try:
        judge = scores_now(Shelf(data_dir), settings.models)
        with compiling():
            reception = Reception(store, judge, settings, Metrics())
            importer = Importer(reception, data_dir, site)
            try:
                asyncio.run(_all(importer, files))
            finally:
                reception.close()
                importer.close()
    finally:
        store.close()
    return importer.tally


async def _all(importer: Importer, files: list[str]) -> None:
    with progress() as bar:
        task = bar.add_task("Importing", total=len(files))
        for file in files:
            if (said := await importer.take(file)) is not None:
                print(said, file=sys.stderr)
            bar.advance(task)
    await close_ended(importer.reception)


def summary(tally: Tally) -> str:
    """What was done, in one line."""
    parts = [f"{tally.imported} imported in {tally.batches} batches", f"{tally.known} there already"]
    if tally.refused:
        told = ", ".join(f"{code} {count}" for code, count in tally.refused.most_common())
        parts.append(f"refused: {told}")
    return "; ".join(parts) + "."
