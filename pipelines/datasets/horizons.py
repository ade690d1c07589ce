"""Horizons: each session as it stood after ten seconds, half a minute, a minute and at its end."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from data_contracts.events import MOVE, TAP, TOUCH_START, Events
from pipelines.datasets.examples import Gather, looks

HORIZONS_S: Final = (10, 30, 60)


def add_horizons(gather: Gather, rows: Events, channels: int, facts: dict[str, Any]) -> None:
    """Add a session as it stood at each horizon that it lived to, and at its end (0), abstentions too."""
    if not rows.size:
        return
    start, end = int(rows["t"][0]), int(rows["t"][-1])
    for seconds in HORIZONS_S:
        until = start + 1000 * seconds
        if end >= until:
            part = rows[: int(np.searchsorted(rows["t"], until, "right"))]
            gather.keep(list(looks(part, declared=channels))[-1], **facts | {"at_s": seconds})
    gather.keep(list(looks(rows, declared=channels))[-1], **facts | {"at_s": 0})


def cohort(rows: Events, zoomed: bool) -> str:
    """What the visitor moves and presses with: ``zoom``, ``touch``, ``mouse`` or ``keyboard``."""
    if np.isin(rows["kind"], (TOUCH_START, TAP)).any():
        return "touch"
    if not (rows["kind"] == MOVE).any():
        return "keyboard"
    return "zoom" if zoomed else "mouse"
