"""Drives a page through an itinerary: what every tool does alike, and the plain ones."""

from __future__ import annotations

import asyncio
import math
import random
import time
from typing import Any

from families.itinerary import Step
from playwright.async_api import Error, Page

PATIENCE_MS = 1_500  # for what is not there: the step is left out


class Tool:
    """Plain Playwright: acts at the middle of things, with the same wait after each step.

    Parameters
    ----------
    page
        A page of a fresh context.
    rng
        Draws what the tool leaves to chance.
    address
        Of the shop.
    """

    pace_s = 0.5

    def __init__(self, page: Page, rng: random.Random, address: str) -> None:
        self.page = page
        self.rng = rng
        self.address = address
        self.at = (640.0, 400.0)

    async def play(self, steps: list[Step], until: float) -> int:
        """Do steps until a moment of ``time.monotonic``; how many could not be done."""
        failed = 0
        for step in steps:
            if time.monotonic() >= until:
                break
            try:
                await self.do(step)
            except Error:
                failed += 1
            await self.pause()
        return failed

    async def do(self, step: Step) -> None:
        """Do one step."""
        if step.verb == "go":
            await self.page.goto(f"{self.address}/{step.at}")
        elif step.verb == "click":
            await self.click(step.at)
        elif step.verb == "follow":
            before = self.page.url
            await self.click(step.at)
            await self._arrive(before)
        elif step.verb in ("type", "enter"):
            await self.type(step.at, step.text)
            if step.verb == "enter":
                before = self.page.url
                await self.page.keyboard.press("Enter")
                await self._arrive(before)
        elif step.verb == "scroll":
            await self.scroll(float(step.text))
        else:
            await self.pause()

    async def _arrive(self, before: str) -> None:
        for _ in range(30):
            await asyncio.sleep(0.05)
            if self.page.url != before:
                break
        await self.page.wait_for_load_state("load", timeout=PATIENCE_MS)

    async def click(self, selector: str) -> None:
        """Click an element."""
        await self.page.click(selector, timeout=PATIENCE_MS)

    async def type(self, selector: str, text: str) -> None:
        """Put a text into a field."""
        await self.page.fill(selector, text, timeout=PATIENCE_MS)

    async def scroll(self, distance: float) -> None:
        """Scroll by px."""
        await self.page.mouse.wheel(0, distance)

    async def pause(self) -> None:
        """Wait between steps."""
        await asyncio.sleep(self.pace_s)

    async def place(self, selector: str) -> tuple[float, float]:
        """A place within an element that is in sight, scrolled to if need be."""
        found = self.page.locator(selector).first
        await found.scroll_into_view_if_needed(timeout=PATIENCE_MS)
        box: Any = await found.bounding_box(timeout=PATIENCE_MS)
        if box is None:
            raise Error(f"{selector} has no box")
        share = self.rng.uniform(0.3, 0.7), self.rng.uniform(0.3, 0.7)
        return box["x"] + box["width"] * share[0], box["y"] + box["height"] * share[1]


class Paced(Tool):
    """Plain Playwright that hovers, waits as people wait, and types key by key."""

    async def click(self, selector: str) -> None:
        await self.page.hover(selector, timeout=PATIENCE_MS)
        await asyncio.sleep(self.rng.uniform(0.1, 0.6))
        await self.page.click(selector, timeout=PATIENCE_MS, delay=self.rng.uniform(40, 120))

    async def type(self, selector: str, text: str) -> None:
        await self.click(selector)
        await self.page.locator(selector).press_sequentially(text, delay=self.rng.uniform(50, 140))

    async def scroll(self, distance: float) -> None:
        for _ in range(max(1, round(distance / 100))):
            await self.page.mouse.wheel(0, 100)
            await asyncio.sleep(self.rng.uniform(0.04, 0.2))

    async def pause(self) -> None:
        await asyncio.sleep(min(6.0, math.exp(self.rng.gauss(-0.2, 0.8))))


class Script(Tool):
    """A script in the page that dispatches its own events and sets values."""

    PRESS = """(selector) => {
        const target = document.querySelector(selector);
        if (!target) return;
        const box = target.getBoundingClientRect();
        const at = { bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
        for (const name of ["pointerdown", "mousedown", "pointerup", "mouseup"])
            target.dispatchEvent(new (name.startsWith("p") ? PointerEvent : MouseEvent)(name, at));
        target.click();
    }"""
    FILL = """([selector, text]) => {
        const field = document.querySelector(selector);
        if (!field) return;
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
    }"""

    async def click(self, selector: str) -> None:
        await self.page.evaluate(self.PRESS, selector)

    async def type(self, selector: str, text: str) -> None:
        await self.page.evaluate(self.FILL, [selector, text])

    async def scroll(self, distance: float) -> None:
        await self.page.evaluate("(by) => scrollBy(0, by)", distance)


class Scraper(Script):
    """Opens page after page and scrolls each in equal steps."""

    pace_s = 0.25


class Stuffer(Tool):
    """Tries one password after another as fast as the page allows."""

    pace_s = 0.12


class Filler(Tool):
    """Fills one order after another, with a short wait after each field."""

    pace_s = 0.2
