"""Effects: what a rule changed, as a difference of two rates whose interval holds however often somebody looks.

Visitors are compared as they were drawn (intention to treat): all who were due and may be offered the rule against
all who were due and are held out, whether or not they saw anything. A visitor counts once, by the first time, and
only when the time in which the goal may be reached is over for them: were a goal counted at once and its absence
later, early looks would see too many goals.

The interval is a projected confidence sequence. For every pair of rates, the likelihood of what was seen under a
mixture of all rates, divided by its likelihood under the pair, is a martingale if the pair is true; so it ever
passes 1/alpha with a chance of at most alpha (Ville). A difference is excluded when every pair with this difference
is. This holds from the first visitor on, with no approximation, as long as each arm's rate stays what it is and
visitors decide independently; the share that is held out may be anything.

References
----------
Robbins (1970), mixtures of likelihood ratios; Wasserman, Ramdas and Balakrishnan (2020), universal inference, of
which this is the sequential form; related, for two proportions: Turner and Grünwald (2023).
"""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, xlog1py, xlogy

Floats = npt.NDArray[np.float64]
"""One number for each set of counts, f8 of their shape."""

CONFIDENCE: Final = 0.95
POWER_Z: Final = 0.8416  # normal quantile of 0.80: the power that the smallest visible effect is stated at
PRIOR: Final = (
    0.5  # Jeffreys' mixture: of fixed ones, near the best at rates close to 0, where most goals are
)
INNER_STEPS: Final = 60  # halvings of the rate: to the last bit
OUTER_STEPS: Final = 40  # halvings of the difference: far below any difference that matters
TINY: Final = 1e-300  # stands for a rate of 0 below a fraction line


class Arm(NamedTuple):
    """Visitors of one arm, and how many of them reached the goal in time."""

    visitors: int
    reached: int


class Effect(NamedTuple):
    """What a rule changed.

    Attributes
    ----------
    offered, held
        The arms, by how visitors were drawn.
    difference
        Rate of the offered less rate of the held out; None while one arm is empty.
    low, high
        Every difference that is not excluded lies between them.
    confidence
        Chance that the interval holds the truth at all looks at once, at least.
    smallest
        The smallest gain that this many visitors would show four times in five; None if there is none.
    """

    offered: Arm
    held: Arm
    difference: float | None
    low: float
    high: float
    confidence: float
    smallest: float | None

    @property
    def verdict(self) -> Literal["helps", "harms", "open"]:
        """``harms`` excludes that the rule does no harm: then it is to be stopped."""
        return "harms" if self.high < 0 else "helps" if self.low > 0 else "open"


def effect(offered: Arm, held: Arm, confidence: float = CONFIDENCE) -> Effect:
    """What a rule changed, by all that is known now.

    Raises
    ------
    ValueError
        If an arm counts what cannot be, or the confidence is no share between 0 and 1.

    Examples
    --------
    >>> found = effect(Arm(1800, 126), Arm(200, 30))
    >>> round(found.difference, 3), found.verdict
    (-0.08, 'open')
    >>> effect(Arm(9000, 630), Arm(1000, 150)).verdict
    'harms'
    """
    for name, arm in (("offered", offered), ("held out", held)):
        if not 0 <= arm.reached <= arm.visitors:
            raise ValueError(
                f"Arm {name}: {arm.reached} of {arm.visitors} visitors reached the goal; count each once."
            )
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence:g}; give a share between 0 and 1, such as 0.95.")
    low, high = bounds(*offered, *held, confidence)
    both = offered.visitors and held.visitors
    return Effect(
        offered,
        held,
        offered.reached / offered.visitors - held.reached / held.visitors if both else None,
        float(low),
        float(high),
        confidence,
        smallest_visible(offered.visitors, held.visitors, _smoothed(held), confidence),
    )


def bounds(
    n: npt.ArrayLike,
    k: npt.ArrayLike,
    n_held: npt.ArrayLike,
    k_held: npt.ArrayLike,
    confidence: float = CONFIDENCE,
) -> tuple[Floats, Floats]:
    """Lowest and highest difference of rates, -1 to 1, that is not excluded, for arrays of counts of one shape.

    Parameters
    ----------
    n, k
        Visitors who may be offered it, and those of them who reached the goal.
    n_held, k_held
        The same of those held out.
    confidence
        Chance that the truth is never excluded, at least.
    """
    counts = _floats(n, k, n_held, k_held)
    seen = _rate(counts[1], counts[0]) - _rate(counts[3], counts[2])
    return _edge(seen, -1.0, counts, confidence), _edge(seen, 1.0, counts, confidence)


def excludes(
    difference: npt.ArrayLike,
    n: npt.ArrayLike,
    k: npt.ArrayLike,
    n_held: npt.ArrayLike,
    k_held: npt.ArrayLike,
    confidence: float = CONFIDENCE,
) -> npt.NDArray[np.bool_]:
    """Whether a difference of rates, -1 to 1, is excluded by these counts; shape and parameters as of ``bounds``."""
    given, *counts = _floats(difference, n, k, n_held, k_held)
    return _excluded(given, tuple(counts), confidence)


def smallest_visible(n: int, n_held: int, rate: float, confidence: float = CONFIDENCE) -> float | None:
    """The smallest gain over ``rate`` that so many visitors would show four times in five; None if there is none.

    >>> round(smallest_visible(900, 100, 0.05), 2), round(smallest_visible(90_000, 10_000, 0.05), 3)
    (0.19, 0.015)
    >>> smallest_visible(9, 1, 0.05) is None
    True
    """
    if not (n and n_held):
        return None

    def is_seen(gain: float) -> bool:
        # Of all outcomes that are as unlucky as one in five, the likeliest: each arm bears its share of bad luck.
        own, other = (rate + gain) * (1 - rate - gain) / n, rate * (1 - rate) / n_held
        luck = POWER_Z / math.sqrt(own + other)
        seen, seen_held = max(rate + gain - luck * own, 0.0), min(rate + luck * other, 1.0)
        if seen <= seen_held:
            return False
        return bool(excludes(0.0, n, seen * n, n_held, seen_held * n_held, confidence))

    small, large = 0.0, 1 - rate
    if not is_seen(large):
        return None
    for _ in range(OUTER_STEPS):
        middle = (small + large) / 2
        small, large = (small, middle) if is_seen(middle) else (middle, large)
    return large


def _edge(seen: Floats, end: float, counts: tuple[Floats, ...], confidence: float) -> Floats:
    """Last difference between the one that was seen and an end that is not excluded; excluded ones lie beyond."""
    inner, outer = seen, np.full_like(seen, end)
    open_ended = ~_excluded(outer, counts, confidence)
    for _ in range(OUTER_STEPS):
        middle = (inner + outer) / 2
        gone = _excluded(middle, counts, confidence)
        inner, outer = np.where(gone, inner, middle), np.where(gone, middle, outer)
    return np.where(open_ended, end, outer)


def _excluded(difference: Floats, counts: tuple[Floats, ...], confidence: float) -> npt.NDArray[np.bool_]:
    n, k, n_held, k_held = counts
    mixed = _mixture(k, n) + _mixture(k_held, n_held)
    return np.asarray(mixed - _likeliest(difference, counts) >= -math.log1p(-confidence))


def _mixture(k: Floats, n: Floats) -> Floats:
    """Log-likelihood of one arm under Jeffreys' mixture of all rates."""
    return np.asarray(betaln(k + PRIOR, n - k + PRIOR) - betaln(PRIOR, PRIOR))


def _likeliest(difference: Floats, counts: tuple[Floats, ...]) -> Floats:
    """Highest log-likelihood of any pair of rates with this difference; concave, so halving finds it."""
    n, k, n_held, k_held = counts
    low, high = np.maximum(0.0, -difference), np.minimum(1.0, 1.0 - difference)
    for _ in range(INNER_STEPS):
        held = (low + high) / 2
        rate = held + difference
        rises = _over(k, rate) + _over(k_held, held) > _over(n - k, 1 - rate) + _over(
            n_held - k_held, 1 - held
        )
        low, high = np.where(rises, held, low), np.where(rises, high, held)
    held = (low + high) / 2
    return _log_likelihood(k, n, held + difference) + _log_likelihood(k_held, n_held, held)


def _log_likelihood(k: Floats, n: Floats, rate: Floats) -> Floats:
    within = np.clip(rate, 0.0, 1.0)
    return np.asarray(xlogy(k, within) + xlog1py(n - k, -within))


def _over(count: Floats, rate: Floats) -> Floats:
    return np.asarray(count / np.maximum(rate, TINY))


def _rate(k: Floats, n: Floats) -> Floats:
    return np.where(n > 0, k / np.maximum(n, 1.0), 0.5)


def _smoothed(arm: Arm) -> float:
    return (arm.reached + PRIOR) / (arm.visitors + 2 * PRIOR)


def _floats(*values: npt.ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(value, np.float64) for value in values)))
