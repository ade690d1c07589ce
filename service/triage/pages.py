"""Pages of the queue and of other lists: what a cursor says, and which cards come next."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from data_contracts.errors import WatchworthyError
from models.queue import FIRST, SPARE, Lane, merged
from pipelines.store.cards import CardRow, awake
from pipelines.store.listing import (
    COUNTED,
    OPEN,
    Wanted,
    changed,
    happening,
    in_lane,
    in_order,
    of_issues,
    remembered,
)
from service.deciding.secrets import Secrets

Order = Literal["queue", "automation", "slice", "worth", "newest", "changed"]
ORDERS: Final[tuple[Order, ...]] = ("queue", "automation", "slice", "worth", "newest", "changed")
Key = tuple[float, Annotated[str, Meta(max_length=100)]]
NOW_MS: Final = 120_000  # recorders send every five seconds: who was heard of within two minutes is there
NOW_MOST: Final = (
    3  # of them stand in front: they are for who can help at once, and the rest of the queue stays in sight
)
TRIES: Final = FIRST + 2  # looks for ten different issues; each leaves out those that were met


class Cursor(Struct, frozen=True, array_like=True):
    """Where a page ended.

    Attributes
    ----------
    query
        Digest of order and filters: a cursor is good for the list that it was given for.
    filled
        Places of the queue that were filled.
    keys
        Key of the last card, by lane; of a list that is no queue under its order.
    issues
        That the first ten stand for.
    now
        Sessions that stood in front because they went on.
    """

    query: bytes
    filled: int = 0
    keys: dict[str, Key] = {}
    issues: tuple[str, ...] = ()
    now: tuple[str, ...] = ()


class Page(NamedTuple):
    """Cards in their order, each with how many sessions of its issue it stands for; where the next page begins."""

    cards: list[tuple[CardRow, int]]
    cursor: Cursor | None
    numbers: list[int]  # of the changes, in a list of changes


_decoder: Final = msgspec.msgpack.Decoder(Cursor)


class Pages:
    """Reads pages of a site's cards.

    Parameters
    ----------
    secrets
        Seal the cursors, so that nobody makes one up.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def begin(self, order: Order, wanted: Wanted) -> Cursor:
        """The cursor of a list of which nothing was read."""
        return Cursor(digest(order, wanted))

    def opened(self, site: str, text: str, order: Order, wanted: Wanted) -> Cursor:
        """What a cursor says.

        Raises
        ------
        WatchworthyError
            ``cursor_foreign`` if it is none of ours, or of another list.
        """
        cursor = _decoder.decode(self._secrets.unsealed(site, text))
        if cursor.query != digest(order, wanted):
            raise WatchworthyError("cursor_foreign", "The cursor is of another list; begin this one anew.")
        return cursor

    def sealed(self, site: str, cursor: Cursor) -> str:
        """A cursor as it is given out."""
        return self._secrets.sealed(site, msgspec.msgpack.encode(cursor))

    def read(
        self,
        db: sqlite3.Connection,
        site: str,
        order: Order,
        wanted: Wanted,
        cursor: Cursor,
        now_ms: int,
        most: int,
    ) -> Page:
        """The next cards of a list, at most so many."""
        if order == "queue":
            return _queue(db, site, still_open(wanted), cursor, now_ms, most)
        key = cursor.keys.get(order)
        numbers: list[int] = []
        if order == "changed":
            if key:
                remembered(db, site, int(key[0]))
            rows = changed(db, site, wanted, now_ms, int(key[0]) if key else 0, most)
            numbers, cards = [number for number, _, _ in rows], [card for _, _, card in rows]
        elif order == "automation":
            cards = in_lane(db, site, still_open(wanted), now_ms, "automation", key, (), most)
        else:
            cards = in_order(db, site, wanted, now_ms, order, key, most)
        if not cards:
            return Page([], cursor if order == "changed" else None, [])
        last: Key = (float(numbers[-1]), "") if numbers else (_number(order, cards[-1]), cards[-1].part)
        more = msgspec.structs.replace(cursor, keys={order: last})
        # Changes never end: whoever follows them asks again with the same cursor.
        return Page(
            [(card, 1) for card in cards], more if len(cards) == most or order == "changed" else None, numbers
        )


def digest(order: Order, wanted: Wanted) -> bytes:
    """What tells a list from another one."""
    return msgspec.msgpack.encode([order, *wanted], order="deterministic")


def still_open(wanted: Wanted) -> Wanted:
    """Without a word on the status, only what nobody has dealt with."""
    return wanted if wanted.statuses else wanted._replace(statuses=OPEN)


def _number(order: Order, card: CardRow) -> float:
    if order == "automation":
        return card.rank
    if order == "slice":
        return card.draw or 0.0
    if order == "worth":
        return -1.0 if card.worth is None else card.worth
    return float(card.started_at)


def in_front(
    db: sqlite3.Connection, site: str, wanted: Wanted, now_ms: int, card: CardRow
) -> tuple[int, CardRow] | None:
    """Which of the first ten cards of the queue stands for the issue of a flagged card, and its place from 1.

    It may be the card itself; None if the issue has none among them, and so each of its sessions a card of its own.
    """
    taken, after = _taken(db, site, wanted, Cursor(b""), now_ms, FIRST)
    if not card.flagged or card.issue not in after.issues:
        return None
    stands = (one.issue == card.issue and (one.flagged or one.part in after.now) for one in taken)
    place = list(stands).index(True)
    return place + 1, taken[place]


def _queue(db: sqlite3.Connection, site: str, wanted: Wanted, cursor: Cursor, now_ms: int, most: int) -> Page:
    """The next cards of the queue, each of the first ten with how many sessions it stands for."""
    taken, after = _taken(db, site, wanted, cursor, now_ms, most)
    if not taken:
        return Page([], None, [])
    counts = of_issues(db, site, wanted, now_ms, [card.issue for card in taken if card.flagged])
    first = FIRST - cursor.filled
    told = [
        (card, max(1, counts.get(card.issue, 1)) if card.flagged and i < first else 1)
        for i, card in enumerate(taken)
    ]
    return Page(told, after if len(taken) == most else None, [])


def _taken(
    db: sqlite3.Connection, site: str, wanted: Wanted, cursor: Cursor, now_ms: int, most: int
) -> tuple[list[CardRow], Cursor]:
    """The next cards: what happens now, then lanes merged place by place; of the first ten no issue twice.

    What happens now is in front whatever its worth: for the length of a visit somebody can still be helped.
    """
    keys, issues, now = dict(cursor.keys), list(cursor.issues), list(cursor.now)
    taken: list[CardRow] = []
    if not cursor.filled:
        for card in happening(db, site, wanted, now_ms, now_ms - NOW_MS, most):
            if card.issue and card.issue not in issues and len(taken) < min(NOW_MOST, most):
                taken.append(card)
                issues.append(card.issue)
                now.append(card.part)
    for _ in range(TRIES):
        lanes: dict[Lane, list[CardRow]] = {
            lane: in_lane(db, site, wanted, now_ms, lane, keys.get(lane), issues, most, now) for lane in SPARE
        }
        places = merged(lanes, cursor.filled + len(taken))
        again = False
        for card in places:
            if len(taken) == most:
                break
            folds = bool(card.flagged and card.issue)
            if folds and card.issue in issues:
                again = True  # its place goes to the next in its lane: the lanes are read anew without it
                break
            keys[card.lane] = (card.rank, card.part)
            taken.append(card)
            if folds and cursor.filled + len(taken) <= FIRST:
                issues.append(card.issue)
        if not again or len(taken) == most:
            break
    return taken, Cursor(cursor.query, cursor.filled + len(taken), keys, tuple(issues), tuple(now))


def counted(count: int) -> str:
    """How many sessions an issue has, for people: where it was counted no further, there may be more.

    >>> counted(12), counted(1_000)
    ('12', '1,000+')
    """
    return f"{count:,}+" if count >= COUNTED else f"{count:,}"


def shown(card: CardRow, now_ms: int, count: int = 1) -> dict[str, Any]:
    """A card as JSON has it."""
    card = awake(card, now_ms)
    return {
        "session_id": card.part,
        "headline": card.headline or None,
        "flagged": bool(card.flagged),
        "issue": card.issue or None,
        "count": count,
        "worth": card.worth,
        "frustration": card.frustration,
        "bot": card.bot,
        "conversion": card.conversion,
        "verdict": card.verdict,
        "recommended_action": card.action,
        "started_at_ms": card.started_at,
        "length_ms": card.as_of_ms,
        "ended": bool(card.final),
        "device": card.device or None,
        "pages": card.pages.split("\n") if card.pages else [],
        "signals": card.signals.split(),
        "lane": card.lane,
        "propensity": card.propensity,
        "drawn": card.draw is not None,
        "seen_before": card.seen_before,
        "status": card.status,
        "assignee": card.assignee or None,
        "snoozed_until_ms": card.snoozed_until,
        "why": card.why or None,
        "label": card.label or None,
        "version": card.version,
        "decision_id": card.decision,
    }
