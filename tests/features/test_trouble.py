import math

import pytest

from data_contracts.events import CHANGE, CLICK, CONSOLE, IS_MESSAGE, IS_SUBMIT, PRESS, REQUEST
from features.trouble import Trouble


def press(t):
    return {"t": t, "kind": PRESS, "target": 4, "control": 4}


def error(t, detail=77):
    return {"t": t, "kind": CONSOLE, "value": 3, "detail": detail}


def test_errors_and_requests_are_counted(run):
    seen = run(
        Trouble,
        error(0),
        {"t": 1, "kind": CONSOLE, "value": 2, "detail": 5},
        {"t": 2, "kind": REQUEST, "value": 100, "x": 500, "detail": 6},
        {"t": 3, "kind": REQUEST, "value": 100, "x": 0, "detail": 7},
        {"t": 4, "kind": REQUEST, "value": 3_001, "x": 200, "detail": 8},
        {"t": 5, "kind": REQUEST, "detail": 9},
    ).values
    assert (seen["console_errors"], seen["failed_requests"], seen["slow_requests"]) == (1, 2, 1)


def test_what_the_recorder_does_not_see_is_not_known(run):
    seen = run(Trouble, press(0), declared=0).values
    assert all(math.isnan(seen[name]) for name in ("console_errors", "failed_requests", "errors_after_act"))


def test_an_error_within_a_second_belongs_to_the_act(run):
    seen = run(
        Trouble, press(0), error(900), error(950), press(5_000), press(9_000), error(10_100, 5), press(20_000)
    )
    assert seen.values["errors_after_act"] == pytest.approx(1 / 4)


def test_an_error_that_comes_by_itself_belongs_to_no_act(run):
    assert run(Trouble, error(0), press(5_000), error(5_100)).values["errors_after_act"] == 0


def test_messages_after_a_submit(run):
    message = {"kind": CHANGE, "flags": IS_MESSAGE, "value": 1}
    submit = {"t": 1_000, "kind": CLICK, "target": 9, "form": 2, "flags": IS_SUBMIT}
    seen = run(Trouble, {"t": 0, **message}, submit, {"t": 2_000, **message}, {"t": 6_100, **message})
    assert seen.values["messages_shown"] == 1
