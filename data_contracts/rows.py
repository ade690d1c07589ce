"""Turns the events of one stream into canonical rows, with what the page index knows of their targets."""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import nan
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from data_contracts import events as e
from data_contracts.counts import Counts
from data_contracts.errors import WatchworthyError
from data_contracts.events import EVENT, Events
from data_contracts.views import Views, address_digest, digest, endpoint_digest
from data_contracts.rrweb import (
    CONSOLE_PLUGIN,
    NETWORK_PLUGIN,
    SEQUENTIAL_PLUGIN,
    AdoptedStyleSheet,
    CanvasMutation,
    ConsoleLine,
    CustomEvent,
    DomContentLoadedEvent,
    Drag,
    Font,
    FullSnapshotEvent,
    IncrementalEvent,
    Input,
    LoadEvent,
    Log,
    MediaInteraction,
    MetaEvent,
    MouseInteraction,
    MouseMove,
    Mutation,
    Network,
    PluginEvent,
    Request,
    Scroll,
    Selection,
    StyleDeclaration,
    StyleSheetRule,
    TouchMove,
    ViewportResize,
)

if TYPE_CHECKING:
    from data_contracts.page_index import Element, PageIndex

ROW: Final = struct.Struct("<q4i3f2IB11x")
"""The bytes of one ``EVENT`` row."""
assert ROW.size == EVENT.itemsize

CHANGES_KEPT: Final = 16  # rows of one mutation event; the smallest sources beyond are merged in one
ELEMENTS_KEPT: Final = 1_024
INT_MAX: Final = 2**31 - 1

INTERACTIONS: Final = {
    0: e.RELEASE,
    1: e.PRESS,
    2: e.CLICK,
    3: e.CONTEXT_MENU,
    4: e.DOUBLE_CLICK,
    5: e.FOCUS,
    6: e.BLUR,
    7: e.TOUCH_START,
    8: e.TOUCH_MOVE,
    9: e.TOUCH_END,
    10: e.TOUCH_CANCEL,
}
"""``MouseInteraction.type`` to the kind of row."""
POINTER_FLAGS: Final = {0: e.MOUSED, 1: e.PENNED, 2: e.TOUCHED}
PRESSES: Final = frozenset({e.PRESS, e.CLICK, e.TOUCH_START})
REMEMBERED: Final = PRESSES | {e.FOCUS, e.DOUBLE_CLICK, e.CONTEXT_MENU, e.RELEASE, e.TOUCH_END}

LEVELS: Final = {"assert": 3, "error": 3, "warn": 2, "warning": 2, "debug": 0, "trace": 0}
"""Console level to value; all others are 1."""

_network: Final = msgspec.json.Decoder(Network)
_console: Final = msgspec.json.Decoder(ConsoleLine)


def text_length(raw: bytes) -> int:
    """UTF-16 code units of a JSON string, quotes and escapes aside.

    >>> text_length(b'"ab"'), text_length('"ä€"'.encode()), text_length('"😀"'.encode()), text_length(b'"\\\\ud83d"')
    (2, 2, 2, 1)
    """
    if raw[:1] != b'"':
        return 0  # null or a number where a text belongs
    if b"\\" not in raw:
        if raw.isascii():
            return len(raw) - 2
        # every code point is one unit, and one more where it takes four bytes of UTF-8
        return len(raw.decode("utf-8", "replace")) - 2 + sum(byte >= 0xF0 for byte in raw)
    text = raw.decode("utf-8", "replace")[1:-1]
    length = at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 6 if text[at + 1 : at + 2] == "u" else 2
            length += 1
        else:
            length += 2 if text[at] > "\uffff" else 1
            at += 1
    return length


class Rows:
    """Writes the rows of a stream, event by event.

    Parameters
    ----------
    index
        The stream's page index; snapshots and mutations are handed on to it.
    counts
        Where deviations are counted.
    """

    def __init__(self, index: PageIndex, counts: Counts) -> None:
        self.index = index
        self.counts = counts
        self.views = Views()
        self.elements: dict[tuple[int, int], Element] = {}
        """What was pressed, clicked, focused, typed in, touched or hovered, by (page view, node id)."""
        self.declared: set[str] = set()
        """Channels that the recorder says it records, seen or not."""
        self.trust = 0  # TRUSTED or UNTRUSTED while the recorder says so
        self._buffer = bytearray()
        self._floor = 0
        self._latest = 0
        self._seen: set[int] = set()  # nodes of the current page whose element is kept or refused

    # Taking rows out

    def __len__(self) -> int:
        return len(self._buffer) // ROW.size

    def take(self) -> Events:
        """The rows written since the last call, in the order of their numbers."""
        rows = np.frombuffer(self._buffer, EVENT)
        self._buffer = bytearray()
        return rows

    # Writing rows

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
        if t < self._floor:
            t = self._floor
            flags |= e.MOVED_IN_TIME
            self.counts.problems["moved_in_time"] += 1
        elif t > self._latest:
            t = max(self._latest, self._floor)
        self._buffer += ROW.pack(
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
        target = node if 0 < node <= INT_MAX else 0
        control, form, facts = self.index.facts(target) if target else (0, 0, self.sighted)
        if target and kind in REMEMBERED:
            self.remember(target, control)
            if kind in PRESSES:
                self.index.press(target, t)
        self.write(kind, t, target, control, form, x, y, value, facts | flags | self.trust, detail)

    @property
    def sighted(self) -> int:
        """Flag SIGHTED if the page index can answer."""
        return e.SIGHTED if self.index.sighted else 0

    def remember(self, target: int, control: int = 0) -> None:
        """Keep what the page index knows of a node, before another page takes its number."""
        for node in (target, control):
            if node and node not in self._seen:
                self._seen.add(node)
                if len(self.elements) < ELEMENTS_KEPT:
                    self.elements[self.views.current, node] = self.index.element(node)
                else:
                    self.counts.problems["elements_dropped"] += 1

    def open_page(self, t: int, width: float | None = None, height: float | None = None) -> None:
        """Append the row of a page view that has just begun."""
        self._seen.clear()
        x = nan if width is None else width
        y = nan if height is None else height
        self.write(e.PAGE, t, x=x, y=y, value=self.views.current, detail=address_digest(self.views.address))

    # Events

    def turn(self, event: Any, emitted: int, floor: int) -> None:
        """Append the rows of an event; where it has none, a STATUS row says that time passed.

        Parameters
        ----------
        event
            A decoded event.
        emitted
            When it was sent, in ms of stream time.
        floor
            Earliest time that its rows may have.
        """
        self._floor = floor
        self._latest = emitted
        before = len(self._buffer)
        try:
            if type(event) is IncrementalEvent:
                turn = TURNS.get(type(event.data))
                if turn is not None:
                    turn(self, event.data, emitted)
            else:
                turn = TURNS.get(type(event))
                if turn is not None:
                    turn(self, event, emitted)
        except (struct.error, OverflowError):
            del self._buffer[before:]
            self.counts.spoil(f"{type(event).__name__} at {emitted} ms", "a number does not fit its column")
        except WatchworthyError:
            raise
        except ValueError as error:  # msgspec's, and what the page index says of a node that it cannot read
            del self._buffer[before:]
            self.counts.spoil(f"{type(event).__name__} at {emitted} ms", str(error))
        if len(self._buffer) == before:
            self.write(e.STATUS, emitted)

    def lost(self, t: int, floor: int) -> None:
        """A gap in the stream: blind from here on, until the next snapshot."""
        self._floor = floor
        self._latest = t
        self.index.lose()
        self.write(e.LOST, t)

    def _load(self, event: DomContentLoadedEvent | LoadEvent, t: int) -> None:
        complete = type(event) is LoadEvent
        self.views.loading(complete)
        self.write(e.LOAD, t, value=float(complete))

    def _meta(self, event: MetaEvent, t: int) -> None:
        data = event.data
        if self.views.meta(data.href, t):
            self.open_page(t, data.width, data.height)

    def _snapshot(self, event: FullSnapshotEvent, t: int) -> None:
        nodes = self.index.snapshot(memoryview(event.data.node), t)
        self.write(e.SNAPSHOT, t, value=nodes, flags=self.sighted)

    def _mutation(self, data: Mutation, t: int) -> None:
        changes = self.index.mutate(
            data.texts or (), data.attributes or (), data.removes or (), data.adds or (), t
        )
        rest = changes[CHANGES_KEPT - 1 :] if len(changes) > CHANGES_KEPT else []
        for change in changes[: CHANGES_KEPT - 1] if rest else changes:
            self.write(
                e.CHANGE,
                t,
                change.source,
                change.owner,
                0,
                nan,
                nan,
                change.count,
                change.flags,
                change.detail,
            )
        if rest:
            flags = 0
            for change in rest:
                flags |= change.flags
            self.write(e.CHANGE, t, value=sum(change.count for change in rest), flags=flags)

    def _positions(self, data: MouseMove | TouchMove | Drag, t: int) -> None:
        kind = POSITIONS[type(data)]
        trust = trust_of(data.isTrusted) or self.trust
        facts = self.index.facts
        nowhere = (0, 0, self.sighted)
        seen = self._seen
        for position in data.positions:
            target = position.id if 0 < position.id <= INT_MAX else 0
            control, form, flags = facts(target) if target else nowhere
            if control and control not in seen:
                self.remember(control)
            at = t + int(position.timeOffset // 1)
            self.write(kind, at, target, control, form, position.x, position.y, nan, flags | trust)

    def _interaction(self, data: MouseInteraction, t: int) -> None:
        kind = INTERACTIONS.get(data.type)
        if kind is None:
            self.counts.miss(f"interaction {data.type}")
            return
        flags = trust_of(data.isTrusted)
        if kind == e.CLICK:
            if data.pointerType is not None:
                flags |= POINTER_FLAGS.get(data.pointerType, 0)
            if not data.x and not data.y:
                flags |= e.KEYED
        x = nan if data.x is None else data.x
        y = nan if data.y is None else data.y
        self.on(kind, t, data.id, x, y, flags=flags)

    def _scroll(self, data: Scroll, t: int) -> None:
        flags = trust_of(data.isTrusted)
        if self.index.is_window(data.id):
            flags |= e.WINDOW
        self.on(e.SCROLL, t, data.id, data.x, data.y, flags=flags)

    def _resize(self, data: ViewportResize, t: int) -> None:
        self.write(e.RESIZE, t, x=data.width, y=data.height)

    def _input(self, data: Input, t: int) -> None:
        node = data.id if 0 < data.id <= INT_MAX else 0
        control, form, flags = self.index.facts(node) if node else (0, 0, self.sighted)
        if node:
            self.remember(node, control)
        flags |= trust_of(data.isTrusted) or self.trust
        if data.userTriggered is not None:
            flags |= e.USER_TRIGGERED if data.userTriggered else e.NOT_USER_TRIGGERED
        value: float = nan
        if data.isChecked:
            flags |= (
                e.CHECKED
            )  # check boxes and radios only: their text is "on", or whatever the page calls it
        elif not flags & e.IS_CHOICE or self.index.element(node).tag == "select":
            value = text_length(bytes(data.text))
        self.write(e.INPUT, t, node, control, form, value=value, flags=flags)

    def _media(self, data: MediaInteraction, t: int) -> None:
        self.on(e.MEDIA, t, data.id, value=data.type)

    def _selection(self, data: Selection, t: int) -> None:
        chosen = any(r.start != r.end or r.startOffset != r.endOffset for r in data.ranges)
        node = data.ranges[0].start if data.ranges else 0
        self.on(e.SELECTION, t, node, value=float(chosen))

    def _style(self, data: StyleSheetRule | StyleDeclaration | AdoptedStyleSheet | Font, t: int) -> None:
        node = 0 if isinstance(data, Font) else data.id or 0
        self.on(e.STYLE, t, node)

    def _canvas(self, data: CanvasMutation, t: int) -> None:
        self.on(e.CANVAS, t, data.id)

    def console(self, level: str, trace: list[str] | None, t: int) -> None:
        """Append the row of a console message: its level and where it came from, never what it said."""
        self.write(e.CONSOLE, t, value=LEVELS.get(level, 1), detail=digest(trace[0]) if trace else 0)

    def _log(self, data: Log, t: int) -> None:
        self.console(data.level, data.trace, t)

    def _plugin(self, event: PluginEvent, t: int) -> None:
        name = event.data.plugin
        if name.startswith(CONSOLE_PLUGIN):
            self.declared.add("console")
            line = _console.decode(event.data.payload)
            self.console(line.level, line.trace, t)
        elif name.startswith(NETWORK_PLUGIN):
            self.declared.add("network")
            network = _network.decode(event.data.payload)
            for request in network.requests or ():
                if not (network.isInitial or request.isInitial):
                    self._network(request, t)
        elif not name.startswith(SEQUENTIAL_PLUGIN):
            self.counts.miss(f"plugin {name}", event=True)

    def _network(self, request: Request, t: int) -> None:
        duration = request.duration
        if duration is None and request.startTime is not None and request.endTime is not None:
            duration = request.endTime - request.startTime
        if request.timestamp is not None:
            begin = int(request.timestamp)
        elif request.startTime is not None and request.startTime > EPOCH_LIKE:
            begin = int(request.startTime)
        else:
            begin = t - int(duration or 0)
        status = request.response_status if request.status is None else request.status
        self.request(begin, duration, status, request.name, t)

    def request(self, begin: int, duration: float | None, status: float | None, address: str, t: int) -> None:
        """Append the row of a request from ``begin`` on, reported at ``t``.

        ``y`` is how long after the row's own time the request ended: its duration, or less if the row was moved.
        """
        end = begin + int(duration or 0)
        at = min(max(begin, self._floor), max(self._latest, self._floor))
        self.write(
            e.REQUEST,
            begin,
            x=nan if status is None else status,
            y=nan if duration is None else max(end - at, 0),
            value=nan if duration is None else duration,
            detail=endpoint_digest(address),
        )

    def _custom(self, event: CustomEvent, t: int) -> None:
        from data_contracts.custom import turn_custom

        turn_custom(self, event.data, t)


EPOCH_LIKE: Final = 1e11  # ms since the epoch (1973 on), not ms since the page began


def trust_of(said: bool | None) -> int:
    """Flag for what a recorder says of ``isTrusted``; 0 where it says nothing."""
    return 0 if said is None else e.TRUSTED if said else e.UNTRUSTED


POSITIONS: Final[dict[type, int]] = {MouseMove: e.MOVE, TouchMove: e.TOUCH_MOVE, Drag: e.DRAG}

TURNS: Final[dict[type, Callable[[Rows, Any, int], None]]] = {
    DomContentLoadedEvent: Rows._load,
    LoadEvent: Rows._load,
    MetaEvent: Rows._meta,
    FullSnapshotEvent: Rows._snapshot,
    CustomEvent: Rows._custom,
    PluginEvent: Rows._plugin,
    Mutation: Rows._mutation,
    MouseMove: Rows._positions,
    TouchMove: Rows._positions,
    Drag: Rows._positions,
    MouseInteraction: Rows._interaction,
    Scroll: Rows._scroll,
    ViewportResize: Rows._resize,
    Input: Rows._input,
    MediaInteraction: Rows._media,
    StyleSheetRule: Rows._style,
    StyleDeclaration: Rows._style,
    AdoptedStyleSheet: Rows._style,
    Font: Rows._style,
    CanvasMutation: Rows._canvas,
    Log: Rows._log,
    Selection: Rows._selection,
}
"""What each type of event becomes; types that are missing only let time pass."""
