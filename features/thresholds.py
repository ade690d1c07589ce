"""Thresholds of the signals: one default of ours, and the rivals' numbers under their names.

There is no standard: published rage clicks run from 3 to 5 clicks and from 0.3 to 5 s. Presets move signals
only; a feature is computed in one way always, or a model would not know what it reads.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

THRESHOLDS: Final = np.dtype(
    [
        ("rage_presses", "i4"),  # presses that make a rage click
        ("rage_gap_ms", "i4"),  # longest time between one press and the next
        ("rage_span_ms", "i4"),  # longest time from the first press to the one that makes it rage
        ("rage_radius_px", "f4"),  # farthest from the press before
        ("rage_same_target", "i4"),  # 1: only presses on one target count
        ("rage_unanswered", "i4"),  # 1: an answered press breaks the run
        ("dead_after_ms", "i4"),  # a click without reaction for so long is dead
        ("slow_from_ms", "i4"),  # a first reaction later than this is slow
        ("slow_to_ms", "i4"),  # what begins by 2.5 s may end so late and still be a slow answer
        ("error_within_ms", "i4"),  # an error so soon after an act belongs to it
        ("thrash_reversals", "i4"),  # reversals on one axis
        ("thrash_window_ms", "i4"),
        ("thrash_path_px", "f4"),
    ],
    align=True,
)

_OURS: Final[dict[str, float]] = {
    "rage_presses": 3,
    "rage_gap_ms": 1_000,
    "rage_span_ms": 10_000,
    "rage_radius_px": 30,
    "rage_same_target": 1,
    "rage_unanswered": 1,
    "dead_after_ms": 2_500,
    "slow_from_ms": 1_000,
    "slow_to_ms": 7_000,
    "error_within_ms": 1_000,
    # Positions come every 50 ms: scripted thrashing shows 4 to 7 reversals of 60 px or more in 2 s, over a path
    # that is far longer than that of searching.
    "thrash_reversals": 4,
    "thrash_window_ms": 2_000,
    "thrash_path_px": 1_500,
}

PRESETS: Final[dict[str, dict[str, float]]] = {
    "watchworthy": _OURS,
    "posthog": _OURS
    | {
        "rage_radius_px": 30,
        "rage_same_target": 0,
        "rage_unanswered": 0,
        "dead_after_ms": 2_750,
    },
    "sentry": _OURS
    | {
        "rage_gap_ms": 7_000,
        "rage_span_ms": 7_000,
        "rage_radius_px": 1e6,
        "dead_after_ms": 7_000,
        "slow_from_ms": 3_000,
    },
    "datadog": _OURS
    | {"rage_span_ms": 1_000, "rage_radius_px": 100, "rage_unanswered": 0, "dead_after_ms": 100},
    "openreplay": _OURS
    | {"rage_gap_ms": 300, "rage_radius_px": 1e6, "rage_unanswered": 0, "dead_after_ms": 1_234},
    "amplitude": _OURS
    | {
        "rage_presses": 4,
        "rage_span_ms": 1_000,
        "rage_radius_px": 50,
        "rage_unanswered": 0,
        "dead_after_ms": 3_000,
        "error_within_ms": 2_000,
        "thrash_reversals": 20,
    },
    "highlight": _OURS
    | {
        "rage_presses": 5,
        "rage_gap_ms": 5_000,
        "rage_span_ms": 5_000,
        "rage_radius_px": 8,
        "rage_same_target": 0,
        "rage_unanswered": 0,
    },
}
"""Thresholds by name. The rivals' numbers were read in their own source code or documentation."""


def thresholds(preset: str = "watchworthy") -> npt.NDArray[np.void]:
    """Thresholds of a preset as ``THRESHOLDS[1]``.

    Raises
    ------
    ValueError
        If there is no such preset; the message lists those that there are.
    """
    if preset not in PRESETS:
        raise ValueError(f"There is no preset {preset!r}; choose one of {', '.join(PRESETS)}.")
    record = np.zeros(1, THRESHOLDS)
    for name, value in PRESETS[preset].items():
        record[name] = value
    return record
