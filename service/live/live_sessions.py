"""The memory of live sessions: the least lately used dropped, all of them only caches of the store."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from data_contracts.batches import Batch
from features.engine import Engine
from features.log import in_turn
from features.memory import Memory
from features.session import Session
from models.live_scores import Scores
from pipelines.store.ranges import Ranges, added, first_from
from pipelines.store.store import Store
from pipelines.store.units import Intervention
from service.deciding.judge import Judge, Struggle

Name = tuple[str, str]
"""Site and session."""

WEIGHED_EVERY: Final = 4  # batches of a session that are not large: a few kB more or less are no matter
SESSION_BYTES: Final = 13 << 9  # of a session without its arrays and streams: Python's objects
FACT_BYTES: Final = 700  # of a moment with its names
STREAM_BYTES: Final = 9 << 10  # of a stream without its arrays
GONE_BYTES: Final = 120  # of the name of a stream that has ended
REWINDS: Final = 16
"""A session that was folded anew so often is folded again only when someone looks, or at its end."""


@dataclass(slots=True)
class Live:
    """What is held of one session.

    Attributes
    ----------
    memory
        Its batches, folded; of a stale session, no later than when it became so.
    number
        Log number of the last batch that is in it.
    decision
        What was last written down of it; empty if nothing was.
    rows
        Canonical rows that it decoded to.
    rewinds
        How often a late batch made it be folded anew.
    struggle
        Of the session that goes on, once it was looked up.
    asked
        Rules that were met once: what they offer was offered, or may not be, and they are not asked again.
    offered
        What the page is told again until it says what became of it, by id.
    weight
        Bytes that it was last counted as.
    """

    memory: Memory
    number: int = 0
    decision: tuple[str, ...] = ()
    rows: int = 0
    rewinds: int = 0
    struggle: Struggle | None = None
    asked: set[str] = field(default_factory=set)
    offered: dict[str, Intervention] = field(default_factory=dict)
    weight: int = 0

    @property
    def stale(self) -> bool:
        """Whether it was rewound too often to be folded at every batch."""
        return self.rewinds >= REWINDS

    def struggle_of(self, session_id: str) -> Struggle | None:
        """What was looked up, if it was looked up of this session."""
        known = self.struggle
        return known if known is not None and known.session_id == session_id else None

    def weigh(self) -> int:
        """Bytes that it takes, about."""
        memory = self.memory
        facts = len(self.struggle.facts) if self.struggle is not None else 0
        offered = sum(len(one.body) for one in self.offered.values())
        return (
            SESSION_BYTES
            + STREAM_BYTES * len(memory.streams)
            + GONE_BYTES * memory.gone
            + FACT_BYTES * facts
            + offered
            + memory.nbytes
        )


class Seen(Struct, frozen=True, gc=False):
    """What a session is after a batch.

    Attributes
    ----------
    rows
        Of all its sessions.
    decision
        What must be written down when it changes.
    unnamed
        Whether it may be worth watching, and nobody has looked up yet what its elements are called.
    judge
        Who said so, whatever others score by now.
    """

    rows: int
    decision: tuple[str, ...]
    scores: Scores | None = None
    session: Session | None = None
    unnamed: bool = False
    judge: Judge | None = None


def said(live: Live, rows: int, session: Session, scores: Scores, judge: Judge) -> Seen:
    """What a session is, with what must be written down of it as far as names were looked up."""
    decision, unnamed = judge.said(scores, session, live.struggle_of(session.id), live.decision)
    return Seen(rows, decision, scores, session, unnamed, judge)


def said_again(live: Live, seen: Seen) -> Seen:
    """The same once more is known of a session: what its elements are called."""
    session, scores, judge = seen.session, seen.scores, seen.judge
    if session is None or scores is None or judge is None:
        return seen
    return said(live, seen.rows, session, scores, judge)


class LiveSessions:
    """The sessions in memory.

    Parameters
    ----------
    store
        The log of batches.
    new, thawed
        Make a memory of a session's name: an empty one, with or without the names that reasons need, and one from a
        checkpoint.
    limit
        Bytes that all sessions together may take; the last used one stays whatever it takes.
    """

    def __init__(
        self,
        store: Store,
        new: Callable[[str, bool], Memory],
        thawed: Callable[[bytes, str], Memory],
        limit: int,
    ) -> None:
        self._store = store
        self._new = new
        self._thawed = thawed
        self._limit = limit
        self._held: OrderedDict[Name, Live] = OrderedDict()
        self.bytes = 0
        self.evictions = 0
        self.rebuilds = 0
        self.thaws = 0

    def __len__(self) -> int:
        return len(self._held)

    def held(self, name: Name) -> Live | None:
        """What is in memory of a session."""
        live = self._held.get(name)
        if live is not None:
            self._held.move_to_end(name)
        return live

    def read(self, name: Name, folds: Engine, late: Batch | None = None) -> Live:
        """Build the memory of a session from the store, without keeping it.

        Parameters
        ----------
        folds
            The engine to fold with.
        late
            A batch that is not in the store yet, to be taken with those that are.
        """
        row = self._store.session(*name)
        if row is None:
            memory = self._fresh(name, folds)
            if late is not None:
                memory.push(late)
            return Live(memory)
        self.rebuilds += 1
        number = row.next_log - 1
        for memory, after in self._beginnings(name, folds):
            if self._play(memory, name, after, number, late):
                return Live(memory, number)
        memory = self._fresh(name, folds)
        memory.push_all(in_turn(self._stored(name, 0, number, late)))
        return Live(memory, number)

    def named(self, name: Name, folds: Engine, late: Batch | None = None) -> tuple[int, list[Session]]:
        """The last log number of a session's log, and its sessions with the names that reasons need.

        Parameters
        ----------
        folds, late
            As ``read`` takes them.
        """
        row = self._store.session(*name)
        number = row.next_log - 1 if row is not None else 0
        memory = self._fresh(name, folds, names=True)
        memory.push_all(in_turn(self._stored(name, 0, number, late)))
        return number, memory.sessions()

    def keep(self, name: Name, live: Live, small: bool = False) -> None:
        """Keep the memory of a session, and drop that of others if it no longer fits.

        Parameters
        ----------
        small
            Whether a small batch is all that came since: it is then weighed now and then.
        """
        held = self._held.get(name)
        if held is live and small and live.number % WEIGHED_EVERY:
            return
        if held is not live:
            if held is not None:
                self.drop(name)
            self._held[name] = live
        else:
            self.bytes -= live.weight
        live.weight = live.weigh()
        self.bytes += live.weight
        while self.bytes > self._limit and len(self._held) > 1:
            oldest = next(iter(self._held))
            self.drop(oldest)
            self.evictions += 1

    def drop(self, name: Name) -> None:
        """Forget the memory of a session; the store still has it."""
        live = self._held.pop(name, None)
        if live is not None:
            self.bytes -= live.weight

    def _fresh(self, name: Name, folds: Engine, names: bool = False) -> Memory:
        memory = self._new(name[1], names)
        memory.engine = folds
        return memory

    def _beginnings(self, name: Name, folds: Engine) -> Iterator[tuple[Memory, int]]:
        """Memories to go on from, the latest first: those of checkpoints, then an empty one; each with its number."""
        empty = self._fresh(name, folds)
        definition = empty.definition()
        for told in self._store.checkpoints(*name):
            if told.digests != definition:
                continue
            checkpoint = self._store.checkpoint(*name, log_number=told.log_number)
            if checkpoint is not None:
                self.thaws += 1
                memory = self._thawed(checkpoint.memory, name[1])
                memory.engine = folds
                yield memory, told.log_number
        yield empty, 0

    def _play(self, memory: Memory, name: Name, after: int, number: int, late: Batch | None) -> bool:
        """Push what was stored after a number, in the order of each stream; False if that changes what is folded."""
        held = self._store.ranges(*name)
        if late is not None:
            held[late.stream] = added(held.get(late.stream, []), late.seq)
        due = {stream: first_from(ranges, memory.due(stream) or 0) for stream, ranges in held.items()}
        stored = self._stored(name, after, number, late)
        return all(memory.push(batch) for batch in as_sent(stored, due, held))

    def _stored(self, name: Name, after: int, number: int, late: Batch | None) -> Iterator[Batch]:
        """Batches by log number, up to one; the late one first, for it was sent before any that follow it."""
        if late is not None:
            yield late
        for one, batch in self._store.batches(*name, after):
            if one <= number:
                yield batch


def as_sent(batches: Iterable[Batch], due: Mapping[str, int], held: Mapping[str, Ranges]) -> Iterator[Batch]:
    """The same batches, those of each stream by number, otherwise as they come.

    Parameters
    ----------
    due
        First number of each stream.
    held
        Numbers that there are of each stream.
    """
    waiting: dict[str, dict[int, Batch]] = {}
    next_seq = dict(due)
    for batch in batches:
        stream, ranges = batch.stream, held.get(batch.stream, [])
        if batch.seq < next_seq.get(stream, 0):
            yield batch  # of no use to a memory that is past it, which says so
            continue
        early = waiting.setdefault(stream, {})
        early[batch.seq] = batch
        while (one := early.pop(next_seq.get(stream, 0), None)) is not None:
            yield one
            next_seq[stream] = first_from(ranges, one.seq + 1)
    for early in waiting.values():
        yield from (early[seq] for seq in sorted(early))
