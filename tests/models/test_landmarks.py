"""Landmarks see nothing of the goal, weigh a session as one, and wait until the outcome is known."""

from hypothesis import given
from hypothesis import strategies as st

from models.landmarks import IDLE_MS, LANDMARKS_S, Visit, landmarks

FOREVER = 10**15
times = st.integers(0, 3_600_000)


@st.composite
def visits(draw):
    start = draw(st.integers(0, 10**12))
    length = draw(times)
    goal = draw(st.none() | st.integers(0, length))
    return Visit(
        draw(st.sampled_from("abc")), "s", start, start + length, None if goal is None else start + goal
    )


@given(st.lists(visits(), max_size=8), st.integers(1, 3600))
def test_no_row_stands_after_its_goal_or_after_the_end(all_visits, horizon):
    for row in landmarks(all_visits, FOREVER, horizon):
        visit = all_visits[row.visit]
        assert row.at_ms <= visit.last_ms
        assert visit.goal_ms is None or visit.goal_ms >= row.at_ms
        came = visit.goal_ms is not None and visit.goal_ms <= row.at_ms + 1000 * horizon
        assert row.label == came


@given(st.lists(visits(), max_size=8))
def test_each_session_weighs_one(all_visits):
    weights = {}
    for row in landmarks(all_visits, FOREVER):
        weights[row.visit] = weights.get(row.visit, 0) + row.weight
    assert all(abs(weight - 1) < 1e-9 for weight in weights.values())


@given(visits(), st.integers(0, 10**12 + 10**8), st.integers(1, 3600))
def test_what_is_not_known_yet_does_not_count(visit, known_at, horizon):
    rows = landmarks([visit], known_at, horizon)
    if visit.last_ms + IDLE_MS > known_at:
        assert rows == []
    assert all(row.at_ms + 1000 * horizon <= known_at for row in rows)


def test_a_later_goal_changes_no_earlier_row_but_its_label():
    plain = landmarks([Visit("v", "s", 0, 300_000)], FOREVER, 60)
    sold = landmarks([Visit("v", "s", 0, 300_000, 150_000)], FOREVER, 60)
    assert [row.at_ms for row in sold] == [1000 * s for s in LANDMARKS_S if 1000 * s <= 150_000]
    assert [row.label for row in sold] == [0, 0, 0, 1]
    assert {row.label for row in plain} == {0}
