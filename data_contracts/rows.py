"""Writes the canonical rows of one stream, with what the page index knows of their targets."""

from __future__ import annotations

import struct
from math import nan
from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts import events as e
from data_contracts.counts import Counts
from data_contracts.elements import Element
from data_contracts.events import EVENT, Events
from data_contracts.page_index import PageIndex
from data_contracts.views import Views, address_digest, digest, endpoint_digest

ROW: Final = struct.Struct("<q4i3f2IB11x")
"""The bytes of one ``EVENT`` row."""
assert ROW.size == EVENT.itemsize

BITS: Final = {name: 1 << i for i, name in enumerate(e.CHANNELS)}
ELEMENTS_KEPT: Final = 1_024
LATELY: Final = 64  # a power of two
ID_MAX: Final = 2**31 - 1

PRESSES: Final = frozenset({e.PRESS, e.CLICK, e.TOUCH_START})
REMEMBERED: Final = PRESSES | {e.FOCUS, e.DOUBLE_CLICK, e.CONTEXT_MENU, e.RELEASE, e.TOUCH_END}

LEVELS: Final = {"assert": 3, "error": 3, "warn": 2, "warning": 2, "debug": 0, "trace": 0}
"""Console level to value; all others are 1."""


class Rows:
    """Writes the rows of a stream, event by event.

    Parameters
    ----------
    index
        The stream's page index; snapshots and mutations are handed on to it.
    counts
        Where deviations are counted.
    names
        Whether to keep what is known of elements that were acted on.
    """

    def __init__(self, index: PageIndex, counts: Counts, names: bool = True) -> None:
        self.index = index
        self.names = names
        self.counts = counts
        self.views = Views(keep=names)
        self.elements: dict[tuple[int, int], Element] = {}
        """What was pressed, clicked, focused, typed in, touched or hovered, by (page view, node id)."""
        self.declared = 0
        """Channels that the recorder says it records, seen or not; bit i stands for ``CHANNELS[i]``."""
        self.told = False  # acts say themselves what they act on
        self.trust = 0  # TRUSTED or UNTRUSTED while the recorder says so
        self.buffer = bytearray()
        """Rows written since the last ``take``, one after another as bytes of ``EVENT``."""
        self._facts: dict[int, tuple[int, int, int]] = {}  # until the page changes: a pointer dwells
        self._floor = 0
        self._latest = 0
        self.seen: set[int] = set()
        """Nodes of the current page view whose element is kept or was refused."""
        self.lately = np.zeros((LATELY, 2), np.int32)
        """What compiled code has lately asked to be remembered: a filter, not a record."""

    # Taking rows out

    def take(self) -> Events:
        """The rows written since the last call, in the order of their numbers."""
        rows = np.frombuffer(self.buffer, EVENT)
        self.buffer = bytearray()
        return rows

    def declare(self, *names: str) -> None:
        """Take note of channels that the recorder records; what is none is passed over."""
        for name in names:
            self.declared |= BITS.get(name, 0)

    # Writing rows

    def add(self, rows: Events) -> None:
        """Append rows that are written."""
        self.buffer += rows.data

    def remember_all(self, wanted: npt.NDArray[np.int32]) -> None:
        """Remember the pairs of target and control, i4[n, 2], that were acted on."""
        if self.names:
            for target, control in wanted.tolist():
                self.remember(target, control)

    def write(
        self,
        kind: int,
        t: int,
        target: int = 0,
        control: int = 0,
        form: int = 0,
        x: float = nan,
        y: float = nan,
        value: float = nan,
        flags: int = 0,
        detail: int = 0,
    ) -> None:
        """Append one row; its time is held between the floor and the emission time of its event."""
        flags |= self.sighted
        if t < self._floor:
            t = self._floor
            flags |= e.MOVED_IN_TIME
            self.counts.problems["moved_in_time"] += 1
        elif t > self._latest:
            t = max(self._latest, self._floor)
        self.buffer += ROW.pack(
            t, target, control, form, self.views.current, x, y, value, flags, detail, kind
        )

    def on(
        self,
        kind: int,
        t: int,
        node: int,
        x: float = nan,
        y: float = nan,
        value: float = nan,
        flags: int = 0,
        detail: int = 0,
    ) -> None:
        """Append one row about a node of the page."""
        target = node if 0 < node <= ID_MAX else 0
        control, form, facts = self.facts(target)
        if target and kind in REMEMBERED:
            self.remember(target, control)
            if kind in PRESSES:
                self.index.press(target, t)
        self.write(kind, t, target, control, form, x, y, value, facts | flags | self.trust, detail)

    def facts(self, node: int) -> tuple[int, int, int]:
        """Nearest control, nearest form and flags of a node, 0 and SIGHTED alone where it is none."""
        known = self._facts.get(node)
        if known is None:
            known = self.index.facts(node) if 0 < node <= ID_MAX else (0, 0, self.sighted)
            self._facts[node] = known
        return known

    def page_changed(self) -> None:
        """The page index has changed: what was remembered of it is no longer so."""
        self._facts.clear()

    @property
    def sighted(self) -> int:
        """Flag SIGHTED if the page index can answer, or the source itself tells what was acted on."""
        return e.SIGHTED if self.told or self.index.sighted else 0

    def remember(self, target: int, control: int = 0) -> None:
        """Keep what the page index knows of a node, before another page takes its number."""
        if not self.names:
            return
        for node in (target, control):
            if node and node not in self.seen:
                self.keep(node, self.index.element(node))

    def keep(self, node: int, element: Element) -> None:
        """Keep what is known of a node of the current page; the first thing said stands."""
        self.seen.add(node)
        key = (self.views.current, node)
        if len(self.elements) < ELEMENTS_KEPT:
            self.elements.setdefault(key, element)
        elif key not in self.elements:
            self.counts.problems["elements_dropped"] += 1

    def open_page(self, t: int, width: float | None = None, height: float | None = None) -> None:
        """Append the row of a page view that has just begun, at ``t`` in ms, of a window of so many CSS px."""
        self.seen.clear()
        self.lately[:] = 0
        x = nan if width is None else width
        y = nan if height is None else height
        self.write(e.PAGE, t, x=x, y=y, value=self.views.current, detail=address_digest(self.views.address))

    def console(self, level: str, trace: list[str] | None, t: int) -> None:
        """Append the row of a console message: its level and where it came from, never what it said."""
        self.write(e.CONSOLE, t, value=LEVELS.get(level, 1), detail=digest(trace[0]) if trace else 0)

    def request(self, end: int, duration: float | None, status: float | None, address: str) -> None:
        """Append the row of a request that ended at ``end`` after ``duration`` ms."""
        self.write(
            e.REQUEST,
            end,
            x=nan if status is None else status,
            value=nan if duration is None else duration,
            detail=endpoint_digest(address),
        )

    def place(self, emitted: int, floor: int) -> None:
        """Say when the event whose rows follow was sent, and the earliest time that they may have."""
        self._latest = emitted
        self._floor = floor
