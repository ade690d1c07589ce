"""Visits by programs: plain automation, scripts inside the page, scrapers, and two made-up cursors."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from calm import BUYER
from scenarios import Scenarios
from visit import Visit

AUTOMATED = Scenarios("playwright", label="bot", frustrated=None)

Place = tuple[float, float]
Path = Callable[[Place, Place, float], Place]

STEP_S = 0.016


@AUTOMATED.add()
async def fill_and_click(v: Visit) -> None:
    """Plain Playwright: clicks and fills with the same wait after each step, and buys a lamp."""
    page = v.page
    await page.goto(f"{v.url}/lamps.html")
    for selector in (
        'a[href="lamp.html?id=acorn"]',
        "#next",
        "#next",
        "#more",
        "#add",
        "#to-cart",
        "#to-checkout",
    ):
        await page.click(selector)
        await asyncio.sleep(0.5)
    for field, text in BUYER.items():
        await page.fill(f"#{field}", text)
        await asyncio.sleep(0.6)
    await page.check("#terms")
    await page.click("#pay")
    await page.wait_for_url("**/thanks.html*")


@AUTOMATED.add(family="playwright_paused")
async def with_pauses(v: Visit) -> None:
    """Plain Playwright with a pause drawn at random after each step, and keys typed one by one."""
    page = v.page
    await page.goto(f"{v.url}/index.html")
    await v.pause(0.8, 2.0)
    await page.click("#see-lamps")
    await v.pause(0.8, 2.0)
    await page.click('a[href="lamp.html?id=puddle"]')
    for selector in ("#next", "#next", "#more", "#add"):
        await v.pause(0.6, 1.8)
        await page.click(selector)
    await v.pause(0.8, 1.6)
    await page.click("#to-cart")
    await v.pause(0.8, 1.6)
    await page.click("#to-checkout")
    for field, text in list(BUYER.items())[:5]:
        await page.locator(f"#{field}").press_sequentially(text, delay=60)
        await v.pause(0.3, 1.0)


@AUTOMATED.add(family="synthetic_js")
async def dispatched_events(v: Visit) -> None:
    """A script in the page that dispatches its own events and sets values."""
    page = v.page
    press = """(selector) => {
        const target = document.querySelector(selector);
        const box = target.getBoundingClientRect();
        const at = { bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
        for (const name of ["pointerdown", "mousedown", "pointerup", "mouseup"])
            target.dispatchEvent(new (name.startsWith("p") ? PointerEvent : MouseEvent)(name, at));
        target.click();
    }"""
    fill = """([selector, text]) => {
        const field = document.querySelector(selector);
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
    }"""
    for lamp in ("moth", "puddle"):
        await page.goto(f"{v.url}/lamp.html?id={lamp}")
        for selector in ("#next", "#next", "#next", "#more", "#more", "#add"):
            await page.evaluate(press, selector)
            await asyncio.sleep(0.5)
    for address in ("cart.html", "checkout.html"):
        await page.goto(f"{v.url}/{address}")
        await asyncio.sleep(0.8)
    for field, text in BUYER.items():
        await page.evaluate(fill, [f"#{field}", text])
        await asyncio.sleep(0.15)
    await page.evaluate(press, "#terms")
    await page.evaluate(press, "#pay")
    await asyncio.sleep(3)


@AUTOMATED.add(family="scraper")
async def scraper(v: Visit) -> None:
    """Opens page after page and scrolls each in equal steps to its end."""
    page = v.page
    await page.goto(f"{v.url}/lamps.html")
    for _ in range(8):
        await page.evaluate("scrollBy(0, 400)")
        await asyncio.sleep(0.25)
    found = await page.eval_on_selector_all("#list a", "(links) => links.map((link) => link.href)")
    for address in found[:6]:
        await page.goto(address)
        for _ in range(3):
            await page.evaluate("scrollBy(0, 400)")
            await asyncio.sleep(0.25)


@AUTOMATED.add(family="form_stuffing")
async def form_stuffing(v: Visit) -> None:
    """Tries one pair of address and password after another, as fast as the page allows."""
    page = v.page
    await page.goto(f"{v.url}/signin.html")
    for n in range(24):
        await page.fill("#email", f"person{n:03d}@example.org")
        await page.fill("#password", f"summer{2000 + n}")
        await page.click("#enter")
        await asyncio.sleep(0.35)


@AUTOMATED.add(family="straight_cursor")
async def straight_cursor(v: Visit) -> None:
    """Moves the mouse in straight lines at one speed before each press."""
    await v.page.goto(f"{v.url}/lamps.html")

    def line(start: Place, end: Place, s: float) -> Place:
        return start[0] + (end[0] - start[0]) * s, start[1] + (end[1] - start[1]) * s

    await _tour(v, line)


@AUTOMATED.add(family="bezier_cursor")
async def bezier_cursor(v: Visit) -> None:
    """Moves the mouse along smooth curves that start and end gently, as cursor libraries do."""
    await v.page.goto(f"{v.url}/lamps.html")

    def curve(start: Place, end: Place, s: float) -> Place:
        s = s * s * (3 - 2 * s)
        bx = (start[0] + end[0]) / 2 + (end[1] - start[1]) * 0.25
        by = (start[1] + end[1]) / 2 - (end[0] - start[0]) * 0.25
        a, b, c = (1 - s) ** 2, 2 * s * (1 - s), s * s
        return a * start[0] + b * bx + c * end[0], a * start[1] + b * by + c * end[1]

    await _tour(v, curve)


async def _tour(v: Visit, path: Path) -> None:
    """From the list to a lamp and its cart, each press reached along `path(start, end, share)`."""
    steps = ["#kind-table", "#kind-all", 'a[href="lamp.html?id=heron"]', "#next", "#next", "#more", "#more", "#add",
             "#to-cart", 'button[aria-label="One more"]', "#to-checkout", "#name", "#email"]  # fmt: skip
    typed = {"#name": "Jon Smith", "#email": "jon@example.org"}
    for selector in steps:
        target = v.page.locator(selector).first
        await target.scroll_into_view_if_needed()
        box = await target.bounding_box()
        assert box is not None, f"{selector} is not on {v.page.url}"
        end = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        count = max(8, round(math.dist(v.at, end) / 900 / STEP_S))
        start = v.at
        for n in range(1, count + 1):
            v.at = path(start, end, n / count)
            await v.page.mouse.move(*v.at)
            await asyncio.sleep(STEP_S)
        await v.page.mouse.down()
        await asyncio.sleep(0.05)
        await v.page.mouse.up()
        await asyncio.sleep(0.7)
        if selector in typed:
            await v.page.keyboard.type(typed[selector], delay=45)
