"""Landmarks: what was known of a session at a time, and whether its goal came within the horizon after it.

A landmark is seen by the sessions that are still open and without a goal then. Each session weighs one, however many
landmarks it sees, so that long sessions do not speak for all (van Houwelingen 2007, landmarking).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.heads.conversion import HORIZON_S

LANDMARKS_S: Final = (15, 30, 60, 120, 240, 480)
IDLE_MS: Final = 30 * 60_000  # a session is closed by so much idleness, and its outcome is known only then


@dataclass(frozen=True)
class Visit:
    """What the trainer knows of a session; times in ms since the epoch."""

    visitor: str
    session: str
    started_ms: int
    last_ms: int
    goal_ms: int | None = None


@dataclass(frozen=True)
class Landmark:
    """One training row: ``visit`` is an index, events before ``at_ms`` may be read, ``label`` came after."""

    visit: int
    at_ms: int
    landmark_s: int
    label: int
    weight: float


def landmarks(
    visits: Sequence[Visit],
    known_at_ms: int,
    horizon_s: float = HORIZON_S,
    landmarks_s: Sequence[int] = LANDMARKS_S,
    idle_ms: int = IDLE_MS,
) -> list[Landmark]:
    """Training rows of sessions, as they could be known at ``known_at_ms``.

    Parameters
    ----------
    visits
        Sessions in any order.
    known_at_ms
        Nothing later is used: a row counts only when its horizon and the session's idle cut lie before it.
    horizon_s
        How long after the landmark the goal may come.

    Returns
    -------
    list of Landmark
        In the order of ``visits`` and of the landmarks.

    Examples
    --------
    >>> visit = Visit("v", "s", 0, 100_000, goal_ms=90_000)
    >>> [(row.landmark_s, row.label, round(row.weight, 2)) for row in landmarks([visit], 10**9)]
    [(15, 1, 0.33), (30, 1, 0.33), (60, 1, 0.33)]
    """
    rows: list[Landmark] = []
    for index, visit in enumerate(visits):
        if visit.last_ms + idle_ms > known_at_ms:
            continue
        seen = []
        for landmark_s in landmarks_s:
            at = visit.started_ms + 1000 * landmark_s
            open_then = at <= visit.last_ms
            goal_free = visit.goal_ms is None or visit.goal_ms >= at
            closed = at + 1000 * horizon_s <= known_at_ms
            if open_then and goal_free and closed:
                reached = visit.goal_ms is not None and visit.goal_ms <= at + 1000 * horizon_s
                seen.append((at, landmark_s, int(reached)))
        rows += [Landmark(index, at, s, label, 1 / len(seen)) for at, s, label in seen]
    return rows
