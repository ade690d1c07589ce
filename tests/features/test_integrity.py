"""What no body can do, and on what that must stay silent."""

import math

import pytest

from data_contracts.events import (
    CLICK,
    FOCUS,
    INPUT,
    KEY,
    KEYED,
    MOVE,
    PAGE,
    PRESS,
    RELEASE,
    SCROLL,
    TOUCH_END,
    TOUCH_START,
    TOUCHED,
    TRUSTED,
    UNTRUSTED,
)
from features.integrity import Integrity

FIRST = {"t": 0, "kind": PAGE, "x": 800, "y": 800, "page": 0}


def tool(t, x, hold=1, lead=2, **more):
    """What a plain automation tool sends for a click: one position, then the press."""
    place = {"x": x, "y": 50, "target": int(x)} | more
    return [
        {"t": t - lead, "kind": MOVE} | place,
        {"t": t, "kind": PRESS} | place,
        {"t": t + hold, "kind": RELEASE} | place,
        {"t": t + hold, "kind": CLICK} | place,
    ]


def test_leaps_without_a_course_or_a_hold_are_an_artifact_from_the_second_on(run):
    rows = [FIRST, *tool(1_000, 100), *tool(1_500, 400), *tool(2_000, 100)]
    moment = run(Integrity, *rows).of("automation_artifact")
    assert (moment["start"], moment["end"], moment["element"]) == (1_500, 2_001, 100)
    assert moment["evidence"].tolist() == [300, 500, 1, 2]
    assert run(Integrity, *rows[:-4]).codes() == []
    assert run(Integrity, *rows, *tool(2_500, 400)).moments[-1]["severity"] > moment["severity"]


def test_presses_faster_than_any_hand(run):
    rows = [*tool(1_000, 100, hold=40), *tool(1_100, 400, hold=40), *tool(1_200, 100, hold=40)]
    assert run(Integrity, FIRST, *rows).codes() == ["automation_artifact"]


def test_clicks_that_the_recorder_does_not_trust(run):
    rows = [{"t": 1_000 * i, "kind": CLICK, "x": 5, "y": 5, "flags": UNTRUSTED} for i in (1, 2)]
    outcome = run(Integrity, FIRST, *rows, {"t": 4_000, "kind": KEY, "flags": TRUSTED})
    assert outcome.codes() == ["automation_artifact"]
    assert outcome.values["untrusted_share"] == pytest.approx(2 / 3)


def hand(t, x, back):
    course = [{"t": t - 50 * i, "kind": MOVE, "x": x + back * i, "y": 50} for i in range(6, 0, -1)]
    return [*course, *tool(t, x)[1:]]


SILENT = {
    "one busy moment of a page": [
        *tool(1_000, 100),
        *tool(1_400, 400),
        *hand(3_000, 100, 50),
        *hand(4_000, 300, -30),
    ],
    "a touchpad that taps without a hold": [
        *hand(1_000, 100, 50),
        *hand(1_700, 400, -50),
        *hand(2_400, 100, 50),
    ],
    "voice control": [row for i in range(6) for row in tool(1_000 + 1_100 * i, 100 + 300 * (i % 2))],
    "a gaze pointer that dwells": [
        row for i in range(6) for row in tool(1_000 + 900 * i, 100 + 300 * (i % 2), hold=0)
    ],
    "keyboard": [
        {"t": 1_000 + 40 * i, "kind": CLICK, "x": 0, "y": 0, "target": i, "flags": KEYED | UNTRUSTED}
        for i in range(9)
    ],
    "a double click": [*tool(1_000, 100), *tool(1_090, 100), *tool(1_180, 100)],
    "touch": [
        row
        for i in range(6)
        for x in (100 + 300 * (i % 2),)
        for row in (
            {"t": 1_000 + 200 * i, "kind": TOUCH_START, "x": x, "y": 50},
            {"t": 1_050 + 200 * i, "kind": TOUCH_END, "x": x, "y": 50},
            *tool(1_060 + 200 * i, x, hold=0, lead=0),
            {"t": 1_061 + 200 * i, "kind": CLICK, "x": x, "y": 50, "flags": TOUCHED},
        )
    ],
    "a password manager": [
        {"t": 1_000 + i, "kind": INPUT, "target": i, "value": 12, "flags": UNTRUSTED} for i in range(4)
    ],
    "scroll restored": [{"t": 1_000 + i, "kind": SCROLL, "x": 0, "y": 900 * i} for i in range(4)],
}


@pytest.mark.parametrize("rows", SILENT.values(), ids=SILENT.keys())
def test_an_artifact_stays_silent_on(run, rows):
    assert run(Integrity, FIRST, *rows).codes() == []


def test_effects_want_a_cause(run):
    typed = [{"t": 5_000 + 100 * i, "kind": INPUT, "target": 3, "value": i} for i in range(5)]
    assert run(Integrity, FIRST, *typed).values["act_without_cause"] == 1
    assert (
        run(Integrity, FIRST, {"t": 4_000, "kind": FOCUS, "target": 3}, *typed).values["act_without_cause"]
        == 0
    )
    page = {"kind": PAGE, "x": 800, "y": 800}
    rows = [*tool(1_000, 100), page | {"t": 1_500, "page": 1}, page | {"t": 20_000, "page": 2}]
    assert run(Integrity, FIRST, *rows).values["act_without_cause"] == 0.5


def test_focus_follows_an_act(run):
    rows = [
        *tool(1_000, 100),
        {"t": 1_100, "kind": FOCUS, "target": 100},
        {"t": 9_000, "kind": FOCUS, "target": 5},
    ]
    assert run(Integrity, FIRST, *rows).values["focus_without_act"] == 0.5


def test_acts_in_one_millisecond(run):
    keyed = {"kind": CLICK, "x": 0, "y": 0, "flags": KEYED}
    rows = [keyed | {"t": t, "target": i} for i, t in enumerate((1_000, 1_000, 2_000, 3_000))]
    assert run(Integrity, FIRST, *rows).values["simultaneous_acts"] == 0.25
    assert math.isnan(run(Integrity, FIRST, *rows[:2]).values["simultaneous_acts"])
    filled = [{"t": 1_000, "kind": INPUT, "target": i, "value": 9} for i in range(5)]
    assert run(Integrity, FIRST, *rows[2:], keyed | {"t": 9_000}, *filled).values["simultaneous_acts"] == 0


def test_gaps_that_repeat_to_the_millisecond(run):
    even = [row for i in range(8) for row in tool(1_000 + 700 * i, 100)]
    assert run(Integrity, FIRST, *even).values["clock_regularity"] == pytest.approx(6 / 7)
    uneven = [row for i in range(8) for row in tool(1_000 + 700 * i + i * i, 100)]
    assert run(Integrity, FIRST, *uneven).values["clock_regularity"] == 0
