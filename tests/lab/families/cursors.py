"""Playwright with cursor packages of PyPI, each by its own interface."""

from __future__ import annotations

import asyncio
import contextlib
import io
from typing import Any

from families.driving import Tool
from playwright.async_api import Error


class Cursor(Tool):
    """What the packages share: they reach for things, press for a while and type key by key."""

    async def reach(self, x: float, y: float) -> None:
        """Move the pointer there as the package would."""
        raise NotImplementedError

    async def click(self, selector: str) -> None:
        x, y = await self.place(selector)
        await self.reach(x, y)
        self.at = (x, y)
        await self.page.mouse.down()
        await asyncio.sleep(self.rng.uniform(0.05, 0.12))
        await self.page.mouse.up()

    async def type(self, selector: str, text: str) -> None:
        await self.click(selector)
        await self.page.locator(selector).press_sequentially(text, delay=self.rng.uniform(60, 120))

    async def pause(self) -> None:
        await asyncio.sleep(self.rng.uniform(0.3, 1.1))


class Cursory(Cursor):
    """`cursory`: paths and timings morphed from recorded ones."""

    async def reach(self, x: float, y: float) -> None:
        from cursory import generate_trajectory

        points, timings = generate_trajectory(self.at, (x, y), seed=self.rng.randrange(2**31))
        start = asyncio.get_running_loop().time()
        for (px, py), t in zip(points, timings, strict=True):
            await asyncio.sleep(max(0.0, start + t / 1000 - asyncio.get_running_loop().time()))
            await self.page.mouse.move(px, py)


class InputKit(Cursor):
    """`human-input-kit`: noisy Bezier curves at one speed, its own typing and scrolling."""

    async def reach(self, x: float, y: float) -> None:
        from human_input_kit.bezier import bezier_mouse_path, move_mouse_along

        await move_mouse_along(self.page, bezier_mouse_path(self.at, (x, y), steps=self.rng.randint(20, 40)))

    async def type(self, selector: str, text: str) -> None:
        from human_input_kit.keyboard import human_type

        await self.click(selector)
        page: Any = self.page
        await human_type(page, selector, text)

    async def scroll(self, distance: float) -> None:
        from human_input_kit.scroll import random_scroll

        page: Any = self.page
        await random_scroll(page, bursts=2)


class HumanCursor(Cursor):
    """`humancursor-playwright`: distorted Bezier curves with easing, clicks by the package itself."""

    cursor: Any = None

    async def click(self, selector: str) -> None:
        from humancursor_playwright import PlaywrightCursor

        if self.cursor is None:
            self.cursor = PlaywrightCursor(self.page)
        found = self.page.locator(selector).first
        if not await found.count():
            raise Error(f"{selector} is not there")
        with contextlib.redirect_stdout(io.StringIO()):  # the package prints what it could not do
            await self.cursor.click_on(found, click_duration=self.rng.uniform(0.05, 0.12))
