"""Every page passes axe-core in both lights, wide and narrow, and can be walked by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from service.web import build
from tests.service.web.house import House

pytestmark = pytest.mark.needs("chromium", "pages")
AXE = build.PACKAGES / "axe-core" / "axe.min.js"
PAGES = (
    "/",
    "/?show=automation",
    "/?q=nobody",
    "/sessions/struggling-failing-request",
    "/reel",
    "/sessions/nobody",
)
ASK = """async () => (await axe.run(document, {iframes: false, resultTypes: ['violations']})).violations
    .filter(one => ['serious', 'critical'].includes(one.impact))
    .map(one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | '))"""


@pytest.mark.parametrize(("light", "width", "paths"), [("light", 1440, PAGES), ("dark", 360, PAGES[2:4])])
def test_axe_finds_no_serious_fault(
    light: Any, width: int, paths: tuple[str, ...], browser: Browser, house: House, state: Any
) -> None:
    context = browser.new_context(
        storage_state=state, color_scheme=light, viewport={"width": width, "height": 900}, bypass_csp=True
    )
    page = context.new_page()
    found = []
    for path in paths:
        page.goto(house.address + path)
        page.wait_for_timeout(200)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.add_script_tag(path=AXE)
        found += [f"{path} {said}" for said in page.evaluate(ASK)]
    context.close()
    assert not found, "\n".join(found)


def test_axe_would_find_a_fault(browser: Browser, house: House, state: Any) -> None:
    """The check can fail: the same page with a button that has no name, and words that can hardly be read."""
    context = browser.new_context(storage_state=state, bypass_csp=True)
    page = context.new_page()
    page.goto(house.address + "/sessions/nobody")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend',"
        " '<button></button><p style=\"color:#bbb;background:#fff\">hardly there</p>')"
    )
    page.add_script_tag(path=AXE)
    found = {said.split(":")[0] for said in page.evaluate(ASK)}
    context.close()
    assert found == {"button-name", "color-contrast"}


def test_the_players_document_passes_axe_too(browser: Browser, house: House, state: Any) -> None:
    context = browser.new_context(storage_state=state, bypass_csp=True)
    page = context.new_page()
    page.goto(house.address + "/sessions/calm-buy")
    source = page.locator("#player").get_attribute("src")
    page.goto(source or "")
    page.locator(".replayer-wrapper iframe").wait_for(state="attached")
    page.add_script_tag(path=AXE)
    found = page.evaluate(ASK)
    context.close()
    assert not found, "\n".join(found)


def test_a_session_is_walked_by_tab_alone(browser: Browser, house: House, state: Any) -> None:
    """From the top: the way past the lists comes first, and every button that is shown is reached."""
    context = browser.new_context(storage_state=state, viewport={"width": 1000, "height": 900})
    page = context.new_page()
    page.goto(house.address + "/sessions/struggling-dead-coupon")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(document.activeElement.textContent || document.activeElement.id).trim().slice(0, 40)"
            )
        )
    context.close()
    for name in ("Copy steps", "Copy link", "1 right: struggle", "Keep the note"):
        assert name in reached, sorted(reached)
