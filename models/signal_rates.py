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
from typing import Final

import numpy as np
import numpy.typing as npt

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
