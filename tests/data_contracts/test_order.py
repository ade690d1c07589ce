from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.events import EVENT, MOVE, PAGE
from data_contracts.order import IDLE_MS, cut, merge


def rows(*given: tuple[int, int, int]) -> np.ndarray:
    made = np.zeros(len(given), EVENT)
    made["t"], made["kind"], made["page"] = zip(*given, strict=True) if given else ((), (), ())
    return made


def test_rows_merge_by_time_then_stream_then_number():
    a, b = rows((1, 1, -1), (5, 2, -1), (5, 3, -1)), rows((0, 4, -1), (5, 5, -1))
    for streams in ({"a": a, "b": b}, {"b": b, "a": a}):
        assert merge(streams)["kind"].tolist() == [4, 1, 2, 3, 5]


def test_pages_are_counted_through_the_session():
    a = rows((0, PAGE, 0), (9, MOVE, 0), (10, PAGE, 1), (20, MOVE, 1))
    b = rows((4, MOVE, -1), (5, PAGE, 0), (15, MOVE, 0))
    merged = merge({"b": b, "a": a})
    assert list(zip(merged["t"].tolist(), merged["page"].tolist(), strict=True)) == [
        (0, 0), (4, -1), (5, 1), (9, 0), (10, 2), (15, 1), (20, 2),
    ]  # fmt: skip
    assert a["page"].tolist() == [0, 0, 1, 1]


def test_nothing_merges_to_nothing():
    assert merge({}).size == merge({"a": rows()}).size == 0
    assert cut(rows()) == []


@given(st.lists(st.integers(0, 5 * IDLE_MS), max_size=30))
def test_sessions_end_at_idleness_and_nowhere_else(times):
    made = rows(*((t, MOVE, 0) for t in sorted(times)))
    sessions = [made[part]["t"] for part in cut(made)]
    assert np.concatenate([np.empty(0, "i8"), *sessions]).tolist() == sorted(times)
    assert all(np.all(np.diff(session) <= IDLE_MS) for session in sessions)
    assert all(after[0] - before[-1] > IDLE_MS for before, after in pairwise(sessions))
