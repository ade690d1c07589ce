"""Plays sessions of a family in one browser, and gives what was recorded of each."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from families import selenium_tool
from families.collecting import Collected, collecting
from families.hands import Trace, guided, replayed
from families.itinerary import itinerary
from families.table import Family
from playwright.async_api import Page, Playwright

ADDRESS = "http://halfmoon.example"
PUPPETEER = Path(__file__).resolve().parent / "puppeteer" / "play.js"
SIZES = ((1280, 800), (1366, 768), (1440, 900), (1536, 864))
ZOOM = 1.5
START_MS = 60_000  # a busy machine may take long before a session begins
ZOOMED_EVERY = {"human": 3, "bot": 5}  # how many sessions of a family are played on a page zoomed in


@dataclass(frozen=True)
class Session:
    """One session to be played: its number within the family and what is drawn from it."""

    family: Family
    number: int
    seed: int
    trace: Trace | None = None

    @property
    def name(self) -> str:
        """Of its file, without the ending."""
        return f"{self.family.name}-{self.number:03d}"

    @property
    def zoomed(self) -> bool:
        """Whether the page is zoomed in."""
        return self.number % ZOOMED_EVERY[self.family.label] == 0

    @property
    def size(self) -> tuple[int, int]:
        """Viewport in CSS px."""
        wide, high = SIZES[self.seed % len(SIZES)]
        return (round(wide / ZOOM), round(high / ZOOM)) if self.zoomed else (wide, high)

    @property
    def scale(self) -> float:
        """Device pixels per CSS px."""
        return ZOOM if self.zoomed else 1.0


@dataclass(frozen=True)
class Played:
    """What was recorded of a session."""

    session: Session
    events: list[dict[str, Any]]
    failed: int
    late_ms: list[float]
    page_late_ms: list[float]


async def play(
    playwright: Playwright, sessions: Sequence[Session], executable: str, flags: Sequence[str],
    seconds: float, all_of: list[Trace],
) -> list[Played]:  # fmt: skip
    """Play sessions of one family at once, in one browser; with Selenium in one each."""
    with collecting() as (port, collected):
        flags = (*flags, f"--host-resolver-rules=MAP halfmoon.example:80 127.0.0.1:{port}")
        said: list[tuple[int, list[float]]]
        driver = sessions[0].family.driver
        if driver == "selenium":
            said = [
                (await asyncio.to_thread(
                    selenium_tool.play, executable, flags, ADDRESS, one.name, one.size, one.scale,
                    itinerary(one.family.kind, one.seed), seconds), [])
                for one in sessions
            ]  # fmt: skip
        elif driver in ("puppeteer", "ghost"):
            said = await _puppeteer(sessions, executable, flags, seconds, driver == "ghost")
        else:
            browser = await playwright.chromium.launch(executable_path=executable, args=list(flags))
            tried = await asyncio.gather(
                *(_playwright(browser, one, seconds, all_of) for one in sessions), return_exceptions=True
            )
            await browser.close()
            sessions = [
                one for one, told in zip(sessions, tried, strict=True) if not isinstance(told, BaseException)
            ]
            said = [told for told in tried if not isinstance(told, BaseException)]
        return [
            Played(one, sent.events(), failed, late, sent.late_ms)
            for one, (failed, late) in zip(sessions, said, strict=True)
            for sent in [collected.get(one.name, Collected())]
        ]


async def _playwright(
    browser: Any, session: Session, seconds: float, all_of: list[Trace]
) -> tuple[int, list[float]]:
    wide, high = session.size
    context = await browser.new_context(
        viewport={"width": wide, "height": high}, device_scale_factor=session.scale, locale="en-GB"
    )
    page: Page = await context.new_page()
    page.set_default_timeout(5_000)
    await page.goto(f"{ADDRESS}/lab/start?session={session.name}", timeout=START_MS)
    await page.wait_for_url("**/index.html", timeout=START_MS)
    await page.wait_for_load_state("load", timeout=START_MS)
    rng = random.Random(session.seed)
    family, late, failed = session.family, [], 0
    steps = itinerary(family.kind, session.seed)
    if family.tool is not None:
        failed = await family.tool(page, rng, ADDRESS).play(steps, time.monotonic() + seconds)
    elif family.driver == "guided":
        assert session.trace is not None
        until = time.monotonic() + seconds
        failed, late = await guided(
            page, session.trace.person, all_of, rng, ADDRESS, session.size, steps, until
        )
    else:
        assert session.trace is not None
        await page.goto(f"{ADDRESS}/lamps.html", timeout=START_MS)
        late = await replayed(page, session.trace, rng, session.size, seconds, jitter=True)
    await asyncio.sleep(1.5)
    await page.goto("about:blank", timeout=START_MS)  # the page sends what it still has
    await context.close()
    return failed, late


async def _puppeteer(
    sessions: Sequence[Session], executable: str, flags: Sequence[str], seconds: float, cursor: bool
) -> list[tuple[int, list[float]]]:
    job = {
        "executable": executable, "flags": list(flags), "address": ADDRESS, "cursor": cursor, "seconds": seconds,
        "sessions": [
            {"name": one.name, "steps": itinerary(one.family.kind, one.seed), "scale": one.scale,
             "viewport": {"width": one.size[0], "height": one.size[1]}} for one in sessions],
    }  # fmt: skip
    node = await asyncio.create_subprocess_exec(
        shutil.which("node") or "node", str(PUPPETEER), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await node.communicate(json.dumps(job).encode())
    if node.returncode:
        raise RuntimeError(f"Puppeteer failed: {errors.decode()[-400:]}")
    return [(failed, []) for failed in json.loads(out.decode().splitlines()[-1])]
