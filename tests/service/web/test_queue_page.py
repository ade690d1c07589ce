"""The queue in a real browser: read, moved through and dealt with by keyboard, told of what is new."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from data_contracts.batches import Batch
from tests.service.live_process import KeyPair
from tests.service.live_store import request as batch_of
from tests.service.web.conftest import Desk
from tests.service.web.house import House, clicks, element, recording, text, until

pytestmark = pytest.mark.needs("chromium", "pages")
FIRST_PAGE = 150_000  # bytes, gzipped, without the player
NARROW = 360


def card(page: Any, session: str) -> Any:
    return page.locator(f'.card[data-session="{session}"]')


def test_a_card_says_what_how_likely_and_where(desk: Desk) -> None:
    page = desk.open("/")
    one = card(page, "struggling-dead-coupon")
    assert one.locator("h2").inner_text() == "clicked button apply code 12 times in 7 s, no response"
    assert "/cart.html" in one.locator(".facts").inner_text()
    gauge = one.locator(".gauge.frustration")
    assert gauge.locator(".p").inner_text().startswith(".")
    assert "interval" in gauge.text_content()
    assert one.locator(".reasons span").count() <= 2
    assert one.locator(".strip .mark").count() >= 3
    assert one.locator(".strip line.score").count() >= 5
    assert one.locator(".chip.new").count() == 1
    headlines = page.locator(".card h2").all_inner_texts()[:10]
    assert len(set(headlines)) == len(headlines) > 5
    assert desk.complaints == []


def test_masked_text_leaves_the_name_that_the_site_gave(desk: Desk) -> None:
    page = desk.open("/sessions/masked")
    assert "apply coupon" in page.locator("h1").inner_text()


def test_the_keyboard_moves_opens_and_helps(desk: Desk) -> None:
    page = desk.open("/")
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.dataset.session")
    page.keyboard.press("j")
    second = page.evaluate("document.activeElement.dataset.session")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.session") == first != second
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sessions/**")


def test_right_wrong_snooze_assign_and_resolve_change_the_card_in_place(desk: Desk, filled: Path) -> None:
    page = desk.open("/?show=newest")
    name = "struggling-pointer-thrash"
    one = card(page, name)
    one.focus()
    page.keyboard.press("1")
    one.locator(".chip.said", has_text="struggle").wait_for()
    page.locator(f'.card[data-session="{name}"]').focus()
    page.keyboard.press("2")
    one.locator(".chip.said", has_text="no struggle").wait_for()
    one.focus()
    page.keyboard.press("a")
    page.keyboard.type("Ada")
    page.keyboard.press("Enter")
    one.locator(".chip", has_text="assigned to Ada").wait_for()
    one.focus()
    page.keyboard.press("s")
    one.locator(".chip", has_text="snoozed").wait_for()
    one.focus()
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.dataset.care") == "resolve"
    page.keyboard.press("k")  # a known issue
    page.keyboard.press("Tab")
    page.keyboard.type("release 12")
    page.keyboard.press("Enter")
    one.locator(".chip", has_text="resolved").wait_for()
    page.goto(desk.house.address + "/")
    assert card(page, name).count() == 0
    page.goto(f"{desk.house.address}/?q={name}")
    assert "Its card is resolved" in page.locator(".why").inner_text()
    with closing(sqlite3.connect(filled / "store.db")) as db:
        rows = db.execute(
            "SELECT who, became FROM card_history WHERE part = ? ORDER BY id", (name,)
        ).fetchall()
        labels = db.execute(
            "SELECT label, source FROM annotations WHERE part = ? ORDER BY id", (name,)
        ).fetchall()
    assert [who for who, _ in rows] == ["owner"] * 3
    assert labels == [("struggle", "owner"), ("calm", "owner")]


def test_filters_live_in_the_address_and_say_when_nothing_passes(desk: Desk) -> None:
    page = desk.open("/")
    page.locator("select[name=signal]").select_option("rage_click")
    page.wait_for_url("**/?signal=rage_click")
    assert card(page, "struggling-dead-coupon").count() == 1
    assert card(page, "struggling-reloads").count() == 0
    page.locator("select[name=device]").select_option("touch")
    page.wait_for_url("**device=touch**")
    assert "Nothing passes these filters" in page.locator("#cards").inner_text()
    page.locator(".narrowing .chip", has_text="touch").click()
    page.wait_for_url("**/?signal=rage_click")
    page.locator("#q").fill("/cart")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=%2Fcart**")
    assert card(page, "struggling-dead-coupon").count() == 1
    page.goto(desk.house.address + "/?q=nobody-of-this-name")
    assert "no card of this session" in page.locator(".why").inner_text()


def test_what_is_new_waits_until_it_is_asked_for(desk: Desk, keys: KeyPair) -> None:
    page = desk.open("/?show=newest")
    before = page.locator(".card").evaluate_all("cards => cards.map(c => c.dataset.session)")
    page.wait_for_timeout(500)
    start = 1_790_500_000_000
    body = [element(20, "button", {"data-ww-name": "pay now"}, text(21, "***"))]
    events = recording([], body, clicks(start + 1_000, 20, 6, 300) + clicks(start + 9_000, 20, 6, 300), start)
    batch = Batch("n" * 16, 0, [json.dumps(event).encode() for event in events])
    sent = batch_of(keys.write, batch, "arriving", end=True)
    answer = httpx.post(
        f"{desk.house.address}/v1/batches", content=sent, headers={"content-type": "text/plain"}
    )
    assert answer.status_code == 200, answer.text
    fresh = page.locator("#fresh")
    fresh.wait_for(state="visible")
    assert fresh.inner_text().split() == ["1", "new", "↻"]
    assert page.locator(".card").evaluate_all("cards => cards.map(c => c.dataset.session)") == before
    fresh.click()
    card(page, "arriving").wait_for()


def test_the_reel_shows_moments_of_different_issues_and_takes_labels(desk: Desk) -> None:
    page = desk.open("/")
    page.keyboard.press("w")
    page.wait_for_url("**/reel")
    page.frame_locator("iframe:not([hidden])").locator(".replayer-wrapper iframe").wait_for(state="attached")
    first = page.locator("#reel-headline").inner_text()
    assert first
    assert "1 of " in page.locator("#reel-at").inner_text()
    page.keyboard.press("1")
    until(lambda: page.locator("#reel-headline").inner_text() != first, page)
    assert "2 of " in page.locator("#reel-at").inner_text()
    page.keyboard.press("k")
    until(lambda: page.locator("#reel-headline").inner_text() == first, page)
    page.keyboard.press("Escape")
    page.wait_for_url(desk.house.address + "/")
    recorded = ("Content Security Policy", "sandboxed")  # what a recorded page tried to do
    assert not [one for one in desk.complaints if not any(words in one for words in recorded)]


def test_the_first_page_is_light(house: House, state: Any) -> None:
    cookies = {one["name"]: one["value"] for one in state["cookies"]}
    with httpx.Client(base_url=house.address, cookies=cookies) as client:
        page = client.get("/").text
        paths = {part.split('"')[0] for part in page.split('="') if part.startswith("/files/")}
        size = len(gzip.compress(page.encode())) + sum(
            int(client.get(path, headers={"accept-encoding": "gzip"}).headers["content-length"])
            for path in paths
        )
    assert len(paths) == 3
    assert size < FIRST_PAGE


@pytest.mark.parametrize("path", ["/", "/sessions/struggling-validation-errors", "/reel", "/?q=nothing-here"])
def test_nothing_is_wider_than_a_phone(path: str, browser: Browser, house: House, state: Any) -> None:
    context = browser.new_context(storage_state=state, viewport={"width": NARROW, "height": 740})
    page = context.new_page()
    page.goto(house.address + path)
    page.wait_for_timeout(300)
    wide = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert wide <= NARROW
