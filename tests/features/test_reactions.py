"""Presses and what answers them, on rows written by hand."""

import pytest

from data_contracts.events import (
    BARE,
    CHANGE,
    CHECKED,
    CLICK,
    CONSOLE,
    FOCUS,
    GONE,
    INPUT,
    IS_CHOICE,
    IS_CONTROL,
    IS_DISABLED,
    IS_LINK,
    IS_MESSAGE,
    KNOWN,
    MOVE,
    PAGE,
    PRESS,
    RELEASE,
    REQUEST,
    SCROLL,
    SELECTION,
    SNAPSHOT,
    TICK,
    UNSEEN,
    UNSEEN_EFFECT,
)
from features.blunders import Blunders
from features.reactions import Reactions
from features.sources import rate_exceeds

BUTTON = {"target": 5, "control": 5, "x": 100, "y": 100, "flags": KNOWN | IS_CONTROL}
OTHER = {"target": 8, "control": 8, "x": 400, "y": 100, "flags": KNOWN | IS_CONTROL}
LINK = {"target": 9, "control": 9, "x": 50, "y": 20, "flags": KNOWN | IS_CONTROL | IS_LINK}
TEXT = {"target": 7, "x": 300, "y": 300, "flags": KNOWN}
FIRST = ({"t": 0, "kind": PAGE, "x": 1280, "y": 720}, {"t": 1, "kind": SNAPSHOT, "value": 9})
# A page where text was selected before: its recorder says so.
SELECTS = (*FIRST, {"t": 10, "kind": SELECTION, "value": 1})


def press(t, on=BUTTON):
    return (
        {"t": t, "kind": PRESS, **on},
        {"t": t + 80, "kind": RELEASE, **on},
        {"t": t + 81, "kind": CLICK, **on},
    )


def presses(*times, on=BUTTON):
    return tuple(row for t in times for row in press(t, on))


def change(t, source=33, **more):
    return {"t": t, "kind": CHANGE, "target": source, "value": 1, **more}


def ticker(begin, end, every, source=77):
    return tuple(change(t, source) for t in range(begin, end, every))


def end(t):
    return {"t": t, "kind": TICK}


def in_time(*rows):
    return sorted(rows, key=lambda row: row["t"])


# Dead


def test_a_press_that_nothing_answers_is_dead(run):
    seen = run(Reactions, *FIRST, *press(10_000), end(12_700))
    assert seen.codes() == ["dead_click"]
    assert seen.open() == []
    moment = seen.of("dead_click")
    assert (moment["start"], moment["end"], moment["element"]) == (10_000, 12_500, 5)
    assert seen.values["no_reaction_share"] == 1


def test_a_recording_that_ends_inside_the_window_settles_nothing(run):
    seen = run(Reactions, *FIRST, *press(10_000), end(12_400))
    assert seen.codes() == []


def test_the_focus_that_a_dead_button_takes_is_no_answer(run):
    seen = run(
        Reactions, *FIRST, *in_time(*press(10_000), {"t": 10_010, "kind": FOCUS, **BUTTON}), end(13_000)
    )
    assert seen.codes() == ["dead_click"]


@pytest.mark.parametrize(
    "answer",
    [
        change(10_400),
        change(10_400, source=5, control=5),
        {"t": 10_400, "kind": PAGE, "page": 1},
        {"t": 10_400, "kind": REQUEST, "value": 100, "detail": 4},
        {"t": 10_400, "kind": SELECTION, "value": 1},
        {"t": 10_400, "kind": FOCUS, **OTHER},
        {"t": 10_400, "kind": INPUT, "target": 40, "value": 3},
    ],
    ids=["elsewhere", "own", "page", "request", "selection", "focus", "value"],
)
def test_what_a_press_can_cause_answers_it(run, answer):
    seen = run(Reactions, *FIRST, *press(10_000), answer, end(20_000))
    assert seen.codes() == []
    assert seen.values["no_reaction_share"] == 0
    assert seen.values["reaction_time_median"] == pytest.approx(0.4, rel=0.2)


def test_a_ticker_does_not_hide_a_dead_button(run):
    seen = run(Reactions, *in_time(*FIRST, *ticker(300, 20_000, 700), *press(10_000)), end(21_000))
    assert seen.codes() == ["dead_click"]


def test_a_button_beside_a_ticker_that_answers_is_not_dead(run):
    rows = in_time(*FIRST, *ticker(300, 20_000, 700), *press(10_000), change(10_150, source=34))
    assert run(Reactions, *rows, end(21_000)).codes() == []


def test_a_ticker_that_a_press_makes_run_is_an_answer(run):
    rows = in_time(*FIRST, *ticker(300, 20_000, 2_000), *press(10_000), *ticker(10_050, 11_500, 100))
    assert run(Reactions, *rows, end(21_000)).codes() == []


def test_what_nobody_sees_is_no_answer(run):
    seen = run(Reactions, *FIRST, *press(10_000), change(10_200, flags=UNSEEN), end(12_700))
    assert seen.codes() == ["dead_click"]
    message = change(10_200, flags=UNSEEN | IS_MESSAGE)
    assert run(Reactions, *FIRST, *press(10_000), message, end(12_700)).codes() == []


def own(t, flags=0, **more):
    return change(t, source=5, control=5, flags=flags, **more)


def test_a_wave_that_shows_a_press_and_goes_again_is_no_answer(run):
    wave = [own(10_010, BARE), own(10_600, BARE | GONE)]
    seen = run(Reactions, *in_time(*FIRST, *press(10_000), *wave), end(12_700))
    assert seen.codes() == ["dead_click"]
    times = range(10_000, 11_200, 300)
    waves = [own(t + d, f) for t in times for d, f in ((10, BARE), (500, BARE | GONE))]
    hammered = run(Reactions, *in_time(*FIRST, *presses(*times), *waves), end(20_000))
    assert hammered.codes().count("rage_click") == 1
    assert hammered.codes().count("dead_click") == 4


def test_what_a_button_began_to_show_while_it_was_held_is_an_answer_if_it_stays(run):
    seen = run(Reactions, *in_time(*FIRST, *press(10_000), own(10_010, BARE)), end(20_000))
    assert seen.codes() == []
    assert seen.values["no_reaction_share"] == 0
    assert seen.values["reaction_time_median"] < 0.02


def test_a_spinner_that_the_click_began_is_an_answer(run):
    spinner = [own(10_200, BARE), own(10_900, BARE | GONE)]
    assert run(Reactions, *in_time(*FIRST, *press(10_000), *spinner), end(20_000)).codes() == []


def test_a_label_that_counts_down_inside_a_button_is_no_answer(run):
    counts = [change(t, source=6, control=5 if t > 10_000 else 0) for t in range(700, 13_000, 1_000)]
    assert run(Reactions, *in_time(*FIRST, *counts, *press(10_000)), end(20_000)).codes() == ["dead_click"]
    state = own(10_150, detail=4)
    assert run(Reactions, *in_time(*FIRST, *counts, *press(10_000), state), end(20_000)).codes() == []


def test_a_ticker_that_comes_off_its_beat_answers(run):
    beat = ticker(100, 20_000, 900)  # 9,100 and 10,000 among them
    for at in (10_150, 10_400, 10_750):
        rows = in_time(*FIRST, *beat, *press(10_050), change(at, source=77))
        assert run(Reactions, *rows, end(21_000)).codes() == [], at
    uneven = [
        change(t, 77) for t in (200, 500, 1_900, 2_300, 4_400, 5_000, 7_000, 7_400, 9_000, 10_400, 11_900)
    ]
    assert run(Reactions, *in_time(*FIRST, *uneven, *press(10_050)), end(21_000)).codes() == ["dead_click"]


def test_a_fresh_page_that_ticks_excuses_no_dead_button(run):
    ticking = ticker(200, 9_000, 400)
    assert run(Reactions, *in_time(*FIRST, *ticking, *press(2_900)), end(9_100)).codes() == ["dead_click"]


def test_a_page_that_scrolls_after_a_press_answers_it_while_the_pointer_rests(run):
    def scroll(t):
        return {"t": t, "kind": SCROLL, "target": 1, "x": 0, "y": 300}

    away = {"t": 10_500, "kind": MOVE, "x": 300, "y": 300}
    assert run(Reactions, *FIRST, *press(10_000), scroll(10_900), end(20_000)).codes() == []
    assert run(Reactions, *FIRST, *press(10_000), away, scroll(10_900), end(20_000)).codes() == ["dead_click"]
    assert run(Reactions, *FIRST, *press(10_000), scroll(11_500), end(20_000)).codes() == ["dead_click"]


def test_a_press_on_a_disabled_control_gets_no_click_and_is_dead(run):
    off = BUTTON | {"flags": KNOWN | IS_CONTROL | IS_DISABLED}
    seen = run(Reactions, *FIRST, {"t": 10_000, "kind": PRESS, **off}, end(12_700))
    assert seen.codes() == ["dead_click"]
    why = change(10_100, flags=IS_MESSAGE)
    assert run(Reactions, *FIRST, {"t": 10_000, "kind": PRESS, **off}, why, end(12_700)).codes() == []


@pytest.mark.parametrize("flag", [UNSEEN_EFFECT])
def test_what_cannot_be_seen_is_unknown(run, flag):
    on = BUTTON | {"flags": KNOWN | IS_CONTROL | flag}
    seen = run(Reactions, *FIRST, *presses(10_000, 10_400, 10_800, on=on), end(20_000))
    assert seen.codes() == []
    assert seen.values["no_reaction_share"] != seen.values["no_reaction_share"]


def test_giving_up_and_trying_another_control_leaves_the_first_one_dead(run):
    seen = run(Reactions, *FIRST, *press(10_000), *press(10_900, OTHER), change(11_000), end(20_000))
    assert seen.codes() == ["dead_click"]
    assert seen.of("dead_click")["element"] == 5


def test_keys_of_a_keypad_pressed_in_a_row_are_answered_together(run):
    seen = run(
        Reactions, *in_time(*FIRST, *press(10_000), *press(10_200, OTHER), change(10_320)), end(20_000)
    )
    assert seen.codes() == []


# Slow


def test_a_slow_answer_is_slow_and_not_dead(run):
    seen = run(Reactions, *FIRST, *press(10_000), change(11_600), end(20_000))
    assert seen.codes() == ["slow_response"]
    assert seen.of("slow_response")["evidence"][0] == pytest.approx(1.6)


@pytest.mark.parametrize("spinner", [(), (change(10_130),)], ids=["alone", "after a spinner"])
def test_a_request_that_ends_late_is_slow(run, spinner):
    request = {"t": 14_000, "kind": REQUEST, "value": 3_800, "detail": 4}
    seen = run(Reactions, *FIRST, *press(10_000), *spinner, request, end(20_000))
    assert seen.codes() == ["slow_response"]


def test_a_page_that_comes_late_is_slow(run):
    seen = run(
        Reactions,
        *FIRST,
        *press(10_000, LINK),
        end(12_700),
        {"t": 14_000, "kind": PAGE, "page": 1},
        end(30_000),
    )
    assert seen.codes() == ["slow_response"]


def test_a_page_that_another_press_opened_is_not_the_first_ones_answer(run):
    page = {"t": 12_000, "kind": PAGE, "page": 1}
    seen = run(Reactions, *FIRST, *press(10_000), *press(11_500, LINK), page, end(20_000))
    assert seen.codes() == ["dead_click"]


# Rage


def test_presses_in_anger(run):
    seen = run(Reactions, *FIRST, *presses(10_000, 10_400, 10_800, 11_300), end(20_000))
    assert seen.codes().count("rage_click") == 1
    moment = seen.of("rage_click")
    assert (moment["start"], moment["end"], moment["evidence"][0]) == (10_000, 11_300, 4)
    assert seen.values["retries"] == 3


def test_rage_stands_from_the_third_press_on(run):
    seen = run(Reactions, *FIRST, *presses(10_000, 10_400, 10_800))
    assert seen.open() == ["rage_click"]


def test_an_answer_withdraws_it(run):
    seen = run(Reactions, *FIRST, *presses(10_000, 10_400, 10_800), change(10_950), end(20_000))
    assert seen.codes() == []


def test_a_carousel_that_answers_is_no_rage(run):
    rows = in_time(*FIRST, *presses(*range(10_000, 14_000, 500)), *ticker(10_120, 14_100, 500, source=40))
    seen = run(Reactions, *rows, end(20_000))
    assert seen.codes() == []


def test_selecting_text_by_triple_click_is_no_rage(run):
    selects = {"t": 10_250, "kind": SELECTION, "value": 1}
    rows = in_time(*SELECTS, *presses(10_000, 10_200, 10_400, on=TEXT), selects)
    assert run(Reactions, *rows, end(20_000)).codes() == []


def test_a_recorder_that_tells_no_selection_proves_no_rage_on_text(run):
    assert run(Reactions, *FIRST, *presses(10_000, 10_200, 10_400, on=TEXT), end(20_000)).codes() == []
    seen = run(Reactions, *SELECTS, *presses(10_000, 10_200, 10_400, on=TEXT), end(20_000))
    assert seen.codes() == ["rage_click"]


def test_a_state_switched_to_and_fro_is_rage(run):
    states = [
        change(t + 120, source=5, control=5, detail=1 + i % 2)
        for i, t in enumerate(range(10_000, 12_500, 500))
    ]
    seen = run(Reactions, *in_time(*FIRST, *presses(*range(10_000, 12_500, 500)), *states), end(20_000))
    assert seen.codes() == ["rage_click"]
    stepper = [{**row, "detail": 50 + i} for i, row in enumerate(states)]
    seen = run(Reactions, *in_time(*FIRST, *presses(*range(10_000, 12_500, 500)), *stepper), end(20_000))
    assert seen.codes() == []


def test_presses_on_a_button_that_only_turned_grey_are_rage(run):
    grey = own(10_090, detail=9)
    seen = run(Reactions, *in_time(*FIRST, *presses(*range(10_000, 11_500, 300)), grey), end(20_000))
    assert seen.codes().count("rage_click") == 1
    moment = seen.of("rage_click")
    assert (moment["start"], moment["end"], moment["evidence"][0]) == (10_300, 11_200, 4)
    opens = [grey, own(11_250, detail=10)]  # it does something after all
    seen = run(Reactions, *in_time(*FIRST, *presses(*range(10_000, 11_500, 300)), *opens), end(20_000))
    assert "rage_click" not in seen.codes()


def test_a_box_ticked_and_unticked_in_anger(run):
    box = {"target": 6, "control": 6, "x": 20, "y": 20, "flags": KNOWN | IS_CONTROL | IS_CHOICE}
    ticks = [
        {"t": t + 90, "kind": INPUT, **box, "flags": box["flags"] | (0 if i % 2 else CHECKED)}
        for i, t in enumerate(range(10_000, 13_000, 500))
    ]
    seen = run(
        Reactions, *in_time(*FIRST, *presses(*range(10_000, 13_000, 500), on=box), *ticks), end(20_000)
    )
    assert seen.codes() == ["rage_click"]


def test_presses_on_different_spots_are_no_run(run):
    seen = run(
        Reactions, *in_time(*FIRST, *press(10_000), *press(10_500, OTHER), *press(11_000)), end(20_000)
    )
    assert "rage_click" not in seen.codes()


# Rates


@pytest.mark.parametrize(
    ("after", "before", "after_ms", "before_ms", "exceeds"),
    [
        (1, 0, 2_500, 2_500, False),
        (7, 0, 2_500, 2_500, True),
        (3, 9, 2_500, 9_000, False),
        (12, 9, 2_500, 9_000, True),
    ],
)
def test_exact_comparison_of_two_rates(after, before, after_ms, before_ms, exceeds):
    assert rate_exceeds(after, before, after_ms, before_ms) is exceeds


# Blunders


def error(t, detail=3):
    return {"t": t, "kind": CONSOLE, "value": 3, "detail": detail}


def test_an_error_after_an_act(run):
    seen = run(Blunders, *FIRST, *press(10_000), error(10_150), error(10_160, 4))
    assert seen.codes() == ["error_click"]
    assert seen.of("error_click")["element"] == 5


def test_errors_that_also_come_by_themselves_are_not_the_acts(run):
    polled = [error(t) for t in range(1_000, 30_000, 3_000)]
    assert run(Blunders, *in_time(*FIRST, *polled, *press(9_900))).codes() == []
    assert (
        run(
            Blunders, *in_time(*FIRST, *press(9_900), *(error(t) for t in range(10_000, 30_000, 3_000)))
        ).codes()
        == []
    )


def test_a_press_just_beside_a_control(run):
    near = TEXT | {"x": 110, "y": 112}
    seen = run(Blunders, *FIRST, *press(10_000, near), *press(11_000))
    assert seen.codes() == ["near_miss"]
    selected = {"t": 10_100, "kind": SELECTION, "value": 1}
    assert run(Blunders, *FIRST, *press(10_000, near), selected, *press(11_000)).codes() == []
    far = TEXT | {"x": 160, "y": 112}
    moved = {"t": 10_500, "kind": MOVE, "x": 100, "y": 100}
    assert run(Blunders, *FIRST, *press(10_000, far), moved, *press(11_000)).codes() == []
