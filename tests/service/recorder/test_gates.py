"""Who is recorded, and where: consent, Global Privacy Control, drawing, rules of pages, the owner's switch."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page

from service.live.drawing import uniform
from tests.service.recorder.conftest import Tagged
from tests.service.recorder.waiting import until

pytestmark = pytest.mark.needs("chromium", "pages")

BUTTON = "<button id=b>Nothing happens</button>"
QUIET_MS = 1_800
NOTHING_KEPT = "localStorage.length === 0 && document.cookie === ''"


def silent(tagged: Tagged, page: Page) -> None:
    page.click("#b")
    page.wait_for_timeout(QUIET_MS)
    assert tagged.relay.batches == []


def test_nothing_is_recorded_or_kept_before_consent(tagged: Tagged, page: Page) -> None:
    page.goto(tagged.put("/", BUTTON, consent="required"))
    silent(tagged, page)
    assert page.evaluate(NOTHING_KEPT)
    page.evaluate("watchworthy.consent('analytics')")
    until(lambda: tagged.relay.batches)
    assert tagged.relay.batches[0].first["consent"] == "analytics"
    assert [event["type"] for event in tagged.relay.events()][:2] == [4, 2]


@pytest.mark.parametrize("honoured", [True, False])
def test_global_privacy_control_means_no_unless_the_site_says_otherwise(
    tagged: Tagged, context: BrowserContext, honoured: bool
) -> None:
    context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page = context.new_page()
    page.goto(tagged.put("/", BUTTON, **({} if honoured else {"gpc": "ignore"})))
    if honoured:
        silent(tagged, page)
        assert page.evaluate(NOTHING_KEPT)
    else:
        until(lambda: tagged.relay.batches)


def test_pages_can_be_left_out_and_always_taken_also_within_one_document(tagged: Tagged, page: Page) -> None:
    rules = {"never": ["/account/*"], "always": ["/till"]}
    page.goto(tagged.put("/account/me", BUTTON, pages=rules))
    silent(tagged, page)
    page.evaluate("history.pushState({}, '', '/lamps')")
    until(lambda: tagged.relay.batches)
    page.evaluate("history.pushState({}, '', '/account/you')")
    page.wait_for_timeout(700)
    count = len(tagged.relay.batches)
    page.click("#b")
    page.wait_for_timeout(QUIET_MS)
    assert len(tagged.relay.batches) == count
    assert "/account" not in str(tagged.relay.events())
    tagged.relay.clear()
    page.goto(tagged.put("/till", BUTTON, pages=rules, sample=0.000001))
    until(lambda: tagged.relay.batches)
    assert tagged.relay.batches[0].first["kept"] == "page"


@pytest.mark.full
def test_the_service_draws_as_the_recorder_does(tagged: Tagged, context: BrowserContext) -> None:
    url = tagged.put("/", BUTTON, sample=0.5, buffer=False)
    drawn = []
    for _ in range(4):
        fresh = context.browser.new_context()  # type: ignore[union-attr]
        page = fresh.new_page()
        tagged.relay.clear()
        page.goto(url)
        page.wait_for_function("localStorage.getItem('watchworthy')")
        session = page.evaluate("JSON.parse(localStorage.getItem('watchworthy')).session")
        page.wait_for_timeout(1_300)
        assert bool(tagged.relay.batches) == (uniform(session) < 0.5)
        drawn.append(bool(tagged.relay.batches))
        fresh.close()
    assert drawn


def test_the_last_minute_waits_in_memory_and_is_kept_if_a_signal_fires(tagged: Tagged, page: Page) -> None:
    page.goto(tagged.put("/", BUTTON, sample=0.000001))
    page.evaluate("watchworthy.track('before')")
    page.wait_for_timeout(QUIET_MS)
    assert tagged.relay.batches == []
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0, "in memory only"
    for _ in range(3):
        page.click("#b")
    until(lambda: tagged.relay.custom("ww.track"))
    assert tagged.relay.batches[0].first["kept"] == "signal"
    types = [event["type"] for event in tagged.relay.events()]
    assert types[:2] == [4, 2]
    page.evaluate("watchworthy.track('after')")
    until(lambda: len(tagged.relay.custom("ww.track")) == 2)


def test_a_recorder_that_is_switched_off_falls_silent_on_all_pages(tagged: Tagged, page: Page) -> None:
    tagged.relay.fault = "off"
    url = tagged.put("/", BUTTON)
    page.goto(url)
    until(lambda: tagged.relay.batches)
    page.wait_for_timeout(700)
    count = len(tagged.relay.batches)
    page.click("#b")
    page.goto(url)
    page.click("#b")
    page.wait_for_timeout(QUIET_MS)
    assert len(tagged.relay.batches) == count
