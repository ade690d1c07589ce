"""Closing: the last decision on a session that ended, with its names, so that listings show it whole."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from typing import Final, cast

from data_contracts.assessments import Verdict
from data_contracts.errors import WatchworthyError
from features.session import Session
from features.sketch import sketch_of
from pipelines.store.intervening import note_goals
from pipelines.store.posting import post_of
from pipelines.store.sketching import note as note_sketch
from pipelines.store.units import Decision, Name, Outgoing
from service.deciding.records import goals_of, paths
from service.live.reception import Reception

log = logging.getLogger("watchworthy.live")
AT_ONCE: Final = 64  # sessions between two looks at what has ended


async def close_ended(reception: Reception) -> int:
    """Decide on every session that ended, once more and for the last time unless it goes on; how many there were."""
    loop, store = asyncio.get_running_loop(), reception.store
    closed, seen = 0, set[Name]()
    while True:
        due = [one for one in await loop.run_in_executor(None, store.unjudged, AT_ONCE) if one[0] not in seen]
        if not due:
            return closed
        for name, _ in due:
            seen.add(name)
            await reception.turns.enter(name)
            try:
                await _close(reception, name)
                closed += 1
            except WatchworthyError as error:
                log.error("not closed: %s", error, extra={"site": name[0], "session": name[1]})
            finally:
                reception.turns.leave(name)


async def _close(reception: Reception, name: Name) -> None:
    site, session = name
    found: list[Session]
    try:
        number, found = await reception.named(name)
    except WatchworthyError as error:
        if error.code != "payload_expired":
            raise
        number, found = _last(reception, name), []  # the key is gone; there is nothing more to say
    decisions = await reception.beside(lambda: [_decision(reception, site, one, number) for one in found])
    messages = [message for one in decisions for message in _messages(reception, site, one)]
    goals = sum(goals_of(one) for one in found)
    sketches = [(one.id, sketch_of(one.memory)) for one in found]
    now_ms = time.time_ns() // 1_000_000

    def with_them(db: sqlite3.Connection) -> None:
        post_of(db, site, session, messages)
        note_goals(db, site, session, goals)
        for part, sketch in sketches:
            note_sketch(db, site, session, part, sketch, now_ms)

    stored = reception.store.decide(site, session, decisions, number, final=True, with_them=with_them)
    await asyncio.wrap_future(stored)


def _messages(reception: Reception, site: str, decision: Decision) -> tuple[Outgoing, ...]:
    """What the last decision gives cause to say, given what the card said before."""
    card = reception.store.card(site, decision.part)
    before = cast(Verdict, card.verdict) if card is not None else "undetermined"
    return reception.announce.decided(site, decision, before, bool(card is not None and card.flagged))


def _last(reception: Reception, name: Name) -> int:
    row = reception.store.session(*name)
    return row.next_log - 1 if row is not None else 0


def _decision(reception: Reception, site: str, session: Session, number: int) -> Decision:
    judge = reception.judge
    made = judge.decision(
        site,
        session,
        judge.scorer.scores(session),
        judge.struggle(site, session),
        cause="ended",
        log_number=number,
        now_ms=time.time_ns() // 1_000_000,
    )
    return judge.stored(made, paths(session))
