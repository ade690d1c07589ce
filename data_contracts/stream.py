"""The decoder of one stream: takes batches of events in order, gives canonical rows in order.

What comes out is a function of the sequence of events alone, however it was cut into batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from data_contracts import plain_turns as plain
from data_contracts import row_looks
from data_contracts.batches import Cut, Text, readable
from data_contracts.clock import LATENESS_MS, Clock, Placed
from data_contracts.counts import Counts
from data_contracts.decoder import Decoder
from data_contracts.elements import Element
from data_contracts.events import EVENT, Events, as_events
from data_contracts.frozen import FrozenStream
from data_contracts.limits import LIMITS, Limits
from data_contracts.page_index import PageIndex
from data_contracts.row_seconds import FEW_SECONDS, ROWS_PER_SECOND, count, counted, table
from data_contracts.rows import Rows
from data_contracts.turns import turn, turn_loss
from data_contracts.views import PageView

PACK_BYTES: Final = 4_096 * EVENT.itemsize  # rows written before they are counted against that bound

NOTHING: Final = np.empty(0, EVENT)
_room: Final = plain.Room()


class _Gap:
    """Stands among the events for a batch that is missing."""


class Stream:
    """The decoder state of one stream: one page load, one window, or one recording without windows.

    Parameters
    ----------
    name
        The stream's name, for reports.
    limits
        Bounds on what is decoded.
    index
        Page index to use; by default a new one.
    names
        Whether to keep what is known of elements that were acted on; without it ``elements`` stays empty.

    Examples
    --------
    >>> stream = Stream()
    >>> stream.push(0, [b'{"type": 4, "data": {"href": "/", "width": 9, "height": 9}, "timestamp": 5}'])
    >>> len(stream.take_settled()), len(stream.waiting)
    (0, 1)
    """

    def __init__(
        self, name: str = "", limits: Limits = LIMITS, index: PageIndex | None = None, names: bool = True
    ) -> None:
        self.name = name
        self._counts = Counts()
        self._met = np.zeros(plain.MOVED_BEFORE + 1, np.int64)  # by compiled code, not in the counts yet
        self._decoder = Decoder(self._counts, limits)
        self.clock: Clock[Any] = Clock(self._counts.problems)
        """Stream time; its ``latest`` is the latest emission time so far."""
        self._rows = Rows(PageIndex() if index is None else index, self._counts, names)
        self.waiting = NOTHING
        """The rows not yet taken, in order. Of an event that waits to be confirmed, none."""
        self._seconds = table({})
        self._timeless = True
        self._channels = 0
        self.next_seq = 0
        """Number of the batch that is due."""

    def push(self, seq: int, events: Sequence[Text]) -> None:
        """Take the next batch.

        Parameters
        ----------
        seq
            Its number, one more than that of the batch before. Where it is not, call ``lose`` first.
        events
            Its events, the JSON of each in UTF-8.

        Raises
        ------
        ValueError
            If a batch is missing before this one, or it was already taken.
        WatchworthyError
            ``input_too_deep``.
        """
        if seq != self.next_seq:
            raise ValueError(f"Batch {seq} of stream {self.name!r}: number {self.next_seq} is due.")
        self.next_seq = seq + 1
        cut = Cut.of(events)
        text, spans = readable(cut.text), cut.spans
        at, end = 0, len(spans)
        while at < end and (at := self._run(text, spans, at)) < end:
            self._one(cut[at])
            if len(self._rows.buffer) >= PACK_BYTES:
                self._pack()
            at += 1
        if self._rows.buffer:
            self._pack()

    def _run(self, text: Any, spans: Any, first: int) -> int:
        """Turn plain events from the one numbered ``first`` on; the number of the first that is not plain."""
        clock, rows = self.clock, self._rows
        latest, index = clock.latest, rows.index
        if latest is None or clock.waiting or rows.told:
            return first
        at, room = first, _room
        while True:
            begin = at
            at, waiting = plain.turn_run(
                text, spans, begin, latest, clock.shift, rows.views.current, rows.trust, index.sighted, rows.names,
                not rows.buffer, *room.given, rows.lately, self._met, self.waiting, self._seconds, *index.arrays,
            )  # fmt: skip
            told = room.pen.tolist()
            if at > begin:
                latest = told[plain.LATEST]
                clock.go_on(latest)
                if told[plain.KEPT]:
                    self.waiting = as_events(waiting)
                    self._channels |= told[plain.CHANNELS]
                else:
                    rows.add(room.rows[: told[plain.ROWS]])
                if rows.names:
                    rows.remember_all(room.wanted[: told[plain.WANTED]])
                if told[plain.MUTATED]:
                    rows.page_changed()
                if told[plain.PRINTED]:
                    rows.declare("console")
            if not told[plain.AGAIN]:
                return at
            if len(rows.buffer) >= PACK_BYTES:
                self._pack()

    def _one(self, text: Text) -> None:
        """Turn one event, whatever it is."""
        self._count_met()  # what is wrong with an event is told with its number
        event = self._decoder.decode(text)
        before = self.clock.latest
        emitted = self.clock.tick(event.timestamp)
        if emitted is None or before is None:
            for placed in self.clock.offer(event, event.timestamp):
                self._turn(placed)
        else:
            turn(self._rows, event, emitted, before - LATENESS_MS)

    def declare(self, channels: int) -> None:
        """Take note of channels that the sender says it records; bit i stands for ``CHANNELS[i]``."""
        self._channels |= channels

    def lose(self, next_seq: int | None = None) -> None:
        """Mark a gap: what came between is not known, and the page is not either until its next snapshot.

        Parameters
        ----------
        next_seq
            Number of the batch that will follow; by default one batch is taken to be missing.
        """
        self.next_seq = self.next_seq + 1 if next_seq is None else next_seq
        for placed in self.clock.follow(_Gap):
            self._turn(placed)
        self._pack()

    def take_settled(self) -> Events:
        """The rows that no later row of this stream can sort before, in order; each is given once."""
        latest = self.clock.latest
        return NOTHING if latest is None else self.take_before(latest - LATENESS_MS + 1)

    def take_before(self, t: int) -> Events:
        """The rows not yet taken before ``t`` ms, in order; others of this stream may still sort before them."""
        rows = self.waiting
        self.drop(row_looks.count_before(rows, t))
        return rows[: rows.size - self.waiting.size]

    def drop(self, count: int) -> None:
        """Let go of the first rows of those not yet taken."""
        rows = self.waiting
        self.waiting = rows[count:] if count < rows.size else NOTHING

    def freeze(self) -> FrozenStream | None:
        """Its state as plain values; None while an event waits for the next one to confirm its time."""
        clock, rows = self.clock, self._rows
        if clock.waiting:
            return None
        return FrozenStream(
            self.name,
            self.next_seq,
            *clock.freeze(),
            self._timeless,
            self._channels,
            rows.declared,
            rows.trust,
            rows.told,
            counted(self._seconds),
            self.waiting.tobytes(),
            self.counts.freeze(),
            rows.views.freeze(),
            rows.index.freeze(),
        )

    @classmethod
    def thaw(cls, frozen: FrozenStream, limits: Limits = LIMITS) -> Stream:
        """A stream that goes on where a frozen one stood; it keeps no names."""
        stream = cls(frozen.name, limits, names=False)
        stream.next_seq = frozen.next_seq
        stream._timeless, stream._channels = frozen.timeless, frozen.channels
        stream._seconds = table(frozen.per_second)
        stream.waiting = np.frombuffer(frozen.waiting, EVENT).copy() if frozen.waiting else NOTHING
        counts = stream._counts = stream._decoder.counts = stream._rows.counts = Counts.thaw(frozen.counts)
        stream.clock.thaw(frozen.latest, frozen.shift, frozen.back, counts.problems)
        rows = stream._rows
        rows.declared, rows.trust, rows.told = frozen.declared, frozen.trust, frozen.told
        rows.views.thaw(frozen.views)
        rows.index.thaw(frozen.page)
        return stream

    @property
    def counts(self) -> Counts:
        """What was met, understood or not."""
        self._count_met()
        return self._counts

    @property
    def page(self) -> int:
        """Number of the first page view that rows yet to be taken may be of; -1 before the first."""
        rows = self.waiting
        return (
            min(self._rows.views.current, int(rows["page"].min())) if rows.size else self._rows.views.current
        )

    @property
    def page_now(self) -> int:
        """Number of the page view that is open; -1 before the first."""
        return self._rows.views.current

    @property
    def pages(self) -> list[PageView]:
        """Page views of this stream, by their number; the first 10,000."""
        return self._rows.views.pages

    @property
    def elements(self) -> dict[tuple[int, int], Element]:
        """What was acted on, by (page view of this stream, node id); at most 1,024."""
        return self._rows.elements

    def element(self, page: int, node: int, brief: bool = False) -> Element | None:
        """What is known of a node of a page view: as it was acted on, or else as it is on the page now."""
        known = self.elements.get((page, node))
        if known is None and page == self._rows.views.current and node in self.index:
            known = self.index.element(node, brief)
        return known

    def address(self, page: int) -> str:
        """Address of a page view; empty if it is not known any more."""
        if page == self._rows.views.current:
            return self._rows.views.address
        return self.pages[page].address if 0 <= page < len(self.pages) else ""

    @property
    def address_now(self) -> str:
        """Address of the page that is open; empty before the first."""
        return self._rows.views.address

    @property
    def index(self) -> PageIndex:
        """The stream's page index."""
        return self._rows.index

    @property
    def nbytes(self) -> int:
        """Bytes of the page and of the rows that wait."""
        return self.index.nbytes + self.waiting.nbytes

    @property
    def channels(self) -> int:
        """Channels seen or declared; bit i stands for ``CHANNELS[i]``."""
        return self._channels | self._rows.declared

    def _count_met(self) -> None:
        """Add what compiled code has met to the counts."""
        met = self._met
        if met.any():
            self._counts.add_plain(met[: plain.MOVED_BEFORE].tolist(), int(met[plain.MOVED_BEFORE]))
            met[:] = 0

    def _turn(self, placed: Placed[Any]) -> None:
        item, emitted, floor = placed
        if emitted is None:
            emitted, floor = 0, 0  # until the first event with a time gives these rows its own
        elif self._timeless:
            self._date(emitted)
        if item is _Gap:
            turn_loss(self._rows, emitted, floor)
        else:
            turn(self._rows, item, emitted, floor)

    def _date(self, t: int) -> None:
        """Give the rows from before the first time that time."""
        self._pack()
        self._timeless = False
        self.waiting["t"] = t
        self._seconds = table({t // 1_000: self.waiting.size})

    def _pack(self) -> None:
        """Count the rows written against the bound per second, and let those within it wait."""
        rows = self._rows.take()
        if rows.size and not count(rows, self._seconds):
            rows = self._within_bound(rows)
        if not rows.size:
            return
        self._channels |= row_looks.proved(rows, plain.CHANNEL_OF_KIND, plain.TRUST_CHANNEL)
        waiting, in_order = row_looks.merged(self.waiting, rows)
        self.waiting = as_events(waiting)
        if not in_order:
            self.waiting = self.waiting[np.argsort(self.waiting["t"], kind="stable")]

    def _within_bound(self, rows: Events) -> Events:
        """Drop by number what exceeds 2,000 rows of a second, count it, and forget the seconds that have passed."""
        per_second = counted(self._seconds)
        seconds = rows["t"] // 1_000
        keep = np.ones(rows.size, bool)
        for second, number in zip(
            *(found.tolist() for found in np.unique(seconds, return_counts=True)), strict=True
        ):
            per_second[second] = number = per_second.get(second, 0) + number
            if number > ROWS_PER_SECOND:
                here = np.flatnonzero(seconds == second)
                excess = min(number - ROWS_PER_SECOND, here.size)
                keep[here[here.size - excess :]] = False
                per_second[second] = ROWS_PER_SECOND
                self._counts.problems["rows_dropped"] += excess
        latest = self.clock.latest
        if len(per_second) > FEW_SECONDS and latest is not None:
            past = min(latest - LATENESS_MS, int(rows["t"].min())) // 1_000
            per_second = {s: n for s, n in per_second.items() if s >= past}
        self._seconds = table(per_second)
        return rows[keep]
