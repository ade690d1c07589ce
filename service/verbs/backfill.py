"""``watchworthy backfill``: score every stored session again."""

from __future__ import annotations

from pathlib import Path

from pipelines.backfill import backfill
from pipelines.lifecycle.promoting import Desk
from service.live import settings
from service.screen import compiling, errors, out, phases
from service.verbs.learn import opened


def run(models: Path | None, data_dir: Path, site: str, target: Path | None, jobs: int) -> int:
    """Score again, and say where the results are; the exit status is 1 if a session could not be read."""
    desk = Desk(data_dir, settings.load(data_dir).models)
    folder = models or desk.shelf.folder(desk.champion())
    target = target or data_dir / "backfill"
    with opened(data_dir) as store, compiling(), phases() as progress:
        done, unreadable = backfill(store, site, folder, target, jobs, progress)
    out.print(f"{done} sessions were scored again, into {target}.", highlight=False)
    if unreadable:
        errors.print(
            f"[yellow]{unreadable} recordings could not be read[/]: they were erased, or are not where they were."
        )
    return 1 if unreadable else 0
