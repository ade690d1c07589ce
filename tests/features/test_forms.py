import math

import pytest

from data_contracts.events import (
    BLUR,
    CHANGE,
    CHECKED,
    CLICK,
    FOCUS,
    GOAL,
    INPUT,
    IS_ALERT,
    IS_CHOICE,
    IS_CONTROL,
    IS_FIELD,
    IS_LINK,
    IS_MESSAGE,
    IS_SEARCH,
    IS_SUBMIT,
    KEYED,
    MOVE,
    NOT_USER_TRIGGERED,
    PAGE,
    SUBMIT,
    TICK,
)
from features.forms import Forms
from features.keys import Keys
from features.submits import Submits

NAME = {"target": 11, "control": 11, "form": 10, "page": 0, "flags": IS_FIELD | IS_CONTROL}
MAIL = {**NAME, "target": 12, "control": 12}
QUERY = {**NAME, "flags": IS_FIELD | IS_CONTROL | IS_SEARCH}
START = {"t": 0, "kind": PAGE, "page": 0, "detail": 5}


def typed(t, length, **field):
    return {"t": t, "kind": INPUT, "value": length, **field}


def focus(t, **field):
    return {"t": t, "kind": FOCUS, **field}


def blur(t, **field):
    return {"t": t, "kind": BLUR, **field}


def send(t, **more):
    return {
        "t": t,
        "kind": CLICK,
        "target": 19,
        "control": 19,
        "form": 10,
        "page": 0,
        "flags": IS_SUBMIT,
        **more,
    }


def next_page(t, page=1, detail=6):
    return {"t": t, "kind": PAGE, "page": page, "detail": detail}


def message(t, flags=IS_MESSAGE | IS_ALERT):
    return {"t": t, "kind": CHANGE, "target": 15, "value": 1, "page": 0, "flags": flags}


# Typing


def test_the_rhythm_of_typing(run):
    seen = run(Keys, *[typed(200 * i, i, **NAME) for i in range(1, 8)]).values
    assert seen["key_interval_mean"] == pytest.approx(0.2)
    assert seen["key_interval_cv"] == pytest.approx(0, abs=1e-6)
    assert seen["key_interval_entropy"] == 0
    assert seen["typing_speed"] == pytest.approx(5)
    assert seen["corrections"] == seen["pastes"] == 0


def test_the_same_value_told_again_is_no_input(run):
    rows = [typed(0, 1, **NAME), typed(100, 2, **NAME), typed(105, 2, **NAME), typed(5_000, 2, **NAME)]
    assert run(Keys, *rows).values["key_interval_mean"] == pytest.approx(0.1)
    assert run(Forms, START, *rows).values["inputs"] == 2


def test_corrections_and_pastes_are_shares_of_text_inputs(run):
    seen = run(
        Keys, typed(0, 1, **NAME), typed(100, 8, **NAME), typed(200, 7, **NAME), typed(300, 20, **MAIL)
    ).values
    assert seen["corrections"] == pytest.approx(1 / 4)
    assert seen["pastes"] == pytest.approx(2 / 4)


def test_a_pause_and_another_field_break_the_rhythm(run):
    seen = run(Keys, typed(0, 1, **NAME), typed(6_000, 2, **NAME), typed(6_100, 1, **MAIL)).values
    assert math.isnan(seen["key_interval_mean"])


def test_choices_and_scripts_are_not_typed(run):
    choice = {**NAME, "flags": IS_CHOICE}
    script = {**NAME, "flags": IS_FIELD | NOT_USER_TRIGGERED}
    seen = run(Keys, typed(0, 9, **choice), typed(100, 30, **choice), typed(200, 9, **script)).values
    assert math.isnan(seen["pastes"])


# Fields


def test_fields_and_the_time_in_them(run):
    seen = run(
        Forms,
        START,
        focus(1_000, **NAME),
        typed(2_000, 3, **NAME),
        blur(3_000, **NAME),
        focus(3_000, **MAIL),
        typed(4_000, 5, **MAIL),
        blur(7_000, **MAIL),
    ).values
    assert seen["fields"] == 2
    assert seen["inputs"] == 2
    assert seen["field_time_mean"] == pytest.approx(3)
    assert seen["input_without_focus"] == 0
    assert seen["field_revisits"] == seen["field_refills"] == 0


def test_check_boxes_count_when_they_change(run):
    box = {"target": 13, "form": 10, "page": 0}
    on = {"kind": INPUT, **box, "flags": IS_CHOICE | CHECKED}
    off = {"kind": INPUT, **box, "flags": IS_CHOICE}
    rows = ({"t": 1, **on}, {"t": 2, **on}, {"t": 3, **off}, {"t": 4, **off, "target": 14})
    assert run(Forms, START, *rows).values["inputs"] == 2


def test_input_into_a_field_without_focus(run):
    seen = run(
        Forms, START, typed(100, 5, **NAME), typed(150, 6, **NAME), focus(200, **MAIL), typed(300, 5, **MAIL)
    )
    assert seen.values["input_without_focus"] == pytest.approx(2 / 3)


REFILLED = (
    START,
    focus(1_000, **NAME),
    typed(2_000, 8, **NAME),
    blur(3_000, **NAME),
    focus(3_000, **MAIL),
    typed(3_500, 5, **MAIL),
    blur(4_000, **MAIL),
    focus(4_000, **NAME),
)


def test_a_completed_field_filled_anew(run):
    seen = run(Forms, *REFILLED, typed(5_000, 0, **NAME), typed(5_200, 1, **NAME))
    assert seen.values["field_revisits"] == seen.values["field_refills"] == 1
    moment = seen.of("form_refill")
    assert (moment["start"], moment["element"]) == (5_000, 11)
    assert list(moment["evidence"][:2]) == [8, 0]


def test_a_corrected_letter_is_no_refill_signal(run):
    seen = run(Forms, *REFILLED, typed(5_000, 7, **NAME))
    assert seen.values["field_refills"] == 1
    assert seen.codes() == []


def test_type_ahead_is_no_refill_signal(run):
    rows = [{**row, "flags": row.get("flags", 0) | IS_SEARCH} for row in REFILLED]
    assert run(Forms, *rows, typed(5_000, 0, **QUERY)).codes() == []


def test_focus_that_comes_back_with_the_window_is_no_revisit(run):
    seen = run(Forms, START, focus(1_000, **NAME), blur(2_000, **NAME), focus(9_000, **NAME))
    assert seen.values["field_revisits"] == 0


def test_a_rest_in_a_field(run):
    seen = run(Forms, START, focus(1_000, **NAME), typed(1_500, 1, **NAME), typed(6_500, 2, **NAME))
    moment = seen.of("field_hesitation")
    assert (moment["start"], moment["end"], moment["element"]) == (1_500, 6_500, 11)
    assert moment["severity"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "between",
    [[], [{"t": 4_000, "kind": MOVE, "page": 0}], [send(1_600)]],
    ids=["absence", "pointer", "submit"],
)
def test_a_rest_in_a_field_is_silent_on(run, between):
    end = 40_000 if not between else 6_000
    rows = [focus(1_000, **NAME), typed(1_500, 1, **NAME), *between]
    assert run(Forms, START, *rows, blur(end if between != [send(1_600)] else 4_000, **NAME)).codes() == []


BEGUN = (START, focus(1_000, **NAME), typed(2_000, 4, **NAME), blur(6_000, **NAME))
LATER = {"t": 60_000, "kind": TICK, "page": 1}


def test_a_form_left_for_good(run):
    seen = run(Forms, *BEGUN, next_page(7_000))
    assert seen.open() == ["form_abandon"]
    seen = run(Forms, *BEGUN, next_page(7_000), LATER)
    moment = seen.of("form_abandon")
    assert not seen.open()
    assert (moment["start"], moment["end"], moment["page"], moment["element"]) == (2_000, 7_000, 0, 11)
    assert seen.values["fields_abandoned"] == 1


@pytest.mark.parametrize(
    "rows",
    [
        (*BEGUN, send(6_500), next_page(7_000), LATER),
        (*BEGUN, {**send(6_500), "kind": SUBMIT, "flags": 0}, next_page(7_000), LATER),
        (*BEGUN, {**send(6_500), "flags": IS_CONTROL}, next_page(7_000), LATER),
        (*BEGUN, {"t": 6_500, "kind": GOAL, "page": 0}, next_page(7_000), LATER),
        (*BEGUN, next_page(7_000), {"t": 9_000, "kind": CLICK, "page": 0}, LATER),
        (
            START,
            focus(1_000, **QUERY),
            typed(2_000, 4, **QUERY),
            blur(6_000, **QUERY),
            next_page(7_000),
            LATER,
        ),
        (START, focus(1_000, **NAME), typed(2_000, 4, **NAME), next_page(2_500), LATER),
    ],
    ids=["submit", "said", "script button", "goal", "back", "search", "Enter unseen"],
)
def test_a_form_is_not_left_after(run, rows):
    assert "form_abandon" not in run(Forms, *rows).codes()


def test_a_link_in_the_form_submits_nothing(run):
    link = {**send(6_500), "flags": IS_CONTROL | IS_LINK}
    assert "form_abandon" in run(Forms, *BEGUN, link, next_page(7_000), LATER).codes()


# Submits


FILLED = (START, typed(1_000, 3, **NAME), typed(1_500, 9, **MAIL))


def test_a_form_submitted_again_and_again(run):
    seen = run(Submits, *FILLED, send(2_000), send(5_000), send(9_000, flags=IS_SUBMIT | KEYED))
    assert seen.values["submits"] == 3
    assert seen.values["repeat_submits"] == 2
    moment = seen.of("repeat_submit")
    assert (moment["start"], moment["end"], moment["evidence"][0]) == (2_000, 9_000, 3)


def test_a_form_that_comes_back_on_its_own_page_is_the_same(run):
    again = next_page(4_000, page=1, detail=5)
    seen = run(Submits, *FILLED, send(3_000), again, send(9_000, page=1, form=44))
    assert seen.values["repeat_submits"] == 1


@pytest.mark.parametrize(
    "rows",
    [
        (*FILLED, send(2_000), send(2_300)),
        (*FILLED, send(2_000), {**send(2_010), "kind": SUBMIT}),
        (*FILLED, send(2_000), send(33_000)),
        (*FILLED, send(2_000), next_page(3_000), send(4_000, page=1)),
        (START, send(2_000), send(5_000)),
        (START, typed(1_000, 3, **QUERY), send(2_000), typed(4_000, 2, **QUERY), send(5_000)),
        (*FILLED, send(2_000), typed(3_000, 2, **{**NAME, "target": 17}), send(5_000)),
        (*FILLED, send(2_000), typed(2_200, 0, **MAIL), typed(4_000, 1, **MAIL), send(6_000)),
    ],
    ids=["double click", "click and submit", "later", "elsewhere", "not filled", "search", "wizard", "chat"],
)
def test_no_repeated_submit(run, rows):
    seen = run(Submits, *rows)
    assert seen.values["repeat_submits"] == 0
    assert seen.codes() == []


def test_a_status_after_a_submit_is_no_complaint(run):
    seen = run(
        Submits, *FILLED, send(2_000), message(2_400, IS_MESSAGE), send(9_000), message(9_400, IS_MESSAGE)
    )
    assert seen.codes() == []


def test_an_error_after_a_submit(run):
    seen = run(Submits, *FILLED, send(2_000), message(2_400), message(2_410))
    assert seen.open() == ["error_shown"]
    assert list(seen.of("error_shown")["evidence"][:2]) == [2, pytest.approx(0.4)]
    seen = run(Submits, *FILLED, send(2_000), message(2_400), {"t": 8_000, "kind": TICK, "page": 0})
    assert seen.codes() == ["error_shown"]
    assert not seen.open()


def test_a_second_error_on_the_same_form_weighs_more(run):
    seen = run(
        Submits, *FILLED, send(2_000), message(2_400), typed(4_000, 4, **NAME), send(6_000), message(6_100)
    )
    assert seen.codes() == ["error_shown", "repeat_submit", "error_shown"]
    assert seen.moments[2]["severity"] > seen.moments[0]["severity"]
    assert seen.moments[1]["severity"] == pytest.approx(0.7)


@pytest.mark.parametrize(
    "rows",
    [
        (message(1_900), send(2_000)),
        (send(2_000), message(7_100)),
        (send(2_000), message(2_400), next_page(3_000)),
        (send(2_000), message(2_400), {"t": 3_000, "kind": GOAL, "page": 0}),
    ],
    ids=["before", "late", "another page", "goal"],
)
def test_a_message_that_is_no_error(run, rows):
    assert run(Submits, *FILLED, *rows).codes() == []


def script_button(t):
    return send(t, flags=IS_CONTROL)


def test_a_button_that_a_message_answers_submits(run):
    rows = (script_button(2_000), message(2_010), script_button(5_000), message(5_010), message(5_020))
    seen = run(Submits, *FILLED, *rows)
    assert seen.values["submits"] == 2
    assert seen.codes() == ["error_shown", "repeat_submit", "error_shown"]
    silent = run(Submits, *FILLED, script_button(2_000), script_button(5_000), message(11_000))
    assert silent.values["submits"] == 0
    assert silent.codes() == []


def test_a_live_region_that_speaks_unasked_reports_no_error(run):
    assert run(Submits, *FILLED, message(20_000), send(21_000), message(21_500)).codes() == []
