"""Rows of a training set: a session as it stood at a moment, with all that a linter and a trainer ask of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data_contracts.labels import Label
from pipelines.datasets.examples import Looked, looks, totals
from pipelines.learning.labels import goals_of
from pipelines.workspace.logs import Known, Log, Part, parts


@dataclass(frozen=True)
class Moment:
    """A session as it stood at a moment; it holds no events, so that a set of many sessions stays small.

    Attributes
    ----------
    landmark_s
        Seconds from its start; None for its end.
    at_ms
        The moment, ms since the epoch: nothing at it or after it was read.
    last_event_ms, last_received_ms
        The latest that was read: by stream time, and when it came in (None: nobody received it).
    goal
        The goal of the session, by all that is known of it; None if it was not reached.
    totals
        What no head may see, for baselines: size of the session, and its signals by severity (thousandths).
    """

    session: str
    log: str
    visitor: str
    known: Known
    looked: Looked
    landmark_s: int | None
    at_ms: int
    started_ms: int
    ended_ms: int
    last_event_ms: int
    last_received_ms: int | None
    goal: Label | None
    totals: dict[str, int]

    @property
    def goal_ms(self) -> int | None:
        """When the goal was reached, ms since the epoch; None if it was not."""
        return None if self.goal is None else self.started_ms + (self.goal.from_ms or 0)

    @property
    def digest(self) -> str:
        """Digest of the whole vector: the same for a session that was imported twice under two names."""
        return hashlib.sha256(np.nan_to_num(self.looked.extended, nan=-1e30).tobytes()).hexdigest()[:16]


def moments_of(log: Log, landmarks: Sequence[int] | None, idle_ms: int) -> Iterator[Moment]:
    """Every session of a log at each landmark that it lived to see, or at its end.

    What was known at a landmark is made of the events from before it, as if no others had been recorded.
    """
    whole = parts(log, idle_ms)
    for part in whole:
        goal = next(iter(goals_of(log, part)), None)
        if landmarks is None:
            yield _moment(log, part, part, None, part.last_ms + 1, goal)
            continue
        for landmark in landmarks:
            at = part.start_ms + 1000 * landmark
            if at > part.last_ms:
                continue
            past = next((p for p in parts(log.before(at), idle_ms) if p.session == part.session), None)
            if past is not None and (seen := past.rows[past.rows["t"] < at]).size:
                yield _moment(log, part, past._replace(rows=seen), landmark, at, goal)


def _moment(
    log: Log, whole: Part, seen: Part, landmark_s: int | None, at_ms: int, goal: Label | None
) -> Moment:
    *_, looked = looks(seen.rows, declared=seen.channels)
    return Moment(
        whole.session,
        log.name,
        log.visitor,
        log.of(whole.session),
        looked,
        landmark_s,
        at_ms,
        whole.start_ms,
        whole.last_ms,
        seen.last_ms,
        log.last_received_ms,
        goal,
        totals(looked, seen.rows),
    )
