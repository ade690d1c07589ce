"""The memory of one log of batches: what is folded of it, and what still waits.

It holds no batch. Where a late batch changes what is folded, the memory says so and is of no use any more: whoever
keeps the batches builds another. Whatever the order in which batches come, the sessions are those of the set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.batches import Batch
from data_contracts.compiled import source_digest
from data_contracts.counts import Counts
from data_contracts.elements import Element
from data_contracts.events import EVENT, Events
from data_contracts.limits import LIMITS, Limits
from data_contracts.order import IDLE_MS, PageNumbers, cut, interleave, number_pages
from data_contracts.row_looks import count_before, merged
from data_contracts.stream import Stream
from data_contracts.views import PageView
from features.catalogue import engine
from features.engine import Engine, duplicate, live
from features.folded import Folded
from features.frozen import Frozen, decode, encode
from features.looking import Terms
from features.moments import MOMENT
from features.session import Session, covered, seen_by

LATE_MS: Final = 1_000  # rows of a stream come at most so late
PAGES_KEPT: Final = 64  # numbers of page views, before those that have passed are forgotten
SETTLED_FROM: Final = 64  # rows that wait: to fold fewer anew at every look costs less than to settle some
MOST_WAITING: Final = 256  # rows of a lone stream: the next look settles fewer by the way
LAGGING_MS: Final = 10_000  # a stream so far behind the newest is taken to be silent, and is not waited for


def warm() -> None:
    """Compile what a memory calls beside its engine, or load it from disk."""
    one = np.zeros(1, EVENT)
    merged(one, one)
    count_before(one, 0)


class Memory:
    """What is folded of a log, and what still waits.

    Parameters
    ----------
    name
        Id of its first session.
    folds
        The engine; that of the shipped catalogue by default.
    idle_ms
        A longer pause ends a session.
    limits
        Bounds on what is decoded.
    thresholds
        ``THRESHOLDS[1]`` of the signals; ours by default.
    names
        Whether to keep what reasons need: elements that were acted on, page views, streams that have ended. Without
        it the memory stays small however long the session goes on.
    """

    def __init__(
        self,
        name: str,
        folds: Engine | None = None,
        idle_ms: int = IDLE_MS,
        limits: Limits = LIMITS,
        thresholds: npt.NDArray[np.void] | None = None,
        names: bool = True,
    ) -> None:
        self.name = name
        self.engine = folds or engine()
        self._idle_ms = idle_ms
        self._limits = limits
        self._thresholds = thresholds
        self._names = names
        self._streams: dict[str, Stream] = {}
        self._ids: dict[str, int] = {}
        self._ended: set[str] = set()
        self._gone: set[str] = set()
        self._channels = 0
        self._newest: int | None = None
        self._folded = Folded(self.engine.empty())
        self._shown = self._folded.pages

    def push(self, batch: Batch, ends: bool = False) -> bool:
        """Take a batch: decode it, and fold what no later batch is likely to change.

        Parameters
        ----------
        batch
            Its number is not below those of its stream that were taken.
        ends
            Whether its stream says that it ends with this batch.

        Returns
        -------
        bool
            False if it changes what is folded. The memory is then of no use any more.

        Raises
        ------
        WatchworthyError
            Whatever decoding refuses. The memory is then of no use any more.
        """
        stream = self._take(batch)
        if stream is None:
            return False
        rows, latest, folded = stream.waiting, stream.clock.latest, self._folded
        if folded.last is not None and rows.size and (int(rows["t"][0]), batch.stream) < folded.last:
            return False
        if ends:
            self._ended.add(batch.stream)
        if latest is not None:
            if self._newest is None or latest > self._newest:
                self._newest = latest
            if len(self._streams) > 1 or self._ended or rows.size > MOST_WAITING:
                self._settle()
            if not self._names and (self._ended or len(folded.pages.given) > PAGES_KEPT):
                self._let_go(self._newest)
        return True

    def push_all(self, batches: Iterable[Batch]) -> bool:
        """Take many batches, those of a stream by number; fold nothing before all are there. As ``push``."""
        return all(self._take(batch) is not None for batch in batches)

    def sessions(self) -> list[Session]:
        """Every session of the batches taken so far, in order of time."""
        folded = self._to_the_end()
        parts = [*folded.finished]
        if folded.last is not None:
            parts.append((folded.memory, folded.shown(self.engine)))
        return [self._session(i, memory, moments) for i, (memory, moments) in enumerate(parts)]

    def latest(self) -> tuple[Session | None, int]:
        """The session that goes on, and the rows of all sessions."""
        if len(self._streams) == 1 and (found := self._look()) is not None:
            return found
        self._settle()
        folded = self._to_the_end()
        if folded.last is None:
            return None, 0
        session = self._session(len(folded.finished), folded.memory, folded.shown(self.engine))
        return session, folded.earlier + session.coverage.rows

    def freeze(self) -> bytes | None:
        """Its state, to go on from with ``thaw``; None while a clock is in doubt.

        It is of use to the same code and settings only, see ``definition``.
        """
        frozen = [stream.freeze() for stream in self._streams.values()]
        streams = [stream for stream in frozen if stream is not None]
        if self._names or len(streams) < len(frozen):
            return None
        folded = self._folded
        moments = None if folded.moments is None else folded.moments.tobytes()
        return encode(
            Frozen(
                folded.memory.tobytes(),
                moments,
                folded.last,
                [(memory.tobytes(), these.tobytes()) for memory, these in folded.finished],
                folded.pages.given,
                folded.pages.due,
                self._ids,
                sorted(self._ended),
                sorted(self._gone),
                self._channels,
                self._newest,
                streams,
            )
        )

    @classmethod
    def thaw(cls, frozen: bytes, *settings: Any) -> Memory:
        """A memory that goes on where a frozen one stood; ``settings`` as to make one, all but ``names``."""
        memory = cls(*settings)
        memory._names = False
        state = decode(frozen)
        dtype = memory.engine.dtype

        def moments_of(data: bytes) -> npt.NDArray[np.void]:
            return np.frombuffer(data, MOMENT).copy()

        def memory_of(data: bytes) -> npt.NDArray[np.void]:
            return duplicate(np.frombuffer(data, dtype))

        memory._folded = Folded(
            memory_of(state.memory),
            None if state.moments is None else moments_of(state.moments),
            state.last,
            [(memory_of(one), moments_of(these)) for one, these in state.finished],
            PageNumbers(state.pages, state.due),
        )
        memory._shown = memory._folded.pages
        memory._ids = state.ids
        memory._ended, memory._gone = set(state.ended), set(state.gone)
        memory._channels, memory._newest = state.channels, state.newest
        memory._streams = {one.name: Stream.thaw(one, memory._limits) for one in state.streams}
        return memory

    def definition(self) -> bytes:
        """Digest of the code and settings that made it what it is."""
        said = [source_digest("data_contracts"), source_digest("features"), self._idle_ms, self._limits.depth]
        thresholds = b"" if self._thresholds is None else self._thresholds.tobytes()
        return hashlib.sha256(repr(said).encode() + repr(self.engine.names).encode() + thresholds).digest()

    def due(self, stream: str) -> int | None:
        """Number of the batch of a stream that is due, 0 of a new one; None if the stream is not kept any more."""
        one = self._streams.get(stream)
        return one.next_seq if one is not None else None if stream in self._gone else 0

    @property
    def streams(self) -> Mapping[str, Stream]:
        """The streams that are kept, by name."""
        return self._streams

    @property
    def last_ms(self) -> int:
        """Time of the last row folded, ms since the epoch; 0 if there is none."""
        return self._folded.last[0] if self._folded.last is not None else 0

    @property
    def gone(self) -> int:
        """How many streams have ended and are not kept any more."""
        return len(self._gone)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that it holds: folds, moments, pages, rows that wait."""
        folded = self._folded
        parts = [(folded.memory, folded.moments), *folded.finished]
        held = sum(array.nbytes for part in parts for array in part if array is not None)
        return held + sum(stream.nbytes for stream in self._streams.values())

    @property
    def counts(self) -> Counts:
        """What was met, over all streams that are kept."""
        total = Counts()
        for stream in self._streams.values():
            total.add(stream.counts)
        return total

    @property
    def channels(self) -> int:
        """Channels seen or declared; bit i stands for ``CHANNELS[i]``."""
        mask = self._channels
        for stream in self._streams.values():
            mask |= stream.channels
        return mask

    def address(self, page: int) -> str:
        """Address of the page view of this number in the session; empty if it is not known."""
        found = self._place(page)
        return found[0].address(found[1]) if found else ""

    @property
    def address_now(self) -> str:
        """Address of the page that is open in the stream that was heard last; empty if none is known."""
        heard = [stream for stream in self._streams.values() if stream.clock.latest is not None]
        return max(heard, key=lambda stream: stream.clock.latest or 0).address_now if heard else ""

    def views(self) -> list[PageView]:
        """The page views that are known, by number."""
        names = {number: name for name, number in self._ids.items()}
        found: list[PageView] = []
        for key, _ in sorted(self._shown.given.items(), key=lambda pair: pair[1]):
            pages, place = self._streams[names[key >> 32]].pages, key & 0xFFFFFFFF
            if place < len(pages):
                found.append(pages[place])
        return found

    def element(self, page: int, node: int, brief: bool = False) -> Element | None:
        """What is known of a node of a page view."""
        found = self._place(page)
        return found[0].element(found[1], node, brief) if found else None

    def _place(self, page: int) -> tuple[Stream, int] | None:
        for key, number in self._shown.given.items():
            if number == page:
                owner = key >> 32
                name = next(name for name, i in self._ids.items() if i == owner)
                return self._streams[name], key & 0xFFFFFFFF
        return None

    def _take(self, batch: Batch) -> Stream | None:
        """Decode a batch; its stream, or None if it comes too late for it."""
        stream = self._streams.get(batch.stream)
        if stream is None:
            if batch.stream in self._gone:
                return None
            stream = self._streams[batch.stream] = Stream(batch.stream, self._limits, names=self._names)
            self._ids[batch.stream] = len(self._ids) + len(self._gone)
        if batch.seq < stream.next_seq:
            return None
        if batch.seq > stream.next_seq:
            stream.lose(batch.seq)
        if batch.channels:
            stream.declare(batch.channels)
        stream.push(batch.seq, batch.events)
        return stream

    def _horizon(self, newest: int) -> int:
        """The time before which no stream is likely to send anything, ms."""
        latest = [one.clock.latest for one in self._streams.values() if one.clock.latest is not None]
        return min([newest, *[t for t in latest if t >= newest - LAGGING_MS]]) - LATE_MS

    def _settle(self) -> None:
        """Fold the rows that no stream is likely to send anything before, if there are enough; they wait no more."""
        waiting = sum(one.waiting.size for one in self._streams.values())
        if self._newest is None or (waiting < SETTLED_FROM and not self._ended):
            return
        horizon = self._horizon(self._newest)
        self._advance(self._folded, {name: one.take_before(horizon) for name, one in self._streams.items()})

    def _look(self) -> tuple[Session, int] | None:
        """As ``latest``, settled by the way, of one stream; None unless one page view of it waits."""
        ((name, stream),) = self._streams.items()
        rows, newest, folded = stream.waiting, self._newest, self._folded
        if not rows.size or newest is None:
            return None
        channels = self._channels | stream.channels
        horizon = newest - LATE_MS if stream.clock.latest == newest else self._horizon(newest)
        pages, page, last = folded.pages, stream.page_now, folded.last
        key = (self._ids[name] << 32) + page
        number = page if page < 0 else pages.given.get(key, pages.due)
        last_ms = int(rows["t"][0]) if last is None else last[0]
        terms = Terms(page, number, horizon, self._idle_ms, last_ms)
        found = self.engine.look(rows, terms, folded.memory, folded.moments, self._thresholds, channels)
        if found is None:
            return None
        ready, until, folded.moments, look = found
        if page >= 0 and key not in pages.given:
            if not ready:
                pages = pages.copy()  # what is only shown so far gets no number yet
            pages.of(key)
        if ready:
            stream.drop(ready)
            folded.last = (until, name)
        self._shown = pages
        finished, seen = folded.finished, seen_by(look.evidence, channels)
        name, start_ms = self._name_of(len(finished)), look.evidence[0]
        session = Session(name, start_ms, look.memory, look.moments, look.vector, seen, self)
        return session, seen.rows + (folded.earlier if finished else 0)

    def _let_go(self, newest: int) -> None:
        """Forget page views that have passed, and streams that have ended and of which nothing waits."""
        pages = self._folded.pages
        if len(pages.given) > PAGES_KEPT:
            for name, stream in self._streams.items():
                pages.forget(self._ids[name], max(stream.page, 0))
        for name in list(self._ended):
            stream = self._streams[name]
            silent = stream.clock.latest is None or stream.clock.latest < newest - LAGGING_MS
            if silent and not stream.waiting.size:
                self._channels |= stream.channels
                pages.forget(self._ids.pop(name))
                del self._streams[name]
                self._ended.remove(name)
                self._gone.add(name)

    def _to_the_end(self) -> Folded:
        """A copy, in which all that waits is folded as well."""
        folded = self._folded.copy()
        self._advance(folded, {name: stream.waiting for name, stream in self._streams.items()})
        self._shown = folded.pages
        return folded

    def _advance(self, folded: Folded, streams: dict[str, Events]) -> None:
        """Fold the rows of ``streams``, of which none sorts before what is folded."""
        names = sorted(name for name, rows in streams.items() if rows.size)
        if not names:
            return
        rows, rank = interleave([streams[name] for name in names])
        number_pages(rows, np.array([self._ids[name] for name in names], "i8")[rank], folded.pages)
        if folded.last is not None and int(rows["t"][0]) - folded.last[0] > self._idle_ms:
            folded.finish(self.engine, self._idle_ms, self._thresholds)
        for i, part in enumerate(cut(rows, self._idle_ms)):
            if i:
                folded.finish(self.engine, self._idle_ms, self._thresholds)
            folded.moments = self.engine.fold(rows[part], folded.memory, folded.moments, self._thresholds)
        folded.last = (int(rows["t"][-1]), names[int(rank[-1])])

    def _session(self, number: int, memory: npt.NDArray[np.void], moments: npt.NDArray[np.void]) -> Session:
        coverage = covered(memory, self.channels)
        vector = self.engine.vector(memory, self.channels)
        start_ms = int(memory["context"]["start"][0])
        return Session(self._name_of(number), start_ms, memory, live(moments), vector, coverage, self)

    def _name_of(self, number: int) -> str:
        return self.name if number == 0 else f"{self.name}.{number + 1}"
