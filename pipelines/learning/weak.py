"""Weak labels: functions that guess a label from what they declare to read, so that a head can be kept from it.

A guess trains, weighing little, and never tests, calibrates, sets a threshold or promotes. Whatever a function reads,
and whatever is read off the same evidence, is taken out of the head that its guesses train: else the head would learn
the function and call it knowledge (Ratner and others, 2017, on data programming; the removal is ours).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from features.catalogue import engine
from features.moments import CODES, WITHDRAWN
from models.hajek import wilson
from models.head import Head
from models.signal_rates import SIGNAL_RATES, names
from pipelines.datasets.examples import Looked

WEIGHT: Final = 0.25
"""What a guess weighs beside a label that somebody gave: a starting point of ours, not fitted to anything."""
LEAST_JUDGED: Final = (
    10  # guesses beside people's labels, from which a function's precision is held against it
)


class View:
    """What a function sees of a session: the features and signals that it declared, and no other."""

    def __init__(self, looked: Looked, reads: Sequence[str], function: str) -> None:
        self._values = dict(zip(names(), looked.extended.tolist(), strict=True))
        self._moments = looked.moments[looked.moments["state"] != WITHDRAWN]
        self._reads = frozenset(reads)
        self._function = function

    def feature(self, name: str) -> float:
        """Value of a feature; NaN where it is not defined."""
        self._check(name)
        return float(self._values[name])

    def signals(self, code: str) -> npt.NDArray[np.void]:
        """Moments of a signal, ``MOMENT[n]``, times in ms from the start of the session."""
        self._check(code)
        found: npt.NDArray[np.void] = self._moments[self._moments["code"] == CODES.index(code)]
        return found

    def _check(self, name: str) -> None:
        if name not in self._reads:
            raise WatchworthyError(
                "leakage",
                f"The function reads {name!r} and does not say so, so the head could not be kept from it: "
                "add it to reads.",
                self._function,
            )


@dataclass(frozen=True)
class WeakLabel:
    """A function that guesses.

    Attributes
    ----------
    name, head
        What it is called, and whose label it guesses.
    reads
        Every feature and signal that it reads.
    guess
        1, 0, or None where it does not know.
    text
        What it goes by, for people.
    """

    name: str
    head: str
    reads: tuple[str, ...]
    guess: Callable[[View], int | None]
    text: str = ""

    def __post_init__(self) -> None:
        strangers = [one for one in self.reads if one not in names() and one not in CODES]
        if strangers or not self.reads:
            told = (
                f"{', '.join(strangers)}: neither feature nor signal" if strangers else "it declares nothing"
            )
            raise ValueError(f"The function {self.name!r} must declare what it reads; {told}.")

    def vote(self, looked: Looked) -> int | None:
        """Its guess of a session."""
        found = self.guess(View(looked, self.reads, self.name))
        if found not in (0, 1, None):
            raise ValueError(f"The function {self.name!r} guessed {found!r}; it may guess 1, 0 or None.")
        return found


def weak_label(head: str, reads: Sequence[str]) -> Callable[[Callable[[View], int | None]], WeakLabel]:
    """Declare a function as one that guesses labels of a head.

    >>> @weak_label("frustration", reads=["rage_click"])
    ... def hammered(view):
    ...     "A control was hammered and gave no answer."
    ...     return 1 if len(view.signals("rage_click")) else None
    >>> hammered.name, hammered.reads
    ('hammered', ('rage_click',))
    """

    def declare(guess: Callable[[View], int | None]) -> WeakLabel:
        name = str(getattr(guess, "__name__", "function"))
        return WeakLabel(name, head, tuple(reads), guess, " ".join((guess.__doc__ or "").split()))

    return declare


SAME_EVIDENCE: Final[dict[str, tuple[str, ...]]] = {
    "rage_click": (
        "repeat_clicks_max",
        "retries",
        "retry_share",
        "unanswered_run_share",
        "no_reaction_share",
    ),
    "dead_click": ("no_reaction_share", "unanswered_run_share", "retries", "retry_share"),
    "slow_response": ("reaction_time_median", "slow_reaction_share", "slow_requests"),
    "error_click": ("errors_after_act", "console_errors", "failed_requests"),
    "error_shown": ("messages_shown",),
    "repeat_submit": ("repeat_submits",),
    "form_abandon": ("fields_abandoned",),
    "form_refill": ("field_refills", "field_revisits"),
    "field_hesitation": ("field_time_mean", "field_time_cv"),
    "hesitation": ("hesitations", "hesitation_mean", "hesitation_max"),
    "pointer_thrash": ("pointer_reversals",),
    "page_pingpong": ("page_pingpongs", "page_loops"),
    "page_loop": ("page_pingpongs", "page_loops"),
    "reload": ("reloads",),
    "scroll_hunt": ("scroll_reversals",),
    "near_miss": ("clicks_on_controls",),
    "idle_exit": ("idle_longest",),
    "tab_leave": ("tab_leaves", "hidden_share"),
    "automation_artifact": ("pointer_jumps", "pointer_teleports", "click_hold_zero", "simultaneous_acts"),
}
"""Features that count what a signal reports, or what it is made of, in whatever fold they stand."""


def behind(reads: Sequence[str]) -> frozenset[str]:
    """Features that stand on the same evidence as what is read.

    Of a signal: every feature of the fold that reports it, those of ``SAME_EVIDENCE``, and every rate that counts it.
    Of a rate: that of all its signals. Of a feature: itself, and that of each signal which it is evidence of.
    """
    codes = {one for one in reads if one in CODES}
    for rate in SIGNAL_RATES:
        if rate.name in reads:
            codes |= set(rate.codes)
    codes |= {code for code, named in SAME_EVIDENCE.items() if set(named) & set(reads)}
    found = {one for one in reads if one not in CODES}
    found |= {rate.name for rate in SIGNAL_RATES if codes & set(rate.codes)}
    found |= {name for code in codes for name in SAME_EVIDENCE[code]}
    for fold in engine().folds:
        if codes & {signal.name for signal in fold.signals}:
            found |= {feature.name for feature in fold.features()}
    return frozenset(found)


def kept_from(head: Head, functions: Sequence[WeakLabel]) -> Head:
    """The head without what its weak labels read.

    Raises
    ------
    WatchworthyError
        ``leakage`` if nothing is left that it could read.
    """
    gone = behind([name for one in functions for name in one.reads]) if functions else frozenset()
    groups = tuple(
        replace(group, uses=left)
        for group in head.groups
        if (left := tuple(use for use in group.uses if use.name not in gone))
    )
    if not groups:
        raise WatchworthyError(
            "leakage",
            f"Its weak labels read everything that the head {head.name!r} may see: let them read something else.",
            ", ".join(one.name for one in functions),
        )
    return replace(head, groups=groups)


@dataclass(frozen=True)
class Report:
    """How a function did.

    Attributes
    ----------
    coverage
        Share of sessions that it guessed of.
    overlaps, conflicts
        Share of sessions where another one guessed too, and where one guessed otherwise.
    judged
        Its guesses that stand beside a label of somebody's.
    precision, interval
        Share of those that were right, and its 90 % interval (Wilson); None with none.
    """

    name: str
    reads: tuple[str, ...]
    coverage: float
    overlaps: float
    conflicts: float
    judged: int
    precision: float | None
    interval: tuple[float, float] | None

    @property
    def worse_than_chance(self) -> bool:
        """Whether people's labels show that it is wrong as often as right."""
        return self.judged >= LEAST_JUDGED and self.interval is not None and self.interval[1] < 0.5


def reports(
    functions: Sequence[WeakLabel], votes: npt.NDArray[np.float64], truth: npt.NDArray[np.float64]
) -> tuple[Report, ...]:
    """How functions did.

    Parameters
    ----------
    votes
        f8[n, k]: guess of each function of each session; NaN where it did not know.
    truth
        f8[n]: what somebody said of each; NaN where nobody did.
    """
    found = []
    there = ~np.isnan(votes)
    for k, function in enumerate(functions):
        own = there[:, k]
        others = np.delete(votes, k, axis=1)
        also = own & (~np.isnan(others)).any(axis=1)
        against = own & ((others != votes[:, [k]]) & ~np.isnan(others)).any(axis=1)
        judged = own & ~np.isnan(truth)
        n = int(judged.sum())
        right = float((votes[judged, k] == truth[judged]).mean()) if n else None
        interval = wilson(right, n) if right is not None else None
        coverage, overlaps, conflicts = (
            float(part.sum() / max(len(votes), 1)) for part in (own, also, against)
        )
        facts = (function.name, function.reads, coverage, overlaps, conflicts)
        found.append(Report(*facts, n, right, interval))
    return tuple(found)


def together(votes: Sequence[Any]) -> tuple[int | None, float]:
    """What several guesses say, and what that weighs; nothing where as many say one thing as the other.

    >>> together([1, None, 1]), together([1, 0]), together([None])
    ((1, 0.25), (None, 0.0), (None, 0.0))
    """
    for_it, against = votes.count(1), votes.count(0)
    if for_it == against:
        return None, 0.0
    return int(for_it > against), WEIGHT * abs(for_it - against) / (for_it + against)
