"""Reception: what becomes of one batch, from its text to the answer that may be sent because the batch is on disk."""

from __future__ import annotations

import asyncio
import copy
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np

from data_contracts.batches import Batch, Text
from data_contracts.errors import WatchworthyError
from features.catalogue import engine
from features.engine import Engine
from features.session import Log, Session
from pipelines.store.store import Store
from pipelines.store.units import Decision, Stored, StoredAnswer, Unit
from service.live.batch_body import Body, Header, events_of, joined, within_time
from service.live.live_scores import LiveScorer, Scores
from service.live.live_sessions import Live, LiveSessions, Name
from service.live.metrics import Metrics
from service.live.refusals import CLOCK_OUTLIER, Refusal, refusal_of
from service.live.settings import Settings

T = TypeVar("T")
log = logging.getLogger("watchworthy.live")
HOUR_MS: Final = 3_600_000

REHEARSAL: Final = (
    b'[{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":1},{"type":2,"data":{"node":{"type":0,"id":1,'
    b'"childNodes":[{"type":2,"id":2,"tagName":"button","attributes":{"id":"a","class":"b"},"childNodes":[]}]},'
    b'"initialOffset":{"left":0,"top":0}},"timestamp":2}]',
    b'{"type":3,"data":{"source":1,"positions":[{"x":1,"y":1,"id":2,"timeOffset":0}]},"timestamp":3}\n'
    b'{"type":3,"data":{"source":2,"type":2,"id":2,"x":1,"y":1},"timestamp":4}\n'
    b'{"type":3,"data":{"source":0,"texts":[{"id":2,"value":"x"}],"attributes":[{"id":2,"attributes":{"class":"c"}}],'
    b'"removes":[],"adds":[{"parentId":2,"nextId":null,"node":{"type":3,"id":3,"textContent":"y"}}]},"timestamp":5}\n'
    b'{"type":3,"data":{"source":0,"texts":[{"id":2,"value":"x"}],"attributes":[],"removes":[],"adds":[]},'
    b'"timestamp":6}\n{"type":3,"data":{"source":0,"texts":[],"attributes":[{"id":2,"attributes":{"class":"d"}}],'
    b'"removes":[{"parentId":2,"id":3}],"adds":[]},"timestamp":3000}',
)
"""Batches that touch what is compiled, played before the first real one comes."""


class Folded(NamedTuple):
    """What a session is after a batch: rows in all, the decision, and what it stands on if it was computed."""

    rows: int
    decision: tuple[str, ...]
    scores: Scores | None
    session: Session | None


class Reception:
    """Takes batches, one at a time of each session.

    What a batch changes is folded into the session's memory ahead of its commit, while the session's turn is held, so
    that nobody sees it. When the commit is done the memory is kept; when it fails the memory is thrown away, and read
    again from the store when it is next wanted.

    Parameters
    ----------
    store
        The log of batches.
    scorer
        Loaded heads.
    settings
        Bounds.
    metrics
        Where it is counted.
    """

    def __init__(self, store: Store, scorer: LiveScorer, settings: Settings, metrics: Metrics) -> None:
        self.store = store
        self.scorer = scorer
        self.settings = settings
        self.metrics = metrics
        self.limits = settings.limits
        self.sessions = LiveSessions(
            store.batches, self._new_log, settings.live_bytes, settings.session_waiting
        )
        self._aside = ThreadPoolExecutor(1, "decode")
        self._aside_engine = twin(engine())

    def _new_log(self, name: str) -> Log:
        return Log(name, engine(), self.settings.idle_ms, self.limits)

    def warm(self) -> None:
        """Compile everything that a batch needs, or load it from disk."""
        engine().warm()
        self._aside_engine.warm()
        self.scorer.warm()
        rehearsal = self._new_log("rehearsal")
        for seq, text in enumerate(REHEARSAL):
            rehearsal.receive(Batch("0", seq, events_of(text, self.limits)))
        for session in rehearsal.sessions():
            self.scorer.scores(session)

    def close(self) -> None:
        """Stop the thread beside the loop."""
        self._aside.shutdown()

    def check_room(self) -> None:
        """Refuse before any work is done if the writer is behind, or the disk nearly full.

        Raises
        ------
        Refusal
            ``busy``, ``disk_full``.
        """
        try:
            self.store.check_room()
        except WatchworthyError as error:
            raise refusal_of(error) from error

    # One batch

    async def take(self, site: str, body: Body, received_at_ms: int) -> bytes:
        """Take a batch; the answer to it, new or as it was given before.

        Raises
        ------
        Refusal
            Whatever is wrong with it, or ``not_stored``; nothing of it is then kept.
        """
        header = body.header
        name = (site, header.session)
        try:
            async with self.sessions.turn(name):
                known = self._known(name, header)
                if known is not None:
                    if known.digest != body.digest:
                        raise Refusal("seq_conflict")
                    self.metrics.repeats.inc()
                    return known.answer
                return await self._take_new(name, body, received_at_ms)
        except WatchworthyError as error:
            raise refusal_of(error) from error

    def _known(self, name: Name, header: Header) -> StoredAnswer | None:
        """What was answered to this batch before; the store is asked only where memory does not know better."""
        live = self.sessions.held(name)
        if live is not None and not live.stale and not live.log.holds(header.stream, header.seq):
            return None  # should another process have it, the store says `log_moved`
        return self.store.known(*name, header.stream, header.seq)

    async def _take_new(self, name: Name, body: Body, received_at_ms: int) -> bytes:
        header = body.header
        large = len(body.text) > self.settings.aside_bytes
        if large:
            events = await self._beside(lambda: events_of(body.text, self.limits))
        else:
            events = events_of(body.text, self.limits)
        timed = within_time(events, received_at_ms + self.settings.future_hours * HOUR_MS)
        outliers = len(events) - len(timed.events)
        batch = Batch(header.stream, header.seq, timed.events)
        asked = Unit(
            *name,
            header.stream,
            header.seq,
            text_of(body.text, timed.events, outliers),
            body.digest,
            received_at_ms,
            answer_to(header.seq, outliers),
            channels=header.mask,
            consent=header.agreed,
            first_ms=timed.first_ms,
            last_ms=timed.last_ms,
            ends=header.end,
        )
        try:
            stored = await self._fold_and_store(name, batch, asked, large)
        except WatchworthyError as error:
            if error.code != "log_moved":
                raise
            # Another process stored something meanwhile: read that first, once.
            stored = await self._fold_and_store(name, batch, asked, large)
        self.metrics.batches.inc()
        self.metrics.events.inc(len(timed.events))
        if outliers:
            self.metrics.refused(CLOCK_OUTLIER, outliers)
        return stored.answer

    async def _fold_and_store(self, name: Name, batch: Batch, asked: Unit, large: bool) -> Stored:
        live = self.sessions.held(name)
        if live is None or (live.stale and asked.ends):
            live = await self._beside(lambda: self._read(name))
        stream = live.log.streams.get(batch.stream)
        if batch.seq >= (stream.next_seq if stream else 0) + self.store.limits.seq_ahead and not live.stale:
            raise WatchworthyError(
                "seq_too_far", "The batch lies too far past the last of its stream.", f"seq {batch.seq}"
            )
        try:
            folded = await self._folded(live, batch, large)
            changed = folded.decision != live.decision
            unit = replace(
                asked,
                rows=max(0, folded.rows - live.rows),
                after=live.number,
                decisions=(self._decision(folded),) if changed else (),
            )
            stored = await self.store.submit_async(unit)
        except BaseException as error:
            self.sessions.drop(name)  # it may hold what is not on disk
            if isinstance(error, Exception) and not isinstance(error, WatchworthyError):
                log.exception("not stored", extra={"site": name[0], "session": name[1]})
                raise Refusal("not_stored") from error
            raise
        if stored.log_number == live.number + 1 and not stored.repeated:
            live.add(stored.log_number, batch)
            live.decision, live.rows = folded.decision, folded.rows
            self.sessions.keep(name, live)
        else:
            self.sessions.drop(name)
        return stored

    async def _folded(self, live: Live, batch: Batch, large: bool) -> Folded:
        """Fold a batch and score what it leads to; of a stale session, nothing changes until someone looks."""
        if live.stale:
            return Folded(live.rows, live.decision, None, None)
        if large:
            return await self._beside(lambda: self._fold(live, batch, self._aside_engine))
        return self._fold(live, batch, engine())

    def _fold(self, live: Live, batch: Batch, folds: Engine) -> Folded:
        live.log.engine = folds
        try:
            live.log.receive(batch)
            return self._seen(live)
        finally:
            live.log.engine = engine()

    def _seen(self, live: Live) -> Folded:
        found = live.log.sessions()
        if not found:
            return Folded(0, live.decision, None, None)
        scores = self.scorer.scores(found[-1])
        rows = sum(one.coverage.rows for one in found)
        return Folded(rows, (found[-1].id, *scores.decision), scores, found[-1])

    def _decision(self, folded: Folded) -> Decision:
        """The record of a decision: all that is needed to make it again."""
        session, scores = folded.session, folded.scores
        told = {
            "session": session.id if session else None,
            "as_of_ms": session.coverage.duration_ms if session else None,
            "scores": scores,
            "vector": session.vector.tobytes() if session else None,
        }
        bundle = self.scorer.scorer.bundle.digest
        return Decision(f"de_{secrets.token_hex(12)}", bundle, msgspec.json.encode(told))

    def _read(self, name: Name) -> Live:
        """Build the memory of a session from the store, in the thread beside the loop."""
        live = self.sessions.read(name, self._aside_engine)
        if live.number:
            folded = self._seen(live)
            live.rows, live.decision = folded.rows, folded.decision
        live.log.engine = engine()
        return live

    async def _beside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._aside, work)

    async def look(self, name: Name) -> Live | None:
        """The memory of a session as the store has it, for reading; None if the store knows nothing of it."""
        live = self.sessions.held(name)
        if live is None or live.stale:
            live = await self._beside(lambda: self._read(name))
        return live if live.number else None


def twin(original: Engine) -> Engine:
    """The same engine with a room of its own to fold in, so that another thread can fold at the same time."""
    other = copy.copy(original)
    other._room = np.zeros_like(original._room)
    return other


def answer_to(seq: int, outliers: int) -> bytes:
    """What a recorder is told: that its batch is kept, and what to do; never what is thought of the visitor."""
    said: dict[str, Any] = {"ok": True, "seq": seq, "interventions": []}
    if outliers:
        said["refused"] = {CLOCK_OUTLIER: outliers}
    return msgspec.json.encode(said)


def text_of(text: bytes, taken: list[Text], outliers: int) -> bytes:
    """The text to store: as it was sent if it is a JSON array and all of it was taken, or else such an array."""
    plain = not outliers and text[:1] == b"[" and all(isinstance(one, memoryview) for one in taken)
    return text if plain else joined(taken)
