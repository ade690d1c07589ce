import math

import pytest

from data_contracts.events import (
    CHANGE,
    CLICK,
    CONSOLE,
    GOAL,
    INPUT,
    IS_ALERT,
    IS_MESSAGE,
    IS_PRICE,
    IS_SUBMIT,
    MOVE,
    PAGE,
    TICK,
    VISIBILITY,
)
from features.pages import Pages


def walk(*steps):
    """PAGE rows from (seconds, address) pairs."""
    return [
        {"t": round(seconds * 1_000), "kind": PAGE, "page": i, "detail": address}
        for i, (seconds, address) in enumerate(steps)
    ]


def test_stays_on_pages(run):
    seen = run(Pages, *walk((0, 5), (2, 6), (6, 7), (12, 5)), {"t": 60_000, "kind": TICK}).values
    assert seen["pages"] == 4
    assert seen["pages_per_minute"] == pytest.approx(4)
    assert seen["distinct_page_share"] == pytest.approx(3 / 4)
    assert seen["page_dwell_mean"] == pytest.approx(4)
    assert seen["page_dwell_median"] == pytest.approx(4, rel=0.45)
    assert seen["page_dwell_cv"] == pytest.approx(0.5)
    assert seen["page_dwell_min"] == pytest.approx(2)


def test_there_and_back(run):
    seen = run(Pages, *walk((0, 5), (20, 6), (23, 5)))
    assert seen.values["page_pingpongs"] == 1
    moment = seen.of("page_pingpong")
    assert (moment["start"], moment["end"]) == (20_000, 23_000)
    assert moment["severity"] == pytest.approx(0.55)
    assert moment["evidence"][0] == pytest.approx(3)
    assert seen.open() == ["page_pingpong"]


@pytest.mark.parametrize(
    "steps",
    [
        ((0, 5), (20, 6), (31, 5)),
        ((0, 5), (20, 6), (20.2, 5)),
        ((0, 0), (2, 6), (4, 0)),
        ((0, 5), (2, 6), (4, 7)),
    ],
    ids=["stayed", "redirect", "no address", "onward"],
)
def test_no_way_back(run, steps):
    seen = run(Pages, *walk(*steps))
    assert seen.values["page_pingpongs"] == 0
    assert seen.moments == []


def test_a_gallery_is_milder_than_going_to_and_fro(run):
    gallery = run(Pages, *walk((0, 5), (2, 6), (4, 5), (6, 7), (8, 5), (10, 8)))
    assert [moment["severity"] for moment in gallery.moments] == pytest.approx([0.3, 0.3])
    lost = run(Pages, *walk((0, 5), (2, 6), (4, 5), (6, 6), (8, 5)))
    assert [moment["severity"] for moment in lost.moments if moment["code"] == 11] == pytest.approx(
        [0.6, 0.9, 0.9]
    )


@pytest.mark.parametrize(
    "after", [{"t": 15_000, "kind": TICK}, {"t": 5_000, "kind": GOAL}], ids=["stay", "goal"]
)
def test_a_way_back_that_led_somewhere_is_milder(run, after):
    seen = run(Pages, *walk((0, 5), (2, 6), (4, 5)), after)
    assert seen.of("page_pingpong")["severity"] == pytest.approx(0.3)
    assert not seen.open()


def test_a_cycle_walked_twice(run):
    seen = run(Pages, *walk((0, 5), (12, 6), (24, 7), (36, 5), (48, 6), (60, 7)))
    assert seen.values["page_loops"] == 1
    moment = seen.of("page_loop")
    assert list(moment["evidence"][:2]) == [3, 60]
    more = run(Pages, *walk(*[(12 * i, 5 + i % 3) for i in range(9)]))
    assert more.values["page_loops"] == 2


def test_different_pages_make_no_loop(run):
    assert run(Pages, *walk(*[(12 * i, 5 if i % 2 else 6 + i) for i in range(12)])).values["page_loops"] == 0


def test_reloads(run):
    seen = run(Pages, *walk((0, 5), (3, 5), (6, 5)))
    assert seen.values["reloads"] == 2
    assert [moment["severity"] for moment in seen.moments] == pytest.approx([0.4, 0.6])
    assert run(Pages, *walk((0, 5), (11, 5))).moments == []


def test_a_form_that_comes_back_to_its_page_is_no_reload(run):
    first, second = walk((0, 5), (3, 5))
    submit = {"t": 2_500, "kind": CLICK, "target": 9, "form": 2, "flags": IS_SUBMIT}
    assert run(Pages, first, submit, second).values["reloads"] == 0


def hide(t):
    return {"t": t, "kind": VISIBILITY, "value": 0}


def show(t):
    return {"t": t, "kind": VISIBILITY, "value": 1}


def test_time_out_of_sight(run):
    seen = run(Pages, *walk((0, 5)), hide(10_000), show(14_000), {"t": 20_000, "kind": TICK}).values
    assert seen["hidden_share"] == pytest.approx(0.2)
    assert seen["tab_leaves"] == 1
    assert math.isnan(run(Pages, *walk((0, 5)), declared=0).values["hidden_share"])


def test_a_page_that_unloads_hides_nothing(run):
    first, second = walk((0, 5), (10.2, 6))
    seen = run(Pages, first, hide(10_000), second, {"t": 20_000, "kind": TICK}).values
    assert seen["tab_leaves"] == 0
    assert seen["hidden_share"] == 0


@pytest.mark.parametrize(
    ("before", "busy"),
    [
        ({"kind": MOVE, "flags": IS_PRICE}, 1),
        ({"kind": CONSOLE, "value": 3}, 2),
        ({"kind": CHANGE, "flags": IS_MESSAGE | IS_ALERT}, 2),
        ({"kind": INPUT, "value": 3, "target": 4}, 3),
    ],
    ids=["price", "error", "message", "form"],
)
def test_a_tab_left_in_the_middle_of_something(run, before, busy):
    seen = run(Pages, *walk((0, 5)), {"t": 9_000, **before}, hide(10_000), show(45_000))
    moment = seen.of("tab_leave")
    assert list(moment["evidence"][:2]) == [35, busy]
    assert run(Pages, *walk((0, 5)), {"t": 9_000, **before}, hide(10_000), show(39_000)).moments == []
    assert run(Pages, *walk((0, 5)), {"t": 6_000, **before}, hide(10_000), show(45_000)).moments == []


def test_goals_and_a_funnel_that_nobody_declared(run):
    seen = run(Pages, *walk((0, 5)), {"t": 1, "kind": GOAL}).values
    assert seen["goal_events"] == 1
    assert math.isnan(seen["funnel_stage"])
