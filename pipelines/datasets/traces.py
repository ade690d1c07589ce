"""Mouse traces as a recorder would have seen them: whatever their source, one instrument.

Sources differ in viewport, sampling, rounding and how busy the machine was, and every one of these gives the class
away. So each trace, of people and of automation alike, is zoomed and set into one viewport, rounded to whole
pixels, delayed by the stalls of a busy machine, and thinned to one position per 50 ms by the very rule of rrweb's
recorder (leading edge, no trailing one), whose batches then carry the true time of every position.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_contracts.events import CLICK, EVENT, MOVE, PAGE, PRESS, RELEASE, Events

WIDTH, HEIGHT = 1280, 800
THROTTLE_MS: Final = 50  # rrweb's default for pointer positions
CLICK_DRIFT_PX: Final = 10.0  # a release farther from its press ends a drag, and makes no click
ZOOMS: Final = (0.75, 1.33)  # screens are of many sizes; the class must not be told from theirs
STALLS_A_SECOND: Final = 0.7  # of a busy machine: the recordings made in a browser were delayed so
STALL_MS: Final = 60.0
KINDS: Final = {"move": MOVE, "down": PRESS, "up": RELEASE}


@dataclass(frozen=True)
class Trace:
    """One raw trace: ``t`` in ms, ``x`` and ``y`` in px, ``kind`` of MOVE, PRESS, RELEASE."""

    source: str
    session: str
    person: str  # person or, of automation, empty
    family: str  # "human" or the automation family
    t: npt.NDArray[np.int64]
    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.float32]
    kind: npt.NDArray[np.uint8]


def stable_seed(*parts: Any) -> int:
    """A seed that hangs on these parts alone, the same on every machine.

    >>> stable_seed("a", 1) == stable_seed("a", 1), stable_seed("a", 1) == stable_seed("a", 2)
    (True, False)
    """
    return int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:8], "big") >> 1


def read_traces(path: Path) -> Iterator[Trace]:
    """Read a file of traces in the shared format, one row an event, a session at a time.

    Touch rows are left out: these traces serve the pointer alone.
    """
    table = pq.read_table(
        path, columns=["dataset", "session_id", "user_id", "label", "t_ms", "kind", "x", "y"]
    )
    table = table.filter(pc.is_in(table["kind"], value_set=_strings(KINDS)))
    session = table["session_id"].to_numpy(zero_copy_only=False)
    if not len(session):
        return
    user = table["user_id"].to_numpy(zero_copy_only=False)
    label = table["label"].to_numpy(zero_copy_only=False)
    code = np.zeros(len(session), "u1")
    names = table["kind"].to_numpy(zero_copy_only=False)
    for name, kind in KINDS.items():
        code[names == name] = kind
    t, x, y = (table[name].to_numpy() for name in ("t_ms", "x", "y"))
    edges = np.flatnonzero(np.r_[True, session[1:] != session[:-1], True])
    for start, stop in pairwise(edges.tolist()):
        inside = slice(start, stop)
        human = label[start] == "human"
        family = "human" if human else str(label[start]).partition(":")[2]
        person = str(user[start] or "") if human else ""
        yield Trace(
            path.stem, str(session[start]), person, family, t[inside], x[inside], y[inside], code[inside]
        )


def _strings(values: Any) -> Any:
    import pyarrow as pa

    return pa.array(list(values))


def throttled(t: npt.NDArray[np.int64], wait: int = THROTTLE_MS) -> npt.NDArray[np.bool_]:
    """Which positions rrweb's throttle lets through: one, and then none until ``wait`` ms later.

    >>> throttled(np.array([0, 20, 49, 50, 90, 300, 349, 351])).tolist()
    [True, False, False, True, False, True, False, True]
    """
    kept = np.zeros(len(t), bool)
    at = 0
    while at < len(t):
        kept[at] = True
        at = int(np.searchsorted(t, t[at] + wait, "left"))
    return kept


def stalled(t: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Times as a busy machine would have stamped them: what falls into a stall is seen when it ends."""
    span = int(t[-1] - t[0]) if len(t) else 0
    count = int(rng.poisson(STALLS_A_SECOND * span / 1000))
    if not count:
        return t
    begin = np.sort(rng.integers(int(t[0]), int(t[-1]) + 1, count))
    end = np.maximum.accumulate(begin + rng.exponential(STALL_MS, count).astype("i8"))
    stall = np.searchsorted(begin, t, "right") - 1
    return np.where(stall >= 0, np.maximum(t, end[np.maximum(stall, 0)]), t)


def window(trace: Trace, start_ms: int, stop_ms: int) -> Trace:
    """The part of a trace from ``start_ms`` up to ``stop_ms``, of its own clock."""
    inside = slice(*np.searchsorted(trace.t, [start_ms, stop_ms], "left"))
    return Trace(
        trace.source,
        f"{trace.session}@{start_ms}",
        trace.person,
        trace.family,
        trace.t[inside],
        trace.x[inside],
        trace.y[inside],
        trace.kind[inside],
    )


def recorded(trace: Trace, seed: int = 0, zoom: bool = True) -> Events:
    """What our instrument would have recorded of a trace.

    Parameters
    ----------
    trace
        One session.
    seed
        With the name of the session it fixes zoom, stalls and the phase of the throttle.
    zoom
        Whether to draw a zoom from ``ZOOMS``; else the trace keeps its scale unless it must shrink to fit.

    Returns
    -------
    EVENT[n]
        A page view of 1280 x 800, then positions, presses, releases and clicks. There is no snapshot and no
        target: of the page nothing is known.
    """
    rng = np.random.default_rng(stable_seed(seed, trace.source, trace.session))
    t = np.maximum.accumulate(trace.t)
    if rng.random() < 0.5:  # half of the machines are busy
        t = stalled(t, rng)
    factor = float(np.exp(rng.uniform(*np.log(ZOOMS)))) if zoom else 1.0
    if len(t):
        width, height = float(np.ptp(trace.x)) * factor, float(np.ptp(trace.y)) * factor
        factor *= min(1.0, (WIDTH - 1) / max(width, 1.0), (HEIGHT - 1) / max(height, 1.0))
        left = rng.uniform(0, max(WIDTH - 1 - float(np.ptp(trace.x)) * factor, 0))
        top = rng.uniform(0, max(HEIGHT - 1 - float(np.ptp(trace.y)) * factor, 0))
        x = np.round((trace.x - trace.x.min()) * factor + left)
        y = np.round((trace.y - trace.y.min()) * factor + top)
    else:
        x, y = trace.x, trace.y
    moves = np.flatnonzero(trace.kind == MOVE)
    keep = trace.kind != MOVE
    keep[moves[throttled(t[moves])]] = True
    clicks = _clicks(trace.kind, x, y)
    rows = np.zeros(1 + int(keep.sum()) + len(clicks), EVENT)
    rows["t"][0] = t[0] if len(t) else 0
    rows["kind"][0], rows["x"][0], rows["y"][0] = PAGE, WIDTH, HEIGHT
    body = rows[1:]
    # A click follows its release at once: both stand at one time, the click after the release.
    order = np.argsort(np.concatenate([np.flatnonzero(keep), clicks]), kind="stable")
    source = np.concatenate([np.flatnonzero(keep), clicks])[order]
    kind = np.concatenate([trace.kind[keep], np.full(len(clicks), CLICK, "u1")])[order]
    body["t"], body["x"], body["y"], body["kind"] = t[source], x[source], y[source], kind
    return rows


def _clicks(kind: npt.NDArray[np.uint8], x: npt.NDArray[Any], y: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Rows of the releases that make a click: where their press was."""
    found = []
    pressed = -1
    for i in np.flatnonzero((kind == PRESS) | (kind == RELEASE)):
        if kind[i] == PRESS:
            pressed = int(i)
        elif pressed >= 0:
            if max(abs(x[i] - x[pressed]), abs(y[i] - y[pressed])) <= CLICK_DRIFT_PX:
                found.append(int(i))
            pressed = -1
    return np.array(found, "i8")
