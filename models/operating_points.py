"""Operating points: thresholds that are published only with a bound on their false positives.

The unit is a person. A person counts once, by the highest score that any of their sessions had at any moment
at which the service may act; so looking often costs nothing. Which order statistic becomes the threshold is
fixed by the number of people, the rate and the confidence alone, before any score is seen.

References
----------
Clopper and Pearson (1934), exact binomial limits; Wilks (1941), distribution-free tolerance limits.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import Final

from data_contracts.assessments import Basis, OperatingPoint

CONFIDENCE: Final = 0.95
RATES: Final = {"fpr_10": 0.10, "fpr_5": 0.05, "fpr_1": 0.01, "fpr_0.1": 0.001}
"""Name of each operating point, and the false-positive rate that it promises not to pass."""


def chance_of_at_most(k: int, n: int, rate: float) -> float:
    """Probability that a binomial count of ``n`` trials at ``rate`` is ``k`` or less.

    >>> round(chance_of_at_most(0, 29, 0.1), 4)
    0.0471
    """
    if k < 0:
        return 0.0
    if rate >= 1:
        return 1.0 if k >= n else 0.0
    log_p, log_q = (math.log(rate) if rate > 0 else -math.inf), math.log1p(-rate)
    terms = [
        math.lgamma(n + 1)
        - math.lgamma(i + 1)
        - math.lgamma(n - i + 1)
        + (i * log_p if i else 0.0)
        + (n - i) * log_q
        for i in range(min(k, n) + 1)
    ]
    return min(math.fsum(math.exp(term) for term in terms), 1.0)


def people_for(rate: float, confidence: float = CONFIDENCE) -> int:
    """Fewest people who, with no false positive among them, bear out ``rate``.

    >>> [people_for(rate) for rate in (0.1, 0.05, 0.01, 0.001)]
    [29, 59, 299, 2995]
    """
    n = math.ceil(math.log(1 - confidence) / math.log1p(-rate) - 1e-9)
    return max(n, 1)


def allowed(n: int, rate: float, confidence: float = CONFIDENCE) -> int:
    """False positives that ``n`` people may show while ``rate`` is still borne out; -1 where none may.

    >>> allowed(58, 0.10), allowed(58, 0.05)
    (1, -1)
    """
    k = -1
    while k + 1 < n and chance_of_at_most(k + 1, n, rate) <= 1 - confidence:
        k += 1
    return k


def upper_bound(k: int, n: int, confidence: float = CONFIDENCE) -> float:
    """Exact upper limit of a rate of which ``k`` of ``n`` were seen (Clopper-Pearson, one-sided).

    >>> round(upper_bound(0, 58), 4)
    0.0503
    """
    if n <= 0 or k >= n:
        return 1.0
    low, high = k / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if chance_of_at_most(k, n, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def exact_interval(k: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Two-sided exact interval of a share of ``k`` in ``n``.

    >>> [round(x, 3) for x in exact_interval(0, 20)]
    [0.0, 0.168]
    """
    half = 1 - (1 - confidence) / 2
    return 1 - upper_bound(n - k, n, half), upper_bound(k, n, half)


def highest_by_person(people: Iterable[Hashable], scores: Iterable[float]) -> dict[Hashable, float]:
    """The highest score of each person, over all their sessions and moments; NaN scores were abstained."""
    highest: dict[Hashable, float] = {}
    for person, score in zip(people, scores, strict=True):
        if not math.isnan(score):
            highest[person] = max(score, highest.get(person, -math.inf))
    return highest


def operating_point(
    name: str, rate: float, highest: Sequence[float], basis: Basis, confidence: float = CONFIDENCE
) -> OperatingPoint:
    """Publish or refuse one operating point.

    Parameters
    ----------
    name, rate
        What it is called, and the false-positive rate that it promises not to pass.
    highest
        Highest score (raw margin) of each person known not to be automation, who did not train the score.
    basis
        ``held_out`` if the people were never trained on; ``cross_fitted`` if each was scored by models
        that had not seen them.

    Returns
    -------
    OperatingPoint
        With a threshold that a score must pass (strictly) to count; or refused, with the number of people
        that are missing.
    """
    n = len(highest)
    k = allowed(n, rate, confidence)
    if k < 0:
        return OperatingPoint(
            name=name,
            confidence=confidence,
            n_people=n,
            people_needed=people_for(rate, confidence) - n,
            basis=basis,
            refused="insufficient_negatives",
        )
    return OperatingPoint(
        name=name,
        threshold=sorted(highest, reverse=True)[k],
        fpr_upper=upper_bound(k, n, confidence),
        confidence=confidence,
        n_people=n,
        basis=basis,
    )


def operating_points(
    people: Iterable[Hashable], scores: Iterable[float], basis: Basis, confidence: float = CONFIDENCE
) -> tuple[OperatingPoint, ...]:
    """Every operating point of ``RATES``, from one score for each session or moment of people."""
    highest = list(highest_by_person(people, scores).values())
    return tuple(operating_point(name, rate, highest, basis, confidence) for name, rate in RATES.items())


def tightest(points: Sequence[OperatingPoint]) -> OperatingPoint | None:
    """The published point with the lowest bound, or, when all are refused, the one nearest to being published."""
    published = [point for point in points if point.refused is None]
    if published:
        return min(published, key=lambda point: point.fpr_upper or 1.0)
    return min(points, key=lambda point: point.people_needed, default=None)
