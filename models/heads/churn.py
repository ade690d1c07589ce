"""The churn head: will this identified visitor come back within so many days, given what is known now.

Its label is easily made wrong. Whoever counts a return as soon as it is seen, and a visitor as lost only when the days
are over, calls recent visitors returners; whoever takes "not back yet" for "lost" calls them lost. Here a row enters
only once its days are over, returned or not; and a visitor who withdrew or was erased meanwhile is censored: those who
stay in speak for them, by inverse probability of censoring (Robins and Finkelstein 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from data_contracts.assessments import Ineligible
from models.head import Boosting, Evidence, Group, Head, Use

DAYS: Final = 14
DAY_MS: Final = 86_400_000
LEAST_AT_RISK: Final = (
    10  # visitors on whom the chance of still being seen must stand; later it stays as it was
)


def ineligible(evidence: Evidence) -> Ineligible | None:
    """Abstain without events, or where the page cannot be seen."""
    if evidence.rows == 0:
        return "no_events"
    return "blind" if evidence.blind else None


class Stay(NamedTuple):
    """A visit's end, and what came after it; times in ms since the epoch.

    Attributes
    ----------
    at_ms
        The landmark: the end of the visit.
    next_ms
        When the visitor's next visit began; None if none was seen.
    censored_at_ms
        When the visitor withdrew or was erased, after which nothing is known; None for others.
    """

    at_ms: int
    next_ms: int | None = None
    censored_at_ms: int | None = None


class Outcomes(NamedTuple):
    """What became of stays.

    Attributes
    ----------
    label
        i8[n]: 1 returned, 0 did not, -1 not known.
    weight
        f8[n]: how many stays each of those that are known speaks for; 0 for the others.
    censored
        Share of the stays whose days are over that were censored before it was known.
    """

    label: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]
    censored: float


def outcomes(stays: Sequence[Stay], known_at_ms: int, days: float = DAYS) -> Outcomes:
    """Labels and weights of stays, as they could be known at a time.

    Parameters
    ----------
    known_at_ms
        Only stays whose days were over by then enter, returned or not.
    days
        N, within which a return counts.

    Examples
    --------
    >>> week = 7 * DAY_MS
    >>> found = outcomes([Stay(0, week), Stay(0), Stay(week, week + 5)], 2 * week)
    >>> found.label.tolist(), found.weight.tolist()
    ([1, 0, -1], [1.0, 1.0, 0.0])
    """
    horizon = days * DAY_MS
    at = np.array([one.at_ms for one in stays], "f8")
    back = np.array([np.inf if one.next_ms is None else one.next_ms for one in stays], "f8") - at
    gone = (
        np.array([np.inf if one.censored_at_ms is None else one.censored_at_ms for one in stays], "f8") - at
    )
    over = at + horizon <= known_at_ms
    seen_until = np.minimum(back, horizon)
    known = over & (gone >= seen_until)
    label = np.where(known, (back <= horizon).astype("i8"), -1)
    chance = still_seen(np.minimum(seen_until, gone)[over], (gone < seen_until)[over], seen_until[known])
    weight = np.zeros(len(stays))
    weight[known] = 1 / chance
    censored = float((over & ~known).sum() / over.sum()) if over.any() else 0.0
    return Outcomes(label.astype("i8"), weight, censored)


def still_seen(
    until: npt.NDArray[np.float64], censored: npt.NDArray[np.bool_], times: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Chance of not being censored before each of some times (Kaplan and Meier 1958, of the censoring).

    Parameters
    ----------
    until, censored
        How long each stay was seen, f8[n], and whether censoring ended that, [n].
    times
        In the unit of ``until``, f8[m]; as many chances, 0 to 1, come out.
    """
    events = np.unique(until[censored])
    survival, steps = 1.0, []
    for moment in events:
        at_risk = int((until >= moment).sum())
        if at_risk < LEAST_AT_RISK:
            break
        survival *= 1 - int((censored & (until == moment)).sum()) / at_risk
        steps.append((moment, survival))
    if not steps:
        return np.ones(len(times))
    moments, values = np.array(steps).T
    # Strictly before: one who is censored at the very moment of returning was seen to return.
    return np.concatenate([[1.0], values])[np.searchsorted(moments, times, "left")]


CHURN = Head(
    name="churn",
    question=f"Will this identified visitor come back within {DAYS} days, given what is known now?",
    label="whether the visitor was back in time; stays enter once their days are over, returned or not",
    positive="returned",
    groups=(
        Group(
            up="PROGRESS",
            down="LITTLE_PROGRESS",
            uses=(
                Use("pages"),
                Use("distinct_page_share"),
                Use("clicks_on_controls"),
                Use("funnel_stage", 1),
            ),
        ),
        Group(
            up="ENGAGED",
            down="NOT_ENGAGED",
            uses=(Use("page_dwell_median"), Use("act_gap_p50"), Use("active_share"), Use("scroll_depth")),
        ),
        Group(
            up="UNOBSTRUCTED",
            down="OBSTRUCTED",
            uses=(Use("no_reaction_share", -1), Use("retry_share", -1), Use("errors_after_act", -1)),
            signals=("dead_click", "rage_click", "error_click", "error_shown"),
        ),
    ),
    split_by=("visitor",),
    base_rate=0.3,
    ineligible=ineligible,
    blind_to="who the visitor is, when the visit was, and anything from after its end",
    boosting=Boosting(rounds=60, leaves=4, learning_rate=0.06, least_rows=30, ridge=10.0),
    always=False,
    truth="return",
    days=DAYS,
    never=("duration",),
    pairs=False,
    least_each=50,
    least_groups=300,
    data=("A site's own identified visitors and when they came back.",),
    failures=(
        "It says who comes back, not why, nor what would bring anybody back.",
        "A visitor who comes back under another name has not come back. Visitors whom nobody named are left out.",
        "Those who withdrew or were erased are taken to have been like those who stayed in, visit for visit.",
    ),
)
