"""Compiled looks over canonical rows: when they are, in what order, and what they prove."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts import events as e
from data_contracts.compiled import compiled
from data_contracts.events import Events

MOVES_PER_ROW: Final = 16  # beyond, sorting by an index is quicker

Numbers = npt.NDArray[np.int64]
"""The channel that each kind of row proves, as a bit, i8[256]."""


@compiled
def proved(rows: Events, channels: Numbers, trust: int) -> int:
    """The channels that rows prove to be on, as bits: by their kind, and by what is said of their trust."""
    bits = 0
    for i in range(rows.size):
        bits |= channels[rows[i]["kind"]]
        if rows[i]["flags"] & (e.TRUSTED | e.UNTRUSTED):
            bits |= trust
    return bits


@compiled
def merged(waiting: Events, rows: Events) -> tuple[Events, bool]:
    """A copy of rows that are sorted by time with others behind them, all sorted; those of one time as they come.

    False beside it if they are too far from their order to be so sorted: the last of them stand as they came.
    """
    count = waiting.size
    out = np.empty(count + rows.size, waiting.dtype)
    for i in range(count):
        out[i] = waiting[i]
    moves = 0
    for i in range(rows.size):
        t = rows[i]["t"]
        place = count + i
        if moves <= MOVES_PER_ROW * out.size:
            while place > 0 and out[place - 1]["t"] > t:
                out[place] = out[place - 1]
                place -= 1
            moves += count + i - place
        out[place] = rows[i]
    return out, moves <= MOVES_PER_ROW * out.size


@compiled
def count_before(rows: Events, t: int) -> int:
    """How many of the sorted rows lie before ``t`` ms."""
    low, high = 0, rows.size
    while low < high:
        middle = (low + high) // 2
        if rows[middle]["t"] < t:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def settled_before(rows: Events, page: int, t: int, idle_ms: int, last: int) -> int:
    """How many sorted rows lie before ``t`` ms; -1 unless all are of this page view, with no pause over ``idle_ms``.

    ``last`` is the time of the row before them, ms.
    """
    before = last
    for i in range(rows.size):
        at = rows[i]["t"]
        if rows[i]["page"] != page or at - before > idle_ms:
            return -1
        before = at
    return count_before(rows, t)


@compiled
def with_page(rows: Events, page: int) -> Events:
    """A copy of rows, all of this page view."""
    out = np.empty_like(rows)
    for i in range(rows.size):
        out[i] = rows[i]
        out[i]["page"] = page
    return out


@compiled
def pause_after(rows: Events, begin: int, idle_ms: int) -> int:
    """Where the first pause of more than ``idle_ms`` after row ``begin`` ends; the number of rows if there is none."""
    for i in range(begin + 1, rows.size):
        if rows[i]["t"] - rows[i - 1]["t"] > idle_ms:
            return i
    return int(rows.size)
