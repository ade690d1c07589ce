"""The page of one session in a real browser: one clock for the player and all that stands under and beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.service.web.conftest import Desk
from tests.service.web.house import until

pytestmark = pytest.mark.needs("chromium", "pages")
COUPON = "/sessions/struggling-dead-coupon"


def at(page: Any) -> int:
    """Where the page stands, in ms."""
    return int(page.locator("#slider").input_value())


def test_a_click_on_a_reason_or_a_mark_seeks_to_three_seconds_before(desk: Desk) -> None:
    page = desk.open(COUPON + "?t=0")
    desk.player()
    link = page.locator(".moments a").nth(3)
    moment = int(link.get_attribute("data-stop") or 0)
    link.click()
    until(lambda: abs(at(page) - max(0, moment - 3000)) < 2_500, page)
    mark = page.locator("#lines .marks a").last
    place = int(mark.get_attribute("data-seek") or 0)
    mark.focus()
    page.keyboard.press("Enter")
    until(lambda: abs(at(page) - place) < 2_500, page)
    player = page.frame_locator("#player").locator(".rr-timeline__time").first
    until(lambda: player.inner_text().startswith("00:"), page)
    assert desk.complaints == []


def test_brackets_go_from_reason_to_reason(desk: Desk) -> None:
    page = desk.open(COUPON + "?t=0")
    desk.player()
    stops = sorted(
        {int(t) for t in page.locator("[data-stop]").evaluate_all("all => all.map(a => a.dataset.stop)")}
    )
    later = next(t for t in stops if t > 3_250)
    page.locator("body").press("]")
    until(lambda: abs(at(page) - (later - 3_000)) < 300, page)
    page.locator("body").press("[")
    page.wait_for_timeout(300)
    assert at(page) <= later - 3_000


def test_a_deep_link_begins_where_it_says(desk: Desk) -> None:
    page = desk.open(COUPON + "?reason=rage_click")
    first = min(
        int(one.get_attribute("data-stop") or 0)
        for one in page.locator(".moments li", has_text="rage click").locator("a").all()
    )
    assert int(page.locator("#session").get_attribute("data-begin") or 0) == max(0, first - 3_000)
    page = desk.open(COUPON + "?t=12000")
    desk.player()
    until(lambda: abs(at(page) - 12_000) < 300, page)


def test_a_span_is_labelled_without_leaving_the_player(desk: Desk) -> None:
    page = desk.open("/sessions/struggling-slow-answers?t=2000")
    desk.player()
    until(lambda: abs(at(page) - 2_000) < 300, page)
    page.locator("body").press("l")
    page.locator("#slider").evaluate("s => { s.value = 6000; s.dispatchEvent(new Event('input')) }")
    page.locator("body").press("l")
    assert page.locator("#spanned").inner_text() == "0:02 to 0:06"
    page.locator("#labels [name=note]").fill("no sign of life")
    page.locator("#labels [data-key='1']").click()
    label = page.locator("ul.labels li").first
    label.wait_for()
    assert "0:02" in label.inner_text()
    assert "no sign of life" in label.inner_text()
    page.locator("body").press("2")
    page.locator("ul.labels li", has_text="all of it").wait_for()
    page.locator("ul.labels li", has_text="0:02").get_by_role("button", name="take back").click()
    until(lambda: page.locator("ul.labels li").count() == 1, page)
    page.locator("#cares [name=note]").first.fill("asked the courier")
    page.get_by_role("button", name="Keep the note").click()
    page.locator(".history li", has_text="asked the courier").wait_for(state="attached")
    assert desk.complaints == []


def test_a_span_can_be_typed(desk: Desk) -> None:
    page = desk.open("/sessions/struggling-scroll-hunt")
    page.locator("#from").fill("0:01")
    page.locator("#to").fill("4.5")
    page.keyboard.press("Tab")
    assert page.locator("#spanned").inner_text() == "0:01 to 0:04"
    assert page.locator("#labels [name=to_ms]").input_value() == "4500"


def test_steps_are_copied_as_text_and_as_a_script(desk: Desk) -> None:
    page = desk.open(COUPON + "?t=9000")
    page.get_by_role("button", name="Copy steps").click()
    until(lambda: "test(" in page.locator("#steps-playwright").inner_text(), page)
    words, script = page.locator("#steps-text").inner_text(), page.locator("#steps-playwright").inner_text()
    assert words.startswith("1. 0:00  Open /cart.html")
    assert "Click button apply code" in words
    assert ".click();" in script
    assert ".fill('*" in script.replace('"', "'")
    assert page.request.get(desk.house.address + COUPON + "/steps?until=99999&as=text").ok


def test_beside_the_player_stands_all_that_is_known(desk: Desk) -> None:
    page = desk.open(COUPON)
    why = page.locator(".heads details[open]")
    assert why.locator("ol.reasons li").count() >= 5
    assert why.locator("ol.reasons li.step").count() == 4
    points = json.loads(page.locator(".scores.frustration").get_attribute("data-points") or "")
    said = [(p, low, high) for p, low, high in zip(*points[1:], strict=True) if p is not None]
    assert len(said) > 8
    assert all(low <= p <= high for p, low, high in said)
    assert "All of it" in page.locator("#seen-h + p").inner_text()
    assert "No percentiles yet" in page.locator("main").text_content()
    assert page.locator("table.vector tr").count() > 100
    assert "something changed" in page.locator("#made").text_content()


def test_who_watched_is_on_record(desk: Desk) -> None:
    page = desk.open("/sessions/calm-buy")
    desk.player()
    page.reload()
    assert "owner watched" in page.locator(".history").first.text_content()


def test_a_session_that_is_not_there_says_so(desk: Desk) -> None:
    page = desk.open("/sessions/nobody")
    assert "There is no such session" in page.locator("main").inner_text()
