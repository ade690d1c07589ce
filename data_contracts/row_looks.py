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


@compiled
def tally(rows: Events, channels: Numbers, trust: int, seconds: Numbers, numbers: Numbers) -> tuple[int, int]:
    """How many seconds the rows lie in, and the channels that they prove to be on, as bits.

    ``seconds`` and ``numbers`` take the seconds, in the order in which they are met, and the rows of each.
    """
    found = 0
    bits = 0
    for i in range(rows.size):
        row = rows[i]
        bits |= channels[row["kind"]]
        if row["flags"] & (e.TRUSTED | e.UNTRUSTED):
            bits |= trust
        second = row["t"] // 1_000
        place = found - 1
        while place >= 0 and seconds[place] != second:
            place -= 1
        if place < 0:
            place = found
            seconds[place] = second
            numbers[place] = 0
            found += 1
        numbers[place] += 1
    return found, bits


@compiled
def put_in_order(rows: Events) -> bool:
    """Sort rows by time in place, those of one time as they are; False if they are too far from it to be so sorted."""
    moves = 0
    for i in range(1, rows.size):
        t = rows[i]["t"]
        if t >= rows[i - 1]["t"]:
            continue
        place = i - 1
        while place > 0 and rows[place - 1]["t"] > t:
            place -= 1
        moves += i - place
        if moves > MOVES_PER_ROW * rows.size:
            return False
        row = rows[i : i + 1].copy()
        for j in range(i, place, -1):
            rows[j] = rows[j - 1]
        rows[place] = row[0]
    return True


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
def survey(rows: Events, t: int, idle_ms: int) -> tuple[bool, int, int, int, int]:
    """What sorted rows are like.

    Returns
    -------
    tuple
        Whether all are of one page view, with no pause over ``idle_ms`` between them; the page view of the first;
        how many lie before ``t`` ms; the times of the first row and of the last before ``t``, ms.
    """
    page = rows[0]["page"]
    plain = True
    for i in range(1, rows.size):
        if rows[i]["page"] != page or rows[i]["t"] - rows[i - 1]["t"] > idle_ms:
            plain = False
    before = count_before(rows, t)
    return (
        plain,
        int(page),
        before,
        int(rows[0]["t"]),
        int(rows[max(before - 1, 0)]["t"]),
    )


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
