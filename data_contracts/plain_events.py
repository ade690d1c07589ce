"""Reads plain events: mutations, positions, presses, clicks, focus, scrolls, inputs, selections, ticks, console lines.

Compiled, without an object in between, as browsers write them. Whatever is less plain (another kind of event, a
field that is not known, a number or a text that takes more care) is ``BAD`` here and left to the reference,
``decoder``.
"""

from __future__ import annotations

from math import nan
from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts import plain_json as p
from data_contracts.compiled import compiled
from data_contracts.json_walk import Bytes, walk_space
from data_contracts.plain_json import BAD
from data_contracts.plain_lists import Plan, list_at
from data_contracts.plain_others import CUSTOM, PLUGIN, Said, console_at, tick_at
from data_contracts.rows import ID_MAX

Path = npt.NDArray[np.float64]
"""Positions of one event, f8[n, 4]: x and y in CSS px, node, offset from the event's time in ms."""

INCREMENTAL: Final = 3  # type of the envelope
MUTATED: Final = 0  # sources
MOVES: Final = 1
INTERACTION: Final = 2
SCROLLED: Final = 3
TYPED: Final = 5
TOUCHES: Final = 6
DRAGS: Final = 12
SELECTED: Final = 14
TICKED: Final = 15  # and what else is plain, after the last source
PRINTED: Final = 16
MET: Final = 17


def _fields(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


_PATH: Final = _fields(p.SOURCE, p.POSITIONS, p.IS_TRUSTED)
ALLOWED: Final = np.zeros(MET, np.int64)
"""Fields that the data of a source may have, as bits; 0 for a source that is not plain, and for what is none."""
for _source, _allowed in {
    MUTATED: _fields(p.SOURCE, p.TEXTS, p.ATTRIBUTES, p.REMOVES, p.ADDS, p.IS_ATTACH_IFRAME),
    MOVES: _PATH,
    INTERACTION: _fields(p.SOURCE, p.TYPE, p.ID, p.X, p.Y, p.POINTER_TYPE, p.IS_TRUSTED),
    SCROLLED: _fields(p.SOURCE, p.ID, p.X, p.Y, p.IS_TRUSTED),
    TYPED: _fields(p.SOURCE, p.ID, p.TEXT, p.IS_CHECKED, p.USER_TRIGGERED, p.IS_TRUSTED),
    TOUCHES: _PATH,
    DRAGS: _PATH,
    SELECTED: _fields(p.SOURCE, p.RANGES),
}.items():
    ALLOWED[_source] = _allowed

NEEDED: Final = np.zeros(SELECTED + 1, np.int64)
"""Fields without which the data of a source are malformed."""
NEEDED[[MOVES, TOUCHES, DRAGS]] = _fields(p.POSITIONS)
NEEDED[INTERACTION] = _fields(p.TYPE)
NEEDED[SCROLLED] = _fields(p.ID, p.X, p.Y)
NEEDED[TYPED] = _fields(p.ID)
NEEDED[SELECTED] = _fields(p.RANGES)


@compiled
def usable(node: int) -> int:
    """A node's id, or 0 where it is none."""
    return int(node) if 0 < node <= ID_MAX else 0


@compiled
def path_at(text: Bytes, at: int, end: int, path: Path) -> tuple[int, int]:
    """Read the positions at ``at`` into rows of x, y, node and offset: how many, and where they end."""
    if at >= end or text[at] != 91:
        return 0, BAD
    at = walk_space(text, at + 1)
    if at < end and text[at] == 93:
        return 0, at + 1
    count = 0
    while True:
        if count == path.shape[0] or at >= end or text[at] != 123:
            return 0, BAD
        at = walk_space(text, at + 1)
        path[count, 2] = 0
        path[count, 3] = 0
        seen = 0
        while True:
            key, at = p.key_at(text, at, end)
            if at < 0 or seen >> key & 1:
                return 0, BAD
            seen |= 1 << key
            if key == p.X or key == p.Y:
                path[count, key - p.X], at = p.single_at(text, at, end)
            elif key == p.ID:
                node, at = p.whole_at(text, at, end)
                path[count, 2] = usable(node)
            elif key == p.TIME_OFFSET:
                path[count, 3], at = p.floor_at(text, at, end)
            else:
                return 0, BAD
            if at < 0:
                return 0, BAD
            at, closed = p.next_at(text, at, end, 125)
            if at < 0:
                return 0, BAD
            if closed:
                break
        if not seen >> p.X & 1 or not seen >> p.Y & 1:
            return 0, BAD
        count += 1
        at, closed = p.next_at(text, at, end, 93)
        if at < 0 or closed:
            return count, at


@compiled
def ranges_at(text: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """First node of the ranges at ``at``, whether any of them holds something, and where they end."""
    if at >= end or text[at] != 91:
        return 0, 0, BAD
    at = walk_space(text, at + 1)
    if at < end and text[at] == 93:
        return 0, 0, at + 1
    node = 0
    chosen = 0
    first = True
    while True:
        if at >= end or text[at] != 123:
            return 0, 0, BAD
        at = walk_space(text, at + 1)
        seen = 0
        start, start_offset, stop, stop_offset = 0, 0, 0, 0
        while True:
            key, at = p.key_at(text, at, end)
            if at < 0 or seen >> key & 1 or not p.START <= key <= p.END_OFFSET:
                return 0, 0, BAD
            seen |= 1 << key
            value, at = p.whole_at(text, at, end)
            if at < 0:
                return 0, 0, BAD
            if key == p.START:
                start = value
            elif key == p.START_OFFSET:
                start_offset = value
            elif key == p.END:
                stop = value
            else:
                stop_offset = value
            at, closed = p.next_at(text, at, end, 125)
            if at < 0:
                return 0, 0, BAD
            if closed:
                break
        if seen != 15 << p.START:
            return 0, 0, BAD
        if first:
            node = start
            first = False
        if start != stop or start_offset != stop_offset:
            chosen = 1
        at, closed = p.next_at(text, at, end, 93)
        if at < 0 or closed:
            return node, chosen, at


@compiled
def data_at(text: Bytes, at: int, end: int, said: Said, path: Path, plan: Plan) -> tuple[int, int]:
    """Read the data of an incremental event: what it says by field, its source, and where it ends.

    ``path`` takes the positions; after its last row one more holds ``x`` and ``y`` of a single one. ``plan`` takes the
    lists of a mutation.
    """
    if at >= end or text[at] != 123:
        return BAD, BAD
    at = walk_space(text, at + 1)
    last = path.shape[0] - 1
    path[last, 0] = nan
    path[last, 1] = nan
    said[p.SOURCE] = BAD
    said[p.ID] = 0
    said[p.POINTER_TYPE] = BAD
    said[p.TEXT] = 0
    said[p.IS_TRUSTED] = p.NULL
    said[p.IS_CHECKED] = p.NULL
    said[p.USER_TRIGGERED] = p.NULL
    said[p.TEXTS] = 0
    said[p.ATTRIBUTES] = 0
    said[p.REMOVES] = 0
    said[p.ADDS] = 0
    seen = 0
    while True:
        key, at = p.key_at(text, at, end)
        if at < 0 or seen >> key & 1:
            return BAD, BAD
        seen |= 1 << key
        if key == p.SOURCE or key == p.TYPE or key == p.ID or key == p.POINTER_TYPE:
            said[key], at = p.whole_at(text, at, end)
        elif key == p.X or key == p.Y:
            path[last, key - p.X], at = p.single_at(text, at, end)
        elif key == p.IS_TRUSTED or key == p.IS_CHECKED or key == p.USER_TRIGGERED:
            said[key], at = p.bool_at(text, at, end)
        elif key == p.POSITIONS:
            said[key], at = path_at(text, at, end, path[:last])
        elif key == p.TEXT:
            said[key], at = p.text_at(text, at, end)
        elif key == p.RANGES:
            said[key], said[p.START], at = ranges_at(text, at, end)
        elif p.TEXTS <= key <= p.ADDS:
            said[key], at = list_at(text, at, end, key, plan)
        elif key == p.IS_ATTACH_IFRAME:
            at = p.skipped_at(text, at, end)
        else:
            return BAD, BAD
        if at < 0:
            return BAD, BAD
        at, closed = p.next_at(text, at, end, 125)
        if at < 0:
            return BAD, BAD
        if closed:
            break
    source = said[p.SOURCE]
    if not 0 <= source <= SELECTED or seen & ~ALLOWED[source] or NEEDED[source] & ~seen:
        return BAD, BAD
    return source, at


@compiled
def event_at(text: Bytes, begin: int, end: int, said: Said, path: Path, plan: Plan) -> int:
    """Read one event from ``begin`` to ``end``; its source, ``TICKED``, ``PRINTED``, or ``BAD`` if it is not plain."""
    if begin >= end or text[begin] != 123:
        return BAD
    at = walk_space(text, begin + 1)
    source = BAD
    kind = INCREMENTAL
    time = 0
    seen = 0
    while True:
        key, at = p.key_at(text, at, end)
        if at < 0 or seen >> key & 1:
            return BAD
        seen |= 1 << key
        if key == p.TYPE:
            kind, at = p.whole_at(text, at, end)
            if kind != INCREMENTAL and (source != BAD or (kind != CUSTOM and kind != PLUGIN)):
                return BAD
        elif key == p.TIMESTAMP:
            time, at = p.whole_at(text, at, end)
        elif key == p.DATA and kind == CUSTOM:
            source = TICKED
            at = tick_at(text, at, end)
        elif key == p.DATA and kind == PLUGIN:
            source = PRINTED
            at = console_at(text, at, end, said)
        elif key == p.DATA:
            source, at = data_at(text, at, end, said, path, plan)
        elif key >= p.IGNORED:
            at = p.skipped_at(text, at, end)
        else:
            return BAD
        if at < 0:
            return BAD
        at, closed = p.next_at(text, at, end, 125)
        if at < 0:
            return BAD
        if closed:
            break
    if at != end or not seen >> p.TYPE & 1 or not seen >> p.TIMESTAMP & 1:
        return BAD
    if source == MUTATED and p.has_surrogate(text, begin, end):
        return BAD
    said[p.TIMESTAMP] = time
    return source
