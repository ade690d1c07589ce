"""One visit to the shop: verbs that move a pointer, a wheel, keys and fingers as a person would."""

from __future__ import annotations

import asyncio
import math
import random
import time

from playwright.async_api import CDPSession, FloatRect, Page
from reaches import Hand, placed

NOTCH_PX = 100  # what one click of a mouse wheel scrolls in Chromium
HEADER_PX = 90  # the shop's header covers this much of the top
KEY_MEDIAN_S = 0.13
DOUBLE_CLICK_S = 0.4  # quicker presses on one spot are a double click to the browser


class Visit:
    """A page, and a person who uses it. Times are seconds unless a name says ms; places are CSS px."""

    def __init__(self, page: Page, cdp: CDPSession, hand: Hand, rng: random.Random, url: str) -> None:
        self.page = page
        self.cdp = cdp
        self.hand = hand
        self.rng = rng
        self.url = url
        size = page.viewport_size or {"width": 1280, "height": 800}
        self.width, self.height = size["width"], size["height"]
        self.at = (rng.uniform(0.2, 0.8) * self.width, rng.uniform(0.3, 0.8) * self.height)
        self.sent: list[asyncio.Future[object]] = []
        self.late_ms: list[float] = []

    # Pages

    async def open(self, path: str) -> None:
        """Loads a page of the shop by its address."""
        await self.page.goto(f"{self.url}/{path}")
        await self.pause(0.5, 1.0)

    async def follow(self, selector: str) -> None:
        """Clicks a link and waits for the page behind it."""
        before = self.page.url
        await self.click(selector)
        await self._arrive(before)

    async def _arrive(self, before: str) -> None:
        for _ in range(100):
            await asyncio.sleep(0.05)
            if self.page.url != before:
                break
        await self.page.wait_for_load_state("load")
        await self.pause(0.5, 1.0)

    async def back(self) -> None:
        """Goes back one page, as with the browser's own button."""
        await self.page.go_back(wait_until="load")
        await self.pause(0.3, 0.6)

    async def reload(self) -> None:
        """Loads the page again."""
        await self.page.reload(wait_until="load")
        await self.pause(0.3, 0.6)

    async def pause(self, low: float, high: float) -> None:
        """Does nothing for a while."""
        await asyncio.sleep(self.rng.uniform(low, high))

    # Pointer

    async def click(self, selector: str, times: int = 1, gap: float = 0.2) -> None:
        """Reaches for an element and presses it, `times` times, about `gap` seconds apart."""
        hold = await self.reach(selector)
        x, y = self.at
        run = 0
        for n in range(times):
            wait = gap * self.rng.uniform(0.75, 1.3) if n else math.inf
            if n:
                await asyncio.sleep(wait)
                x, y = x + self.rng.gauss(0, 0.8), y + self.rng.gauss(0, 0.8)
                self._mouse("mouseMoved", x, y)
            run = run + 1 if wait < DOUBLE_CLICK_S else 1
            await self._press(x, y, hold / 1000 if n == 0 else self.rng.uniform(0.05, 0.1), run)
        self.at = (x, y)
        await self._settle()

    async def reach(self, selector: str) -> float:
        """Moves onto an element, scrolling to it first if it is out of sight; the hold to use, in ms."""
        await self.bring(selector)
        box = await self.box(selector)
        wide, high = min(box["width"] * 0.5, 90.0), box["height"] * 0.5
        x = box["x"] + box["width"] / 2 + max(-0.8, min(0.8, self.rng.gauss(0, 0.35))) * wide * 0.5
        y = box["y"] + box["height"] / 2 + max(-0.8, min(0.8, self.rng.gauss(0, 0.35))) * high * 0.5
        return await self.move(x, y)

    async def box(self, selector: str) -> FloatRect:
        """Where an element is in the window."""
        box = await self.page.locator(selector).first.bounding_box()
        assert box is not None, f"{selector} is not on {self.page.url}"
        return box

    async def move(self, x: float, y: float) -> float:
        """Moves the pointer there with one reach of the hand; the hold of that reach, in ms."""
        distance = math.hypot(x - self.at[0], y - self.at[1])
        if distance < 3:
            return self.rng.uniform(60, 120)
        reach = self.hand.reach(distance)
        start = time.perf_counter()
        for t, px, py in placed(reach, self.at, (x, y)):
            await self._until(start + t / 1000)
            self._mouse("mouseMoved", px, py)
        self.at = (x, y)
        await self._until(start + reach.pressed_ms / 1000)
        return reach.hold_ms

    async def wander(self, times: int = 1) -> None:
        """Moves about with no aim, as people do while they look."""
        for _ in range(times):
            angle, far = self.rng.uniform(0, math.tau), self.rng.uniform(80, 320)
            x = min(max(self.at[0] + far * math.cos(angle), 20), self.width - 20)
            y = min(max(self.at[1] + far * math.sin(angle), HEADER_PX + 20), self.height - 20)
            await self.move(x, y)
            await self.pause(0.2, 0.7)

    async def _press(self, x: float, y: float, hold: float, run: int = 1) -> None:
        self._mouse("mousePressed", x, y, button="left", clickCount=run, buttons=1)
        await asyncio.sleep(hold)
        self._mouse("mouseReleased", x, y, button="left", clickCount=run)

    def _mouse(self, kind: str, x: float, y: float, **more: object) -> None:
        event = {"type": kind, "x": round(x), "y": round(y), **more}
        self.sent.append(asyncio.ensure_future(self.cdp.send("Input.dispatchMouseEvent", event)))

    async def _until(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        self.late_ms.append(max(0.0, (time.perf_counter() - moment) * 1000))

    async def _settle(self) -> None:
        await asyncio.gather(*self.sent, return_exceptions=True)
        self.sent.clear()

    # Wheel

    async def bring(self, selector: str) -> None:
        """Scrolls until the element stands in the middle part of the window."""
        await self.page.locator(selector).first.wait_for(state="visible", timeout=5_000)
        for _ in range(12):
            box = await self.page.locator(selector).first.bounding_box()
            if box is None:
                return
            middle = box["y"] + box["height"] / 2
            if HEADER_PX + 20 < middle < self.height - 40:
                return
            before = await self.page.evaluate("scrollY")
            await self.scroll(middle - self.height / 2)
            if await self.page.evaluate("scrollY") == before:
                return

    async def scroll(self, distance: float, notch_s: float = 0.07) -> None:
        """Turns the wheel by about `distance` px, notch by notch; rests now and then."""
        for n in range(max(1, round(abs(distance) / NOTCH_PX))):
            if n and n % self.rng.randint(3, 6) == 0:
                await self.pause(0.15, 0.45)
            self._mouse("mouseWheel", *self.at, deltaX=0, deltaY=math.copysign(NOTCH_PX, distance))
            await asyncio.sleep(notch_s * self.rng.uniform(0.6, 1.7))
        await self._settle()
        await asyncio.sleep(0.2)

    async def read(self, seconds: float) -> None:
        """Reads: small scrolls, rests, a little pointer movement."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            await self.pause(0.9, 2.2)
            await (
                self.wander() if self.rng.random() < 0.35 else self.scroll(self.rng.choice((100, 200, 300)))
            )

    # Keys

    async def type(self, selector: str, text: str) -> None:
        """Clicks into a field and types, with a slip here and there."""
        await self.click(selector)
        await self.pause(0.2, 0.5)
        await self.keys(text)

    async def retype(self, selector: str, text: str) -> None:
        """Clicks into a field, selects what it holds and types over it."""
        await self.click(selector)
        await self.page.keyboard.press("Control+A")
        await self.pause(0.2, 0.4)
        await self.keys(text)

    async def keys(self, text: str) -> None:
        """Types into what has the focus."""
        for letter in text:
            if letter.isalpha() and self.rng.random() < 0.03:
                await self.page.keyboard.press("x")
                await self.pause(0.2, 0.4)
                await self.page.keyboard.press("Backspace")
            await self.page.keyboard.press(letter)
            await asyncio.sleep(min(0.6, KEY_MEDIAN_S * math.exp(self.rng.gauss(0, 0.4))))

    async def key(self, *names: str) -> None:
        """Presses named keys, one after another."""
        for name in names:
            await self.page.keyboard.press(name)
            await self.pause(0.18, 0.45)

    async def key_follow(self, name: str) -> None:
        """Presses a key that leads to another page."""
        before = self.page.url
        await self.page.keyboard.press(name)
        await self._arrive(before)

    # Fingers

    async def tap(self, selector: str, leads_on: bool = False) -> None:
        """Taps an element, swiping to it first if it is out of sight."""
        box = await self.box(selector)
        while not 30 < (middle := box["y"] + box["height"] / 2) < self.height - 60:
            await self.swipe(max(-420.0, min(420.0, middle - self.height / 2)))
            box = await self.box(selector)
        x = box["x"] + box["width"] * self.rng.uniform(0.35, 0.65)
        y = box["y"] + box["height"] * self.rng.uniform(0.35, 0.65)
        before = self.page.url
        await self._touch("touchStart", x, y)
        await self.pause(0.05, 0.11)
        await self._touch("touchEnd")
        await (self._arrive(before) if leads_on else self.pause(0.5, 1.1))

    async def swipe(self, distance: float) -> None:
        """Drags the page up by `distance` px with one finger."""
        x, y = self.width * self.rng.uniform(0.4, 0.7), self.height * (0.72 if distance > 0 else 0.3)
        await self._touch("touchStart", x, y)
        steps = 14
        for n in range(1, steps + 1):
            s = n / steps
            await self._touch("touchMove", x + 6 * s, y - distance * s * (2 - s))
            await asyncio.sleep(0.016)
        await self._touch("touchEnd")
        await self.pause(0.3, 0.8)

    async def _touch(self, kind: str, x: float | None = None, y: float | None = None) -> None:
        points = [] if x is None or y is None else [{"x": x, "y": y}]
        await self.cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    # End

    async def finish(self) -> None:
        """Waits until the recorder's last batch and its last tick are out."""
        await self._settle()
        await asyncio.sleep(3.0)

    def late_p95_ms(self) -> float:
        """How late 19 of 20 pointer positions were at most, in ms."""
        ordered = sorted(self.late_ms) or [0.0]
        return ordered[int(0.95 * (len(ordered) - 1))]
