"""Worth: whether a session is worth watching. One function; its card is its docstring."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final

import msgspec

from data_contracts.assessments import Worth
from data_contracts.decisions import Fact
from models.naming import mark

DEFINITION: Final = "worth/1"
FLAG_FROM: Final = (
    0.25  # of a quarter upwards: about the fourth session watched shows a struggle at full stake
)

HEADLINES: Final[dict[str, str]] = {
    "rage_click": "clicked {element}{times}{span}, no response",
    "dead_click": "clicked {element}{times}, nothing happened",
    "slow_response": "waited for {element} to answer{times}",
    "error_click": "clicked {element}{times}, an error followed",
    "error_shown": "was told of a mistake{times}{span}{at}",
    "repeat_submit": "sent the form again with {element}{times}{span}",
    "form_abandon": "left the form half filled{at}",
    "form_refill": "filled {element} anew{times}",
    "field_hesitation": "stopped at {element}{times}",
    "hesitation": "hesitated before {element}{times}",
    "pointer_thrash": "shook the pointer{times}{span}",
    "page_pingpong": "went back and forth between pages{times}{span}",
    "page_loop": "walked the same pages in a circle{times}{span}",
    "reload": "reloaded the page{times}{span}",
    "scroll_hunt": "scrolled up and down in search{times}{span}",
    "near_miss": "missed {element}{times}",
    "idle_exit": "stopped and left",
    "tab_leave": "left the tab after {element}",
}
"""What a moment of each signal is called in a headline. Signs of automation have a queue of their own."""


MOST_REASONS: Final = 3

_start: Final = attrgetter("start_ms")
_severity: Final = attrgetter("severity")


class Told(msgspec.Struct, frozen=True):
    """What the moments of a session give to say.

    Attributes
    ----------
    issue, headline, page
        The issue that is told first, its sentence, and the address where it was met; ``None`` and empty where there
        is nothing to tell.
    others
        The moments of the next two issues.
    """

    issue: str | None = None
    headline: str | None = None
    page: str = ""
    others: tuple[list[Fact], ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences of the first three issues."""
        return () if self.headline is None else (self.headline, *map(headline, self.others))


NOTHING: Final = Told()


def worth(
    struggle: float | None,
    facts: Sequence[Fact] | Told,
    seen_before: int = 0,
    stake: float = 1.0,
    automation: bool = False,
) -> Worth:
    """How much a session is worth watching, from 0 to 1: struggle times rarity times stake.

    Struggle is the probability of the frustration head. Rarity is 1 / (1 + ln(1 + n)), where n sessions on record
    show the same issue: the first shows something new, the hundredth repeats it. Stake says what is at risk where
    it happened, 1 for a page on the way to the site's goal (and where nothing is known), less for others, as the
    site sets it. A session is flagged when this reaches 0.25 and there is a fact to say in a headline: without a
    moment to show, nobody is sent to watch. Sessions judged automation are never flagged here; they have a queue
    of their own. An issue is a signal on an element of a page, and has one card however many sessions show it.

    Parameters
    ----------
    struggle
        Probability 0..1, or ``None`` where the head abstains.
    facts
        Moments of the session that were not withdrawn; or what they give to say, where that was made out before.
    seen_before
        Sessions on record with the same issue.
    stake
        0..1.
    automation
        Whether the verdict is automation.

    Raises
    ------
    ValueError
        If struggle or stake is outside 0..1, or ``seen_before`` below 0.
    """
    told = facts if isinstance(facts, Told) else tell(facts)
    score, flagged = weighed(struggle, told, seen_before, stake, automation)
    return Worth(
        score=score,
        flagged=flagged,
        headline=told.headline,
        reasons=told.reasons,
        issue=told.issue,
        definition=DEFINITION,
    )


def weighed(
    struggle: float | None, told: Told, seen_before: int, stake: float, automation: bool
) -> tuple[float | None, bool]:
    """Score and flag of a session, as ``worth`` has them and with its errors."""
    if not 0 <= stake <= 1 or (struggle is not None and not 0 <= struggle <= 1) or seen_before < 0:
        raise ValueError(
            "Struggle and stake lie between 0 and 1, and no fewer than 0 sessions were seen before."
        )
    if struggle is None:
        return None, False
    score = scored(struggle, seen_before, stake)
    return score, told.headline is not None and score >= FLAG_FROM and not automation


def tell(facts: Sequence[Fact]) -> Told:
    """What facts give to say, the most severe issue first; ties by time."""
    groups: dict[tuple[str, str, str], list[Fact]] = {}
    for fact in sorted(facts, key=_start):
        if fact.code in HEADLINES:
            groups.setdefault((fact.code, fact.page, fact.element), []).append(fact)
    if not groups:
        return NOTHING
    told = sorted(groups.values(), key=lambda group: (-max(map(_severity, group)), group[0].start_ms))
    first = told[0][0]
    return Told(issue(first), headline(told[0]), first.page, tuple(told[1:MOST_REASONS]))


def scored(struggle: float, seen_before: int, stake: float) -> float:
    """Struggle times rarity times stake, as ``worth`` has it.

    >>> scored(0.5, 0, 1.0), round(scored(0.5, 10, 1.0), 3)
    (0.5, 0.147)
    """
    return struggle / (1 + math.log1p(seen_before)) * stake


def issue(fact: Fact) -> str:
    """Name of the issue that a fact belongs to: its signal, and a digest of page and element.

    >>> issue(Fact("dead_click", 0, 9, 0.5, "Apply coupon", "/cart"))
    'dead_click:9f84f3a9'
    """
    return f"{fact.code}:{_place(fact.page, fact.element)}"


@lru_cache(1 << 11)  # a site's issues are few, and each is met by many sessions
def _place(page: str, element: str) -> str:
    return hashlib.sha256(f"{page}\0{element}".encode()).hexdigest()[:8]


def headline(facts: Sequence[Fact]) -> str:
    """One sentence for moments of one issue: what, how often, in how long, what came of it.

    >>> headline([Fact("rage_click", 1000, 3000, 1.0, "Apply coupon", evidence={"presses": 4})])
    'clicked Apply coupon 4 times in 2 s, no response'
    >>> headline([Fact("error_shown", 0, 9, 0.5, "p #phone-error"), Fact("error_shown", 4000, 4009, 0.5)])
    'was told of a mistake 2 times in 4 s, at #phone-error'
    """
    first = facts[0]
    often, start_ms, end_ms = 0.0, first.start_ms, first.end_ms
    for fact in facts:
        often += fact.evidence.get("presses", fact.evidence.get("times", 1))
        start_ms, end_ms = min(start_ms, fact.start_ms), max(end_ms, fact.end_ms)
    times, seconds = int(often), (end_ms - start_ms) / 1000
    element = mark(first.element)
    return HEADLINES[first.code].format(
        element=element or "something",
        at=f", at {element}" if element else "",
        times=f" {times} times" if times > 1 else "",
        span=f" in {seconds:.0f} s" if times > 1 and seconds >= 1 else "",
    )


def card() -> str:
    """The card of worth: the definition that runs, word for word."""
    text = inspect.getdoc(worth) or ""
    return f"# Worth ({DEFINITION})\n\n{text.partition('Parameters')[0].rstrip()}\n"
