"""What each rrweb event becomes: canonical rows."""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import nan
from typing import Any, Final

from data_contracts import events as e
from data_contracts.acts import Act, turn_act
from data_contracts.batches import UNREADABLE
from data_contracts.custom import turn_custom
from data_contracts.decoder import Skipped
from data_contracts.errors import WatchworthyError
from data_contracts.mutation import CHANGES_KEPT
from data_contracts.plugins import turn_plugin
from data_contracts.rows import ID_MAX, Rows
from data_contracts.rrweb import (
    AdoptedStyleSheet,
    CanvasMutation,
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
    PluginEvent,
    Scroll,
    Selection,
    StyleDeclaration,
    StyleSheetRule,
    TouchMove,
    ViewportResize,
    raw_bytes,
)

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


def turn(rows: Rows, event: Any, emitted: int, floor: int) -> None:
    """Append the rows of an event or act; where it has none, a STATUS row says that time passed.

    Parameters
    ----------
    rows
        Where they are written.
    event
        A decoded event, act, or one that was skipped.
    emitted
        When it was sent, in ms of stream time.
    floor
        Earliest time that its rows may have.
    """
    rows.place(emitted, floor)
    before = len(rows.buffer)
    counts = rows.counts
    puzzles = counts.malformed + counts.unknown_events
    try:
        if type(event) is IncrementalEvent:
            handler = TURNS.get(type(event.data))
            if handler is not None:
                handler(rows, event.data, emitted)
        else:
            handler = TURNS.get(type(event))
            if handler is not None:
                handler(rows, event, emitted)
            elif isinstance(event, Act):
                turn_act(rows, event, emitted)
    except (struct.error, OverflowError):
        del rows.buffer[before:]
        counts.spoil(f"{type(event).__name__} at {emitted} ms", "a number does not fit its column")
    except WatchworthyError:
        raise
    except (*UNREADABLE, ValueError) as error:  # ValueError: a node that the page index cannot read
        del rows.buffer[before:]
        counts.spoil(f"{type(event).__name__} at {emitted} ms", str(error))
    if len(rows.buffer) == before:
        understood = type(event) is not Skipped and puzzles == counts.malformed + counts.unknown_events
        rows.write(e.STATUS, emitted, value=0.0 if understood else e.NOT_UNDERSTOOD)


def turn_loss(rows: Rows, t: int, floor: int) -> None:
    """Append the row of a gap in the stream: blind from here on, until the next snapshot."""
    rows.place(t, floor)
    rows.page_changed()
    rows.index.lose()
    rows.write(e.LOST, t)


def _load(rows: Rows, event: DomContentLoadedEvent | LoadEvent, t: int) -> None:
    complete = type(event) is LoadEvent
    rows.views.loading(complete)
    rows.write(e.LOAD, t, value=float(complete))


def _meta(rows: Rows, event: MetaEvent, t: int) -> None:
    data = event.data
    if rows.views.meta(data.href, t):
        rows.open_page(t, data.width, data.height)


def _snapshot(rows: Rows, event: FullSnapshotEvent, t: int) -> None:
    rows.page_changed()
    nodes = rows.index.snapshot(memoryview(event.data.node), t)
    rows.write(e.SNAPSHOT, t, value=nodes, flags=rows.sighted)


def _mutation(rows: Rows, data: Mutation, t: int) -> None:
    rows.page_changed()
    changes = rows.index.mutate(
        data.texts or (), data.attributes or (), data.removes or (), data.adds or (), t
    )
    rest = changes[CHANGES_KEPT - 1 :] if len(changes) > CHANGES_KEPT else []
    for change in changes[: CHANGES_KEPT - 1] if rest else changes:
        rows.write(
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
        flags = rest[0].flags
        for change in rest:
            flags = e.gathered(flags, change.flags)
        rows.write(e.CHANGE, t, value=sum(change.count for change in rest), flags=flags)


def _positions(rows: Rows, data: MouseMove | TouchMove | Drag, t: int) -> None:
    kind = POSITIONS[type(data)]
    trust = trust_of(data.isTrusted) or rows.trust
    facts = rows.facts
    seen = rows.seen
    for position in data.positions:
        target = position.id if 0 < position.id <= ID_MAX else 0
        control, form, flags = facts(target)
        if control and control not in seen:
            rows.remember(control)
        at = t + int(position.timeOffset // 1)
        rows.write(kind, at, target, control, form, position.x, position.y, nan, flags | trust)


def _interaction(rows: Rows, data: MouseInteraction, t: int) -> None:
    kind = INTERACTIONS.get(data.type)
    if kind is None:
        rows.counts.miss(f"interaction {data.type}")
        return
    flags = trust_of(data.isTrusted)
    if kind == e.CLICK:
        if data.pointerType is not None:
            flags |= POINTER_FLAGS.get(data.pointerType, 0)
        if not data.x and not data.y:
            flags |= e.KEYED
    x = nan if data.x is None else data.x
    y = nan if data.y is None else data.y
    rows.on(kind, t, data.id, x, y, flags=flags)


def _scroll(rows: Rows, data: Scroll, t: int) -> None:
    flags = trust_of(data.isTrusted)
    if rows.index.is_window(data.id):
        flags |= e.WINDOW
    rows.on(e.SCROLL, t, data.id, data.x, data.y, flags=flags)


def _resize(rows: Rows, data: ViewportResize, t: int) -> None:
    rows.write(e.RESIZE, t, x=data.width, y=data.height)


def _input(rows: Rows, data: Input, t: int) -> None:
    node = data.id if 0 < data.id <= ID_MAX else 0
    control, form, flags = rows.facts(node)
    if node:
        rows.remember(node, control)
    flags |= trust_of(data.isTrusted) or rows.trust
    if data.userTriggered is not None:
        flags |= e.USER_TRIGGERED if data.userTriggered else e.NOT_USER_TRIGGERED
    value: float = nan
    if data.isChecked:
        flags |= e.CHECKED  # check boxes and radios only: their text is "on", or whatever the page calls it
    elif not flags & e.IS_CHOICE or rows.index.is_select(node):
        value = text_length(raw_bytes(data.text))
    rows.write(e.INPUT, t, node, control, form, value=value, flags=flags)


def _media(rows: Rows, data: MediaInteraction, t: int) -> None:
    rows.on(e.MEDIA, t, data.id, value=data.type)


def _selection(rows: Rows, data: Selection, t: int) -> None:
    chosen = any(r.start != r.end or r.startOffset != r.endOffset for r in data.ranges)
    node = data.ranges[0].start if data.ranges else 0
    rows.on(e.SELECTION, t, node, value=float(chosen))


def _style(rows: Rows, data: StyleSheetRule | StyleDeclaration | AdoptedStyleSheet | Font, t: int) -> None:
    node = 0 if isinstance(data, Font) else data.id or 0
    rows.on(e.STYLE, t, node)


def _canvas(rows: Rows, data: CanvasMutation, t: int) -> None:
    rows.on(e.CANVAS, t, data.id)


def _log(rows: Rows, data: Log, t: int) -> None:
    rows.console(data.level, data.trace, t)


def _plugin(rows: Rows, event: PluginEvent, t: int) -> None:
    turn_plugin(rows, event.data, t)


def _custom(rows: Rows, event: CustomEvent, t: int) -> None:
    turn_custom(rows, event.data, t)


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


def trust_of(said: bool | None) -> int:
    """Flag for what a recorder says of ``isTrusted``; 0 where it says nothing."""
    return 0 if said is None else e.TRUSTED if said else e.UNTRUSTED


POSITIONS: Final[dict[type, int]] = {MouseMove: e.MOVE, TouchMove: e.TOUCH_MOVE, Drag: e.DRAG}

TURNS: Final[dict[type, Callable[[Rows, Any, int], None]]] = {
    DomContentLoadedEvent: _load,
    LoadEvent: _load,
    MetaEvent: _meta,
    FullSnapshotEvent: _snapshot,
    CustomEvent: _custom,
    PluginEvent: _plugin,
    Mutation: _mutation,
    MouseMove: _positions,
    TouchMove: _positions,
    Drag: _positions,
    MouseInteraction: _interaction,
    Scroll: _scroll,
    ViewportResize: _resize,
    Input: _input,
    MediaInteraction: _media,
    StyleSheetRule: _style,
    StyleDeclaration: _style,
    AdoptedStyleSheet: _style,
    Font: _style,
    CanvasMutation: _canvas,
    Log: _log,
    Selection: _selection,
}
"""What each type of event becomes; types that are missing only let time pass."""
