"""A look at a session that goes on, in one compiled call.

What no later row can sort before is folded for good, the rest on a copy; then all that is asked of the copy is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from data_contracts.compiled import compiled
from features.moments import CAPACITY, MOMENT, WITHDRAWN

EVIDENCE: Final = (
    *("start", "rows", "positions", "acts", "unknown", "t", "sighted_ms", "blind_ms", "acts_sighted"),
    *("sighted", "channels"),
)
"""What of ``Context`` is told with a look."""


class Look(Struct, frozen=True, gc=False):
    """What a look finds.

    Attributes
    ----------
    memory
        The copy, in which all rows are folded.
    moments
        Those that were not withdrawn, by (start, code).
    vector
        Every feature, f4.
    evidence
        The values of ``EVIDENCE``.
    """

    memory: npt.NDArray[np.void]
    moments: npt.NDArray[np.void]
    vector: npt.NDArray[np.float32]
    evidence: list[int]


class Terms(Struct, frozen=True, gc=False):
    """What a look is taken under.

    Attributes
    ----------
    page, number
        The page view that all rows must be of, as they count it, and its number in the session.
    horizon
        Rows before it are folded for good, ms since the epoch.
    idle_ms
        A longer pause ends a session, before the first row as between any two.
    last
        Time of the last row that is folded, ms since the epoch; the first row's or later if there is none.
    """

    page: int
    number: int
    horizon: int
    idle_ms: int
    last: int


class Desk:
    """Where a look writes what is then copied out: used anew by each."""

    def __init__(self) -> None:
        self.settled = np.zeros(CAPACITY, MOMENT)
        self.order = np.zeros(CAPACITY, np.int64)
        self.alive = np.zeros(CAPACITY, MOMENT)
        self.evidence = np.zeros(len(EVIDENCE), np.int64)
        self.given = (self.settled, self.order, self.alive, self.evidence)  # as `look` takes them


def body() -> Iterator[str]:
    """Text of the function ``look``; it calls ``loop`` of an engine and ``read`` of its readers.

    It gives how many rows were folded for good, or -1 if the terms do not hold and nothing was done; the time of the
    last of them; and how many moments there are of those, and that were not withdrawn of all.
    """
    yield "def look("
    yield "    events, page, number, horizon, idle_ms, last, memory, whole, moments, shown, copy,"
    yield "    declared, vector, room, channel_bits, needs, settled, order, alive, evidence,"
    yield "):"
    yield "    ready = settled_before(events, page, horizon, idle_ms, last)"
    yield "    if ready < 0:"
    yield "        return -1, 0, 0, 0"
    yield "    if number != page:"
    yield "        events = with_page(events, number)"
    yield "    for i in range(moments.size):"
    yield "        room[0].moments[i] = moments[i]"
    yield "    kept = loop(events[:ready], memory, room, channel_bits)"
    yield "    if ready:"
    yield "        for i in range(kept):"
    yield "            settled[i] = room[0].moments[i]"
    yield "    for i in range(whole.size):"
    yield "        copy[i] = whole[i]"
    yield "    told = loop(events[ready:], shown, room, channel_bits)"
    yield "    read(shown, declared, needs, vector)"
    yield "    now = shown[0].context"
    for i, name in enumerate(EVIDENCE):
        yield f"    evidence[{i}] = now.{name}"
    yield "    until = events[ready - 1].t if ready else last"
    yield "    return ready, until, kept, take_live(room[0].moments[:told], order, alive)"


@compiled
def take_live(moments: npt.NDArray[np.void], order: npt.NDArray[np.int64], out: npt.NDArray[np.void]) -> int:
    """Write the moments that were not withdrawn to ``out``, by (start, code); how many. They come almost in order.

    ``moments`` and ``out`` are ``MOMENT[n]``; ``order``, i8[n], is room to sort in.
    """
    count = 0
    for i in range(moments.size):
        one = moments[i]
        if one.state == WITHDRAWN:
            continue
        place = count
        while place > 0 and _comes_before(one, moments[order[place - 1]]):
            order[place] = order[place - 1]
            place -= 1
        order[place] = i
        count += 1
    for i in range(count):
        out[i] = moments[order[i]]
    return count


@compiled
def _comes_before(one: Any, other: Any) -> bool:
    if one.start != other.start:
        return bool(one.start < other.start)
    if one.code != other.code:
        return bool(one.code < other.code)
    return bool(one.end < other.end)
