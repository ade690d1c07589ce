"""The decoder of one stream: takes batches of events in order, gives canonical rows in order.

What comes out is a function of the sequence of events alone, however it was cut into batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from data_contracts import plain_turns as plain
from data_contracts import row_looks
from data_contracts.batches import Cut, Text, readable
from data_contracts.clock import LATENESS_MS, Clock, Placed
from data_contracts.counts import Counts
from data_contracts.decoder import Decoder
from data_contracts.elements import Element
from data_contracts.events import CHANNELS as CHANNEL_NAMES
from data_contracts.events import EVENT, Events, joined
from data_contracts.frozen import FrozenStream
from data_contracts.limits import LIMITS, Limits
from data_contracts.page_index import PageIndex
from data_contracts.plain_events import MUTATED, PRINTED
from data_contracts.rows import Rows
from data_contracts.turns import turn, turn_loss
from data_contracts.views import PageView

FEW_SECONDS: Final = 16  # that may be counted before those that have passed are forgotten
ROWS_PER_SECOND: Final = 2_000  # of stream time; no person and no browser makes more
PACK_BYTES: Final = 4_096 * EVENT.itemsize  # rows written before they are counted against that bound

NOTHING: Final = np.empty(0, EVENT)
_room: Final = plain.Room()


def _tally(rows: Events) -> tuple[Iterable[tuple[int, int]], int]:
    """The seconds that rows lie in with the rows of each, and the channels that they prove to be on, as bits."""
    seconds, numbers = _room.seconds, _room.numbers
    found, channels = row_looks.tally(rows, plain.CHANNEL_OF_KIND, plain.TRUST_CHANNEL, seconds, numbers)
    return zip(seconds[:found].tolist(), numbers[:found].tolist(), strict=True), channels


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
    >>> len(stream.take_settled()), len(stream.pending())
    (0, 1)
    """

    def __init__(
        self, name: str = "", limits: Limits = LIMITS, index: PageIndex | None = None, names: bool = True
    ) -> None:
        self.name = name
        self.counts = Counts()
        """What was met, understood or not."""
        self._decoder = Decoder(self.counts, limits)
        self._clock: Clock[Any] = Clock(self.counts.problems)
        self._rows = Rows(PageIndex() if index is None else index, self.counts, names)
        self._waiting: list[Events] = []
        self._in_order = True
        self._per_second: dict[int, int] = {}
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
        text = readable(cut.text)
        at = 0
        while True:
            at = self._run(text, cut.spans, at)
            if len(self._rows.buffer) >= PACK_BYTES:
                self._pack()
            if at == len(cut):
                break
            self._one(cut[at])
            at += 1
        self._pack()

    def _run(self, text: Any, spans: Any, first: int) -> int:
        """Turn plain events from the one numbered ``first`` on; the number of the first that is not plain."""
        clock, rows = self._clock, self._rows
        if clock.latest is None or clock.waiting or rows.told:
            return first
        room = _room
        pen = room.pen
        at = first
        while True:
            pen[:] = 0
            pen[plain.LATEST], pen[plain.SHIFT], pen[plain.PAGE] = (
                clock.latest,
                clock.shift,
                rows.views.current,
            )
            pen[plain.SEES], pen[plain.TRUST], pen[plain.NAMES] = rows.sighted, rows.trust, rows.names
            pen[plain.SECONDS] = -1
            begin = at
            at = int(
                plain.turn_run(
                    text,
                    spans,
                    begin,
                    room.rows,
                    room.wanted,
                    rows.lately,
                    room.said,
                    room.path,
                    room.plan,
                    room.found,
                    pen,
                    *rows.index.arrays,
                )
            )
            if at > begin:
                told = pen.tolist()
                met = told[plain.MET : plain.MET_END]
                clock.go_on(told[plain.LATEST])
                found = told[plain.SECONDS]
                written = room.rows[: told[plain.ROWS]]
                if not written.size:
                    pass
                elif found >= 0 and not rows.buffer:
                    counted = zip(
                        told[plain.EACH : plain.EACH + found],
                        told[plain.NUMBERS : plain.NUMBERS + found],
                        strict=True,
                    )
                    self._keep(written, counted, told[plain.CHANNELS])
                else:
                    rows.add(written)
                rows.remember_all(room.wanted[: told[plain.WANTED]])
                self.counts.add_plain(met, told[plain.MOVED])
                if met[MUTATED]:
                    rows.page_changed()
                if met[PRINTED]:
                    rows.declared.add("console")
            if not pen[plain.AGAIN]:
                return at
            if len(rows.buffer) >= PACK_BYTES:
                self._pack()

    def _one(self, text: Text) -> None:
        """Turn one event, whatever it is."""
        event = self._decoder.decode(text)
        before = self._clock.latest
        emitted = self._clock.tick(event.timestamp)
        if emitted is None or before is None:
            for placed in self._clock.offer(event, event.timestamp):
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
        for placed in self._clock.follow(_Gap):
            self._turn(placed)
        self._pack()

    def take_settled(self) -> Events:
        """The rows that no later row of this stream can sort before, in order; each is given once."""
        latest = self._clock.latest
        return NOTHING if latest is None else self.take_before(latest - LATENESS_MS + 1)

    def take_before(self, t: int) -> Events:
        """The rows not yet taken before ``t`` ms, in order; others of this stream may still sort before them."""
        rows = self._sorted()
        taken = row_looks.count_before(rows, t)
        self._waiting = [rows[taken:]] if taken < rows.size else []
        return rows[:taken]

    def drop(self, count: int) -> None:
        """Let go of the first rows of those not yet taken."""
        rows = self._sorted()
        self._waiting = [rows[count:]] if count < rows.size else []

    def pending(self) -> Events:
        """The rows not yet taken, in order. Of an event that waits to be confirmed, none."""
        return self._sorted()

    def freeze(self) -> FrozenStream | None:
        """Its state as plain values; None while an event waits for the next one to confirm its time."""
        clock, rows = self._clock, self._rows
        if clock.waiting:
            return None
        return FrozenStream(
            self.name,
            self.next_seq,
            *clock.freeze(),
            self._timeless,
            self._channels,
            sorted(rows.declared),
            rows.trust,
            rows.told,
            self._per_second,
            self._sorted().tobytes(),
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
        stream._per_second = dict(frozen.per_second)
        stream._waiting = [np.frombuffer(frozen.waiting, EVENT).copy()] if frozen.waiting else []
        stream.counts = Counts.thaw(frozen.counts)
        stream._decoder.counts = stream._rows.counts = stream.counts
        stream._clock.thaw(frozen.latest, frozen.shift, frozen.back, stream.counts.problems)
        rows = stream._rows
        rows.declared, rows.trust, rows.told = set(frozen.declared), frozen.trust, frozen.told
        rows.views.thaw(frozen.views)
        rows.index.thaw(frozen.page)
        return stream

    @property
    def latest(self) -> int | None:
        """Latest emission time so far in ms; None before the first event with a time."""
        return self._clock.latest

    @property
    def page(self) -> int:
        """Number of the first page view that rows yet to be taken may be of; -1 before the first."""
        rows = self._sorted()
        return (
            min(self._rows.views.current, int(rows["page"].min())) if rows.size else self._rows.views.current
        )

    @property
    def pages(self) -> list[PageView]:
        """Page views of this stream, by their number; the first 10,000."""
        return self._rows.views.pages

    @property
    def elements(self) -> dict[tuple[int, int], Element]:
        """What was acted on, by (page view of this stream, node id); at most 1,024."""
        return self._rows.elements

    def element(self, page: int, node: int) -> Element | None:
        """What is known of a node of a page view: as it was acted on, or else as it is on the page now."""
        known = self.elements.get((page, node))
        if known is None and page == self._rows.views.current and node in self.index:
            known = self.index.element(node)
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
        return self.index.nbytes + sum(rows.nbytes for rows in self._waiting)

    @property
    def channels(self) -> int:
        """Channels seen or declared; bit i stands for ``CHANNELS[i]``."""
        mask = self._channels
        for name in self._rows.declared:
            mask |= 1 << CHANNEL_NAMES.index(name)
        return mask

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
        for rows in self._waiting:
            rows["t"] = t
        self._per_second = {t // 1_000: sum(rows.size for rows in self._waiting)}

    def _pack(self) -> None:
        """Count the rows written against the bound per second, and keep those within it."""
        rows = self._rows.take()
        if not rows.size:
            return
        self._keep(rows, *_tally(rows))

    def _keep(self, rows: Events, counted: Iterable[tuple[int, int]], channels: int) -> None:
        """Let rows wait, within the bound; they lie in these seconds, so many in each, and prove these channels."""
        per_second = self._per_second
        earliest = latest = self._clock.latest
        over = False
        for second, number in counted:
            per_second[second] = number = per_second.get(second, 0) + number
            over = over or number > ROWS_PER_SECOND
            earliest = None if earliest is None else min(earliest, second * 1_000)
        if over:
            rows = self._within_bound(rows, rows["t"] // 1_000)
            channels = _tally(rows)[1]
        if latest is not None and earliest is not None and len(per_second) > FEW_SECONDS:
            past = min(latest - LATENESS_MS, earliest) // 1_000
            self._per_second = {s: n for s, n in per_second.items() if s >= past}
        if not rows.size:
            return
        self._channels |= channels
        self._waiting = [joined([*self._waiting, rows])]
        self._in_order = False

    def _within_bound(self, rows: Events, seconds: Any) -> Events:
        """Drop by number what exceeds 2,000 rows of a second, and count it."""
        keep = np.ones(rows.size, bool)
        for second, number in self._per_second.items():
            if number > ROWS_PER_SECOND:
                here = np.flatnonzero(seconds == second)
                excess = min(number - ROWS_PER_SECOND, here.size)
                keep[here[here.size - excess :]] = False
                self._per_second[second] = ROWS_PER_SECOND
                self.counts.problems["rows_dropped"] += excess
        return rows[keep]

    def _sorted(self) -> Events:
        """Every row that waits, sorted by time; equal times keep the order of their numbers."""
        waiting = self._waiting
        if not waiting:
            return NOTHING
        if len(waiting) == 1 and self._in_order:
            return waiting[0]
        rows = joined(waiting) if len(waiting) > 1 else waiting[0]
        if not row_looks.put_in_order(rows):
            rows = rows[np.argsort(rows["t"], kind="stable")]
        self._waiting = [rows]
        self._in_order = True
        return rows
