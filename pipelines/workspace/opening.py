"""Opens a workspace's source: a data directory, its database's URL, or recordings."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from data_contracts.errors import WatchworthyError
from data_contracts.order import IDLE_MS
from pipelines.store.read_only import DATABASE
from pipelines.workspace.logs import Source
from pipelines.workspace.recorded import Recorded
from pipelines.workspace.stored import Stored

SQLITE: Final = "sqlite:///"
SETTINGS: Final = "watchworthy.toml"


def opened(place: str | Path | Iterable[str | Path], site: str | None = None) -> Source:
    """What stands at a place; see ``watchworthy.Workspace``.

    Raises
    ------
    WatchworthyError
        ``workspace_wrong`` for a URL that stands for nothing here; what the store says of itself.
    """
    if not isinstance(place, str | Path):
        return Recorded(list(place))
    told = str(place)
    if told.startswith(SQLITE):
        path = Path(told.removeprefix(SQLITE))
        return stored(path.parent if path.name == DATABASE else path, site)
    if "://" in told:
        scheme = told.partition("://")[0]
        more = "a store in PostgreSQL is not there yet; " if scheme.startswith("postgres") else ""
        raise WatchworthyError(
            "workspace_wrong",
            f"A workspace opens no {scheme}:// URL: {more}name the data directory, or {SQLITE}DIRECTORY/{DATABASE}.",
            scheme,
        )
    if (Path(told) / DATABASE).is_file():
        return stored(Path(told), site)
    return Recorded([place])


def stored(folder: Path, site: str | None) -> Stored:
    """The source of a data directory, as its settings say where recordings lie and what a pause is."""
    url, idle_ms = _settings(folder)
    return Stored(folder, site, url, idle_ms)


def _settings(folder: Path) -> tuple[str | None, int]:
    """Where recordings are, and the idle cut in ms: from the environment, else from the file, as the service does."""
    import tomllib

    path = folder / SETTINGS
    told = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    url = os.environ.get("WATCHWORTHY_RECORDINGS_URL") or str(told.get("recordings_url", ""))
    minutes = os.environ.get("WATCHWORTHY_IDLE_MINUTES") or told.get("idle_minutes")
    return url or None, int(float(minutes) * 60_000) if minutes else IDLE_MS
