"""Clicks: pace, hold, drift and runs."""

import math

import pytest

from data_contracts.events import (
    CLICK,
    CONTEXT_MENU,
    DOUBLE_CLICK,
    IS_CONTROL,
    KEYED,
    KNOWN,
    PRESS,
    RELEASE,
    SCROLL,
    TOUCH_END,
    TOUCH_START,
    TOUCHED,
)
from features.clicks import Clicks

FIRST = {"t": 0, "kind": SCROLL, "x": 0, "y": 0}


def click(t, target=7, x=10, y=10, hold=80, drift=0.0, **more):
    more = {"target": target, "y": y} | more
    return [
        {"t": t, "kind": PRESS, "x": x} | more,
        {"t": t + hold, "kind": RELEASE, "x": x + drift} | more,
        {"t": t + hold, "kind": CLICK, "x": x} | more,
    ]


def test_a_double_click_is_two_clicks(run):
    values = run(Clicks, FIRST, *click(1_000), *click(1_200), {"t": 1_280, "kind": DOUBLE_CLICK}).values
    assert values["clicks"] == 2
    assert values["double_click_share"] == 0.5
    assert values["repeat_clicks_max"] == 2


def test_a_double_click_needs_its_two_clicks(run):
    rows = [*click(1_000), {"t": 1_080, "kind": DOUBLE_CLICK}, {"t": 1_090, "kind": DOUBLE_CLICK}]
    assert run(Clicks, FIRST, *rows).values["double_click_share"] == 0


def test_pace(run):
    rows = [
        FIRST,
        *click(5_000, hold=0),
        *click(10_000, hold=0),
        *click(15_000, hold=0),
        *click(20_000, hold=0),
    ]
    values = run(Clicks, *rows).values
    assert values["clicks_per_minute"] == pytest.approx(4 * 60 / 20)
    assert values["click_interval_cv"] == 0
    assert math.isnan(run(Clicks, *rows[:4]).values["clicks_per_minute"])  # 5 s


def test_hold_and_drift(run):
    values = run(
        Clicks, FIRST, *click(1_000, hold=100, drift=3), *click(3_000, hold=2), *click(5_000, hold=96)
    ).values
    assert values["click_hold_mean"] == pytest.approx(0.066)
    assert values["click_hold_zero"] == pytest.approx(1 / 3)
    assert values["click_hold_cv"] == pytest.approx(55.46 / 66, rel=1e-3)
    assert values["press_release_drift"] == pytest.approx(1)


def test_a_drag_is_no_click_that_is_held(run):
    values = run(Clicks, FIRST, *click(1_000, hold=100), *click(3_000, hold=900, drift=200)).values
    assert values["click_hold_mean"] == pytest.approx(0.1)
    assert values["press_release_drift"] == 0


def test_a_run_ends_with_its_target_a_rest_or_the_page(run):
    rows = [*click(1_000), *click(2_000), *click(3_000), *click(3_500, target=8), *click(6_000, target=8)]
    assert run(Clicks, FIRST, *rows).values["repeat_clicks_max"] == 3
    rows = [*click(1_000), *click(2_000), *click(3_000, page=1)]
    assert run(Clicks, FIRST, *rows).values["repeat_clicks_max"] == 2
    icons = [
        *click(1_000, target=3, control=2),
        *click(1_500, target=4, control=2),
    ]  # two icons of one button
    assert run(Clicks, FIRST, *icons).values["repeat_clicks_max"] == 2


def test_clicks_on_controls_are_those_that_point(run):
    on = {"flags": KNOWN | IS_CONTROL}
    keyed = {"t": 9_000, "kind": CLICK, "x": 0, "y": 0, "flags": KNOWN | IS_CONTROL | KEYED}
    values = run(Clicks, FIRST, *click(1_000, **on), *click(5_000, flags=KNOWN), *click(7_000), keyed).values
    assert values["clicks_on_controls"] == 0.5
    assert values["clicks"] == 4


def test_a_click_on_a_label_counts_once(run):
    echo = {"t": 1_081, "kind": CLICK, "target": 8, "x": 10, "y": 10}
    assert run(Clicks, FIRST, *click(1_000), echo).values["clicks"] == 1


@pytest.mark.parametrize("imitated", [True, False])
def test_a_tap_is_a_click_without_a_press(run, imitated):
    place = {"target": 7, "x": 10, "y": 10}
    touch = [{"t": 1_000, "kind": TOUCH_START} | place, {"t": 1_080, "kind": TOUCH_END} | place]
    mouse = click(1_085, hold=0) if imitated else [{"t": 1_085, "kind": CLICK, "flags": TOUCHED} | place]
    values = run(Clicks, FIRST, *touch, *mouse).values
    assert values["clicks"] == 1
    assert math.isnan(values["click_hold_mean"])


def test_a_long_touch_is_no_right_click(run):
    touch = {"t": 2_400, "kind": TOUCH_START, "x": 1, "y": 1}
    assert run(Clicks, FIRST, touch, {"t": 3_000, "kind": CONTEXT_MENU}).values["right_clicks"] == 0
    assert run(Clicks, FIRST, {"t": 3_000, "kind": CONTEXT_MENU, "x": 1, "y": 1}).values["right_clicks"] == 1
