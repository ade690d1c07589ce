"""How well a replayed path is found again by its sketch, and how often two people's paths are taken for one."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.events import Events
from features.catalogue import engine
from features.sketch import FEWEST_SHARED, match, sketch_of
from models.operating_points import exact_interval, upper_bound
from pipelines.datasets.examples import Progress, quiet
from pipelines.datasets.recordings import Known, recordings
from pipelines.datasets.traces import Trace, read_traces, recorded, stable_seed

LONG_MS: Final = 60_000
JITTERS: Final = ((0.0, 0.0), (1.0, 4.0), (2.0, 8.0), (4.0, 16.0), (8.0, 32.0), (12.0, 100.0))
"""Noise on places, px, and on times, ms; every replay is shifted and scaled besides."""
SCALES: Final = (0.75, 1.33)
LATE_MS: Final = 120.0  # inputs so late at most, at 19 of 20, are in time: over two positions of a recorder

Sketch = npt.NDArray[np.uint32]


def sketched(rows: Events) -> Sketch:
    """The sketch of rows ``EVENT[n]``."""
    memory = engine().empty()
    engine().fold(rows, memory)
    return sketch_of(memory)


def jittered(trace: Trace, px: float, ms: float, seed: int) -> Trace:
    """A trace as a thief replays it: shifted, scaled, with noise on places and times."""
    rng = np.random.default_rng(stable_seed(seed, trace.session, px, ms))
    scale = rng.uniform(*SCALES)
    n = len(trace.t)
    t = np.maximum.accumulate(trace.t + rng.normal(0, ms, n)).astype("i8") + int(rng.integers(0, 50))
    return replace(
        trace,
        session=f"{trace.session}/replay",
        t=t,
        x=(trace.x * scale + rng.uniform(0, 80) + rng.normal(0, px, n)).astype("f4"),
        y=(trace.y * scale + rng.uniform(0, 80) + rng.normal(0, px, n)).astype("f4"),
    )


def measured(people: Path, lab: Path | None, seed: int, progress: Progress = quiet) -> dict[str, Any]:
    """Recall by jitter and false twins among people.

    Parameters
    ----------
    people
        Traces of people, ``sapimouse.parquet``.
    lab
        The lab's recordings of families: the same trace replayed in a browser several times, and others.
    """
    found = [one for one in read_traces(people) if int(one.t[-1] - one.t[0]) >= LONG_MS]
    progress("replayed paths", len(JITTERS) + 2)
    own = [sketched(recorded(one, seed)) for one in found]
    progress("", 0)
    recall = []
    for px, ms in JITTERS:
        shared = np.array(
            [
                match(sketch, sketched(recorded(jittered(one, px, ms, seed), seed + 1))).shared
                for one, sketch in zip(found, own, strict=True)
            ]
        )
        hits, n = int((shared >= FEWEST_SHARED).sum()), len(shared)
        recall.append({"px": px, "ms": ms, "n": n, "recall": hits / n, "interval": exact_interval(hits, n)})
        progress("", 0)
    told: dict[str, Any] = {"fewest_shared": FEWEST_SHARED, "recall": recall}
    told |= _false([one.person.partition(".")[0] for one in found], own)
    if lab is not None:
        told["lab"] = _lab(lab)
    progress("", 0)
    return told


def _with_lateness(folder: Path) -> Iterator[tuple[Known, float, Events]]:
    """Recordings with how late 19 of 20 of their inputs were at most, ms; without a note of it, endlessly."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as lines:
        late = {row["file"]: float(row.get("late_p95") or math.inf) for row in csv.DictReader(lines)}
    for known, rows, _ in recordings(folder):
        yield known, late[known.file], rows


def _false(person: list[str], sketches: list[Sketch]) -> dict[str, Any]:
    """Pairs of sessions that were never replayed: of two people, and of one."""
    counts = {"others": [0, 0], "same": [0, 0]}
    hit: set[str] = set()
    most = 0
    for (p, a), (q, b) in combinations(zip(person, sketches, strict=True), 2):
        shared = match(a, b).shared
        kind = "same" if p == q else "others"
        counts[kind][0] += shared >= FEWEST_SHARED
        counts[kind][1] += 1
        most = max(most, shared)
        if shared >= FEWEST_SHARED:
            hit |= {p, q}
    people = len(set(person))
    return {
        "pairs_of_two_people": counts["others"][1],
        "false_of_two_people": counts["others"][0],
        "upper_95_a_pair": upper_bound(counts["others"][0], counts["others"][1]),
        "pairs_of_one_person": counts["same"][1],
        "false_of_one_person": counts["same"][0],
        "most_shared": most,
        "people": people,
        "people_told_falsely": len(hit),
        "people_upper_95": upper_bound(len(hit), people),
    }


def _lab(folder: Path) -> dict[str, Any]:
    """In a real browser: pairs that replay one trace, and pairs of replays of different ones or of guided people.

    Where inputs were late, the machine replayed another path than the script did; so pairs of which both were in time
    are told apart as well, and the traces that they come from: pairs of one trace are no separate observations.
    """
    kept = [
        (known.trace if known.family.startswith("replayed") else known.file, late, sketched(rows))
        for known, late, rows in _with_lateness(folder)
        if known.family.startswith(("replayed", "lab_guided"))
    ]
    twin, other, timely = [0, 0], [0, 0], [0, 0]
    traces: dict[str, bool] = {}
    for (p, late, a), (q, later, b) in combinations(kept, 2):
        hit = match(a, b).shared >= FEWEST_SHARED
        for place in (
            twin if p == q else other,
            *((timely,) if p == q and max(late, later) <= LATE_MS else ()),
        ):
            place[0] += hit
            place[1] += 1
        if p == q:
            traces[p] = traces.get(p, True) and hit
    return {
        "traces": len(traces),
        "traces_wholly_found": sum(traces.values()),
        "timely": timely[1],
        "timely_found": timely[0],
        "twins": twin[1],
        "found": twin[0],
        "recall_interval": exact_interval(*twin) if twin[1] else None,
        "others": other[1],
        "false": other[0],
        "upper_95_a_pair": upper_bound(*other) if other[1] else None,
    }
