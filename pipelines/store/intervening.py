"""Rows of interventions and of the rules that make them due."""

from __future__ import annotations

import sqlite3
from typing import Any, Final, NamedTuple

from pipelines.store.units import Intervention

DAY_MS: Final = 86_400_000
_COLUMNS: Final = {"shown": "shown_at", "clicked": "clicked_at", "dismissed": "dismissed_at"}


def confirm(db: sqlite3.Connection, session_id: int, name: str, what: str, at_ms: int) -> None:
    """Note what became of an intervention of a session; said again, it stays as it was."""
    column = _COLUMNS[what]
    db.execute(
        f"UPDATE interventions SET {column} = coalesce({column}, ?), shown_at = coalesce(shown_at, ?),"
        " confirmed_at = coalesce(confirmed_at, ?) WHERE name = ? AND session_id = ? AND arm = 'offered'",
        (at_ms, at_ms, at_ms, name, session_id),
    )


class Offered(NamedTuple):
    """What was due in a session, and whether it waits for the page to say what became of it."""

    intervention: Intervention
    waits: bool


def offered(db: sqlite3.Connection, site: str, session: str) -> list[Offered]:
    """Everything that was due in a session."""
    rows = db.execute(
        "SELECT interventions.name, rule, body, version, interventions.visitor, arm, goals,"
        " arm = 'offered' AND confirmed_at IS NULL FROM interventions"
        " JOIN session_tallies AS sessions ON sessions.id = session_id JOIN sites ON sites.id = sessions.site_id"
        " WHERE sites.name = ? AND sessions.name = ? ORDER BY interventions.id",
        (site, session),
    )
    return [Offered(Intervention._make(facts), bool(waits)) for *facts, waits in rows]


class Used(NamedTuple):
    """What of a rule's caps is used.

    Attributes
    ----------
    visitor
        The visitor's slots.
    day, last
        How many of the day's, and the number of the last of them, -1 if there is none.
    dismissed_ms
        When the visitor last dismissed anything.
    """

    visitor: frozenset[str]
    day: int
    last: int
    dismissed_ms: int | None


def used(db: sqlite3.Connection, site: str, rule: str, visitor: str, day: str) -> Used:
    """What is used of the caps of a rule."""

    def keys(columns: str, cap: str, owner: str) -> list[tuple[Any, ...]]:
        return db.execute(
            f"SELECT {columns} FROM caps JOIN sites ON sites.id = site_id WHERE sites.name = ? AND cap = ?"
            " AND key >= ? AND key < ?",
            (site, cap, f"{owner}:", f"{owner};"),  # ";" is what follows ":"
        ).fetchall()

    (dismissed,) = db.execute(
        "SELECT max(dismissed_at) FROM interventions JOIN session_tallies AS s ON s.id = session_id"
        " JOIN sites ON sites.id = s.site_id WHERE sites.name = ? AND interventions.visitor = ?"
        " AND dismissed_at IS NOT NULL",
        (site, visitor),
    ).fetchone()
    mine = frozenset(key for (key,) in keys("key", f"visitor {rule}", visitor))
    ((count, last),) = keys("count(*), max(key)", f"day {rule}", day)
    return Used(mine, count, -1 if last is None else int(last.rpartition(":")[2]), dismissed)


def note_goals(db: sqlite3.Connection, site: str, session: str, goals: int) -> None:
    """Note, when a session has ended, whether a goal followed what was due in it."""
    db.execute(
        "UPDATE interventions SET reached = goals < ? WHERE session_id = (SELECT session_tallies.id"
        " FROM session_tallies JOIN sites ON sites.id = site_id WHERE sites.name = ? AND session_tallies.name = ?)",
        (goals, site, session),
    )


class Outcome(NamedTuple):
    """What came of a rule for one visitor, the first time that it was due."""

    visitor: str
    arm: str
    reached: bool
    shown: bool


def outcomes(db: sqlite3.Connection, site: str, rule: str) -> list[Outcome]:
    """Of each visitor the first time that a rule was due; only where the session has ended."""
    rows = db.execute(
        "SELECT i.visitor, arm, reached, shown_at IS NOT NULL FROM interventions AS i"
        " JOIN session_tallies AS s ON s.id = i.session_id JOIN sites ON sites.id = s.site_id"
        " WHERE sites.name = ? AND rule = ? AND reached IS NOT NULL"
        " AND i.id = (SELECT min(id) FROM interventions AS first WHERE first.rule = i.rule"
        " AND first.visitor = i.visitor) ORDER BY i.id",
        (site, rule),
    )
    return [Outcome(visitor, arm, bool(reached), bool(shown)) for visitor, arm, reached, shown in rows]


class RuleRow(NamedTuple):
    """One version of a rule."""

    id: int
    rule: str
    version: str
    active: int
    body: bytes
    made_by: str
    why: str
    at: int


_RULES: Final = """
    SELECT rules.id, rule, version, active, body, made_by, why, at FROM rules JOIN sites ON sites.id = site_id
    WHERE sites.name = ?
"""


def rules(db: sqlite3.Connection, site: str) -> list[RuleRow]:
    """The newest version of each rule of a site."""
    newest = " AND rules.id IN (SELECT max(id) FROM rules GROUP BY site_id, rule) ORDER BY rule"
    return [RuleRow._make(row) for row in db.execute(_RULES + newest, (site,))]


def versions(db: sqlite3.Connection, site: str, rule: str) -> list[RuleRow]:
    """Every version of a rule, the newest first; the last hundred."""
    rows = db.execute(f"{_RULES} AND rule = ? ORDER BY rules.id DESC LIMIT 100", (site, rule))
    return [RuleRow._make(row) for row in rows]


def sites_with_rules(db: sqlite3.Connection) -> list[str]:
    """Sites that have rules."""
    return [
        site
        for (site,) in db.execute("SELECT DISTINCT sites.name FROM rules JOIN sites ON sites.id = site_id")
    ]


def add_rule(
    db: sqlite3.Connection, site: str, told: tuple[str, str, bool, bytes], made_by: str, why: str, at_ms: int
) -> bool:
    """Add (rule, version, active, body) as its newest version; False if it is that already."""
    db.execute("INSERT OR IGNORE INTO sites (name) VALUES (?)", (site,))
    rule, version, active, body = told
    found: Any = db.execute(f"{_RULES} AND rule = ? ORDER BY rules.id DESC LIMIT 1", (site, rule)).fetchone()
    if found is not None:
        row = RuleRow._make(found)
        if (row.version, bool(row.active)) == (version, active):
            return False
    db.execute(
        "INSERT INTO rules (site_id, rule, version, active, body, made_by, why, at)"
        " VALUES ((SELECT id FROM sites WHERE name = ?), ?, ?, ?, ?, ?, ?, ?)",
        (site, rule, version, int(active), body, made_by, why, at_ms),
    )
    return True
