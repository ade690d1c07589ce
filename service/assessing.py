"""Assessing: a scorer, a session and what was met on the way become one assessment."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from data_contracts.assessments import Assessment, Coverage
from features.session import Session
from models.scorer import Scorer
from pipelines.readings import Reading


def assess(judge: Scorer, session: Session, one: Reading, now: datetime | None = None) -> Assessment:
    """Assess one session of a file.

    Parameters
    ----------
    judge
        Loaded heads.
    session
        One of the sessions of ``one``.
    one
        What became of its file.
    now
        Time of the assessment; the present by default.
    """
    seen = session.coverage
    coverage = Coverage(
        fidelity=seen.fidelity,
        blind_ms=seen.blind_ms,
        channels=seen.channels,
        events=seen.rows,
        unknown_events=seen.unknown,
    )
    vector = session.vector.tobytes()
    digest = hashlib.sha256(f"{session.id}\0{judge.bundle.digest}\0".encode() + vector).hexdigest()
    return judge.assess(
        session,
        session.id,
        (now or datetime.now(UTC)).isoformat(timespec="seconds").replace("+00:00", "Z"),
        assessment_id=f"as_{digest[:24]}",
        coverage=coverage,
        element=lambda page, node: named(session, page, node),
        as_of_ms=seen.duration_ms,
    )


def named(session: Session, page: int, node: int) -> str | None:
    """Name of an element for people, from its structure alone."""
    element = session.element(page, node)
    return element.name if element else None
