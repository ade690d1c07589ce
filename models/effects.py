"""Effects: how a share differs between two groups, with bounds that hold however often somebody looks.

The confidence sequence is the empirical-Bernstein one with predictable plug-ins of Waudby-Smith and Ramdas, "Estimating
means of bounded random variables by betting" (JRSS B, 2024), theorem 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

LARGEST_BET: Final = 0.75  # of the paper's practical choices, that for values of small variance
CONFIDENCE: Final = 0.95


class Sequence:
    """A confidence sequence for the mean of values in 0..1, one value after another.

    Parameters
    ----------
    confidence
        With which the mean lies within all the bounds ever told, at once.

    Examples
    --------
    >>> one = Sequence()
    >>> for _ in range(200):
    ...     one.take(1.0)
    >>> low, high = one.bounds
    >>> low > 0.9, high
    (True, 1.0)
    """

    def __init__(self, confidence: float = CONFIDENCE) -> None:
        self._log = math.log(2 / (1 - confidence))
        self.n = 0
        self._sum = self._squares = 0.0
        self._bets = self._weighted = self._loss = 0.0
        self._low, self._high = 0.0, 1.0

    def take(self, value: float) -> None:
        """Take the next value.

        Raises
        ------
        ValueError
            If it lies outside 0..1.
        """
        if not 0 <= value <= 1:
            raise ValueError(f"Values lie between 0 and 1, not at {value}.")
        t = self.n + 1
        mean = (0.5 + self._sum) / t  # of what came before, pulled to a half
        variance = (0.25 + self._squares) / t
        bet = min(math.sqrt(2 * self._log / (variance * t * math.log1p(t))), LARGEST_BET)
        self._bets += bet
        self._weighted += bet * value
        self._loss += (value - mean) ** 2 * (-math.log1p(-bet) - bet)
        self.n = t
        self._sum += value
        self._squares += (value - (0.5 + self._sum) / (t + 1)) ** 2
        centre, half = self._weighted / self._bets, (self._log + self._loss) / self._bets
        # What was excluded once stays so: the bounds hold at all times together.
        self._low, self._high = max(self._low, centre - half), min(self._high, centre + half)

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which the mean lies."""
        return (self._low, self._high) if self._low <= self._high else (self._high, self._low)

    @property
    def mean(self) -> float | None:
        """The mean of what came so far; None before anything did."""
        return self._sum / self.n if self.n else None


class Effect(NamedTuple):
    """What a treatment does to a share.

    Attributes
    ----------
    treated, held
        Visitors of each group.
    share_treated, share_held
        Of those who reached the goal.
    difference
        Treated less held.
    low, high
        Between which the true difference lies with ``confidence``, however often it was looked at.
    smallest
        The smallest difference that these groups could have shown by now; 1 while they could show none.
    """

    treated: int
    held: int
    share_treated: float | None
    share_held: float | None
    difference: float | None
    low: float
    high: float
    smallest: float
    confidence: float

    @property
    def harms(self) -> bool:
        """Whether it is certain that the treatment does harm."""
        return self.high < 0


def effect(outcomes: Iterable[tuple[bool, bool]], confidence: float = CONFIDENCE) -> Effect:
    """The effect by intention to treat.

    Parameters
    ----------
    outcomes
        Of each visitor, in the order in which the treatment was first due: whether it was theirs to have, and whether
        they reached the goal.

    Examples
    --------
    >>> said = effect([(i % 2 == 0, i % 2 == 0) for i in range(400)])
    >>> said.difference, said.low > 0.5, said.harms
    (1.0, True, False)
    """
    each = 1 - (1 - confidence) / 2  # both hold together, by Bonferroni
    groups = {True: Sequence(each), False: Sequence(each)}
    for treated, reached in outcomes:
        groups[treated].take(float(reached))
    (low, high), (held_low, held_high) = groups[True].bounds, groups[False].bounds
    mean, held_mean = groups[True].mean, groups[False].mean
    return Effect(
        groups[True].n,
        groups[False].n,
        mean,
        held_mean,
        None if mean is None or held_mean is None else mean - held_mean,
        low - held_high,
        high - held_low,
        min(1.0, (high - low + held_high - held_low) / 2),
        confidence,
    )
