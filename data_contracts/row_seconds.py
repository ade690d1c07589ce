"""How many rows of a stream lie in each second of its time: no person and no browser makes more than so many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled
from data_contracts.events import Events

ROWS_PER_SECOND: Final = 2_000
FEW_SECONDS: Final = 16  # that may be counted before those that have passed are forgotten

Seconds = npt.NDArray[np.int64]
"""Seconds since the epoch and the rows of each, i8[n, 2]; a line without rows is free."""


def table(counts: Mapping[int, int]) -> Seconds:
    """Counts of seconds with a few free lines."""
    lines = np.zeros((max(len(counts) + 1, FEW_SECONDS), 2), np.int64)
    if counts:
        lines[: len(counts)] = list(counts.items())
    return lines


def counted(lines: Seconds) -> dict[int, int]:
    """The counts by second.

    >>> counted(table({5: 3, 6: 1}))
    {5: 3, 6: 1}
    """
    return {second: number for second, number in lines.tolist() if number}


@compiled
def count(rows: Events, lines: Seconds) -> bool:
    """Count rows in their seconds; False, and none counted, where a second would exceed the bound or finds no line."""
    for i in range(rows.size):
        line = line_of(lines, rows[i]["t"] // 1_000)
        if line < 0 or lines[line, 1] == ROWS_PER_SECOND:
            for j in range(i):
                lines[line_of(lines, rows[j]["t"] // 1_000), 1] -= 1
            return False
        lines[line, 0] = rows[i]["t"] // 1_000
        lines[line, 1] += 1
    return True


@compiled
def line_of(lines: Seconds, second: int) -> int:
    """The line of a second, a free one if it has none, -1 if none is free."""
    free = -1
    for line in range(lines.shape[0]):
        if lines[line, 1] == 0:
            free = line
        elif lines[line, 0] == second:
            return line
    return free
