"""Marks: what was reported of the traps, held against their truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from scipy.stats import beta

from pipelines.traps.corpus import Span, Trap

NEAR_S: Final = (
    1.5  # a report so near to what was acted out is of it: recorders send positions late, people react late
)
PAGES: Final = 2  # a trap stands in a quiet page and in a busy one: its two recordings are one observation
CONFIDENCE: Final = 0.95


@dataclass
class Mark:
    """What came of one signal: truths hit and missed, and recordings in which it fired without cause."""

    hit: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        """Share of what was reported that is true; None if nothing was reported."""
        return _share(len(self.hit), len(self.hit) + len(self.false))

    @property
    def recall(self) -> float | None:
        """Share of what was true that was reported; None if nothing was."""
        return _share(len(self.hit), len(self.hit) + len(self.missed))

    def precision_interval(self) -> tuple[float, float]:
        """95 % interval of the precision."""
        return interval(len(self.hit), len(self.hit) + len(self.false))

    def recall_interval(self) -> tuple[float, float]:
        """95 % interval of the recall."""
        return interval(len(self.hit), len(self.hit) + len(self.missed))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def interval(part: int, whole: int) -> tuple[float, float]:
    """Exact binomial interval (Clopper and Pearson 1934) of a share, the two recordings of a trap taken as one.

    >>> [round(end, 3) for end in interval(20, 20)]
    [0.692, 1.0]
    """
    k, n, tail = part / PAGES, whole / PAGES, (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, k, n - k + 1)) if k > 0 else 0.0
    high = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return low, high


def is_of(report: Span, truth: Span) -> bool:
    """Whether a report speaks of what was acted out: the same signal, at the same time.

    >>> is_of(Span("reload", 4.0, 4.2), Span("reload", 3.0, 3.5))
    True
    """
    near = report.begun <= truth.ended + NEAR_S and report.ended >= truth.begun - NEAR_S
    return report.code == truth.code and near


def marks(traps: Iterable[Trap], told: Mapping[str, Sequence[Span]]) -> dict[str, Mark]:
    """Marks by signal code. A signal that fires falsely in one recording is one mistake, however often it fires."""
    found: dict[str, Mark] = {}
    for trap in traps:
        reports = told.get(trap.name, ())
        for truth in trap.must:
            mark = found.setdefault(truth.code, Mark())
            heard = any(is_of(report, truth) for report in reports)
            (mark.hit if heard else mark.missed).append(trap.name)
        wrong = {
            report.code
            for report in reports
            if report.code not in trap.may and not any(is_of(report, truth) for truth in trap.must)
        }
        for code in wrong:
            found.setdefault(code, Mark()).false.append(trap.name)
    return dict(sorted(found.items()))


def pooled(found: Mapping[str, Mark], codes: Iterable[str] | None = None) -> Mark:
    """All signals together, or those of ``codes``."""
    total = Mark()
    for code, mark in found.items():
        if codes is None or code in codes:
            total.hit += mark.hit
            total.missed += mark.missed
            total.false += mark.false
    return total
