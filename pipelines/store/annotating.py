"""Rows of annotations."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from data_contracts.annotations import Annotation
from data_contracts.errors import WatchworthyError

_FACTS: Final = (
    "name, part, label, reason, source, assessment, from_ms, to_ms, note, retracts, confidence, model_seen"
)
_INSERT: Final = f"""
    INSERT INTO annotations ({_FACTS}, recorded_at, given_key, site_id, session_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM sites WHERE name = ?),
        (SELECT id FROM session_tallies WHERE site_id = (SELECT id FROM sites WHERE name = ?) AND name = ?))
"""
_SELECT: Final = f"""
    SELECT {", ".join(f"a.{name.strip()}" for name in _FACTS.split(","))},
           EXISTS (SELECT 1 FROM annotations AS b WHERE b.retracts = a.name), a.recorded_at, a.id
    FROM annotations AS a JOIN sites ON sites.id = a.site_id
"""
_LABEL: Final = """
    UPDATE cards SET label = coalesce((
        SELECT label FROM annotations AS a WHERE a.site_id = cards.site_id AND a.part = cards.part AND retracts IS NULL
            AND from_ms IS NULL AND NOT EXISTS (SELECT 1 FROM annotations AS b WHERE b.retracts = a.name)
        ORDER BY a.id DESC LIMIT 1), '')
    WHERE site_id = (SELECT id FROM sites WHERE name = ?) AND part = ?
"""
_CHANGE: Final = """
    INSERT INTO changes (site_id, session_id, part, what, at)
    SELECT site_id, session_id, part, 'label', ? FROM cards
    WHERE site_id = (SELECT id FROM sites WHERE name = ?) AND part = ?
"""


def annotate(db: sqlite3.Connection, site: str, log: str, one: Annotation, given_key: str | None) -> str:
    """Keep an annotation; its id, or that of the one which was kept before under the same key of the asker's.

    Parameters
    ----------
    log
        The log of its session.

    Raises
    ------
    WatchworthyError
        ``annotation_missing`` if it takes back one that there is not, or that takes back another;
        ``already_stored`` if its key is that of another annotation.
    """
    if given_key is not None:
        known = db.execute(
            "SELECT part, label, reason, from_ms, to_ms, retracts, annotations.name FROM annotations"
            " JOIN sites ON sites.id = site_id WHERE sites.name = ? AND given_key = ?",
            (site, given_key),
        ).fetchone()
        if known is not None:
            same = (one.session_id, one.label, one.reason, one.from_ms, one.to_ms, one.retracts)
            if known[:-1] != same:
                raise WatchworthyError(
                    "already_stored", "Another annotation has this key; give each its own."
                )
            return str(known[-1])
    if one.retracts is not None:
        taken = db.execute(f"{_SELECT} WHERE sites.name = ? AND a.name = ?", (site, one.retracts)).fetchone()
        if taken is None or taken[1] != one.session_id or taken[9] is not None:
            said = f"The session has no annotation {one.retracts!r} that could be taken back."
            raise WatchworthyError("annotation_missing", said)
    facts = (one.annotation_id, one.session_id, one.label, one.reason, one.source, one.assessment_id)
    span = (one.from_ms, one.to_ms, one.note, one.retracts)
    trust = (one.confidence, one.model_seen, one.recorded_at_ms)
    db.execute(_INSERT, (*facts, *span, *trust, given_key, site, site, log))
    db.execute(_LABEL, (site, one.session_id))
    db.execute(_CHANGE, (one.recorded_at_ms, site, one.session_id))
    return one.annotation_id


def annotations_of(
    db: sqlite3.Connection, site: str, part: str | None, after: int, most: int
) -> Sequence[tuple[int, Annotation]]:
    """Annotations in commit order with their numbers, after one; of a site, or of one session of it."""
    where, given = (
        ("sites.name = ?", [site]) if part is None else ("sites.name = ? AND a.part = ?", [site, part])
    )
    rows = db.execute(f"{_SELECT} WHERE {where} AND a.id > ? ORDER BY a.id LIMIT ?", (*given, after, most))
    return [(int(row[-1]), _annotation(row)) for row in rows]


def _annotation(row: tuple[Any, ...]) -> Annotation:
    name, session, label, reason, source, assessment, from_ms, to_ms, note, retracts, *trust, recorded, _ = (
        row
    )
    confidence, model_seen, retracted = trust
    return Annotation(
        annotation_id=name,
        session_id=session,
        label=label,
        reason=reason,
        source=source,
        assessment_id=assessment,
        from_ms=from_ms,
        to_ms=to_ms,
        note=note,
        retracts=retracts,
        retracted=bool(retracted),
        recorded_at_ms=recorded,
        confidence=confidence,
        model_seen=model_seen,
    )
