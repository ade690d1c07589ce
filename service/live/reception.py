"""Reception: what becomes of one batch, from its text to the answer that may be sent because the batch is on disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Final, TypeVar

from data_contracts.batches import Batch
from data_contracts.errors import WatchworthyError
from data_contracts.scrub import SCRUB_VERSION
from features.catalogue import engine
from features.memory import Memory
from features.memory import warm as warm_memory
from features.session import Session
from models.live_scores import LiveScorer
from pipelines.store.intervening import offered
from pipelines.store.store import Store
from pipelines.store.units import Checkpoint, Confirmed, Decision, Outgoing, Stored, StoredAnswer, Unit
from service.deciding.judge import Judge, Struggle
from service.deciding.policy import Policy
from service.deciding.records import goals_of
from service.deciding.telling import Announce, Nobody, messages
from service.live.arrived import Arrived
from service.live.batch_body import Body, Header, cut_and_packed
from service.live.errands import durable
from service.live.live_sessions import Live, LiveSessions, Name, Seen, said, said_again
from service.live.metrics import Metrics
from service.live.refusals import CLOCK_OUTLIER, Refusal, refusal_of
from service.live.rehearsal import rehearse
from service.live.settings import Settings
from service.live.turns import Turns
from service.live.twin import twin
from service.offering.conditions import state_of
from service.offering.offers import Acting, Offer, answer_to, kind_of

T = TypeVar("T")
log = logging.getLogger("watchworthy.live")
HOUR_MS: Final = 3_600_000
CHECKPOINT_EVERY: Final = 64  # batches
TRIES: Final = 3  # at a batch; the last of them offers nothing


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
    policy
        What is recommended; that of the house by default.

    Attributes
    ----------
    announce
        Makes the messages that go out with a decision, in its transaction.
    """

    def __init__(
        self,
        store: Store,
        scorer: LiveScorer,
        settings: Settings,
        metrics: Metrics,
        policy: Policy | None = None,
    ) -> None:
        self.store = store
        self.settings = settings
        self.metrics = metrics
        self.limits = settings.limits
        self.future_ms = settings.future_hours * HOUR_MS
        self.turns = Turns(settings.session_waiting)
        self.sessions = LiveSessions(store, self._new, self._thawed, settings.live_bytes)
        self._aside_thread = ThreadPoolExecutor(1, "decode")
        self.aside_engine = twin(engine())
        self.judge = Judge(scorer, store, policy, settings.stakes)
        self.announce: Announce = Nobody()
        self.acting = Acting(store, self.judge.secrets)

    @property
    def scorer(self) -> LiveScorer:
        """The heads that score now."""
        return self.judge.scorer

    def take_up(self, scorer: LiveScorer) -> None:
        """Score by other heads from now on: one reference changes, and what has begun ends with those it began with."""
        self.judge = self.judge.with_heads(scorer)

    def _new(self, name: str, names: bool = False) -> Memory:
        return Memory(name, engine(), self.settings.idle_ms, self.limits, names=names)

    def _thawed(self, frozen: bytes, name: str) -> Memory:
        return Memory.thaw(frozen, name, engine(), self.settings.idle_ms, self.limits)

    def warm(self) -> None:
        """Compile everything that a batch needs, or load it from disk."""
        engine().warm()
        self.aside_engine.warm()
        self.scorer.warm()
        warm_memory()
        rehearse(self._new, self._thawed, self.scorer, self.limits)

    def close(self) -> None:
        """Stop the thread beside the loop."""
        self._aside_thread.shutdown()

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
        name = (site, body.header.session)
        if not self.turns.takes(name):
            await self.turns.enter(name)
        try:
            live = self.sessions.held(name)
            known = self._known(name, live, body.header)
            if known is None:
                return await self._take_new(name, live, body, received_at_ms)
            if known.digest != body.digest:
                raise Refusal("seq_conflict")
            self.metrics.repeats.inc()
            return known.answer
        except WatchworthyError as error:
            raise refusal_of(error) from error
        finally:
            self.turns.leave(name)

    def _known(self, name: Name, live: Live | None, header: Header) -> StoredAnswer | None:
        """What was answered to this batch before; the store is asked only where memory does not know better."""
        if live is not None and not live.stale:
            due = live.memory.due(header.stream)
            if due is not None and header.seq >= due:
                return None  # should another process have it, the store says `log_moved`
        return self.store.known(*name, header.stream, header.seq)

    async def _take_new(self, name: Name, live: Live | None, body: Body, received_at_ms: int) -> bytes:
        header, text = body.header, body.text
        refused = self.store.refuse_early(*name, header.stream, header.seq, len(text), received_at_ms)
        if refused is not None:
            raise refused
        large = len(text) > self.settings.aside_bytes
        latest_ms = received_at_ms + self.future_ms
        if large:
            read, packed = await self.beside(lambda: cut_and_packed(text, self.limits, latest_ms))
        else:
            read, packed = cut_and_packed(text, self.limits, latest_ms)
        batch = Batch(header.stream, header.seq, read.events, header.mask)
        arrived = Arrived(name, header, batch, body.digest, read, packed, received_at_ms, large)
        for tried in range(1, TRIES + 1):
            try:
                stored = await self._fold_and_store(arrived, live, acts=tried < TRIES)
                break
            except WatchworthyError as error:
                # Another process stored batches of this session, or took the last room that a rule's caps had left.
                if error.code not in ("log_moved", "already_stored") or tried == TRIES:
                    raise
                live = None
        self.metrics.taken.took(len(read.events), read.scrubbed)
        if read.outliers:
            self.metrics.refused(CLOCK_OUTLIER, read.outliers)
        return stored.answer

    async def _fold_and_store(self, arrived: Arrived, live: Live | None, acts: bool) -> Stored:
        name, batch, large, ends = arrived.name, arrived.batch, arrived.large, arrived.header.end
        if live is None or (ends and live.stale):
            live = await self.beside(lambda: self._read(name))
        try:
            seen: Seen | None = None
            if not live.stale:
                if large:
                    seen = await self.beside(partial(self._aside, live, batch, ends))
                else:
                    seen = self._fold(live, batch, ends)
                if seen is None or seen.unnamed:
                    live, seen = await self._again(name, live, batch, seen)
            offer: Offer | None = None
            if acts and seen is not None and not self.acting.is_idle(name[0]):
                offer = await self._due(arrived, live, seen)
            stored = await durable(self.store, self._with_it(arrived, live, seen, offer))
        except BaseException as error:
            self.sessions.drop(name)  # it may hold what is not on disk
            if isinstance(error, Exception) and not isinstance(error, WatchworthyError):
                log.exception("not stored", extra={"site": name[0], "session": name[1]})
                raise Refusal("not_stored") from error
            raise
        if stored.log_number == live.number + 1 and not stored.repeated:
            live.number = stored.log_number
            if seen is not None:
                live.decision, live.rows = seen.decision, seen.rows
            self.sessions.keep(name, live, small=not large)
        else:
            self.sessions.drop(name)
        return stored

    def _shown(
        self, arrived: Arrived, live: Live, offer: Offer | None
    ) -> tuple[tuple[Confirmed, ...], list[Outgoing]]:
        """What became of interventions, and what goes out because they were shown."""
        confirmed = tuple([Confirmed(one.id, one.what) for one in arrived.header.confirm])
        shown = [one for told in confirmed if (one := live.offered.pop(told.id, None)) is not None]
        if offer is not None and (one := offer.intervention).body:
            if kind_of(one) == "webhook":  # it is for the owner's own services, and so shown when it is told
                shown.append(one)
                confirmed += (Confirmed(one.id, "shown"),)
            else:
                live.offered[one.id] = one
        (site, session), at_ms = arrived.name, arrived.received_at_ms
        told = [self.announce.shown(site, session, one, at_ms) for one in shown]
        return confirmed, list(chain.from_iterable(told))

    async def _due(self, arrived: Arrived, live: Live, seen: Seen) -> Offer | None:
        """What a rule that the session meets now offers, if its caps allow it."""
        session, scores = seen.session, seen.scores
        if session is None or scores is None:
            return None
        (site, name), at_ms = arrived.name, arrived.received_at_ms
        state = state_of(session, scores, live.memory.address_now, arrived.header.visitor or name)
        rule = self.acting.met(site, state, live.asked)
        if rule is None:
            return None
        goals = goals_of(session)
        live.asked.add(rule.id)
        return await self.beside(lambda: self.acting.offer(site, name, rule, state, goals, at_ms))

    def _with_it(self, arrived: Arrived, live: Live, seen: Seen | None, offer: Offer | None) -> Unit:
        """The batch and what goes with it: answer, rows, changed decision, what is due, now and then a checkpoint."""
        (site, session), header, read = arrived.name, arrived.header, arrived.read
        confirmed: tuple[Confirmed, ...] = ()
        outbox: list[Outgoing] = []
        if offer is not None or header.confirm:
            confirmed, outbox = self._shown(arrived, live, offer)
        rows, frozen = 0, None
        decisions: tuple[Decision, ...] = ()
        if seen is not None:
            rows = max(0, seen.rows - live.rows)
            if (live.number + 1) % CHECKPOINT_EVERY == 0:
                frozen = live.memory.freeze()
            if seen.decision != live.decision:
                decisions = self._decisions(arrived, live, seen)
                outbox[:0] = messages(self.announce, site, live.decision, decisions)
        offered = [one.body for one in live.offered.values()] if live.offered else ()
        checkpoint = Checkpoint(frozen, live.memory.last_ms, live.memory.definition()) if frozen else None
        return Unit(  # by place: so many names would take longer than all the rest of this
            site,
            session,
            header.stream,
            header.seq,
            read.text,
            arrived.digest,
            arrived.received_at_ms,
            answer_to(header.seq, read.outliers, offered),
            rows,
            header.visitor,
            arrived.batch.channels,
            header.agreed,
            SCRUB_VERSION,
            read.first_ms,
            read.last_ms,
            header.end,
            live.number,
            checkpoint,
            decisions,
            (offer.intervention,) if offer else (),
            tuple(outbox),
            offer.caps if offer else (),
            confirmed,
            arrived.packed,
        )

    async def _again(self, name: Name, live: Live, batch: Batch, seen: Seen | None) -> tuple[Live, Seen]:
        """What a batch comes to that changes what was folded, or that lets one ask what elements are called."""
        if seen is None:
            again = await self.beside(lambda: self._read(name, batch))
            again.decision, again.rows, again.rewinds = live.decision, live.rows, live.rewinds + 1
            again.asked, again.offered = live.asked, live.offered
            return again, self._seen(again)
        if (session := seen.session) is None:
            return live, seen
        live.struggle = self.judge.struggle_now(name[0], session)
        if live.struggle is None:
            live.struggle = await self.beside(lambda: self._struggle(name, session.id, batch))
        return live, said_again(live, seen)

    def _fold(self, live: Live, batch: Batch, ends: bool) -> Seen | None:
        """Fold a batch and score; None if it changes what is folded."""
        return self._seen(live) if live.memory.push(batch, ends) else None

    def _aside(self, live: Live, batch: Batch, ends: bool) -> Seen | None:
        """The same in the thread beside the loop, with an engine of its own."""
        live.memory.engine = self.aside_engine
        try:
            return self._fold(live, batch, ends)
        finally:
            live.memory.engine = engine()

    def _seen(self, live: Live) -> Seen:
        session, rows = live.memory.latest()
        if session is None:
            return Seen(rows, live.decision)
        judge = self.judge
        return said(live, rows, session, judge.scorer.scores(session), judge)

    def _decisions(self, arrived: Arrived, live: Live, seen: Seen) -> tuple[Decision, ...]:
        """The decision that a batch has changed, as the store takes it."""
        session, scores, judge = seen.session, seen.scores, seen.judge
        if session is None or scores is None or judge is None:
            return ()
        made = judge.decision(
            arrived.name[0],
            session,
            scores,
            live.struggle_of(session.id),
            cause="changed",
            log_number=live.number + 1,
            now_ms=arrived.received_at_ms,
        )
        return (judge.stored(made),)

    def _struggle(self, name: Name, session_id: str, late: Batch | None) -> Struggle:
        _, found = self.sessions.named(name, self.aside_engine, late)
        session = next((one for one in found if one.id == session_id), None)
        return Struggle(session_id, (), 0) if session is None else self.judge.struggle(name[0], session)

    def _read(self, name: Name, late: Batch | None = None) -> Live:
        """Build the memory of a session from the store, in the thread beside the loop."""
        live = self.sessions.read(name, self.aside_engine, late)
        if live.number or late is not None:
            seen = self._seen(live)
            if seen.unnamed and seen.session is not None:
                live.struggle = self._struggle(name, seen.session.id, late)
                seen = said_again(live, seen)
            if late is None:
                live.rows, live.decision = seen.rows, seen.decision
            for one in self.store.read(lambda db: offered(db, *name)):
                live.asked.add(one.intervention.rule)
                if one.waits:
                    live.offered[one.intervention.id] = one.intervention
        live.memory.engine = engine()
        return live

    async def named(self, name: Name) -> tuple[int, list[Session]]:
        """The last log number of a log, and its sessions with all names, read from the store."""
        return await self.beside(lambda: self.sessions.named(name, self.aside_engine))

    async def beside(self, work: Callable[[], T]) -> T:
        """Have work done in the thread beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._aside_thread, work)

    async def look(self, name: Name) -> Live | None:
        """The memory of a session as the store has it, for reading; None if the store knows nothing of it."""
        live = self.sessions.held(name)
        if live is None or live.stale:
            live = await self.beside(lambda: self._read(name))
        return live if live.number else None
