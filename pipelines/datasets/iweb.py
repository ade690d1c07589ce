"""A web map used by people who rated each session, as canonical events: an external test, never trained on.

The log has presses, releases and loads; nothing of the page. So the map is one control that answers by loading. The
mapping was settled from the columns and kinds alone, before any rating was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from data_contracts.events import (
    CLICK,
    EVENT,
    IS_CONTROL,
    KNOWN,
    PAGE,
    PRESS,
    RELEASE,
    REQUEST,
    SIGHTED,
    SNAPSHOT,
    Events,
)

MAP_NODE: Final = 1
CLICK_PX: Final = 10.0  # a release farther from its press ends a drag, and makes no click
ADDRESS: Final = 1  # of the tiles: one address that is loaded again and again
DONE: Final = 200.0
COLUMNS: Final = ("session_id", "user_id", "t_ms", "kind", "x", "y", "value")


@dataclass(frozen=True)
class Rated:
    """A session's rows, who it was, and whether they rated it 1 or 2 of 5."""

    session: str
    person: str
    rows: Events
    bad: bool
    unfinished: int


def rated(path: Path) -> Iterator[Rated]:
    """Every session of the file."""
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=[*COLUMNS, "label_bad"])
    columns = {name: table[name].to_pylist() for name in table.column_names}
    names = [str(name) for name in columns["session_id"]]
    edges = [i for i in range(len(names)) if i == 0 or names[i] != names[i - 1]] + [len(names)]
    for start, stop in pairwise(edges):
        part = {name: column[start:stop] for name, column in columns.items()}
        rows, unfinished = mapped(part)
        yield Rated(names[start], str(part["user_id"][0]), rows, bool(part["label_bad"][0]), unfinished)


def mapped(part: dict[str, list[Any]]) -> tuple[Events, int]:
    """Rows of one session, and how many of its loads never ended.

    A release without a press before it is a press too: the map's own buttons swallow theirs. A load has the time of
    its end and its duration in ms; what never ended leaves no row, so what waited for it stays unanswered.
    """
    found: list[tuple[int, int, float, float, float]] = []
    pressed: tuple[float, float] | None = None
    unfinished = 0
    for t, kind, x, y, value in zip(
        part["t_ms"], part["kind"], part["x"], part["y"], part["value"], strict=True
    ):
        at = (float("nan") if x is None else float(x), float("nan") if y is None else float(y))
        if kind == "mousedown":
            found.append((t, PRESS, *at, float("nan")))
            pressed = at
        elif kind == "mouseup":
            if pressed is None:
                found.append((t, PRESS, *at, float("nan")))
            found.append((t, RELEASE, *at, float("nan")))
            if pressed is None or max(abs(at[0] - pressed[0]), abs(at[1] - pressed[1])) <= CLICK_PX:
                found.append((t, CLICK, *at, float("nan")))
            pressed = None
        elif kind == "load_done":
            found.append((t, REQUEST, DONE, float("nan"), float("nan") if value is None else float(value)))
        else:
            unfinished += 1
    rows = np.zeros(2 + len(found), EVENT)
    start = found[0][0] if found else 0
    rows["t"], rows["kind"][:2], rows["flags"] = start, (PAGE, SNAPSHOT), SIGHTED
    rows["x"][0], rows["y"][0], rows["value"][1] = 1280, 800, 10
    for row, (t, kind, x, y, value) in zip(rows[2:], found, strict=True):
        row["t"], row["kind"], row["x"], row["y"], row["value"] = t, kind, x, y, value
        if kind == REQUEST:
            row["detail"] = ADDRESS
        else:
            row["target"] = row["control"] = MAP_NODE
            row["flags"] = SIGHTED | KNOWN | IS_CONTROL
    return rows[np.argsort(rows["t"], kind="stable")], unfinished
