"""What a page says when there is little to show, when there is more than one window, and when a site has its norms."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.web.conftest import CROWD, Desk
from tests.service.web.house import until

pytestmark = pytest.mark.needs("chromium", "pages")


def inner(page: Any) -> Any:
    """The page that is replayed."""
    return page.frame_locator("#player").frame_locator(".replayer-wrapper iframe").first


def test_an_empty_site_says_why_each_list_is_empty_and_what_to_do(desk: Desk) -> None:
    page = desk.enter("nobody-yet")
    assert "No session has arrived yet" in page.locator(".empty").inner_text()
    assert "watchworthy keys create --role write" in page.locator(".empty").inner_text()
    assert "nobody is seen to struggle" in page.locator("#happening").inner_text()
    desk.open("/?show=automation&device=touch")
    assert "No session has arrived yet" in page.locator(".empty").inner_text()
    desk.open("/reel")
    assert "There is no flagged session" in page.locator(".empty").inner_text()
    desk.open("/sessions/calm-buy")
    assert "There is no such session" in page.locator("main").inner_text(), "it is another site's"
    assert desk.complaints == [
        "Failed to load resource: the server responded with a status of 404 (Not Found)"
    ]


def test_where_all_is_dealt_with_or_nothing_is_automated_the_list_says_that(desk: Desk, crowd: str) -> None:
    page = desk.enter(crowd)
    desk.open("/?show=automation")
    assert "No session is judged automation" in page.locator(".empty").inner_text()
    desk.open("/?show=newest&status=resolved&signal=form_abandon")
    said = page.locator(".empty").inner_text()
    assert "Nothing passes these filters" in said
    assert "“form abandon”, “resolved”" in said
    page.get_by_role("link", name="Leave all filters out").click()
    page.wait_for_selector(".card")


def test_a_site_with_a_hundred_sessions_has_percentiles(desk: Desk, crowd: str) -> None:
    page = desk.enter(crowd)
    desk.open("/sessions/one-8")
    assert f"beside those of {CROWD} sessions of the site" in page.locator("main").text_content()
    assert "No percentiles yet" not in page.locator("main").text_content()
    presses = page.locator(
        "table.vector tr", has=page.get_by_role("rowheader", name="clicks", include_hidden=True)
    )
    shown = int(presses.first.locator(".pc").text_content().removeprefix("percentile "))
    assert shown > 85, "nine presses are the most that anybody made"
    fewest = desk.open("/sessions/one-9")
    presses = fewest.locator(
        "table.vector tr", has=page.get_by_role("rowheader", name="clicks", include_hidden=True)
    )
    assert int(presses.first.locator(".pc").text_content().removeprefix("percentile ")) < 15


def test_windows_that_were_open_at_once_are_played_one_at_a_time_on_one_clock(desk: Desk) -> None:
    page = desk.open("/sessions/windows?t=3000")
    player = desk.player()
    assert inner(page).locator("h1").inner_text() == "The first window"
    assert player.locator("#windows button").all_inner_texts() == ["Window 1", "Window 2"]
    player.get_by_role("button", name="Window 2").click()
    until(lambda: inner(page).locator("h1").inner_text() == "The second window", page)
    assert player.get_by_role("button", name="Window 2").get_attribute("aria-pressed") == "true"
    assert player.get_by_role("button", name="Window 1").get_attribute("aria-pressed") == "false"
    bands = page.locator("svg.plot.pages title").all_text_contents()
    assert {"/first", "/second"} <= set(bands), "the time line has both"
    page.get_by_role("button", name="Copy steps").click()
    until(lambda: "first button" in page.locator("#steps-text").inner_text(), page)
    assert desk.complaints == []


def test_a_marked_canvas_is_drawn_though_the_frame_runs_no_script(desk: Desk) -> None:
    page = desk.open("/sessions/canvas?t=3000")
    desk.player()
    canvas = inner(page).locator("canvas")
    colour = "one => [...one.getContext('2d').getImageData(20, 15, 1, 1).data].slice(0, 3)"
    until(lambda: canvas.evaluate(colour) == [200, 0, 0], page)
    page.locator("#slider").evaluate("s => { s.value = 7000; s.dispatchEvent(new Event('input')) }")
    until(lambda: inner(page).locator("canvas").evaluate(colour) == [0, 160, 0], page)
    page.locator("#slider").evaluate("s => { s.value = 3000; s.dispatchEvent(new Event('input')) }")
    until(lambda: inner(page).locator("canvas").evaluate(colour) == [200, 0, 0], page)
    sandbox = page.frame_locator("#player").locator(".replayer-wrapper iframe").get_attribute("sandbox")
    assert sandbox == "allow-same-origin"
    assert [one for one in desk.complaints if "sandboxed" not in one] == [], (
        "what reads the pixels is stopped, too"
    )
