"""Assessing: a scorer, a session and what was met on the way become one assessment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from data_contracts.assessments import Assessment, Coverage
from features.session import Session
from models.naming import called
from models.norms import Percentile
from models.scorer import Scorer


def assess(
    judge: Scorer,
    session: Session,
    now: datetime | None = None,
    assessment_id: str = "",
    seen_before: Callable[[str], int] | None = None,
    stake: float = 1.0,
    percentile: Percentile | None = None,
    ended: bool = True,
) -> Assessment:
    """Assess one session.

    Parameters
    ----------
    judge
        Loaded heads.
    session
        One that has its names.
    now
        Time of the assessment; the present by default.
    assessment_id
        By default one that the same vector always gets.
    seen_before
        How many sessions on record show an issue.
    stake
        What is at risk where the struggle is, 0..1.
    percentile
        Where the site's sessions put a value of a feature.
    ended
        Whether nothing more of it is to come, as of a recording that is a file.
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
        assessment_id=assessment_id or f"as_{digest[:24]}",
        coverage=coverage,
        element=lambda page, node: named(session, page, node),
        seen_before=seen_before,
        stake=stake,
        as_of_ms=seen.duration_ms,
        percentile=percentile,
        ended=ended,
    )


def named(session: Session, page: int, node: int) -> str | None:
    """Name of an element for people, from its structure alone."""
    element = session.element(page, node)
    return called(element) if element else None


def score_rows(assessments: Iterable[Assessment]) -> Iterator[dict[str, Any]]:
    """Assessments of recordings as rows of ``data_contracts.tables.SCORES``; no log was read and no policy asked."""
    for number, one in enumerate(assessments, 1):
        blocks = {"bot": one.bot, "frustration": one.frustration, "conversion": one.conversion}
        yield {
            "cursor": number,
            "decision_id": one.assessment_id,
            "session_id": one.session_id,
            "cause": "asked",
            "created_at_ms": int(datetime.fromisoformat(one.created_at).timestamp() * 1000),
            "log_number": 0,
            "as_of_ms": one.as_of_ms,
            **{name: block.probability for name, block in blocks.items()},
            "verdict": one.bot.verdict,
            "recommended_action": one.recommended_action,
            "worth": one.worth.score,
            "flagged": one.worth.flagged,
            "issue": one.worth.issue,
            "headline": one.worth.headline,
            "bundle": one.models.bundle,
            "policy": "",
        }
