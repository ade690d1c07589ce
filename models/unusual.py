"""Unusual behaviour: how unlike the sessions of people on record a session is, whatever no head was taught.

An isolation forest (Liu, Ting and Zhou 2008), fitted by scikit-learn to sessions of people alone and kept as plain
arrays: what few cuts set apart is unusual. It judges nobody; it lets what no head knows still reach somebody's eyes,
and is scored once, when a session is over.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.signal_rates import digests, names

FOLDER: Final = "unusual"
FILES: Final = ("forest.npz", "unusual.json")
"""Files that decide the score, in the order in which the digest reads them."""
ARRAYS: Final = ("feature", "threshold", "left", "right", "depth", "roots")
LEAST_ACTS: Final = 3
LEAST_SEEN: Final = 8  # features that are there: of fewer nothing can be unlike

FEATURES: Final = (
    # Rates, shares and shapes alone: how long a session was is not unusual.
    "pointer_speed_mean",
    "pointer_speed_cv",
    "pointer_acceleration_flips",
    "cursor_entropy",
    "turn_entropy",
    "pointer_region_entropy",
    "pointer_curvature",
    "pointer_axis_share",
    "pointer_pause_mean",
    "pointer_reversals",
    "stroke_duration_mean",
    "stroke_duration_cv",
    "stroke_distance_mean",
    "pointer_straightness_mean",
    "pointer_straightness_sd",
    "stroke_peak_position",
    "stroke_submovements",
    "pointer_smoothness",
    "pointer_jumps",
    "approach_slowdown",
    "overshoots",
    "clicks_per_minute",
    "click_interval_cv",
    "click_hold_mean",
    "click_hold_cv",
    "click_hold_zero",
    "press_release_drift",
    "clicks_on_controls",
    "retry_share",
    "no_reaction_share",
    "act_gap_p50",
    "act_gap_entropy",
    "burstiness",
    "active_share",
    "scroll_step_repeat",
    "scroll_speed_p95",
    "key_interval_mean",
    "key_interval_cv",
    "corrections",
    "pages_per_minute",
    "page_dwell_median",
    "simultaneous_acts",
    "clock_regularity",
)


@dataclass(frozen=True)
class IsolationForest:
    """Trees as one table of nodes.

    Parameters
    ----------
    feature
        Column that a node cuts, i2[n]; -1 of a leaf.
    threshold
        A value up to it goes left, f8[n].
    left, right
        Nodes, i4[n].
    depth
        Of a leaf: cuts to get there and, by the size of what is left in it, those that would follow; f8[n].
    roots
        First node of each tree, i4[t].
    usual
        Value that stands for a missing one, f4[k]: the median of people, so that what is missing is not unusual.
    rows
        Sessions that each tree was grown on.
    facts
        ``unusual.json``: features with their digests, what it was fitted to.
    digest
        Of the files that it was read from.
    """

    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    depth: npt.NDArray[np.float64]
    roots: npt.NDArray[np.int32]
    usual: npt.NDArray[np.float32]
    rows: int
    facts: dict[str, Any]
    digest: str = ""

    def scores(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Scores of rows f4[n, k], each from 0 (in the thick of it) over 0.5 (as many) to 1 (alone)."""
        filled = np.where(np.isnan(x), self.usual, x)
        at = np.repeat(self.roots[None, :], len(filled), axis=0)
        row = np.arange(len(filled))[:, None]
        while (inner := self.feature[at] >= 0).any():
            values = filled[row, np.maximum(self.feature[at], 0)]
            further = np.where(values <= self.threshold[at], self.left[at], self.right[at])
            at = np.where(inner, further, at)
        depth: npt.NDArray[np.float64] = self.depth[at].mean(axis=1)
        return np.exp2(-depth / expected_depth(self.rows))

    def score(self, values: npt.NDArray[np.float32], acts: int) -> float | None:
        """Score of one extended vector; None where there is too little to be unlike anything.

        Parameters
        ----------
        values
            In the order of ``signal_rates.names()``, f4[k].
        acts
            Of the session, counted.
        """
        own = values[self._columns]
        if acts < LEAST_ACTS or int((~np.isnan(own)).sum()) < LEAST_SEEN:
            return None
        return float(self.scores(own[None, :])[0])

    @cached_property
    def _columns(self) -> npt.NDArray[np.int64]:
        places = {name: i for i, name in enumerate(names())}
        return np.array([places[feature["name"]] for feature in self.facts["features"]], "i8")

    def stopped_by(self, known: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """Features that it reads and that are missing from, or defined otherwise in, the catalogue."""
        found = digests() if known is None else known
        return tuple(f["name"] for f in self.facts["features"] if found.get(f["name"]) != f["digest"])


def expected_depth(rows: int) -> float:
    """Mean depth of an unsuccessful search in a binary tree of so many rows.

    >>> expected_depth(1), expected_depth(2), round(expected_depth(256), 3)
    (0.0, 1.0, 10.245)
    """
    if rows <= 2:
        return float(max(rows - 1, 0))
    return 2.0 * (math.log(rows - 1.0) + float(np.euler_gamma)) - 2.0 * (rows - 1.0) / rows


def save(folder: Path, forest: IsolationForest) -> str:
    """Write a forest into a folder, the same bytes for the same forest, and return its digest."""
    folder.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    arrays = {name: getattr(forest, name) for name in ARRAYS} | {"usual": forest.usual}
    np.savez_compressed(packed, rows=np.array(forest.rows), **arrays)
    (folder / FILES[0]).write_bytes(packed.getvalue())
    text = json.dumps(forest.facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / FILES[1]).write_text(text, encoding="utf-8", newline="\n")
    return digest_of(folder)


def load(folder: Path) -> IsolationForest | None:
    """The forest of a folder of heads; None if there is none, or a feature that it reads was redefined since."""
    own = folder / FOLDER
    if not all((own / name).exists() for name in FILES):
        return None
    facts = json.loads((own / FILES[1]).read_text(encoding="utf-8"))
    with np.load(own / FILES[0], allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in ARRAYS}
        read = {"usual": kept["usual"], "rows": int(kept["rows"]), "facts": facts, "digest": digest_of(own)}
        forest = IsolationForest(**arrays, **read)
    return None if forest.stopped_by() else forest


def digest_of(folder: Path) -> str:
    """Digest of the files that decide the score."""
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(name.encode() + b"\0" + hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()[:16]
