"""Offers on the page: the site's own handler, or a dialog that everybody can use; what became of them comes back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.service.recorder.conftest import Tagged
from tests.service.recorder.hand import press
from tests.service.recorder.site import OFFER
from tests.service.recorder.waiting import until

pytestmark = pytest.mark.needs("chromium", "pages")

PAGE = "<button id=b>Dead</button><input id=field>"
ANSWERS = "<button id=b onclick=\"this.textContent = 'answer ' + performance.now()\">Alive</button>"


def said(tagged: Tagged) -> list[str]:
    return [one["what"] for batch in tagged.relay.batches for one in batch.first.get("confirm", [])]


@pytest.mark.parametrize("how", ["Escape", "close", "use"])
def test_the_dialog_takes_and_gives_back_the_focus_and_tells_what_became_of_it(
    tagged: Tagged, page: Page, visitor: str, how: str
) -> None:
    page.goto(tagged.put("/", PAGE, visitor=visitor))
    until(lambda: tagged.relay.batches)
    press(page, "#b")
    dialog = page.locator(OFFER)
    expect(dialog).to_be_visible(timeout=15_000)
    expect(dialog).to_have_accessible_name("That did not work")
    expect(dialog).to_have_accessible_description(re.compile("out of order today"))
    assert page.evaluate("document.activeElement.hasAttribute('data-ww-ours')"), "the focus is in it"
    assert dialog.locator("..").get_attribute("aria-live") == "polite"
    if how == "Escape":
        page.keyboard.press("Escape")
    else:
        name = "Close" if how == "close" else "Thank you"
        page.keyboard.press("Tab")
        if how == "use":
            page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=name)).to_be_focused()
        page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "b", "the focus is where it was"
    until(lambda: len(said(tagged)) == 2)
    assert said(tagged) == ["shown", "clicked" if how == "use" else "dismissed"]
    assert "data-ww-ours" not in str(tagged.relay.events()), "the dialog is no part of the page"


def test_who_types_is_not_interrupted(tagged: Tagged, page: Page, visitor: str) -> None:
    page.goto(tagged.put("/", PAGE, visitor=visitor))
    until(lambda: tagged.relay.batches)
    page.evaluate("b.addEventListener('mousedown', (event) => event.preventDefault())")
    page.focus("#field")
    press(page, "#b")
    expect(page.locator(OFFER)).to_be_visible(timeout=15_000)
    page.keyboard.type("still typing")
    assert page.input_value("#field") == "still typing"


def test_a_site_may_show_an_offer_itself(tagged: Tagged, page: Page, visitor: str) -> None:
    page.goto(tagged.put("/", PAGE, visitor=visitor))
    until(lambda: tagged.relay.batches)
    page.evaluate(
        "void watchworthy.on('intervention', (offer) => {"
        "offer.preventDefault(); window.got = offer.title; offer.shown(); offer.clicked(); })"
    )
    press(page, "#b")
    until(lambda: page.evaluate("window.got") == "That did not work")
    until(lambda: said(tagged) == ["shown", "clicked"])
    assert page.locator(OFFER).count() == 0


def test_a_button_that_answers_brings_no_offer(tagged: Tagged, page: Page, visitor: str) -> None:
    page.goto(tagged.put("/", ANSWERS, visitor=visitor))
    until(lambda: tagged.relay.batches)
    press(page, "#b", 12)
    page.wait_for_timeout(3_000)
    page.evaluate("watchworthy.goal('done')")
    until(lambda: tagged.relay.custom("ww.goal"))
    page.wait_for_timeout(500)
    assert page.locator(OFFER).count() == 0
    assert said(tagged) == []


def test_a_strict_policy_of_the_page_leaves_recorder_and_dialog_working(
    tagged: Tagged, page: Page, visitor: str
) -> None:
    """A page without scripts or styles of its own: the options stand on the tag."""
    tag = tagged.tag(visitor=visitor)
    script = tag[tag.index("<script async") :].replace(
        "<script async", f'<script async data-key="{tagged.keys.write}" data-visitor="{visitor}"'
    )
    tagged.site.headers["content-security-policy"] = (
        f"default-src 'none'; script-src {tagged.relay.address}; connect-src {tagged.relay.address}"
    )
    page.goto(tagged.site.put("/", PAGE, script))
    until(lambda: tagged.relay.batches)
    press(page, "#b")
    dialog = page.locator(OFFER)
    expect(dialog).to_be_visible(timeout=15_000)
    assert dialog.evaluate("(one) => getComputedStyle(one).borderRadius") == "8px"
