"""Opens the store of a data folder as the settings say."""

from __future__ import annotations

from pathlib import Path

from pipelines.store.limits import StoreLimits
from pipelines.store.store import Store
from service.live.settings import Settings


def open_store(data_dir: Path, settings: Settings) -> Store:
    """The store of a data folder; made if there is none.

    Raises
    ------
    WatchworthyError
        What the store says when it cannot be opened.
    """
    limits = StoreLimits(
        idle_ms=settings.idle_ms,
        disk_free_bytes=settings.disk_free_bytes,
        queue_bytes=settings.queue_bytes,
        queue_ms=int(settings.queue_seconds * 1_000),
    )
    return Store.open(data_dir, limits, settings.recordings_url or None)
