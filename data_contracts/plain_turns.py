"""Turns plain events into rows, in compiled code: the quick way for most of a stream.

What is turned here is turned by ``turns``, the reference, to the same bytes; what is not plain, and what the clock
has to be asked about, is left to it.
"""

from __future__ import annotations

import threading
from math import nan
from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts import events as e
from data_contracts import plain_events as plain
from data_contracts import plain_json as p
from data_contracts.clock import BACKWARD_MS, FORWARD_MS, LATENESS_MS
from data_contracts.compiled import borrowed, compiled
from data_contracts.events import Events
from data_contracts.json_walk import Bytes, Spans
from data_contracts.mutation import CHANGES_KEPT
from data_contracts.node_facts import facts_of
from data_contracts.node_table import Arena, Nodes, State, Table
from data_contracts.page_changes import gathered, is_select, is_window
from data_contracts.plain_changes import (
    FOUND,
    FOUND_COUNT,
    FOUND_FLAGS,
    FOUND_OWNER,
    FOUND_SOURCE,
    Found,
    has_room,
    only_digest,
    take_in,
)
from data_contracts.plain_events import Path
from data_contracts.plain_json import BAD
from data_contracts.plain_lists import COLUMNS, LISTS, MOST, Plan
from data_contracts.plain_others import Said
from data_contracts.presses import remember_press
from data_contracts.row_looks import merged, proved
from data_contracts.row_seconds import Seconds, count
from data_contracts.rows import PRESSES, REMEMBERED

Pen = npt.NDArray[np.int64]
"""How a run stands, i8[PEN_SIZE], by the places below; or ``met``, events by source, i8[MET + 1]."""
Pairs = npt.NDArray[np.int32]
"""Target and control of acts, as node ids, i4[n, 2]."""

# Places in ``pen``: how the stream stands, then what a run of events comes to.
SHIFT: Final = 0  # of the stream's clock, ms
PAGE: Final = 1  # number of the page view
SEES: Final = 2  # flag SIGHTED, or 0
TRUST: Final = 3  # flags TRUSTED, UNTRUSTED
EMITTED: Final = 4  # of the event in hand, ms
FLOOR: Final = 5  # earliest time of its rows, ms
MOVED: Final = 6  # rows moved in time
AGAIN: Final = 7  # 1 if the run ended only for others to take out what it wrote
LATEST: Final = 8  # largest emission time so far, ms
ROWS: Final = 9  # rows written
WANTED: Final = 10  # pairs of target and control that may have to be remembered
MUTATED: Final = 11  # 1 if the page changed
PRINTED: Final = 12  # 1 if a line of the console was among the events
CHANNELS: Final = 13  # that the rows of the run prove to be on, as bits
KEPT: Final = 14  # 1 if the rows wait among the others already
PEN_SIZE: Final = 15

MOVED_BEFORE: Final = plain.MET
"""Where ``met`` counts rows that were moved in time; before it stand events by source."""

ROOM_ROWS: Final = 1_024
ROOM_POSITIONS: Final = 256  # of one event; recorders send 10 in 500 ms


class Room(threading.local):
    """Where a thread turns events: used anew by each run."""

    def __init__(self) -> None:
        self.rows = np.zeros(ROOM_ROWS, e.EVENT)
        self.wanted = np.zeros((ROOM_ROWS, 2), np.int32)
        self.said = np.zeros(len(p.NAMES), np.int64)
        self.path = np.zeros((ROOM_POSITIONS + 1, 4))
        self.plan = np.zeros((LISTS, MOST, COLUMNS), np.int64)
        self.found = np.zeros((LISTS * MOST, FOUND), np.int64)
        self.pen = np.zeros(PEN_SIZE, np.int64)
        self.given = (
            self.rows,
            self.wanted,
            self.said,
            self.path,
            self.plan,
            self.found,
            self.pen,
        )  # in this order


CHANNEL_OF_KIND: Final = np.zeros(256, np.int64)
for _kind, _channel in e.KIND_CHANNEL.items():
    CHANNEL_OF_KIND[_kind] = 1 << e.CHANNELS.index(_channel)
TRUST_CHANNEL: Final = 1 << e.CHANNELS.index("trust")
IS_PRESS: Final = np.zeros(256, np.bool_)
IS_PRESS[list(PRESSES)] = True
IS_REMEMBERED: Final = np.zeros(256, np.bool_)
IS_REMEMBERED[list(REMEMBERED)] = True

KIND_OF_TYPE: Final = np.array(
    [
        *(e.RELEASE, e.PRESS, e.CLICK, e.CONTEXT_MENU, e.DOUBLE_CLICK, e.FOCUS, e.BLUR),
        *(e.TOUCH_START, e.TOUCH_MOVE, e.TOUCH_END, e.TOUCH_CANCEL),
    ],
    np.int64,
)
"""``type`` of an interaction to the kind of row."""
FLAG_OF_POINTER: Final = np.array([e.MOUSED, e.PENNED, e.TOUCHED], np.int64)


@compiled
def write(
    out: Events, pen: Pen, kind: int, t: int, target: int, control: int, form: int,
    x: float, y: float, value: float, flags: int, detail: int = 0,
) -> None:  # fmt: skip
    """One row; its time is held between the floor and the emission time of its event."""
    flags |= pen[SEES]
    if t < pen[FLOOR]:
        t = pen[FLOOR]
        flags |= e.MOVED_IN_TIME
        pen[MOVED] += 1
    elif t > pen[EMITTED]:
        t = max(pen[EMITTED], pen[FLOOR])
    row = out[pen[ROWS]]
    row["t"] = t
    row["target"] = target
    row["control"] = control
    row["form"] = form
    row["page"] = pen[PAGE]
    row["x"] = x
    row["y"] = y
    row["value"] = value
    row["flags"] = flags
    row["detail"] = detail
    row["kind"] = kind
    pen[ROWS] += 1


@compiled
def facts(pen: Pen, nodes: Nodes, table: Table, state: State, target: int) -> tuple[int, int, int]:
    """Nearest control, nearest form and flags of a node."""
    if target == 0 or pen[SEES] == 0:
        return 0, 0, 0 if target else pen[SEES]
    return facts_of(nodes, table, state, target)


@compiled
def want(wanted: Pairs, lately: Pairs, pen: Pen, target: int, control: int) -> None:
    """Ask for a node to be remembered, unless that was asked a moment ago."""
    place = target & (lately.shape[0] - 1)
    if lately[place, 0] == target and lately[place, 1] == control:
        return
    lately[place, 0] = target
    lately[place, 1] = control
    wanted[pen[WANTED], 0] = target
    wanted[pen[WANTED], 1] = control
    pen[WANTED] += 1


@compiled
def trust_of(value: int, yes: int, no: int) -> int:
    """Flag for a yes or no that may not have been said."""
    return yes if value == p.TRUE else no if value == p.FALSE else 0


@compiled
def on(
    out: Events, wanted: Pairs, lately: Pairs, pen: Pen,
    nodes: Nodes, table: Table, arena: Arena, state: State,
    kind: int, node: int, x: float, y: float, value: float, flags: int,
) -> None:  # fmt: skip
    """One row about a node of the page."""
    target = plain.usable(node)
    control, form, known = facts(pen, nodes, table, state, target)
    if target and IS_REMEMBERED[kind]:
        want(wanted, lately, pen, target, control)
        if IS_PRESS[kind] and pen[SEES]:
            remember_press(nodes, table, arena, state, target, pen[EMITTED])
    write(out, pen, kind, pen[EMITTED], target, control, form, x, y, value, known | flags | pen[TRUST])


@compiled
def turn_mutation(
    text: Bytes, out: Events, pen: Pen, nodes: Nodes, table: Table, arena: Arena, state: State,
    said: Said, plan: Plan, found: Found,
) -> bool:  # fmt: skip
    """Take a mutation into the page and write its rows; False, and nothing done, if the page has no room for it."""
    t = pen[EMITTED]
    if pen[SEES]:
        if not has_room(text, nodes, arena, state, said, plan):
            return False
        count = take_in(text, nodes, table, arena, state, said, plan, found, t)
    else:
        changes = said[p.TEXTS] + said[p.ATTRIBUTES] + said[p.REMOVES] + said[p.ADDS]
        found[0, FOUND_SOURCE] = 0
        found[0, FOUND_OWNER] = 0
        found[0, FOUND_COUNT] = changes
        found[0, FOUND_FLAGS] = 0
        count = 1 if changes else 0
    if count == 0:
        write(out, pen, e.STATUS, t, 0, 0, 0, nan, nan, 0.0, 0)
    apart = count if count <= CHANGES_KEPT else CHANGES_KEPT - 1
    for i in range(apart):
        write(
            out, pen, e.CHANGE, t, found[i, FOUND_SOURCE], found[i, FOUND_OWNER], 0,
            nan, nan, float(found[i, FOUND_COUNT]), found[i, FOUND_FLAGS],
        )  # fmt: skip
    if apart < count:
        flags = found[apart, FOUND_FLAGS]
        changes = 0
        for i in range(apart, count):
            flags = gathered(flags, found[i, FOUND_FLAGS])
            changes += found[i, FOUND_COUNT]
        write(out, pen, e.CHANGE, t, 0, 0, 0, nan, nan, float(changes), flags)
    if pen[SEES] and count == 1:
        out[pen[ROWS] - 1]["detail"] = only_digest(text, said, plan)
    return True


@compiled
def turn_plain(
    out: Events, wanted: Pairs, lately: Pairs, pen: Pen,
    nodes: Nodes, table: Table, arena: Arena, state: State,
    source: int, said: Said, path: Path,
) -> bool:  # fmt: skip
    """Write the rows of an event that was read; False, and none written, if it takes more than is plain."""
    trust = trust_of(said[p.IS_TRUSTED], e.TRUSTED, e.UNTRUSTED)
    last = path.shape[0] - 1
    if source == plain.MOVES or source == plain.TOUCHES or source == plain.DRAGS:
        kind = e.MOVE if source == plain.MOVES else e.TOUCH_MOVE if source == plain.TOUCHES else e.DRAG
        trust = trust or pen[TRUST]
        for i in range(said[p.POSITIONS]):
            target = int(path[i, 2])
            control, form, flags = facts(pen, nodes, table, state, target)
            if control:
                want(wanted, lately, pen, control, 0)
            at = pen[EMITTED] + int(path[i, 3])
            write(out, pen, kind, at, target, control, form, path[i, 0], path[i, 1], nan, flags | trust)
        if said[p.POSITIONS] == 0:
            write(out, pen, e.STATUS, pen[EMITTED], 0, 0, 0, nan, nan, 0.0, 0)
    elif source == plain.INTERACTION:
        if not 0 <= said[p.TYPE] < KIND_OF_TYPE.size:
            return False
        kind = KIND_OF_TYPE[said[p.TYPE]]
        if kind == e.CLICK:
            if 0 <= said[p.POINTER_TYPE] < FLAG_OF_POINTER.size:
                trust |= FLAG_OF_POINTER[said[p.POINTER_TYPE]]
            x, y = path[last, 0], path[last, 1]
            if (x == 0 or np.isnan(x)) and (y == 0 or np.isnan(y)):
                trust |= e.KEYED
        on(
            out, wanted, lately, pen, nodes, table, arena, state,
            kind, said[p.ID], path[last, 0], path[last, 1], nan, trust,
        )  # fmt: skip
    elif source == plain.SCROLLED:
        if is_window(nodes, table, said[p.ID]):
            trust |= e.WINDOW
        on(
            out, wanted, lately, pen, nodes, table, arena, state,
            e.SCROLL, said[p.ID], path[last, 0], path[last, 1], nan, trust,
        )  # fmt: skip
    elif source == plain.TYPED:
        node = plain.usable(said[p.ID])
        control, form, flags = facts(pen, nodes, table, state, node)
        value = float(said[p.TEXT])
        if said[p.IS_CHECKED] == p.TRUE:
            flags |= e.CHECKED
            value = nan
        elif flags & e.IS_CHOICE and not is_select(nodes, table, node):
            value = nan
        if node:
            want(wanted, lately, pen, node, control)
        flags |= trust or pen[TRUST]
        flags |= trust_of(said[p.USER_TRIGGERED], e.USER_TRIGGERED, e.NOT_USER_TRIGGERED)
        write(out, pen, e.INPUT, pen[EMITTED], node, control, form, nan, nan, value, flags)
    elif source == plain.TICKED:
        write(out, pen, e.TICK, pen[EMITTED], 0, 0, 0, nan, nan, nan, pen[TRUST])
    elif source == plain.PRINTED:
        level = float(said[p.LEVEL])
        write(out, pen, e.CONSOLE, pen[EMITTED], 0, 0, 0, nan, nan, level, 0, said[p.TRACE])
    else:
        on(
            out, wanted, lately, pen, nodes, table, arena, state,
            e.SELECTION, said[p.RANGES], nan, nan, float(said[p.START]), 0,
        )  # fmt: skip
    return True


@compiled
def turn_run(
    text: Bytes, spans: Spans, first: int, latest: int, shift: int, page: int, trust: int, sighted: bool, names: bool,
    keeps: bool, out: Events, wanted: Pairs, said: Said, path: Path, plan: Plan, found: Found, pen: Pen, lately: Pairs,
    met: Pen, waiting: Events, seconds: Seconds, nodes: Nodes, table: Table, arena: Arena, state: State,
) -> tuple[int, Events]:  # fmt: skip
    """Turn events from the one numbered ``first`` on; the number of the first that was not turned, and what waits.

    Parameters
    ----------
    text, spans
        The events: JSON, and where each begins and ends, i8[n, 2].
    latest, shift
        Of the stream's clock, ms.
    page, trust, sighted, names
        Number of the page view; flags; whether the page index can answer, and whether names are kept.
    keeps
        Whether the rows shall wait with the others at once, where all events were turned and the bound allows it.
    out
        Where rows are written, ``EVENT[m]``; a run ends where the next event might not fit, or would change the page
        before names of it that are wanted have been read.
    wanted
        Where pairs of target and control are written that may have to be remembered, i4[m, 2].
    said, path
        Room to read an event into, i8[NAMES] and f8[k, 4].
    plan, found
        Room for what a mutation asks for and comes to, i8[LISTS, MOST, COLUMNS] and i8[LISTS * MOST, FOUND].
    pen
        What the run comes to, i8[PEN_SIZE].
    lately
        The pairs that were written lately, i4[2**k, 2].
    met
        Where events are counted by source, then rows that were moved in time, i8[MOVED_BEFORE + 1].
    waiting, seconds
        The rows that wait, sorted, and how many were written in each second, as ``row_seconds`` has it.
    nodes, table, arena, state
        The page index.
    """
    text, spans, out, wanted, said, path = (
        borrowed(text), borrowed(spans), borrowed(out), borrowed(wanted), borrowed(said), borrowed(path),
    )  # fmt: skip
    plan, found, pen, lately, met = (
        borrowed(plan),
        borrowed(found),
        borrowed(pen),
        borrowed(lately),
        borrowed(met),
    )
    nodes, table, arena, state = borrowed(nodes), borrowed(table), borrowed(arena), borrowed(state)
    pen[:] = 0
    pen[LATEST], pen[SHIFT], pen[PAGE], pen[TRUST] = latest, shift, page, trust
    pen[SEES] = e.SIGHTED if sighted else 0
    at = first
    while at < spans.shape[0]:
        if not turn_one(
            text, spans[at, 0], spans[at, 1], names, out, wanted, lately, said, path, plan, found, pen, met,
            nodes, table, arena, state,
        ):  # fmt: skip
            break
        at += 1
    met[MOVED_BEFORE] += pen[MOVED]
    if keeps and at == spans.shape[0]:
        rows = out[: pen[ROWS]]
        more, in_order = merged(waiting, rows)
        if in_order and count(rows, seconds):
            pen[CHANNELS] = proved(rows, CHANNEL_OF_KIND, TRUST_CHANNEL)
            pen[KEPT] = 1
            return at, more
    return at, waiting


@compiled
def turn_one(
    text: Bytes, begin: int, end: int, names: bool, out: Events, wanted: Pairs, lately: Pairs, said: Said, path: Path,
    plan: Plan, found: Found, pen: Pen, met: Pen, nodes: Nodes, table: Table, arena: Arena, state: State,
) -> bool:  # fmt: skip
    """Turn one event; False, and nothing done, where it is not plain or there is no room for its rows."""
    source = plain.event_at(text, begin, end, said, path, plan)
    if source == BAD:
        return False
    needed = CHANGES_KEPT
    if plain.ALLOWED[source] >> p.POSITIONS & 1:
        needed = max(needed, said[p.POSITIONS])
    full = pen[ROWS] + needed + 1 > out.size or pen[WANTED] + needed + 1 > wanted.shape[0]
    if full or (source == plain.MUTATED and names and pen[WANTED]):
        pen[AGAIN] = 1
        return False
    latest = pen[LATEST]
    at = said[p.TIMESTAMP] + pen[SHIFT]
    if not latest - BACKWARD_MS <= at <= latest + FORWARD_MS:
        return False
    pen[EMITTED] = at
    pen[FLOOR] = latest - LATENESS_MS
    if source == plain.MUTATED:
        turned = turn_mutation(text, out, pen, nodes, table, arena, state, said, plan, found)
        pen[MUTATED] |= turned
    else:
        turned = turn_plain(out, wanted, lately, pen, nodes, table, arena, state, source, said, path)
        pen[PRINTED] |= source == plain.PRINTED
    if not turned:
        return False
    pen[LATEST] = max(at, latest)
    met[source] += 1
    return True
