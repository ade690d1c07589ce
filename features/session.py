"""The memory of one log of batches: what is folded of it, what still waits, and the sessions read off both.

Offline is the same as live, with all batches at once: whatever the order in which batches come, however often
each comes, the sessions are those of the set of batches held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from data_contracts.batches import Batch
from data_contracts.counts import Counts
from data_contracts.elements import Element
from data_contracts.errors import WatchworthyError
from data_contracts.events import CHANNELS, EVENT, SIGHTED, STATUS, Events
from data_contracts.limits import LIMITS, Limits
from data_contracts.order import IDLE_MS, cut, interleave, number_pages
from data_contracts.stream import Stream
from data_contracts.views import PageView
from features.catalogue import engine
from features.engine import Engine, duplicate, live

LATE_MS: Final = 1_000  # rows of a stream come at most so late
LAGGING_MS: Final = 10_000  # a stream so far behind the newest is taken to be silent, and is not waited for


@dataclass(frozen=True)
class Coverage:
    """What there was to see of a session.

    Attributes
    ----------
    rows, positions, acts, unknown
        Canonical events, mouse positions, acts; events that were not understood.
    duration_ms, sighted_ms, blind_ms
        From the first row to the last; with and without knowledge of the page.
    channels
        Channels seen or declared.
    """

    rows: int
    positions: int
    acts: int
    unknown: int
    duration_ms: int
    sighted_ms: int
    blind_ms: int
    sighted: bool
    channels: tuple[str, ...]

    @property
    def blind(self) -> bool:
        """Whether the page could never be seen."""
        return not self.sighted

    @property
    def fidelity(self) -> Literal["exact", "partial", "blind"]:
        """``exact``, ``partial`` or ``blind``."""
        return "blind" if self.blind else "partial" if self.blind_ms > 0 else "exact"


@dataclass(frozen=True)
class Session:
    """One session: what the folds hold of it, and who its elements are.

    Attributes
    ----------
    id
        ``S``, and ``S.2``, ``S.3`` for what follows a pause.
    start_ms
        Time of its first row, ms since the epoch.
    memory
        The folds' memory, one record.
    moments
        ``MOMENT[n]`` by (start, code), none that was withdrawn; times in ms from ``start_ms``.
    vector
        float32, the catalogue's features in its order.
    """

    id: str
    start_ms: int
    memory: npt.NDArray[np.void]
    moments: npt.NDArray[np.void]
    vector: npt.NDArray[np.float32]
    coverage: Coverage
    log: Log = field(repr=False)

    def element(self, page: int, node: int) -> Element | None:
        """What is known of a node of a page view; None if nothing was kept."""
        return self.log.element(page, node)

    def address(self, page: int) -> str:
        """Address of a page view, empty if it is not known."""
        view = self.log.view(page)
        return view.address if view else ""


@dataclass
class _Folded:
    """How far the rows are folded."""

    memory: npt.NDArray[np.void]
    moments: npt.NDArray[np.void] | None = None
    last: tuple[int, str] | None = None  # time and stream of the last row
    finished: list[tuple[npt.NDArray[np.void], npt.NDArray[np.void]]] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)

    def copy(self) -> _Folded:
        return _Folded(
            duplicate(self.memory), self.moments, self.last, list(self.finished), dict(self.numbers)
        )


class Log:
    """Batches of one session log, folded as they come.

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
    """

    def __init__(
        self,
        name: str,
        folds: Engine | None = None,
        idle_ms: int = IDLE_MS,
        limits: Limits = LIMITS,
        thresholds: npt.NDArray[np.void] | None = None,
    ) -> None:
        self.name = name
        self.engine = folds or engine()
        self.rebuilds = 0
        """How often a late batch made everything be folded again."""
        self._idle_ms = idle_ms
        self._limits = limits
        self._thresholds = thresholds
        self._batches: dict[str, dict[int, Batch]] = {}
        self._reset()

    def _reset(self) -> None:
        self._streams: dict[str, Stream] = {}
        self._ids: dict[str, int] = {}
        self._settled: dict[str, Events] = {}
        self._folded = _Folded(self.engine.empty())
        self._shown: dict[int, int] = {}

    def receive(self, batch: Batch) -> bool:
        """Take a batch.

        Returns
        -------
        bool
            False if the very same batch was already held.

        Raises
        ------
        WatchworthyError
            ``seq_conflict`` if another batch bears its number; whatever decoding refuses.
        """
        ours = self._batches.setdefault(batch.stream, {})
        if batch.seq in ours:
            if ours[batch.seq].events != batch.events:
                raise conflict(batch)
            return False
        ours[batch.seq] = batch
        stream = self._streams.get(batch.stream)
        if (stream is not None and batch.seq < stream.next_seq) or not self._push(batch):
            self._rebuild()
        return True

    def receive_all(self, batches: Iterable[Batch]) -> None:
        """Take many batches at once: the same end as one by one, each decoded once.

        Raises
        ------
        WatchworthyError
            As ``receive``; nothing of the batches is then held.
        """
        held = {name: dict(ours) for name, ours in self._batches.items()}
        for batch in batches:
            ours = held.setdefault(batch.stream, {}).setdefault(batch.seq, batch)
            if ours is not batch and ours.events != batch.events:
                raise conflict(batch)
        self._batches = held
        self._reset()
        self._take_all()

    def sessions(self) -> list[Session]:
        """Every session of the batches held so far, in order of time."""
        waiting = self._waiting()
        last = self._folded.last
        if last is not None and any(
            rows.size and (int(rows["t"][0]), name) < last for name, rows in waiting.items()
        ):
            # A stream that was taken to be silent speaks of the past: what waits sorts before what is folded.
            self._rebuild()
            waiting = self._waiting()
        folded = self._folded.copy()
        self._advance(folded, waiting)
        self._shown = folded.numbers
        parts = [*folded.finished]
        if folded.last is not None:
            parts.append((folded.memory, self._moments(folded)))
        return [self._session(i, memory, moments) for i, (memory, moments) in enumerate(parts)]

    def _waiting(self) -> dict[str, Events]:
        """Rows of each stream that are not folded yet."""
        return {
            name: np.concatenate([self._settled[name], stream.pending()])
            for name, stream in self._streams.items()
        }

    def holds(self, stream: str, seq: int) -> bool:
        """Whether a batch of this number was received."""
        return seq in self._batches.get(stream, ())

    @property
    def streams(self) -> Mapping[str, Stream]:
        """The streams met so far, by name."""
        return self._streams

    @property
    def counts(self) -> Counts:
        """What was met, over all streams."""
        total = Counts()
        for stream in self._streams.values():
            total.add(stream.counts)
        return total

    @property
    def channels(self) -> int:
        """Channels seen or declared; bit i stands for ``CHANNELS[i]``."""
        mask = 0
        for stream in self._streams.values():
            mask |= stream.channels
        return mask

    def view(self, page: int) -> PageView | None:
        """The page view of this number in the session."""
        found = self._place(page)
        if found is None or not 0 <= found[1] < len(found[0].pages):
            return None
        return found[0].pages[found[1]]

    def element(self, page: int, node: int) -> Element | None:
        """What is known of a node of a page view."""
        found = self._place(page)
        return found[0].elements.get((found[1], node)) if found else None

    def _place(self, page: int) -> tuple[Stream, int] | None:
        for key, number in self._shown.items():
            if number == page:
                owner = key >> 32
                name = next(name for name, i in self._ids.items() if i == owner)
                return self._streams[name], key & 0xFFFFFFFF
        return None

    def _push(self, batch: Batch) -> bool:
        """Decode a batch and fold what cannot change any more; False if it changes what is folded."""
        stream = self._streams.get(batch.stream)
        if stream is None:
            stream = self._streams[batch.stream] = Stream(batch.stream, self._limits)
            self._ids[batch.stream] = len(self._ids)
            self._settled[batch.stream] = np.empty(0, EVENT)
        if batch.seq > stream.next_seq:
            stream.lose(batch.seq)
        stream.push(batch.seq, batch.events)
        fresh = stream.take_settled()
        if fresh.size:
            if self._folded.last is not None and (int(fresh["t"][0]), batch.stream) < self._folded.last:
                return False
            self._settled[batch.stream] = np.concatenate([self._settled[batch.stream], fresh])
        latest = {name: one.latest for name, one in self._streams.items() if one.latest is not None}
        if not latest:
            return True
        newest = max(latest.values())
        horizon = min(t for t in latest.values() if t >= newest - LAGGING_MS) - LATE_MS
        ready = {}
        for name, rows in self._settled.items():
            count = int(np.searchsorted(rows["t"], horizon, side="left"))
            if count:
                ready[name] = rows[:count]
                self._settled[name] = rows[count:]
        self._advance(self._folded, ready)
        return True

    def _advance(self, folded: _Folded, streams: dict[str, Events]) -> None:
        """Fold the rows of ``streams``, of which none sorts before what is folded."""
        names = sorted(name for name, rows in streams.items() if rows.size)
        if not names:
            return
        rows, rank = interleave([streams[name] for name in names])
        number_pages(rows, np.array([self._ids[name] for name in names], "i8")[rank], folded.numbers)
        if folded.last is not None and int(rows["t"][0]) - folded.last[0] > self._idle_ms:
            self._finish(folded)
        parts = cut(rows, self._idle_ms)
        for i, part in enumerate(parts):
            if i:
                self._finish(folded)
            folded.moments = self.engine.fold(rows[part], folded.memory, folded.moments, self._thresholds)
        folded.last = (int(rows["t"][-1]), names[int(rank[-1])])

    def _finish(self, folded: _Folded) -> None:
        """End the session: the pause has shown how every open window closes, but is no part of the session."""
        after = np.zeros(1, EVENT)
        context = folded.memory["context"][0]
        after["t"] = int(context["start"]) + int(context["t"]) + self._idle_ms
        after["kind"], after["page"] = STATUS, context["page"]
        after["flags"] = SIGHTED if context["sighted"] else 0
        moments = self.engine.fold(after, duplicate(folded.memory), folded.moments, self._thresholds)
        folded.finished.append((folded.memory, moments))
        folded.memory, folded.moments = self.engine.empty(), None

    def _moments(self, folded: _Folded) -> npt.NDArray[np.void]:
        return (
            folded.moments
            if folded.moments is not None
            else self.engine.fold(np.empty(0, EVENT), self.engine.empty())
        )

    def _rebuild(self) -> None:
        """Fold everything again from the batches."""
        self.rebuilds += 1
        self._reset()
        self._take_all()

    def _take_all(self) -> None:
        """Decode every batch, stream by stream; fold nothing before all is there."""
        for name, held in self._batches.items():
            stream = self._streams[name] = Stream(name, self._limits)
            self._ids[name] = len(self._ids)
            for seq in sorted(held):
                if seq > stream.next_seq:
                    stream.lose(seq)
                stream.push(seq, held[seq].events)
            self._settled[name] = stream.take_settled()

    def _session(self, number: int, memory: npt.NDArray[np.void], moments: npt.NDArray[np.void]) -> Session:
        context = memory["context"][0]
        mask = int(context["channels"]) | self.channels
        coverage = Coverage(
            rows=int(context["rows"]),
            positions=int(context["positions"]),
            acts=int(context["acts"]),
            unknown=int(context["unknown"]),
            duration_ms=int(context["t"]),
            sighted_ms=int(context["sighted_ms"]),
            blind_ms=int(context["blind_ms"]),
            sighted=bool(context["sighted_ms"] > 0 or context["acts_sighted"] > 0 or context["sighted"]),
            channels=tuple(name for i, name in enumerate(CHANNELS) if mask >> i & 1),
        )
        name = self.name if number == 0 else f"{self.name}.{number + 1}"
        vector = self.engine.vector(memory, mask)
        return Session(name, int(context["start"]), memory, live(moments), vector, coverage, self)


def sessions_of(
    batches: Iterable[Batch],
    name: str,
    folds: Engine | None = None,
    idle_ms: int = IDLE_MS,
    limits: Limits = LIMITS,
    thresholds: npt.NDArray[np.void] | None = None,
) -> list[Session]:
    """Sessions of a set of batches, all at once.

    Raises
    ------
    WatchworthyError
        ``seq_conflict``; whatever decoding refuses.
    """
    log = Log(name, folds, idle_ms, limits, thresholds)
    log.receive_all(batches)
    return log.sessions()


def conflict(batch: Batch) -> WatchworthyError:
    """The refusal of a batch whose number another one bears."""
    where = f"stream {batch.stream} seq {batch.seq}"
    return WatchworthyError("seq_conflict", "Another batch of this number is already held.", where)
