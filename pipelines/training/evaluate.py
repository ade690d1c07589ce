"""What a head's card says of it, in numbers: every one on groups that the scoring booster had not seen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.assessments import OperatingPoint
from models.calibration import Floats, cross_fitted_ratios, equal_weights
from models.metrics import (
    at_base_rate,
    expected_calibration_error,
    log_loss,
    probabilities,
    ranking,
    reliability,
    simulated_error,
    slope_and_intercept,
)
from models.operating_points import highest_by_person, upper_bound
from pipelines.datasets.examples import Examples

UNLIKE: Final = 0.05
BASE_RATES: Final = (0.5, 0.1, 0.02, 0.005)
NO_PRIOR: Final = 0.5
INSTRUMENTS: Final = ("source", "recorder", "build")
SLICES: Final = ("source", "recorder", "build", "viewport", "jank")


def by_family(examples: Examples, margin: Floats, answered: dict[str, float]) -> list[dict[str, Any]]:
    """Each automation family, held out with its kin, against the people of its own source.

    Against people of another source a number would measure the instrument.
    """
    found = []
    label, source = examples["label"], examples["source"]
    for where in np.unique(source):
        people = (label == 0) & (source == where)
        for family in np.unique(examples["family"][(label == 1) & (source == where)]):
            own = (label == 1) & (source == where) & (examples["family"] == family)
            measured = ranking(margin[own], margin[people], examples["person"][people])
            share = answered.get(f"train/{where}/{family}")
            found.append({"family": str(family), "source": str(where), "answered": share} | asdict(measured))
    return found


def pooled(examples: Examples, margin: Floats) -> list[dict[str, Any]]:
    """All families of a source at once, each family weighing the same."""
    found = []
    label, source = examples["label"], examples["source"]
    for where in np.unique(source):
        own, people = (label == 1) & (source == where), (label == 0) & (source == where)
        if own.any() and people.any():
            measured = ranking(
                margin[own], margin[people], examples["person"][people], examples["family"][own]
            )
            found.append({"family": "all", "source": str(where)} | asdict(measured))
    return found


def false_positives(
    examples: Examples, margin: Floats, threshold: float, slices: Iterable[str] = SLICES
) -> list[dict[str, Any]]:
    """Share of people with a session over a threshold, by slice, with the exact upper limit of each.

    Parameters
    ----------
    examples, margin
        Sessions of people, or moments of them.
    """
    found = []
    for name in ("all", *slices):
        values = np.full(len(examples), "people", dtype=object) if name == "all" else examples[name]
        for value in np.unique(values.astype(str)):
            inside = values == value
            highest = highest_by_person(examples["person"][inside].tolist(), margin[inside].tolist())
            over = sum(score > threshold for score in highest.values())
            found.append(
                {
                    "slice": name,
                    "value": str(value),
                    "people": len(highest),
                    "over": over,
                    "share": over / len(highest) if highest else None,
                    "upper_95": upper_bound(over, len(highest)) if highest else None,
                }
            )
    return found


def alike(
    examples: Examples, margin: Floats, threshold: float, slices: Iterable[str] = INSTRUMENTS
) -> dict[str, Any]:
    """Whether people are over a threshold more or less often by where and how they were recorded.

    Each value of a slice is held against the people of the other values by Fisher's exact test; a person who is in
    both counts in both, which hides no difference of an instrument. Differences are claimed under Holm's correction.

    Returns
    -------
    dict
        ``compared``, and of the most unlike value ``slice``, ``value``, ``least_p``; ``alike``: nothing differs. Empty
        where nothing can be compared.
    """
    from scipy.stats import fisher_exact

    found = []
    for name in slices:
        for value in np.unique(examples[name]):
            inside = examples[name] == value
            if inside.all():
                continue
            table = []
            for part in (inside, ~inside):
                highest = highest_by_person(examples["person"][part].tolist(), margin[part].tolist())
                over = sum(score > threshold for score in highest.values())
                table.append([over, len(highest) - over])
            found.append((float(fisher_exact(np.array(table)).pvalue), name, str(value)))
    if not found:
        return {}
    least, name, value = min(found)
    # Holm's first step: if the smallest p does not pass, none does.
    return {"compared": len(found), "least_p": least, "slice": name, "value": value,
            "alike": least * len(found) > UNLIKE}  # fmt: skip


def miss_rates(examples: Examples, margin: Floats, point: OperatingPoint | None) -> dict[str, float]:
    """Share of each automation family with no verdict against it at the published threshold; empty where none is."""
    if point is None or point.threshold is None:
        return {}
    found = {}
    bots = examples["label"] == 1
    for family in np.unique(examples["family"][bots]):
        own = bots & (examples["family"] == family)
        found[str(family)] = float((margin[own] <= point.threshold).mean())
    return found


def calibration(
    margin: Floats,
    label: npt.NDArray[np.int64],
    group: npt.NDArray[Any],
    fold: npt.NDArray[np.int64],
    kind: str,
    base_rate: float,
    losses: dict[str, float],
) -> dict[str, Any]:
    """Reliability of the cross-fitted probability at the base rate, groups of equal weight."""
    ratio = cross_fitted_ratios(margin, label, group, fold, kind)  # type: ignore[arg-type]
    weight = at_base_rate(label, equal_weights(label, group), base_rate)
    p = probabilities(ratio, base_rate)
    return {
        "kind": kind,
        "base_rate": base_rate,
        **calibrated(p, label, weight),
        "log_loss_of_base_rate": log_loss(np.full(len(p), base_rate), label, weight),
        "bins": [asdict(one) for one in reliability(p, label, weight)],
        "log_loss_by_kind": losses,
        "rates": at_rates(ratio, label, equal_weights(label, group)),
    }


def calibrated(p: Floats, label: npt.NDArray[np.int64], weight: Floats) -> dict[str, float]:
    """Slope and intercept of outcome on log-odds, log-loss, and the calibration error beside its simulated null."""
    slope, intercept = slope_and_intercept(np.log(p) - np.log1p(-p), label, weight * len(label))
    null = simulated_error(p, weight)
    return {
        "slope": slope,
        "intercept": intercept,
        "log_loss": log_loss(p, label, weight),
        "ece": expected_calibration_error(p, label, weight),
        "ece_null_mean": float(null.mean()),
        "ece_null_95": float(np.quantile(null, 0.95)),
    }


def at_rates(ratio: Floats, label: npt.NDArray[np.int64], weight: Floats) -> list[dict[str, Any]]:
    """Calibration where positives make up other shares, before the prior offset and after it."""
    found: list[dict[str, Any]] = []
    for rate in BASE_RATES:
        at = at_base_rate(label, weight, rate)
        for offset in (False, True):
            p = probabilities(ratio, rate if offset else NO_PRIOR)
            found.append({"base_rate": rate, "offset": offset, **calibrated(p, label, at)})
    return found


def elsewhere(examples: Examples, margin: Floats, threshold: float | None) -> dict[str, Any]:
    """A whole source held out: each of its families against its own people, and how many of them pass."""
    people = examples["label"] == 0
    # Only the device of these people is known, so sessions are what is drawn again: the intervals are too narrow.
    names = examples["session"][people]
    found: dict[str, Any] = {"families": []}
    for family in np.unique(examples["family"][~people]):
        own = examples["family"] == family
        measured = asdict(ranking(margin[own], margin[people], names))
        found["families"].append({"family": str(family), "source": "held out whole"} | measured)
    if threshold is not None:
        over = margin[people] > threshold
        found |= {"sessions": int(people.sum()), "over": int(over.sum()), "share": float(over.mean())}
    return found


def spread(values: Iterable[float]) -> dict[str, float]:
    """Mean of draws and the range of 95 % of them."""
    drawn = np.array(list(values))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"mean": float(drawn.mean()), "low": float(low), "high": float(high), "draws": float(len(drawn))}


def plain(value: Any) -> Any:
    """Numbers as JSON can hold them: NaN becomes null, digits beyond the sixth go."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
