"""Rows are counted in their seconds, all of them or none."""

from __future__ import annotations

from collections import Counter

import numpy as np

from data_contracts.events import EVENT
from data_contracts.row_seconds import FEW_SECONDS, ROWS_PER_SECOND, count, counted, table


def rows_at(times: object) -> np.ndarray:
    rows = np.zeros(np.size(times), EVENT)
    rows["t"] = times
    return rows


def test_counts_are_those_of_the_seconds() -> None:
    rng = np.random.default_rng(3)
    lines, seen = table({}), Counter[int]()
    for _ in range(20):
        times = rng.integers(0, FEW_SECONDS * 1_000, 40)
        assert count(rows_at(times), lines)
        seen.update((times // 1_000).tolist())
    assert counted(lines) == dict(seen)
    assert counted(table(seen)) == dict(seen)


def test_a_second_that_is_full_takes_nothing_and_neither_do_the_others() -> None:
    lines = table({5: ROWS_PER_SECOND - 1, 6: 1})
    assert not count(rows_at([6_000, 7_000, 5_000, 5_001]), lines)
    assert counted(lines) == {5: ROWS_PER_SECOND - 1, 6: 1}
    assert count(rows_at([5_999, 6_000]), lines)
    assert counted(lines) == {5: ROWS_PER_SECOND, 6: 2}


def test_without_a_free_line_nothing_is_counted() -> None:
    lines = table(dict.fromkeys(range(FEW_SECONDS - 1), 1))
    assert count(rows_at([99_000]), lines)
    before = counted(lines)
    assert not count(rows_at([0, 100_000]), lines)
    assert counted(lines) == before
