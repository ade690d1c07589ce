"""The families: who drives, by what, towards which goals."""

from __future__ import annotations

from dataclasses import dataclass

from families.cursors import Cursory, HumanCursor, InputKit
from families.driving import Filler, Paced, Scraper, Script, Stuffer, Tool


@dataclass(frozen=True)
class Family:
    """One way to drive a browser.

    Parameters
    ----------
    name
        Of the family.
    kind
        Of its itinerary.
    tool
        The class that drives it with Playwright; None where another program drives.
    driver
        ``playwright``, ``puppeteer``, ``ghost`` (Puppeteer with ghost-cursor), ``selenium``, ``guided`` (a person's
        reaches), ``replayed`` (a person's whole trace).
    label
        ``bot`` or ``human``.
    traces
        How many traces a replayed family draws from; 0 for another one each time.
    """

    name: str
    kind: str = "shop"
    tool: type[Tool] | None = None
    driver: str = "playwright"
    label: str = "bot"
    traces: int = 0


FAMILIES = (
    Family("lab_guided", driver="guided", label="human"),
    Family("playwright", tool=Tool),
    Family("puppeteer", driver="puppeteer"),
    Family("selenium", driver="selenium"),
    Family("synthetic_js", tool=Script),
    Family("scraper", "scrape", Scraper),
    Family("form_stuffing", "stuff", Stuffer),
    Family("form_filling", "fill", Filler),
    Family("ghost_cursor", driver="ghost"),
    Family("humancursor_playwright", tool=HumanCursor),
    Family("cursory", tool=Cursory),
    Family("human_input_kit", tool=InputKit),
    Family("playwright_paced", tool=Paced),
    Family("replayed_once", driver="replayed"),
    Family("replayed_often", driver="replayed", traces=4),
)
