"""The memory of live sessions: one log each, the least lately used dropped, all of them only caches of the store."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from data_contracts.batches import Batch
from features.engine import Engine
from features.session import Log
from service.live.refusals import Refusal

Name = tuple[str, str]
"""Site and session."""

SESSION_BYTES: Final = 8 << 10  # of a session without its streams: the folds' memory and Python's objects
STREAM_BYTES: Final = 10 << 10  # of a stream without its page; 9.4 KB were measured
EVENT_BYTES: Final = 220  # of Python's objects for an event beside its text; 200 were measured
REWINDS: Final = 16
"""A session that was folded anew so often is folded again only when someone looks, or at its end."""


@dataclass(slots=True)
class Live:
    """What is held of one session.

    Attributes
    ----------
    log
        Its batches, folded.
    number
        Log number of the last batch that is in it.
    decision
        What was last written down of it; empty if nothing was.
    rows
        Canonical rows that it decoded to.
    texts
        Bytes of its events.
    weight
        Bytes that it was last counted as.
    """

    log: Log
    number: int = 0
    decision: tuple[str, ...] = ()
    rows: int = 0
    texts: int = 0
    weight: int = 0

    @property
    def stale(self) -> bool:
        """Whether it was rewound too often to be folded at every batch."""
        return self.log.rebuilds >= REWINDS

    def weigh(self) -> int:
        """Bytes that it takes, about."""
        pages = sum(stream.index.nbytes for stream in self.log.streams.values())
        return SESSION_BYTES + STREAM_BYTES * len(self.log.streams) + self.texts + pages

    def add(self, number: int, batch: Batch) -> None:
        """Count a batch that the log has taken."""
        self.number = number
        self.texts += sum(map(len, batch.events)) + EVENT_BYTES * len(batch.events)


class LiveSessions:
    """The sessions in memory.

    Parameters
    ----------
    stored
        The batches that the store holds of a session, each with its log number.
    new_log
        Makes an empty log of a name.
    limit
        Bytes that all sessions together may take; the last used one stays whatever it takes.
    waiting
        Most requests that may wait for their turn at one session.
    """

    def __init__(
        self,
        stored: Callable[[str, str], Iterable[tuple[int, Batch]]],
        new_log: Callable[[str], Log],
        limit: int,
        waiting: int,
    ) -> None:
        self._stored = stored
        self._new_log = new_log
        self._limit = limit
        self._most_waiting = waiting
        self._held: OrderedDict[Name, Live] = OrderedDict()
        self._turns: dict[Name, tuple[asyncio.Lock, list[None]]] = {}
        self.bytes = 0
        self.evictions = 0
        self.rebuilds = 0

    def __len__(self) -> int:
        return len(self._held)

    @asynccontextmanager
    async def turn(self, name: Name) -> AsyncIterator[None]:
        """Wait until nobody else works on this session.

        Raises
        ------
        Refusal
            ``busy`` if too many wait already.
        """
        lock, waiting = self._turns.setdefault(name, (asyncio.Lock(), []))
        if len(waiting) >= self._most_waiting:
            raise Refusal("busy", "Too many batches of this session wait for their turn.")
        waiting.append(None)
        try:
            async with lock:
                yield
        finally:
            waiting.pop()
            if not waiting:
                self._turns.pop(name, None)

    def held(self, name: Name) -> Live | None:
        """What is in memory of a session."""
        live = self._held.get(name)
        if live is not None:
            self._held.move_to_end(name)
        return live

    def read(self, name: Name, engine: Engine | None = None) -> Live:
        """Build the memory of a session from the store, without keeping it."""
        log = self._new_log(name[1])
        if engine is not None:
            log.engine = engine
        live = Live(log)
        batches = []
        for number, batch in self._stored(*name):
            live.add(number, batch)
            batches.append(batch)
        if batches:
            log.receive_all(batches)
            self.rebuilds += 1
        return live

    def keep(self, name: Name, live: Live) -> None:
        """Keep the memory of a session, and drop that of others if it no longer fits."""
        self.drop(name)
        live.weight = live.weigh()
        self._held[name] = live
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
