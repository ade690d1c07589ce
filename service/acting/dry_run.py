"""Dry runs: what a rule would have done in the sessions that are stored, played as they came."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from data_contracts.errors import WatchworthyError
from data_contracts.rules import Rule
from features.memory import Memory
from pipelines.store.units import SessionRow
from service.live.reception import Reception
from service.offering.conditions import is_met, state_of

PAGE: Final = 100
SHOWN: Final = 20  # sessions that are named


class DryRun(NamedTuple):
    """What a rule would have done.

    Attributes
    ----------
    sessions, fired
        Sessions that were played, and those in which it would have been due.
    skipped
        Sessions whose recordings are gone or cannot be read.
    complete
        Whether all sessions were played.
    first
        Some of those in which it would have been due, each with when, ms from its start.
    """

    sessions: int
    fired: int
    skipped: int
    complete: bool
    first: list[dict[str, object]]


def dry_run(
    reception: Reception,
    site: str,
    rule: Rule,
    most: int,
    seconds: float | None = None,
    progress: Callable[[], None] | None = None,
) -> DryRun:
    """Play stored sessions, batch by batch, and ask the rule after each; caps and holdout are left out.

    Parameters
    ----------
    most
        Sessions that are played, the first in the store.
    seconds
        After which it stops, however far it is.
    progress
        Told of each session.
    """
    store, until = reception.store, None if seconds is None else time.monotonic() + seconds
    played = fired = skipped = after = 0
    first: list[dict[str, object]] = []
    while True:
        rows = store.sessions(after, PAGE, site)
        for row in rows:
            if played + skipped >= most or (until is not None and time.monotonic() > until):
                return DryRun(played, fired, skipped, False, first)
            try:
                at_ms = _due(reception, rule, row)
            except WatchworthyError:
                skipped += 1
                continue
            finally:
                if progress is not None:
                    progress()
            played += 1
            if at_ms is not None:
                fired += 1
                if len(first) < SHOWN:
                    first.append({"session_id": row.session, "t_ms": at_ms})
        if len(rows) < PAGE:
            return DryRun(played, fired, skipped, True, first)
        after = rows[-1].number


def _due(reception: Reception, rule: Rule, row: SessionRow) -> int | None:
    """When a rule would have been due in a session, ms from its start; None if never."""
    secret = reception.judge.secrets.of(row.site)
    settings = reception.settings
    memory = Memory(row.session, reception.aside_engine, settings.idle_ms, reception.limits, names=False)
    for _, batch in reception.store.batches(row.site, row.session):
        if not memory.push(batch):
            return None  # a late batch took the live path back, and what it would have seen then is not known
        session, _ = memory.latest()
        if session is None:
            continue
        scores = reception.scorer.scores(session)
        state = state_of(session, scores, memory.address_now, row.visitor or row.session)
        if is_met(rule, state, secret):
            return session.coverage.duration_ms
    return None
