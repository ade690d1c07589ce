"""What goes over the wire: the first line of each batch, its packing, streams and numbers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page

from service.live.batch_body import LONGEST_HEADER
from tests.service.recorder.conftest import House, Tagged
from tests.service.recorder.waiting import until

pytestmark = pytest.mark.needs("chromium", "pages")

BUTTON = "<button id=b onclick=\"this.textContent = 'pressed ' + Date.now()\">Press me</button>"
TAIL_BYTES = 60_000


def test_a_batch_says_whose_it_is_in_its_first_line_and_needs_no_preflight(
    tagged: Tagged, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.context.add_cookies([{"name": "secret", "value": "1", "url": tagged.relay.address}])
    page.goto(tagged.put("/", BUTTON, visitor="v-1"))
    page.click("#b")
    page.evaluate("watchworthy.goal('read')")
    until(lambda: tagged.relay.custom("ww.goal"))
    one = tagged.relay.batches[0]
    assert re.fullmatch("[0-9a-f]{32}", one.first["stream"])
    assert re.fullmatch("[0-9a-f]{32}", one.first["session"])
    assert one.first["key"] == tagged.keys.write
    assert one.first["visitor"] == "v-1"
    assert {"console", "network", "visibility", "trust", "goals"} <= set(one.first["channels"])
    assert [each.first["seq"] for each in tagged.relay.batches] == list(range(len(tagged.relay.batches)))
    assert one.headers["content-type"] == "text/plain"
    assert one.packed
    assert "content-encoding" not in one.headers
    assert "cookie" not in one.headers
    assert "referer" not in one.headers
    assert "OPTIONS" not in asked
    assert one.body.find(b"\n") <= LONGEST_HEADER
    assert [event["type"] for event in tagged.relay.events()][:2] == [4, 2], "a page begins with its snapshot"


def test_the_service_holds_every_event_that_was_sent(house: House, tagged: Tagged, page: Page) -> None:
    page.goto(tagged.put("/", BUTTON))
    for _ in range(3):
        page.click("#b")
    page.evaluate("watchworthy.goal('read')")
    until(lambda: tagged.relay.custom("ww.goal"))
    page.wait_for_timeout(300)
    session = tagged.relay.batches[0].first["session"]
    told = house.process.get(f"/v1/sessions/{session}", house.keys.read).json
    assert told["coverage"]["fidelity"] == "exact", told["coverage"]
    assert {"console", "network", "visibility", "trust"} <= set(told["coverage"]["channels"])


def test_a_duplicated_tab_loses_nothing(house: House, tagged: Tagged, context: BrowserContext) -> None:
    """A tab that is duplicated takes what the first remembers with it, as one that a page opens does."""
    url = tagged.put("/", BUTTON)
    first = context.new_page()
    first.goto(url)
    first.evaluate("sessionStorage.setItem('mine', 'yes')")
    until(lambda: tagged.relay.batches)
    with context.expect_page() as opened:
        first.evaluate("void window.open(location.href)")
    second = opened.value
    second.wait_for_load_state()
    assert second.evaluate("sessionStorage.getItem('mine')") == "yes", "nothing was copied: no such tab"
    for number in range(4):
        for page in (first, second):
            page.evaluate(f"watchworthy.track('step', {{number: {number}}})")
    for page in (first, second):
        page.evaluate("watchworthy.goal('read')")
    until(lambda: len(tagged.relay.custom("ww.goal")) == 2)
    streams = {one.first["stream"] for one in tagged.relay.batches}
    assert len(streams) == 2
    assert len({one.first["session"] for one in tagged.relay.batches}) == 1, "tabs share a session"
    assert len(tagged.relay.custom("ww.track")) == 8
    assert house.process.counted("seq_conflict") == 0


def test_what_is_left_when_the_page_goes_is_sent_plain_and_short(tagged: Tagged, page: Page) -> None:
    page.goto(tagged.put("/", BUTTON))
    until(lambda: tagged.relay.batches)
    page.wait_for_timeout(300)
    page.evaluate("watchworthy.track('last')")
    page.goto(tagged.site.put("/bare", "no recorder here"))
    until(lambda: tagged.relay.custom("ww.track"))
    last = tagged.relay.batches[-1]
    assert not last.packed
    assert len(last.body) <= TAIL_BYTES
    assert last.first["end"] is True
    assert last.first["stream"] == tagged.relay.batches[0].first["stream"]


def test_what_was_not_answered_when_the_page_goes_is_sent_again_with_its_last_events(
    tagged: Tagged, page: Page
) -> None:
    page.goto(tagged.put("/", BUTTON))
    until(lambda: tagged.relay.batches)
    page.wait_for_timeout(300)
    tagged.relay.fault, tagged.relay.retry_after_s = "busy", 60
    page.evaluate("watchworthy.track('refused')")
    until(lambda: tagged.relay.custom("ww.track"))
    page.wait_for_timeout(300)
    tagged.relay.clear()
    page.evaluate("watchworthy.track('last')")
    page.goto(tagged.site.put("/bare", "no recorder here"))
    until(lambda: len(tagged.relay.custom("ww.track")) == 2)
    numbers = sorted(one.first["seq"] for one in tagged.relay.batches)
    assert numbers == [numbers[0], numbers[0] + 1]
    assert [one.first["seq"] for one in tagged.relay.batches if one.first.get("end")] == numbers[1:]
    assert sum(len(one.body) for one in tagged.relay.batches) <= TAIL_BYTES
