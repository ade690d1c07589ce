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
from data_contracts.compiled import compiled
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
from data_contracts.plain_events import Path, Said
from data_contracts.plain_json import BAD
from data_contracts.plain_lists import COLUMNS, LISTS, MOST, Plan
from data_contracts.presses import remember_press
from data_contracts.rows import PRESSES, REMEMBERED

Pen = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.int32]

# Places in ``pen``: how the stream stands, then what a run of events comes to.
SHIFT: Final = 0  # of the stream's clock, ms
PAGE: Final = 1  # number of the page view
SEES: Final = 2  # flag SIGHTED, or 0
TRUST: Final = 3  # flags TRUSTED, UNTRUSTED
EMITTED: Final = 4  # of the event in hand, ms
FLOOR: Final = 5  # earliest time of its rows, ms
NAMES: Final = 6  # 1 if names are kept
AGAIN: Final = 7  # 1 if the run ended only for others to take out what it wrote
LATEST: Final = 8  # largest emission time so far, ms
ROWS: Final = 9  # rows written
WANTED: Final = 10  # pairs of target and control that may have to be remembered
MOVED: Final = 11  # rows moved in time
CHANNELS: Final = 12  # that the rows of the run prove to be on, as bits
SECONDS: Final = 13  # that these rows lie in; -1 if they are more than ``MOST_SECONDS``, or were not counted
MET: Final = 14  # events met, by source
MET_END: Final = MET + plain.MET
MOST_SECONDS: Final = 8
EACH: Final = MET_END  # the seconds, in the order in which they are met
NUMBERS: Final = EACH + MOST_SECONDS  # rows of each
TOLD: Final = slice(LATEST, None)

PEN_SIZE: Final = NUMBERS + MOST_SECONDS

ROOM_ROWS: Final = 1_024
ROOM_SECONDS: Final = 4_096 * 4
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
        self.seconds = np.zeros(ROOM_SECONDS, np.int64)
        self.numbers = np.zeros(ROOM_SECONDS, np.int64)


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
def count_rows(rows: Events, pen: Pen) -> None:
    """Count rows by the second they lie in, and collect the channels that they prove to be on, as ``tally`` does."""
    found = 0
    bits = 0
    for i in range(rows.size):
        row = rows[i]
        bits |= CHANNEL_OF_KIND[row["kind"]]
        if row["flags"] & (e.TRUSTED | e.UNTRUSTED):
            bits |= TRUST_CHANNEL
        second = row["t"] // 1_000
        place = found - 1
        while place >= 0 and pen[EACH + place] != second:
            place -= 1
        if place < 0:
            if found == MOST_SECONDS:
                return
            place = found
            pen[EACH + place] = second
            pen[NUMBERS + place] = 0
            found += 1
        pen[NUMBERS + place] += 1
    pen[CHANNELS] = bits
    pen[SECONDS] = found


@compiled
def turn_run(
    text: Bytes, spans: Spans, first: int, out: Events, wanted: Pairs, lately: Pairs, said: Said, path: Path,
    plan: Plan, found: Found, pen: Pen, nodes: Nodes, table: Table, arena: Arena, state: State,
) -> int:  # fmt: skip
    """Turn events from the one numbered ``first`` on; the number of the first that was not turned.

    Parameters
    ----------
    text, spans
        The events: JSON, and where each begins and ends, i8[n, 2].
    out
        Where rows are written, ``EVENT[m]``; a run ends where the next event might not fit, or would change the page
        before names of it that are wanted have been read.
    wanted
        Where pairs of target and control are written that may have to be remembered, i4[m, 2].
    lately
        The pairs that were written lately, i4[2**k, 2].
    said, path
        Room to read an event into, i8[NAMES] and f8[k, 4].
    plan, found
        Room for what a mutation asks for and comes to, i8[LISTS, MOST, COLUMNS] and i8[LISTS * MOST, FOUND].
    pen
        How the stream stands, i8[PEN_SIZE].
    nodes, table, arena, state
        The page index.
    """
    for i in range(first, spans.shape[0]):
        source = plain.event_at(text, spans[i, 0], spans[i, 1], said, path, plan)
        if source == BAD:
            return i
        needed = CHANGES_KEPT
        if plain.ALLOWED[source] >> p.POSITIONS & 1:
            needed = max(needed, said[p.POSITIONS])
        full = pen[ROWS] + needed + 1 > out.size or pen[WANTED] + needed + 1 > wanted.shape[0]
        if full or (source == plain.MUTATED and pen[NAMES] and pen[WANTED]):
            pen[AGAIN] = 1
            return i
        latest = pen[LATEST]
        at = said[p.TIMESTAMP] + pen[SHIFT]
        if not latest - BACKWARD_MS <= at <= latest + FORWARD_MS:
            return i
        pen[EMITTED] = at
        pen[FLOOR] = latest - LATENESS_MS
        if source == plain.MUTATED:
            turned = turn_mutation(text, out, pen, nodes, table, arena, state, said, plan, found)
        else:
            turned = turn_plain(out, wanted, lately, pen, nodes, table, arena, state, source, said, path)
        if not turned:
            return i
        pen[LATEST] = max(at, latest)
        pen[MET + source] += 1
    count_rows(out[: pen[ROWS]], pen)
    return int(spans.shape[0])
