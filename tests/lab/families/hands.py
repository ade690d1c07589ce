"""Hands of real people in the shop: guided to the same goals as the tools, or replayed raw as a thief would."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import NamedTuple

from families.itinerary import Step
from playwright.async_api import Error, Page
from playwright.async_api import TimeoutError as Late
from reaches import FEWEST_REACHES, PersonHand, Reach, cut
from visit import Visit

Row = tuple[int, str, float, float]
JITTER_PX = 1.5
JITTER_MS = 6.0
EVENTS = {"move": "mouseMoved", "down": "mousePressed", "up": "mouseReleased"}


class Trace(NamedTuple):
    """A recorded hand: rows of (ms, kind, px, px) of one session of one person."""

    person: str
    session: str
    rows: list[Row]


def traces(path: Path) -> list[Trace]:
    """Every session of the people's traces, by person."""
    from pyarrow import parquet

    columns = ["session_id", "user_id", "t_ms", "kind", "x", "y"]
    found: dict[tuple[str, str], list[Row]] = {}
    for row in parquet.read_table(path, columns=columns).to_pylist():
        key = str(row["user_id"]).partition(".")[0], str(row["session_id"])
        found.setdefault(key, []).append((row["t_ms"], row["kind"], row["x"], row["y"]))
    return [Trace(person, session, rows) for (person, session), rows in sorted(found.items())]


def reaches_of(person: str, all_of: list[Trace]) -> list[Reach]:
    """The reaches of a person, from all of their sessions."""
    return [reach for trace in all_of if trace.person == person for reach in cut(trace.rows)]


async def guided(
    page: Page, person: str, all_of: list[Trace], rng: random.Random, address: str,
    size: tuple[int, int], steps: list[Step], until: float,
) -> tuple[int, list[float]]:  # fmt: skip
    """A person's own reaches, turned and scaled onto the goals of the itinerary: steps left out, lateness in ms."""
    own = reaches_of(person, all_of)
    if len(own) < FEWEST_REACHES:
        raise ValueError(f"{person} has {len(own)} reaches; {FEWEST_REACHES} are needed.")
    visit = Visit(page, await page.context.new_cdp_session(page), PersonHand(person, own, rng), rng, address)
    visit.width, visit.height = size
    failed = 0
    for step in steps:
        if time.monotonic() >= until:
            break
        try:
            await _do(visit, step)
        except (Error, Late, AssertionError):
            failed += 1
        await visit.pause(0.3, 1.3)
    return failed, visit.late_ms


async def _do(visit: Visit, step: Step) -> None:
    if step.verb == "go":
        await visit.open(step.at)
    elif step.verb == "click":
        await visit.click(step.at)
    elif step.verb == "follow":
        await visit.follow(step.at)
    elif step.verb == "type":
        await visit.type(step.at, step.text)
    elif step.verb == "enter":
        await visit.type(step.at, step.text)
        await visit.key_follow("Enter")
    elif step.verb == "scroll":
        await visit.scroll(float(step.text))
    else:
        await visit.wander()


async def replayed(
    page: Page, trace: Trace, rng: random.Random, size: tuple[int, int], seconds: float, jitter: bool
) -> list[float]:
    """A stolen trace, moved and scaled a little, with jitter of place and time: how late inputs were, in ms.

    Clicks land wherever they land, as they do for a thief who does not look at the page.
    """
    cdp = await page.context.new_cdp_session(page)
    rows = _window(trace.rows, seconds * 1000)
    scale = min(1.0, size[0] / (max(r[2] for r in rows) + 1), size[1] / (max(r[3] for r in rows) + 1))
    scale *= rng.uniform(0.85, 1.0)
    shift = rng.uniform(0, 40), rng.uniform(0, 40)
    start, first, late = time.monotonic(), rows[0][0], []
    sent: list[asyncio.Future[object]] = []
    last = 0.0
    for t, kind, px, py in rows:
        if kind not in EVENTS:
            continue
        due = max(last, (t - first) / 1000 + (rng.gauss(0, JITTER_MS / 1000) if jitter else 0.0))
        last = due
        await asyncio.sleep(max(0.0, start + due - time.monotonic()))
        late.append(max(0.0, (time.monotonic() - start - due) * 1000))
        noise = (rng.gauss(0, JITTER_PX), rng.gauss(0, JITTER_PX)) if jitter else (0.0, 0.0)
        x = min(max(px * scale + shift[0] + noise[0], 0), size[0] - 1)
        y = min(max(py * scale + shift[1] + noise[1], 0), size[1] - 1)
        event = {"type": EVENTS[kind], "x": round(x), "y": round(y)}
        if kind != "move":
            event |= {"button": "left", "clickCount": 1, "buttons": int(kind == "down")}
        sent.append(asyncio.ensure_future(cdp.send("Input.dispatchMouseEvent", event)))
    await asyncio.gather(*sent, return_exceptions=True)
    return late


def _window(rows: list[Row], length_ms: float) -> list[Row]:
    """The busiest stretch of a trace of that length."""
    best, at = 0, 0
    end = 0
    for begin in range(0, len(rows), 50):
        while end < len(rows) and rows[end][0] - rows[begin][0] < length_ms:
            end += 1
        if end - begin > best:
            best, at = end - begin, begin
    return rows[at : at + best]
