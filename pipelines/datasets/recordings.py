"""Recordings with an index of what is known of each: label, family, person, scenario."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from data_contracts.errors import WatchworthyError
from data_contracts.events import Events
from data_contracts.recordings import read

JANK: Final = 20.0  # inputs that came late, from which a recording counts as made on a busy machine


@dataclass(frozen=True)
class Known:
    """What the index says of a recording."""

    file: str
    label: str
    family: str
    scenario: str
    person: str
    frustrated: bool | None
    recorder: str
    build: str
    viewport: str
    jank: str
    zoomed: bool = False
    trace: str = ""


def index(folder: Path) -> list[Known]:
    """Read ``index.csv`` of a folder of recordings.

    Raises
    ------
    WatchworthyError
        ``file_missing`` if there is none, ``training_refused`` if it lacks a column.
    """
    path = folder / "index.csv"
    if not path.exists():
        raise WatchworthyError(
            "file_missing", "A folder of training recordings needs an index.csv.", str(path)
        )
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    missing = {"file", "label"} - set(rows[0] if rows else ())
    if missing:
        raise WatchworthyError(
            "training_refused", f"The index lacks the columns {', '.join(sorted(missing))}.", str(path)
        )
    return [
        Known(
            row["file"],
            row["label"],
            row.get("family", ""),
            row.get("scenario", ""),
            person(row.get("trace_user", "")),
            {"1": True, "0": False}.get(row.get("frustrated", "")),
            row.get("rrweb_version", ""),
            row.get("browser", ""),
            row.get("viewport", ""),
            jank(row.get("late_n", "")),
            float(row.get("zoom", "") or 1.0) > 1.0,
            row.get("trace", ""),
        )
        for row in rows
    ]


def person(trace_user: str) -> str:
    """The person behind a trace: ``user62``, ``user62.1`` and ``user62.2`` are one.

    >>> person("user62.1")
    'user62'
    """
    return trace_user.partition(".")[0]


def jank(late: str) -> str:
    """Whether the machine was busy: ``quiet``, ``busy``, or ``unknown``."""
    if not late:
        return "unknown"
    return "busy" if float(late) >= JANK else "quiet"


def recordings(folder: Path) -> Iterator[tuple[Known, Events, int]]:
    """Every recording of a folder with an index: what is known, its rows, the channels of its recorder."""
    for known in index(folder):
        decoded = read(folder / known.file).decode()
        yield known, decoded.rows, decoded.channels
