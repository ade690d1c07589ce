"""Steps: what the visitor did before a moment, as numbered text and as a Playwright script, masked as it is stored."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from service.web.story import Act
from service.web.words import clock

LAST: Final = 40  # acts before the moment: more than anybody types again


def before(acts: Sequence[Act], until_ms: int, most: int = LAST) -> list[Act]:
    """The acts up to a moment, the last of them, from the page on that they begin at."""
    found = [act for act in acts if act.t_ms <= until_ms]
    begin = max(0, len(found) - most)
    page = next((i for i in range(begin, -1, -1) if found and found[i].kind == "page"), None)
    kept = found[begin:]
    if page is not None and page < begin:
        kept = [found[page], *kept]
    return [act for i, act in enumerate(kept) if not _told_by(act, kept[i - 1] if i else None)]


def _told_by(act: Act, last: Act | None) -> bool:
    """Whether the act before says it already: a form is sent by what was pressed, a box is ticked by its click."""
    if act.kind == "submit":
        return True
    ticked = act.kind == "input" and math.isnan(act.value)
    return ticked and last is not None and last.kind == "click" and last.selector == act.selector


def as_text(acts: Sequence[Act]) -> str:
    """Numbered sentences.

    >>> print(as_text([Act(0, "page", "", "", 0, "http://a.example/cart?x=1"),
    ...     Act(900, "click", "button apply code", "[data-ww-name]", 0, ""),
    ...     Act(1100, "click", "button apply code", "[data-ww-name]", 0, "")]), end="")
    1. 0:00  Open /cart
    2. 0:00  Click button apply code, 2 times
    """
    lines: list[str] = []
    for times, act in _together(acts):
        again = f", {times} times" if times > 1 else ""
        lines.append(f"{len(lines) + 1}. {clock(act.t_ms)}  {_sentence(act)}{again}")
    return "\n".join(lines) + "\n" if lines else "Nothing was done before this moment.\n"


def as_playwright(acts: Sequence[Act], session: str, until_ms: int) -> str:
    """A script for Playwright's test runner. Where the recording hides a text, asterisks of its length are typed."""
    opened = next((act.page for act in acts if act.page), "")
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(opened)) if opened else "https://shop.example"
    lines = [
        "import { test } from '@playwright/test';",
        "",
        f"const site = process.env.SITE ?? {_quoted(origin)};",
        "",
        f"// Acts of session {session} up to {clock(until_ms)}. Typed texts are masked: put in your own.",
        f"test({_quoted(f'session {session} up to {clock(until_ms)}')}, async ({{ page }}) => {{",
    ]
    here = ""
    for number, act in enumerate(acts):
        if act.kind == "page":
            moved = number > 0 and acts[number - 1].kind == "click"
            place = _quoted(_relative(act.page))
            if moved:
                lines.append(f"  await page.waitForURL(new URL({place}, site).href);")
            else:
                lines.append(f"  await page.goto(new URL({place}, site).href);")
            here = act.page
            continue
        if not here and act.page:
            here = act.page
            lines.append(f"  await page.goto(new URL({_quoted(_relative(here))}, site).href);")
        lines += _statement(act)
    return "\n".join([*lines, "});", ""])


def _together(acts: Sequence[Act]) -> list[tuple[int, Act]]:
    """Acts, with how often each was done in a row."""
    found: list[tuple[int, Act]] = []
    for act in acts:
        if found and act.kind == "click" and found[-1][1][1:4] == act[1:4]:
            found[-1] = (found[-1][0] + 1, found[-1][1])
        else:
            found.append((1, act))
    return found


def _sentence(act: Act) -> str:
    name = act.name or "something that has no name"
    if act.kind == "page":
        return f"Open {_relative(act.page)}"
    if act.kind == "scroll":
        return f"Scroll to {act.value:.0f} px"
    if act.kind == "input":
        if math.isnan(act.value):
            return f"Change {name}"
        return f"Type {act.value:.0f} characters into {name}" if act.value else f"Empty {name}"
    return f"Click {name}"


def _statement(act: Act) -> list[str]:
    if act.kind == "scroll":
        return [f"  await page.evaluate(y => scrollTo(0, y), {act.value:.0f});"]
    if not act.selector:
        return [f"  // {_sentence(act)}: the recording does not say where it is."]
    place = f"page.locator({_quoted(act.selector)}).first()"
    if act.kind == "input":
        if math.isnan(act.value):
            return [f"  await {place}.click();"]
        return [f"  await {place}.fill({_quoted('*' * int(min(act.value, 200)))});"]
    return [f"  await {place}.click();"]


def _relative(address: str) -> str:
    """The path of an address; what was asked for and where in the page stays out."""
    return urlsplit(address).path or "/"


def _quoted(text: str) -> str:
    """A text as JavaScript writes it."""
    return json.dumps(text)
