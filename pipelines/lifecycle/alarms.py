"""Alarms of the monitor: raised when N of the last M looks found the same, then silent for a while."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipelines.lifecycle.watching import Watched

FILE: Final = "monitor.json"
NEEDED: Final = 2
OF_LAST: Final = 3
COOLDOWN_MS: Final = 86_400_000


class Alarm(NamedTuple):
    """What was found how often in how many looks."""

    key: str
    times: int
    of: int


def found(watched: Watched) -> list[str]:
    """What of a look is worth an alarm: each score or feature that moved, and a precision that is not as estimated."""
    keys = [f"drift {one.name}" for one in watched.moved]
    for head in watched.heads:
        said, seen = head.estimated, head.measured
        if None in (said.low, said.high, seen.low, seen.high):
            continue
        if (seen.high or 0) < (said.low or 0) or (seen.low or 0) > (said.high or 0):
            keys.append(f"precision {head.head}")
    return keys


class Alarms:
    """The looks of a data folder that are remembered.

    Parameters
    ----------
    data_dir
        The folder.
    needed, of_last, cooldown_ms
        So many of the last looks must have found it; how long it is silent after that.
    """

    def __init__(
        self, data_dir: Path, needed: int = NEEDED, of_last: int = OF_LAST, cooldown_ms: int = COOLDOWN_MS
    ) -> None:
        self._path = data_dir / FILE
        self._needed, self._of_last, self._cooldown_ms = needed, of_last, cooldown_ms

    def look(self, site: str, keys: Iterable[str], at_ms: int) -> list[Alarm]:
        """Remember what a look has found; what is raised because of it."""
        told = self._read()
        state = told.setdefault(site, {"looks": [], "raised": {}})
        state["looks"] = [*state["looks"], sorted(set(keys))][-self._of_last :]
        due = []
        for key in state["looks"][-1]:
            count = sum(key in look for look in state["looks"])
            last = state["raised"].get(key)
            if count >= self._needed and (last is None or at_ms - last >= self._cooldown_ms):
                state["raised"][key] = at_ms
                due.append(Alarm(key, count, len(state["looks"])))
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        partial.replace(self._path)
        return due

    def _read(self) -> dict[str, Any]:
        try:
            told: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # a look that is forgotten costs one more look
        return told
