"""Taps, swipes and an app's gestures."""

import math

import pytest

from data_contracts.events import (
    PINCH,
    ROTATE,
    SCROLL,
    SWIPE,
    TAP,
    TOUCH_END,
    TOUCH_MOVE,
    TOUCH_START,
    VISIBILITY,
)
from features.touch import Touch

FIRST = {"t": 0, "kind": SCROLL, "x": 0, "y": 0}


def finger(t, *places, every=50, end=True):
    kinds = [TOUCH_START, *[TOUCH_MOVE] * (len(places) - 2), TOUCH_END if end else TOUCH_MOVE]
    return [
        {"t": t + every * i, "kind": k, "x": 50, "y": y}
        for i, (k, y) in enumerate(zip(kinds, places, strict=True))
    ]


def test_a_tap(run):
    values = run(Touch, FIRST, *finger(1_000, 100, 103, every=80), *finger(2_000, 100, 101, every=120)).values
    assert values["taps"] == 2
    assert values["tap_hold_mean"] == pytest.approx(0.1)
    assert values["tap_drift"] == pytest.approx(2)
    assert values["swipes"] == 0


def test_a_swipe(run):
    values = run(Touch, FIRST, *finger(1_000, 400, 300, 200, 100)).values
    assert values["swipes"] == 1
    assert values["taps"] == 0
    assert values["swipe_speed_mean"] == pytest.approx(2_000)


def test_a_swipe_whose_end_the_browser_took_to_scroll(run):
    scroll = finger(1_000, 400, 300, 200, end=False)
    assert run(Touch, FIRST, *scroll).values["swipes"] == 0  # it may still go on
    assert run(Touch, FIRST, *scroll, {"t": 2_200, "kind": SCROLL, "x": 0, "y": 9}).values["swipes"] == 1
    assert run(Touch, FIRST, *scroll, *finger(1_500, 400, 300, 200)).values["swipes"] == 2


def test_two_fingers_neither_tap_nor_swipe(run):
    first, last = finger(1_000, 400, 100, every=200)
    second = {"t": 1_050, "kind": TOUCH_START, "x": 90, "y": 90}
    values = run(Touch, FIRST, first, second, last, {"t": 1_210, "kind": TOUCH_END, "x": 90, "y": 300}).values
    assert values["taps"] == values["swipes"] == 0
    assert run(Touch, FIRST, first, second, last, *finger(3_000, 100, 100)).values["taps"] == 1


def test_a_position_after_the_end_is_no_touch(run):
    rows = [*finger(1_000, 400, 300, 200), {"t": 1_100, "kind": TOUCH_MOVE, "x": 50, "y": 200}]
    assert run(Touch, FIRST, *rows).values["swipes"] == 1


def test_what_an_app_reports(run):
    rows = [
        {"t": 1_000, "kind": TAP, "value": 90},
        {"t": 2_000, "kind": SWIPE, "value": 300},
        {"t": 2_200, "kind": TOUCH_END},
        {"t": 3_000, "kind": PINCH, "value": 1.5},
        {"t": 4_000, "kind": ROTATE, "value": 90},
        {"t": 5_000, "kind": VISIBILITY, "value": 0},
        {"t": 6_000, "kind": VISIBILITY, "value": 1},
        {"t": 7_000, "kind": VISIBILITY, "value": 0},
        {"t": 7_500, "kind": VISIBILITY, "value": 0},
    ]
    values = run(Touch, FIRST, *rows).values
    assert values["taps"] == 1
    assert values["tap_hold_mean"] == pytest.approx(0.09)
    assert math.isnan(values["tap_drift"])
    assert values["swipe_speed_mean"] == pytest.approx(1_500)
    assert values["pinches"] == values["rotations"] == 1
    assert values["app_leaves"] == 2


def test_without_a_touch_channel_nothing_is_known(run):
    assert all(
        math.isnan(run(Touch, FIRST, declared=0).values[name]) for name in ("taps", "swipes", "pinches")
    )
