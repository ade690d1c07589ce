"""Compiled looks over canonical rows: when they are, in what order, and what they prove."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_contracts import events as e
from data_contracts.compiled import compiled
from data_contracts.events import Events

Numbers = npt.NDArray[np.int64]


@compiled
def tally(
    rows: Events, channels: npt.NDArray[np.uint32], trust: int, seconds: Numbers, numbers: Numbers
) -> tuple[int, int]:
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
def in_order(rows: Events) -> bool:
    """Whether no row lies before the one before it."""
    for i in range(1, rows.size):  # noqa: SIM110  (compiled)
        if rows[i]["t"] < rows[i - 1]["t"]:
            return False
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
def one_page(rows: Events, owner: Numbers) -> tuple[int, bool]:
    """Page view of the first row, and whether all rows are of this page view and of one stream."""
    page = rows[0]["page"]
    for i in range(1, rows.size):
        if rows[i]["page"] != page or owner[i] != owner[0]:
            return int(page), False
    return int(page), True


@compiled
def set_page(rows: Events, page: int) -> None:
    """Give every row this page view."""
    for i in range(rows.size):
        rows[i]["page"] = page


@compiled
def pause_after(rows: Events, begin: int, idle_ms: int) -> int:
    """Where the first pause of more than ``idle_ms`` after row ``begin`` ends; the number of rows if there is none."""
    for i in range(begin + 1, rows.size):
        if rows[i]["t"] - rows[i - 1]["t"] > idle_ms:
            return i
    return int(rows.size)
