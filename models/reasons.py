"""Reasons: what each group of features adds to the margin, and the steps from there to the probability.

Attributions are TreeSHAP's (Lundberg and others 2020), as LightGBM computes them: the base value and all of them
sum to the raw margin. Features of one group are correlated and explained together, so that credit is not split at
random between them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts.assessments import Reason, Step
from features.moments import CODES, MOMENT, WITHDRAWN
from models.calibration import Calibration, expit, logit
from models.head import Head
from models.norms import Percentile
from models.reason_codes import sentence

STRETCHES_SHOWN: Final = 8
LONG_MS: Final = 10_000


def reasons(
    head: Head,
    values: npt.NDArray[np.float32],
    contributions: npt.NDArray[np.float64],
    moments: npt.NDArray[np.void] | None = None,
    units: Sequence[str] = (),
    percentile: Percentile | None = None,
) -> tuple[Reason, ...]:
    """Reasons of one score, the weightiest first.

    Parameters
    ----------
    head
        The head, with its groups.
    values
        The head's features, f4[k].
    contributions
        Attribution of each feature in log-odds of the raw margin, f8[k].
    moments
        Moments of the session; those withdrawn carry nothing.
    units
        Unit of each feature, for the sentence.
    percentile
        Where the site's sessions put a value of a feature.

    Returns
    -------
    tuple of Reason
        One for each group that weighs anything: their weights and the base value sum to the margin.
    """
    group_of = np.array(head.group_of())
    found = []
    for index, group in enumerate(head.groups):
        inside = np.flatnonzero(group_of == index)
        weight = float(contributions[inside].sum())
        if weight == 0:
            continue
        code = group.up if weight > 0 else group.down
        # The fact shown is the one that pushed most in the direction of the whole group.
        strongest = int(inside[np.argmax(contributions[inside] * math.copysign(1, weight))])
        value = float(values[strongest])
        found.append(
            Reason(
                head=head.name,
                code=code,
                direction="up" if weight > 0 else "down",
                weight=weight,
                t_ms=_begins(group.signals, moments) if weight > 0 else (),
                value=None if math.isnan(value) else value,
                site_percentile=percentile(head.features[strongest], value) if percentile else None,
                text=sentence(code, head.features[strongest], value, units[strongest] if units else "-"),
            )
        )
    return tuple(sorted(found, key=lambda reason: -abs(reason.weight)))


def group_weights(head: Head, contributions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sum of the attributions of each group, f8[groups]; with the base value they sum to the margin."""
    sums = np.bincount(np.array(head.group_of()), contributions, minlength=len(head.groups))
    return sums.astype(np.float64)


def stretches(signals: Sequence[str], moments: npt.NDArray[np.void] | None) -> list[tuple[int, int, float]]:
    """Where a session shows these signals: begin and end in ms from its start, and severity, in order of time.

    Moments that touch are one stretch, whose severity is their sum: four presses of one burst are one thing to
    watch, and not four. A moment of ``LONG_MS`` and more, as a way back and forth through pages, stands by itself, or
    all that happens on the way would be hidden in it.
    """
    if moments is None or not len(moments) or not signals:
        return []
    if moments.dtype != MOMENT:
        raise TypeError(f"Moments must be rows of features.moments.MOMENT, not {moments.dtype}.")
    codes = [CODES.index(name) for name in signals]
    kept = moments[np.isin(moments["code"], codes) & (moments["state"] != WITHDRAWN)]
    found: list[tuple[int, int, float]] = []
    alone: list[tuple[int, int, float]] = []
    for one in kept[np.argsort(kept["start"], kind="stable")]:
        start, end, severity = int(one["start"]), int(one["end"]), float(one["severity"])
        if end - start >= LONG_MS:
            alone.append((start, end, severity))
        elif found and start <= found[-1][1]:
            begun, ended, so_far = found[-1]
            found[-1] = begun, max(ended, end), so_far + severity
        else:
            found.append((start, max(start, end), severity))
    return sorted(found + alone)


def cited(signals: Sequence[str], moments: npt.NDArray[np.void] | None) -> list[tuple[int, int, float]]:
    """The most severe of ``stretches``, ``STRETCHES_SHOWN`` at most, in ms from the start, in order of time."""
    return sorted(sorted(stretches(signals, moments), key=lambda one: (-one[2], one[0]))[:STRETCHES_SHOWN])


def _begins(signals: Sequence[str], moments: npt.NDArray[np.void] | None) -> tuple[int, ...]:
    return tuple(sorted({start for start, _, _ in cited(signals, moments)}))


def steps(base_value: float, margin: float, calibration: Calibration, base_rate: float) -> tuple[Step, ...]:
    """The way from the model's first guess to the probability shown, in log-odds."""
    ratio = calibration.log_likelihood_ratio(margin)
    trail = (
        ("base_value", base_value),
        ("margin", margin),
        ("calibrated", ratio),
        ("prior", ratio + logit(base_rate)),
    )
    return tuple(Step(name=name, log_odds=x, probability=expit(x)) for name, x in trail)  # type: ignore[arg-type]
