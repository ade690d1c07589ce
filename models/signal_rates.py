"""Rates of signals per act: the moments of a session as features that a head may read.

A signal says when; its rate says how much of what the visitor did met with it, however long the session. Of movement
only ``pointer_thrash`` is among them, a gesture that anybody watching sees, and in the sum alone: no speed, no path
and no tremor, for these show no feeling.
"""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled
from features.catalogue import engine
from features.moments import CODES, WITHDRAWN
from features.thresholds import PRESETS


@dataclass(frozen=True)
class SignalRate:
    """Severity of the moments of ``codes``, summed, per act of the session; NaN without an act.

    All inputs of one field count as one act here, or a long word would make light of every trouble.
    """

    name: str
    codes: tuple[str, ...]
    text: str
    unit: str = "per act"

    def read(self, moments: npt.NDArray[np.void], acts: int) -> float:
        """The rate of a session of so many acts."""
        if acts < 1:
            return float("nan")
        wanted = [CODES.index(code) for code in self.codes]
        live = np.isin(moments["code"], wanted) & (moments["state"] != WITHDRAWN)
        return float(moments["severity"][live].sum(dtype="f8")) / acts


UNANSWERED: Final = ("rage_click", "dead_click")
SLOW: Final = ("slow_response",)
TROUBLE: Final = ("error_click", "error_shown", "repeat_submit", "form_refill")
LOST: Final = ("page_pingpong", "page_loop", "reload", "scroll_hunt", "near_miss")
SHAKEN: Final = ("pointer_thrash",)
TYPING: Final = ("inputs", "fields")

SIGNAL_RATES: Final[tuple[SignalRate, ...]] = (
    SignalRate("unanswered_per_act", UNANSWERED, "Rage and dead clicks per act, by severity."),
    SignalRate("slow_per_act", SLOW, "Slow responses per act, by severity."),
    SignalRate(
        "trouble_per_act", TROUBLE, "Errors, repeated submits and refilled forms per act, by severity."
    ),
    SignalRate("lost_per_act", LOST, "Ways walked back and forth, and misses, per act, by severity."),
    SignalRate("friction_per_act", (*UNANSWERED, *SLOW, *TROUBLE, *LOST, *SHAKEN), "All friction per act."),
)


@cache
def names() -> tuple[str, ...]:
    """Features that a head may name: the catalogue's, then the rates of signals."""
    return engine().names + tuple(rate.name for rate in SIGNAL_RATES)


@cache
def digests() -> dict[str, str]:
    """Digest of each definition; that of a rate changes with the step of any fold that reports its signals."""
    found = {feature.name: feature.digest for feature in engine().features}
    for rate in SIGNAL_RATES:
        source = inspect.getsource(SignalRate.read) + inspect.getsource(extended) + repr(rate)
        digest = hashlib.sha256("".join([source, *(found[name] for name in TYPING)]).encode())
        for fold in engine().folds:
            if any(signal.name in rate.codes for signal in fold.signals):
                digest.update(fold.definition().encode())
        digest.update(repr(sorted(PRESETS["watchworthy"].items())).encode())
        found[rate.name] = digest.hexdigest()[:16]
    return found


@cache
def units() -> dict[str, str]:
    """Unit of each feature that a head may name."""
    return {f.name: f.unit for f in engine().features} | {rate.name: rate.unit for rate in SIGNAL_RATES}


def extended(
    vector: npt.NDArray[np.float32], moments: npt.NDArray[np.void] | None, acts: int
) -> npt.NDArray[np.float32]:
    """A vector of the catalogue, and after it the rates of signals, in the order of ``names()``."""
    inputs, fields = (np.nan_to_num(vector[engine().names.index(name)]) for name in TYPING)
    acts = max(acts - int(inputs) + int(fields), min(acts, 1))
    if moments is None:
        rates = [float("nan")] * len(SIGNAL_RATES)
    else:
        rates = [rate.read(moments, acts) for rate in SIGNAL_RATES]
    return np.concatenate([vector, np.array(rates, "f4")])


def typing_places() -> npt.NDArray[np.int64]:
    """Where the features of ``TYPING`` stand in a vector of the catalogue, i8[2]."""
    return np.array([engine().names.index(name) for name in TYPING], "i8")


def rates_of_codes() -> npt.NDArray[np.uint8]:
    """Bit i of each code, u1[len(CODES)]: ``SIGNAL_RATES[i]`` sums the moments of that code."""
    codes = np.zeros(len(CODES), "u1")
    for i, rate in enumerate(SIGNAL_RATES):
        for code in rate.codes:
            codes[CODES.index(code)] |= 1 << i
    return codes


@compiled
def extend(
    vector: Any, moments: Any, acts: int, typing: Any, codes: Any, withdrawn: int, values: Any
) -> None:
    """Write what ``extended`` gives to ``values``, f4.

    Parameters
    ----------
    typing, codes
        ``typing_places()`` and ``rates_of_codes()``.
    withdrawn
        State of the moments that do not count.
    """
    size = vector.size
    for i in range(size):
        values[i] = vector[i]
    inputs, fields = vector[typing[0]], vector[typing[1]]
    counted = acts - (0 if np.isnan(inputs) else int(inputs)) + (0 if np.isnan(fields) else int(fields))
    counted = max(counted, min(acts, 1))
    for rate in range(values.size - size):
        total = 0.0
        for i in range(moments.size):
            moment = moments[i]
            if codes[moment.code] >> rate & 1 and moment.state != withdrawn:
                total += moment.severity
        values[size + rate] = total / counted if counted >= 1 else np.nan
