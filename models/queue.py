"""The queue: in which order stored sessions are shown to the person who has time for ten.

Most places go by worth, some to what the head doubts, some to a slice drawn at random within strata of the score.
Where a session stands in its lane depends on nothing but itself, so pages can be read by key; only the folding of
issues in the first ten looks at others.
"""

from __future__ import annotations

import hashlib
import hmac
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeVar

from msgspec import Struct

from data_contracts.errors import WatchworthyError
from models.worth import FLAG_FROM

T = TypeVar("T")
Lane = Literal["worth", "doubt", "slice", "automation"]

FIRST: Final = 10  # cards on the first screen: what a person watches before a day's work
PLACES: Final[tuple[Lane, ...]] = (
    *("worth", "worth", "doubt", "worth", "worth", "slice", "worth", "worth", "worth", "doubt"),
    *("worth", "worth", "slice", "worth", "worth", "doubt", "worth", "worth", "slice", "worth"),
)
"""Whose turn each place is, over and over: 14 of 20 by worth (70 %), 3 by doubt (15 %), 3 from the slice (15 %).

Watching is what the queue is for, so most of it serves that; three in twenty is what keeps labels coming from where
the head learns most, and three from where it can be measured, at a pace at which ten a day give ten a week.
"""
SPARE: Final[tuple[Lane, ...]] = ("worth", "doubt", "slice")  # who takes a place whose lane is empty

EDGES: Final = (0.05, 0.10, 0.25, 0.50)
RATES: Final = (0.02, 0.04, 0.08, 0.12, 0.15)
"""Strata of the struggle's probability, and the share of each that is drawn.

High scores are few and low ones many, so the rates fall with the score: otherwise the slice would be nearly all calm
sessions. None is 0, or its stratum could not be estimated at all; none is high, for a session that is drawn waits
for its turn in the slice.
"""
UNSCORED_RATE: Final = RATES[0]  # sessions of which the head abstains are a stratum of their own
DOUBT_FROM: Final = 0.5  # doubt from which an unflagged session is asked about: p in 0.25..0.75, or so wide
LEAST_SECRET: Final = 16  # bytes; with less, a visitor could guess the draw and dodge it


class Candidate(Struct, frozen=True):
    """A stored session as the queue needs it.

    ``worth`` and ``probability`` (of struggle) are 0..1, or ``None`` where the head abstains; ``interval`` is the
    probability's; ``issue`` is ``None`` where there is no headline; ``start_ms`` is Unix time; ``disagreement`` is
    the distance of a challenger's probability from the champion's, ``None`` without a challenger.
    """

    session: str
    worth: float | None
    probability: float | None
    interval: tuple[float, float] | None
    verdict: str
    issue: str | None
    start_ms: int
    disagreement: float | None = None


class Place(Struct, frozen=True):
    """Where a candidate stands: its lane, its key there (small first), and its part in the random draw.

    ``propensity`` is the probability with which the draw puts a session of this stratum into the slice: 0 for
    automation, which is never drawn, and else above 0. ``draw`` is its place in the slice, 0..1; ``None`` if it was
    not drawn.
    """

    candidate: Candidate
    lane: Lane
    key: tuple[float, str]
    stratum: int | None
    propensity: float
    draw: float | None
    flagged: bool

    @property
    def drawn(self) -> bool:
        """Whether it is of the random slice."""
        return self.draw is not None


@dataclass(frozen=True)
class Card:
    """A card of the queue: the session it shows, and those of the same issue that it stands for."""

    place: Place
    folded: tuple[Place, ...] = ()

    @property
    def count(self) -> int:
        """Sessions behind the card."""
        return 1 + len(self.folded)


@dataclass(frozen=True)
class Queue:
    """Cards of struggle in the order to watch; sessions judged automation; the random slice in the order to label.

    The slice is told apart from the cards because labels must follow its own order: a slice that is labelled where
    the queue happens to show it, folded or not, is no longer random. Who was drawn and is flagged is watched where
    its worth puts it, and is in the slice none the less.
    """

    cards: tuple[Card, ...]
    automation: tuple[Place, ...]
    slice: tuple[Place, ...]


@lru_cache(1 << 13)  # sessions that live are asked again at each decision, and a keyed hash takes a while
def uniform(secret: bytes, purpose: str, session: str) -> float:
    """A number in 0..1 that a session keeps for good, and that nobody can foretell without the site's secret."""
    digest = hmac.digest(secret, f"{purpose}\0{session}".encode(), hashlib.sha256)
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def doubt(candidate: Candidate) -> float:
    """How little the head knows of a session, 0..1: nearness to a coin toss, width, or a challenger's dissent.

    >>> doubt(Candidate("a", 0.2, 0.25, (0.2, 0.3), "undetermined", None, 0))
    0.5
    """
    if candidate.probability is None:
        return 0.0
    low, high = candidate.interval or (candidate.probability, candidate.probability)
    return max(1 - abs(2 * candidate.probability - 1), high - low, candidate.disagreement or 0.0)


def place(candidate: Candidate, secret: bytes) -> Place:
    """Where one candidate stands; it takes no other to say so.

    Raises
    ------
    ValueError
        If the secret is shorter than 16 bytes, or a number of the candidate lies outside 0..1.
    """
    if len(secret) < LEAST_SECRET:
        raise ValueError(f"The site's secret has {len(secret)} bytes; it takes {LEAST_SECRET} or more.")
    for value in (
        candidate.worth,
        candidate.probability,
        candidate.disagreement,
        *(candidate.interval or ()),
    ):
        if value is not None and not 0 <= value <= 1:
            raise ValueError(
                f"Worth, probability, interval and disagreement lie between 0 and 1: {candidate.session}."
            )
    session = candidate.session
    if candidate.verdict == "automation":
        newest = (-float(candidate.start_ms), session)
        return Place(candidate, "automation", newest, None, 0.0, None, flagged=False)
    stratum = None if candidate.probability is None else bisect_right(EDGES, candidate.probability)
    propensity = UNSCORED_RATE if stratum is None else RATES[stratum]
    # A second number, free of the first: any beginning of this order is again a random part of each stratum.
    draw = uniform(secret, "order", session) if uniform(secret, "slice", session) < propensity else None
    flagged = candidate.issue is not None and (candidate.worth or 0.0) >= FLAG_FROM
    lane: Lane
    if draw is not None and not flagged:
        lane, key = "slice", draw
    elif not flagged and (unsure := doubt(candidate)) >= DOUBT_FROM:
        lane, key = "doubt", -unsure
    else:
        lane, key = "worth", 1.0 if candidate.worth is None else -candidate.worth
    return Place(candidate, lane, (key, session), stratum, propensity, draw, flagged)


def queue(candidates: Iterable[Candidate], secret: bytes) -> Queue:
    """Order candidates.

    The first ten cards show ten different issues; whoever shares an issue with one of them is folded into it,
    however far down it stands. Below, each session has a card of its own.

    Raises
    ------
    WatchworthyError
        ``already_stored`` if a session comes twice.
    ValueError
        As ``place``.
    """
    lanes: dict[Lane, list[Place]] = {"worth": [], "doubt": [], "slice": [], "automation": []}
    drawn: list[tuple[float, str, Place]] = []
    seen: set[str] = set()
    for candidate in candidates:
        if candidate.session in seen:
            raise WatchworthyError(
                "already_stored",
                "The session stands twice in the queue's input; give it once.",
                candidate.session,
            )
        seen.add(candidate.session)
        found = place(candidate, secret)
        lanes[found.lane].append(found)
        if found.draw is not None:
            drawn.append((found.draw, candidate.session, found))
    drawn.sort(key=lambda one: one[:2])
    for members in lanes.values():
        members.sort(key=lambda one: one.key)
    return Queue(tuple(folded(merged(lanes))), tuple(lanes["automation"]), tuple(one for *_, one in drawn))


def merged(lanes: Mapping[Lane, Sequence[T]], first: int = 0) -> list[T]:
    """The lanes of struggle as one list, place by place; an empty lane's places go to the next that is not.

    Parameters
    ----------
    first
        Places that were filled before, by what is not in these lanes any more.
    """
    rest = {lane: iter(lanes[lane]) for lane in SPARE}
    left = {lane: len(lanes[lane]) for lane in SPARE}
    found: list[T] = []
    for turn in range(first, first + sum(left.values())):
        due = PLACES[turn % len(PLACES)]
        lane = due if left[due] else next(other for other in SPARE if left[other])
        left[lane] -= 1
        found.append(next(rest[lane]))
    return found


def folded(places: Sequence[Place]) -> list[Card]:
    """Cards of places: the first ten of different issues, with all others of these issues folded into them."""
    heads: list[Place] = []
    by_issue: dict[str, list[Place]] = {}
    below: list[Place] = []
    for one in places:
        issue = one.candidate.issue
        if issue in by_issue:
            by_issue[issue].append(one)
        elif len(heads) < FIRST:
            heads.append(one)
            if issue is not None:
                by_issue[issue] = []
        else:
            below.append(one)
    first = [Card(one, tuple(by_issue.get(one.candidate.issue or "", ()))) for one in heads]
    return first + [Card(one) for one in below]
