"""From a press to an offer: a visitor in the shop, the service, and the queue in another tab."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.service.recorder.conftest import House
from tests.service.recorder.waiting import until

pytestmark = pytest.mark.needs("chromium", "pages")

OFFER = "[data-ww-ours] [role=dialog]"
WITHIN_MS = 2_000
CART = "localStorage.setItem('halfmoon.cart', JSON.stringify([{id: 'orbit', count: 1}]))"


def open_cart(page: Page, shop: str) -> None:
    """A cart with a lamp in it, recorded."""
    page.goto(f"{shop}/lamps.html")
    lamp = page.locator("a[href^='lamp.html?id=']").first.get_attribute("href")
    assert lamp is not None
    page.evaluate(CART.replace("orbit", lamp.split("=")[1]))
    page.get_by_role("button", name="No thanks").wait_for()
    page.evaluate("localStorage.setItem('halfmoon.consent', 'true')")
    page.goto(f"{shop}/cart.html")
    page.wait_for_function("window.watchworthy && watchworthy.loaded && watchworthy.sessionUrl()")


def test_three_angry_presses_bring_help_and_the_session_stands_first(
    house: House, context: BrowserContext, page: Page
) -> None:
    open_cart(page, house.shop)
    page.fill("#code", "MOON10")
    box = page.locator("#apply").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    for _ in range(3):
        page.mouse.down()
        page.mouse.up()
        page.wait_for_timeout(150)
    expect(page.locator(OFFER)).to_be_visible(timeout=WITHIN_MS)
    session = page.evaluate("watchworthy.sessionUrl().split('/').pop().split('?')[0]")

    def first() -> dict[str, Any] | None:
        """The first card of the queue, once it is about this."""
        card = house.process.get("/v1/sessions?order=queue", house.keys.read).json["sessions"][0]
        return card if card["flagged"] and "apply code 3 times" in (card["headline"] or "") else None

    card = until(first)
    assert card["session_id"] == session or card["count"] > 1, "sessions with one trouble share a card"
