from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.clock import BACKWARD_MS, FORWARD_MS, HELD_MAX, LATENESS_MS, TIME_MAX, Clock

HOUR = 3_600_000
YEAR_9999 = 253_402_300_799_000


def run(*times: float | None) -> tuple[list[tuple[int, int | None]], Counter[str]]:
    """Where each of these events is put: (which, when), in the order in which they come out."""
    clock: Clock[int] = Clock(Counter())
    placed = [p for i, time in enumerate(times) for p in clock.offer(i, time)]
    return [(p.item, p.emitted) for p in placed], clock.problems


def test_times_in_order_stand():
    assert run(5, 5, 1_000, 1_000.7) == ([(0, 5), (1, 5), (2, 1_000), (3, 1_000)], {})


def test_a_leap_forward_that_the_next_event_confirms_is_an_absence():
    assert run(0, 2 * HOUR, 2 * HOUR + 5) == ([(0, 0), (1, 2 * HOUR), (2, 2 * HOUR + 5)], {})
    assert run(0, 2 * HOUR, 5 * HOUR, 9 * HOUR)[0] == [(0, 0), (1, 2 * HOUR), (2, 5 * HOUR)]


def test_a_leap_forward_that_stands_alone_is_dropped():
    assert run(0, YEAR_9999, 10, 20) == ([(0, 0), (2, 10), (3, 20)], {"clock_outlier": 1})
    assert run(0, YEAR_9999, 2 * HOUR, 2 * HOUR)[0] == [(0, 0), (2, 2 * HOUR), (3, 2 * HOUR)]


def test_a_leap_forward_that_ends_the_stream_waits():
    assert run(0, YEAR_9999) == ([(0, 0)], {})


def test_a_leap_of_just_the_idle_cut_is_no_leap():
    assert run(0, FORWARD_MS)[0] == [(0, 0), (1, FORWARD_MS)]


def test_a_clock_set_back_goes_on_where_it_was():
    start = 10 * HOUR
    placed, problems = run(start, 100, 200, 5_000)
    assert placed == [(0, start), (1, 100), (2, start + 100), (3, start + 4_900)]
    assert problems == {"clock_segments": 1}


def test_a_single_event_from_the_past_is_only_moved():
    start = 10 * HOUR
    placed, problems = run(start, 100, start + 5, 100, start + 6)
    assert placed == [(0, start), (1, 100), (2, start + 5), (3, 100), (4, start + 6)]
    assert not problems


def test_events_a_little_late_stay_where_they_are():
    assert run(BACKWARD_MS, 0, 10, 0)[0] == [(0, BACKWARD_MS), (1, 0), (2, 10), (3, 0)]


@pytest.mark.parametrize("time", [None, float("inf"), 1e300, -1e300, TIME_MAX + 1])
def test_an_event_without_a_time_takes_the_latest(time):
    assert run(7, time, 9) == ([(0, 7), (1, 7), (2, 9)], {"no_timestamp": 1})


def test_before_the_first_time_there_is_none():
    assert run(None, None, 9)[0] == [(0, None), (1, None), (2, 9)]


def test_events_without_a_time_follow_the_one_that_waits():
    assert run(0, 2 * HOUR, None, 2 * HOUR)[0] == [(0, 0), (1, 2 * HOUR), (2, 2 * HOUR), (3, 2 * HOUR)]
    assert run(0, 2 * HOUR, None, 5)[0] == [(0, 0), (2, 0), (3, 5)]


def test_what_waits_is_bounded():
    placed, problems = run(0, YEAR_9999, *[None] * (HELD_MAX + 10))
    assert len(placed) == HELD_MAX + 11
    assert problems["clock_outlier"] == 1


TIMES = st.one_of(
    st.none(),
    st.integers(0, 3 * BACKWARD_MS),
    st.integers(0, 3 * FORWARD_MS),
    st.sampled_from([0, YEAR_9999, -YEAR_9999, 10 * HOUR]),
    st.floats(),
)


@given(st.lists(TIMES, max_size=40))
def test_time_never_runs_back_and_every_event_is_accounted_for(times):
    clock: Clock[int] = Clock(Counter())
    placed = []
    for i, time in enumerate(times):
        before = clock.latest
        now = clock.offer(i, time)
        placed += now
        assert before is None or (clock.latest is not None and clock.latest >= before)
        assert all(p.floor >= before - LATENESS_MS for p in now if before is not None)
    items = [p.item for p in placed]
    assert items == sorted(items)
    assert len(items) + clock.waiting + clock.problems["clock_outlier"] == len(times)
    assert clock.problems["no_timestamp"] == sum(
        time is None or not -TIME_MAX <= time <= TIME_MAX for time in times
    )


@given(st.lists(TIMES, max_size=30), st.integers(1, 10 * HOUR))
def test_shifting_all_times_shifts_all_results(times, by):
    whole = [None if time is None or not abs(time) < 1e14 else int(time) for time in times]
    moved = [None if time is None else time + by for time in whole]
    one, other = run(*whole), run(*moved)
    assert [(i, None if t is None else t + by) for i, t in one[0]] == other[0]
    assert one[1] == other[1]
