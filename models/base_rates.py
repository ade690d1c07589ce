"""Base rates: how often a signal fires on one element of a site, so that a toy is not taken for a fault.

An element that everybody hammers is a toy. What is known of it is the share of the sessions on its page that showed
the signal there, in the weeks before; the more surely that share is high, the less a further moment says. An element
that broke yesterday has another history, and keeps its full severity.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

import msgspec
from scipy.special import betaincinv

from data_contracts.decisions import Fact
from data_contracts.errors import WatchworthyError

SURE: Final = 0.05  # the share is at least so high with 95 % confidence: little history excuses little
FEW_ELEMENTS: Final = 5  # with fewer, how elements of a site differ cannot be told
TELLS_FROM: Final = 0.2  # of severity: what the history leaves less of is no fact to show
VAGUE: Final = (0.5, 4.5)  # a prior worth five sessions, one in ten of which shows the signal


class Key(msgspec.Struct, frozen=True, order=True):
    """A signal on an element of a page; ``page`` is a path."""

    code: str
    page: str
    element: str


class Rate(msgspec.Struct, frozen=True):
    """What a site has seen of one key.

    Attributes
    ----------
    sessions, met
        Sessions that opened the page, and those of them that showed the signal on the element.
    excused
        Lower 95 % bound of the share of sessions that show it, after shrinking towards the site's other elements.
    """

    sessions: int
    met: int
    excused: float


class SiteTable(msgspec.Struct, frozen=True, dict=True):
    """What a site has seen of its elements up to a date, one row a key, sorted.

    Attributes
    ----------
    as_of
        Day, as ``2026-11-27``.
    days
        From so many days before it on; the last ``unripe`` days do not count.
    """

    site: str
    as_of: str
    days: int
    unripe: int
    rows: tuple[tuple[Key, Rate], ...]

    @cached_property
    def digest(self) -> str:
        """Names this table: the same rows of the same day bear the same digest."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]

    @cached_property
    def _by_key(self) -> dict[Key, Rate]:
        return dict(self.rows)

    def severity(self, fact: Fact) -> float:
        """Severity of a moment on this site: what the session alone says, less what the element's history explains."""
        rate = self._by_key.get(key_of(fact))
        return fact.severity if rate is None else fact.severity * (1 - rate.excused)

    def weighed(self, facts: Iterable[Fact]) -> tuple[Fact, ...]:
        """The same moments with their severity on this site."""
        return tuple(msgspec.structs.replace(fact, site_severity=self.severity(fact)) for fact in facts)


def telling(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Moments that are worth a headline: all but those that the history of their element explains away."""
    return tuple(
        fact
        for fact in facts
        if fact.site_severity is None or fact.site_severity >= min(TELLS_FROM, fact.severity)
    )


def key_of(fact: Fact) -> Key:
    """What a moment counts for.

    >>> key_of(Fact("rage_click", 0, 9, 0.5, "button #roll", "https://a.example/game?x=1")).page
    '/game'
    """
    return Key(fact.code, urlsplit(fact.page).path or "/", fact.element)


def prior(counts: Iterable[tuple[int, int]]) -> tuple[float, float]:
    """Beta prior of the share by which sessions show a signal, from (met, sessions) of many elements.

    By moments, each element weighted by its sessions, less what the binomial itself scatters (Kleinman 1973, after
    Robbins 1956). With under 5 elements, or where they do not differ, a vague prior.
    """
    known = [(met, sessions) for met, sessions in counts if sessions > 0]
    total = sum(sessions for _, sessions in known)
    if len(known) < FEW_ELEMENTS or total <= len(known):
        return VAGUE
    mean = sum(met for met, _ in known) / total
    between = sum(n * (met / n - mean) ** 2 for met, n in known) / total
    within = mean * (1 - mean) * len(known) / total
    spread = mean * (1 - mean)
    if not 0 < mean < 1 or not within < between < spread:
        return VAGUE
    weight = spread / (between - within) - 1
    return (mean * weight, (1 - mean) * weight) if weight > 0 else VAGUE


def excused(met: int, sessions: int, before: tuple[float, float]) -> float:
    """Lower 95 % bound of the posterior share, 0..1.

    >>> round(excused(120, 200, VAGUE), 2), round(excused(3, 4, VAGUE), 2), round(excused(4, 1000, VAGUE), 3)
    (0.53, 0.16, 0.002)
    """
    found = float(betaincinv(before[0] + met, before[1] + sessions - met, SURE))
    return 0.0 if math.isnan(found) else found


def table(site: str, as_of: str, days: int, unripe: int, counts: Mapping[Key, tuple[int, int]]) -> SiteTable:
    """A table from (met, sessions) of every key; the prior is that of the signal on the site."""
    priors = {
        code: prior(count for key, count in counts.items() if key.code == code)
        for code in {key.code for key in counts}
    }
    rows = [
        (key, Rate(sessions, met, round(excused(met, sessions, priors[key.code]), 6)))
        for key, (met, sessions) in sorted(counts.items())
    ]
    return SiteTable(site, as_of, days, unripe, tuple(rows))


def write(made: SiteTable) -> bytes:
    """A table as a file."""
    return msgspec.json.encode(made, order="deterministic")


def read(data: bytes, where: str = "") -> SiteTable:
    """The table of a file.

    Raises
    ------
    WatchworthyError
        ``site_table`` if it is none.
    """
    try:
        return msgspec.json.decode(data, type=SiteTable)
    except msgspec.MsgspecError as error:
        raise WatchworthyError(
            "site_table", f"This is no table of base rates: {error}. Make it anew.", where
        ) from None
