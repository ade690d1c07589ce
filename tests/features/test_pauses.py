import math

import pytest

from data_contracts.events import (
    BLUR,
    FOCUS,
    GOAL,
    INPUT,
    MOVE,
    PAGE,
    PRESS,
    SCROLL,
    SELECTION,
    TICK,
    TOUCH_START,
)
from features.pauses import Pauses

BUTTON = {"target": 8, "control": 7, "page": 0}
AWAY = {"target": 3, "page": 0}


def move(t, **on):
    return {"t": t, "kind": MOVE, "x": 10, "y": 10, **on}


def press(t, **on):
    return {"t": t, "kind": PRESS, "x": 10, "y": 10, **on}


def test_a_rest_on_a_control_before_it_is_pressed_is_a_hesitation(run):
    seen = run(
        Pauses,
        {"t": 0, "kind": PAGE, "page": 0},
        move(900, **AWAY),
        move(1_000, **BUTTON),
        press(4_000, **BUTTON),
    )
    assert seen.values["hesitations"] == 1
    assert seen.values["hesitation_mean"] == seen.values["hesitation_max"] == pytest.approx(3)
    assert seen.values["hover_before_click_mean"] == pytest.approx(3)
    moment = seen.of("hesitation")
    assert (moment["start"], moment["end"], moment["element"]) == (1_000, 4_000, 7)
    assert moment["severity"] == pytest.approx(0.2)


def test_moving_a_little_on_the_control_at_the_end_keeps_the_hesitation(run):
    seen = run(
        Pauses, move(0, **BUTTON), move(2_500, **BUTTON), move(2_550, **BUTTON), press(2_900, **BUTTON)
    )
    assert seen.values["hesitation_max"] == pytest.approx(2.5)


@pytest.mark.parametrize(
    "between",
    [
        move(1_500, **AWAY),
        {"t": 1_500, "kind": SCROLL, "x": 0, "y": 300, "page": 0},
        {"t": 1_500, "kind": SELECTION, "value": 1, "page": 0},
        press(1_500, **BUTTON),
    ],
    ids=["elsewhere", "scrolling", "selecting", "pressed already"],
)
def test_reading_and_repeating_are_no_hesitation(run, between):
    seen = run(Pauses, move(1_000, **BUTTON), between, press(4_000, **BUTTON))
    assert seen.values["hesitations"] == 0
    assert seen.moments == []


@pytest.mark.parametrize("rest", [900, 15_100])
def test_aiming_and_absence_are_no_hesitation(run, rest):
    assert run(Pauses, move(0, **BUTTON), press(rest, **BUTTON)).values["hesitations"] == 0


def test_the_mouse_that_a_touch_imitates_does_not_hesitate(run):
    touch = {"t": 3_990, "kind": TOUCH_START, "page": 0}
    assert run(Pauses, move(0, **BUTTON), touch, press(4_000, **BUTTON)).values["hesitations"] == 0


def test_dwell_is_the_stay_of_pointer_or_focus(run):
    seen = run(
        Pauses,
        move(0, target=1),
        move(100, target=2),  # 100 ms on 1: passing over
        move(1_100, target=3),  # 1 s on 2
        {"t": 2_000, "kind": FOCUS, "target": 9},
        {"t": 5_000, "kind": BLUR, "target": 9},  # 3 s of focus
    )
    assert seen.values["dwell_mean"] == pytest.approx(2)
    assert seen.values["dwell_max"] == pytest.approx(3)


def test_gaps_between_acts(run):
    beat = [press(t, target=i) for i, t in enumerate((1_000, 2_000, 3_000, 4_000, 5_000))]
    even = run(Pauses, {"t": 0, "kind": PAGE}, *beat).values
    assert even["act_gap_mean"] == pytest.approx(1)
    assert even["act_gap_p50"] == pytest.approx(1, rel=0.45)
    assert even["act_gap_entropy"] == 0
    assert even["burstiness"] == pytest.approx(-1)
    assert even["time_to_first_act"] == pytest.approx(1)
    assert even["duration"] == pytest.approx(5)
    bursts = [press(t, target=1) for t in (0, 50, 100, 150, 200, 60_000)]
    assert run(Pauses, *bursts).values["burstiness"] > 0.3


def test_activity_lasts_two_seconds(run):
    seen = run(Pauses, press(0, target=1), {"t": 10_000, "kind": TICK}).values
    assert seen["active_share"] == pytest.approx(0.2)
    assert seen["idle_longest"] == pytest.approx(10)


def test_a_session_without_acts_has_no_gaps(run):
    seen = run(Pauses, {"t": 0, "kind": PAGE}, {"t": 50, "kind": TICK}).values
    assert all(
        math.isnan(seen[name]) for name in ("act_gap_mean", "act_gap_p50", "burstiness", "time_to_first_act")
    )


def test_a_long_rest_may_be_the_end(run):
    ticks = [{"t": t, "kind": TICK} for t in (20_000, 31_000, 61_000)]
    seen = run(Pauses, {"t": 0, "kind": PAGE}, press(1_000, **BUTTON), *ticks)
    assert seen.open() == ["idle_exit"]
    moment = seen.of("idle_exit")
    assert (moment["start"], moment["end"], moment["element"]) == (1_000, 61_000, 7)
    assert moment["evidence"][0] == pytest.approx(60)
    assert moment["severity"] == pytest.approx(0.5)
    assert run(Pauses, press(1_000, **BUTTON), *ticks, move(62_000, **BUTTON)).moments == []
    assert run(Pauses, press(1_000), {"t": 2_000, "kind": GOAL}, *ticks).moments == []
    assert run(Pauses, press(1_000), *ticks, {"t": 62_000, "kind": GOAL}).moments == []


def test_typing_is_activity(run):
    keys = [{"t": t, "kind": INPUT, "target": 5, "value": t / 10_000} for t in range(0, 60_000, 10_000)]
    assert run(Pauses, *keys).moments == []
