import math

import pytest

from data_contracts.events import MOVE, PAGE, PRESS, SCROLL, WINDOW
from features.scrolling import Scrolling

START = {"t": 0, "kind": PAGE, "page": 0, "x": 1_200, "y": 600}


def to(t, y, **more):
    return {"t": t, "kind": SCROLL, "target": 1, "page": 0, "x": 0, "y": y, "flags": WINDOW, **more}


def test_distance_depth_and_steps(run):
    seen = run(
        Scrolling, START, to(1_000, 100), to(1_100, 200), to(1_200, 300), to(1_300, 400), to(6_000, 150)
    ).values
    assert seen["scrolls"] == 2
    assert seen["scroll_distance"] == 650
    assert seen["scroll_depth"] == 400
    assert seen["scroll_reversals"] == pytest.approx(10)  # one in 6 s
    assert seen["scroll_step_repeat"] == pytest.approx(3 / 4)
    assert seen["scroll_speed_p95"] == pytest.approx(1_000, rel=0.45)
    assert seen["scroll_without_pointer"] == 1


def test_scrolling_with_a_pointer_on_the_page(run):
    pointer = {"t": 10, "kind": MOVE, "x": 5, "y": 5}
    assert run(Scrolling, START, pointer, to(1_000, 100)).values["scroll_without_pointer"] == 0


def test_small_steps_back_are_no_reversal(run):
    seen = run(Scrolling, START, *[to(5_000 + 100 * i, 500 + 90 * (i % 2)) for i in range(20)])
    assert seen.values["scroll_reversals"] == 0


def test_an_element_scrolls_on_its_own(run):
    seen = run(
        Scrolling,
        START,
        to(100, 300),
        to(200, 50, target=9, flags=0),
        to(300, 310),
        to(400, 90, target=9, flags=0),
    )
    assert seen.values["scroll_distance"] == 310 + 90
    assert seen.values["scroll_depth"] == 310


def test_never_scrolled_and_not_declared_is_not_known(run):
    assert math.isnan(run(Scrolling, START, declared=0).values["scrolls"])
    assert run(Scrolling, START).values["scrolls"] == 0


def hunting(first, gap=500):
    return [to(first + gap * i, 50 if i % 2 else 1_500) for i in range(5)]


def test_hunting_up_and_down(run):
    seen = run(Scrolling, START, *hunting(1_000))
    moment = seen.of("scroll_hunt")
    assert (moment["start"], moment["end"]) == (1_500, 3_000)
    assert list(moment["evidence"][:2]) == [4, 600]
    assert moment["severity"] == pytest.approx(0.5)


def test_hunting_is_silent_with_acts_in_slow_reading_and_within_a_viewport(run):
    rows = hunting(1_000)
    act = {"t": 2_100, "kind": PRESS, "target": 4, "page": 0}
    assert run(Scrolling, START, *rows[:3], act, *rows[3:]).moments == []
    assert run(Scrolling, START, *hunting(1_000, gap=6_000)).moments == []
    assert run(Scrolling, START, *[to(1_000 + 500 * i, 50 if i % 2 else 550) for i in range(8)]).moments == []
