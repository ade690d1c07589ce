"""Lists of cards: by key, so that a page costs the same however far down it is, and none is missed or told twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any, Final, Literal, NamedTuple

from data_contracts.errors import WatchworthyError
from pipelines.store.cards import CARD, CardRow
from pipelines.store.decisions import Decisions

NOW: Final = "CASE WHEN cards.status = 'snoozed' AND snoozed_until <= :now THEN 'new' ELSE cards.status END"
"""Status of a card now: one that was put off comes back by itself."""

FORGOTTEN: Final = 10_000  # changes in one transaction; batches wait for it
WOKEN: Final = 1_000  # cards in one transaction; batches wait for it
COUNTED: Final = (
    1_000  # cards of one issue, or before one; who reads "1,000+" knows enough, and counting on takes long
)
ANGRY: Final = "rage_click"  # of all signals the one that is known while the visitor still presses
OPEN: Final = ("new", "seen", "assigned")
SCORES: Final = ("bot", "frustration", "conversion", "worth")


class Wanted(NamedTuple):
    """Which cards are wanted; what is None or empty leaves nothing out.

    Attributes
    ----------
    lowest, highest
        Of each score, 0..1; who has no such score is then left out.
    signals
        Codes that must all be there.
    page
        The beginning of a path that was visited.
    since_ms, until_ms
        When the session began, ms since the epoch.
    statuses
        Of the card.
    """

    lowest: dict[str, float] = {}
    highest: dict[str, float] = {}
    signals: tuple[str, ...] = ()
    page: str = ""
    since_ms: int | None = None
    until_ms: int | None = None
    device: str = ""
    statuses: tuple[str, ...] = ()
    label: str = ""
    flagged: bool | None = None
    verdict: str = ""
    issue: str = ""


Key = tuple[float, str]
"""Where a card stands in an order: the number that it is sorted by, and its session."""
Way = Literal["ASC", "DESC"]

LISTS: Final[dict[str, tuple[str, Way, str]]] = {
    "slice": ("draw", "ASC", " AND draw IS NOT NULL"),
    "worth": ("coalesce(worth, -1)", "DESC", ""),
    "newest": ("started_at", "DESC", ""),
}
"""What a list is sorted by, which way, and who is in it: the random slice in the order of the draw, in which it is to
be labelled; the worthiest first, and those without worth last; the latest session first."""

Condition = tuple[str, str, dict[str, Any]]
"""Name of a filter, its SQL, its values."""


def conditions(wanted: Wanted) -> list[Condition]:
    """The filters that are set."""
    found: list[Condition] = []
    for score in SCORES:
        if (low := wanted.lowest.get(score)) is not None:
            found.append((f"{score}_min", f"cards.{score} >= :{score}_min", {f"{score}_min": low}))
        if (high := wanted.highest.get(score)) is not None:
            found.append((f"{score}_max", f"cards.{score} <= :{score}_max", {f"{score}_max": high}))
    for i, code in enumerate(wanted.signals):
        found.append(("signal", f"instr(signals, :signal{i})", {f"signal{i}": f" {code} "}))
    if wanted.page:
        found.append(("page", "instr(char(10) || pages, :page)", {"page": f"\n{wanted.page}"}))
    if wanted.since_ms is not None:
        found.append(("since", "started_at >= :since", {"since": wanted.since_ms}))
    if wanted.until_ms is not None:
        found.append(("until", "started_at < :until", {"until": wanted.until_ms}))
    if wanted.statuses:
        names = {f"status{i}": one for i, one in enumerate(wanted.statuses)}
        found.append(("status", f"{NOW} IN ({', '.join(f':{name}' for name in names)})", names))
    for name, value in (
        ("device", wanted.device),
        ("label", wanted.label),
        ("verdict", wanted.verdict),
        ("issue", wanted.issue),
    ):
        if value:
            found.append((name, f"cards.{name} = :{name}", {name: value}))
    if wanted.flagged is not None:
        found.append(("flagged", "flagged = :flagged", {"flagged": int(wanted.flagged)}))
    return found


def _where(site: str, wanted: Wanted, now_ms: int) -> tuple[str, dict[str, Any]]:
    found = conditions(wanted)
    sql = " AND ".join(["sites.name = :site", *(one for _, one, _ in found)])
    values: dict[str, Any] = {"site": site, "now": now_ms}
    for _, _, more in found:
        values |= more
    return sql, values


def in_lane(
    db: sqlite3.Connection,
    site: str,
    wanted: Wanted,
    now_ms: int,
    lane: str,
    after: Key | None,
    but: Collection[str],
    most: int,
    shown: Collection[str] = (),
) -> list[CardRow]:
    """Cards of a lane of the queue in its order, after the key of one.

    Parameters
    ----------
    but
        Issues whose flagged cards are left out: one card stands for them.
    shown
        Sessions that are left out: they stood in front.
    """
    sql, values = _where(site, wanted, now_ms)
    sql += " AND lane = :lane"
    values["lane"] = lane
    if but:
        names = {f"but{i}": issue for i, issue in enumerate(but)}
        sql += f" AND NOT (flagged AND issue IN ({', '.join(f':{name}' for name in names)}))"
        values |= names
    if shown:
        parts = {f"shown{i}": part for i, part in enumerate(shown)}
        sql += f" AND part NOT IN ({', '.join(f':{name}' for name in parts)})"
        values |= parts
    return _cards(db, sql, values, "rank", "ASC", after, most)


def happening(
    db: sqlite3.Connection, site: str, wanted: Wanted, now_ms: int, heard_ms: int, most: int
) -> list[CardRow]:
    """Cards of sessions that go on and were heard of since a time, flagged or angry; the latest visit first."""
    sql, values = _where(site, wanted, now_ms)
    sql += " AND final = 0 AND headline <> '' AND lane <> 'automation'"
    sql += f" AND (flagged = 1 OR instr(signals, ' {ANGRY} '))"
    sql += " AND EXISTS (SELECT 1 FROM sessions AS one WHERE one.id = cards.session_id AND one.last_received >= :heard)"
    values["heard"] = heard_ms
    return _cards(db, sql, values, "started_at", "DESC", None, most)


def in_order(
    db: sqlite3.Connection,
    site: str,
    wanted: Wanted,
    now_ms: int,
    order: Literal["slice", "worth", "newest"],
    after: Key | None,
    most: int,
) -> list[CardRow]:
    """Cards in one of ``LISTS``, after the key of one."""
    sql, values = _where(site, wanted, now_ms)
    by, way, only = LISTS[order]
    return _cards(db, sql + only, values, by, way, after, most)


def changed(
    db: sqlite3.Connection, site: str | None, wanted: Wanted, now_ms: int, after: int, most: int
) -> list[tuple[int, str, CardRow]]:
    """Changes of cards in commit order, after the number of one: number, what changed, the card as it is now.

    No change that commits later has a lower number, so nobody who follows misses one.
    """
    sql, values = _where(site or "", wanted, now_ms)
    if site is None:
        sql = sql.replace("sites.name = :site", "1", 1)
    statement = CARD.replace("SELECT cards.id", "SELECT changes.id, changes.what, cards.id", 1)
    statement += " JOIN changes ON changes.site_id = cards.site_id AND changes.part = cards.part"
    rows = db.execute(
        f"{statement} WHERE {sql} AND changes.id > :after ORDER BY changes.id LIMIT :most",
        values | {"after": after, "most": most},
    )
    return [(number, what, CardRow._make(row)) for number, what, *row in rows]


def last_change(db: sqlite3.Connection) -> int:
    """Number of the newest change; 0 if there is none."""
    (number,) = db.execute("SELECT coalesce(max(id), 0) FROM changes").fetchone()
    return int(number)


def remembered(db: sqlite3.Connection, site: str, after: int) -> None:
    """Make sure that no change of a site after a number was forgotten.

    Raises
    ------
    WatchworthyError
        ``cursor_expired`` if one was.
    """
    row = db.execute(
        "SELECT up_to FROM forgotten_changes JOIN sites ON sites.id = site_id WHERE sites.name = ?", (site,)
    ).fetchone()
    if row is not None and after < row[0]:
        said = "Changes since then are no longer on record; list the sessions anew, and follow from now on."
        raise WatchworthyError("cursor_expired", said)


def forget_changes(store: Decisions, before_ms: int) -> int:
    """Forget the changes from before a time; how many there were. The cards stay as they are."""

    def forget(db: sqlite3.Connection) -> int:
        gone = "SELECT id FROM changes WHERE at < :before ORDER BY id LIMIT :most"
        values = {"before": before_ms, "most": FORGOTTEN}
        db.execute(
            f"INSERT INTO forgotten_changes SELECT site_id, max(id) FROM changes WHERE id IN ({gone}) GROUP BY site_id"
            " ON CONFLICT (site_id) DO UPDATE SET up_to = excluded.up_to",
            values,
        )
        return db.execute(f"DELETE FROM changes WHERE id IN ({gone})", values).rowcount

    total = 0
    while (count := store.write(forget, ()).result()) > 0:
        total += count
    return total


def of_issues(
    db: sqlite3.Connection, site: str, wanted: Wanted, now_ms: int, issues: Collection[str]
) -> dict[str, int]:
    """How many flagged cards each of some issues has; beyond ``COUNTED`` it is no longer counted."""
    sql, values = _where(site, wanted, now_ms)
    statement = (
        "SELECT count(*) FROM (SELECT 1 FROM cards JOIN sites ON sites.id = cards.site_id"
        f" WHERE {sql} AND flagged AND issue <> '' AND issue = :counted LIMIT {COUNTED})"
    )
    found = {issue: db.execute(statement, values | {"counted": issue}).fetchone()[0] for issue in set(issues)}
    return {issue: count for issue, count in found.items() if count}


def asleep(db: sqlite3.Connection, until_ms: int) -> list[tuple[int, str, str]]:
    """Cards that were put off until a time or earlier, so many at once: number, site, session."""
    return db.execute(
        "SELECT cards.id, sites.name, part FROM cards JOIN sites ON sites.id = site_id"
        " WHERE cards.status = 'snoozed' AND snoozed_until <= ? ORDER BY snoozed_until LIMIT ?",
        (until_ms, WOKEN),
    ).fetchall()


def passes(db: sqlite3.Connection, site: str, part: str, wanted: Wanted, now_ms: int) -> dict[str, bool]:
    """Whether a card passes each filter that is set."""
    told: dict[str, bool] = {}
    for name, sql, values in conditions(wanted):
        row = db.execute(
            f"SELECT {sql} FROM cards JOIN sites ON sites.id = cards.site_id WHERE sites.name = :site AND part = :part",
            {"site": site, "part": part, "now": now_ms} | values,
        ).fetchone()
        told[name] = told.get(name, True) and bool(row and row[0])
    return told


def before(db: sqlite3.Connection, site: str, wanted: Wanted, now_ms: int, card: CardRow) -> int:
    """How many cards stand before one in its lane; beyond ``COUNTED`` it is no longer counted."""
    sql, values = _where(site, wanted, now_ms)
    (count,) = db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM cards JOIN sites ON sites.id = cards.site_id"
        f" WHERE {sql} AND lane = :lane AND (rank, part) < (:rank, :part) LIMIT {COUNTED})",
        values | {"lane": card.lane, "rank": card.rank, "part": card.part},
    ).fetchone()
    return int(count)


def _cards(
    db: sqlite3.Connection,
    where: str,
    values: dict[str, Any],
    by: str,
    way: Way,
    after: Key | None,
    most: int,
) -> list[CardRow]:
    values = values | {"most": most}
    if after is not None:
        where += f" AND ({by}, part) {'>' if way == 'ASC' else '<'} (:after, :part)"
        values["after"], values["part"] = after
    rows = db.execute(f"{CARD} WHERE {where} ORDER BY {by} {way}, part {way} LIMIT :most", values)
    return [CardRow._make(row) for row in rows]
