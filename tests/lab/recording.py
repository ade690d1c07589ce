"""Records one scenario in Chromium, and writes recordings and their index."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ViewportSize
from reaches import Hand
from scenarios import Scenario
from visit import Visit

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
SCRIPTS = (
    MODULES / "rrweb" / "dist" / "rrweb.umd.min.cjs",
    MODULES / "@rrweb" / "rrweb-plugin-console-record" / "dist" / "rrweb-plugin-console-record.umd.min.cjs",
    HERE / "agent.js",
)
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
INDEX = ("file", "label", "family", "scenario", "frustrated", "converted", "rrweb_version", "duration", "events",
         "person", "note")  # fmt: skip


@dataclass(frozen=True)
class Recording:
    """A finished recording: its events, and the row that the index has of it."""

    scenario: Scenario
    events: list[dict[str, Any]]
    person: str
    note: str

    def row(self) -> dict[str, object]:
        """Facts for the index; the duration is in seconds."""
        times = [event["timestamp"] for event in self.events]
        goals = [e for e in self.events if e["type"] == 5 and e["data"]["tag"] == "ww.goal"]
        frustrated = self.scenario.frustrated
        return {
            "file": self.scenario.file,
            "label": self.scenario.label,
            "family": self.scenario.family,
            "scenario": self.scenario.name,
            "frustrated": "" if frustrated is None else int(frustrated),
            "converted": int(bool(goals)),
            "rrweb_version": rrweb_version(),
            "duration": round((max(times) - min(times)) / 1000, 2),
            "events": len(self.events),
            "person": self.person,
            "note": self.note,
        }


def rrweb_version() -> str:
    """Name and version of the recorder, from its package."""
    package = json.loads((MODULES / "rrweb" / "package.json").read_text(encoding="utf-8"))
    return f"rrweb {package['version']}"


def recorder_missing() -> bool:
    """Whether `npm ci` still has to be run here."""
    return not all(script.is_file() for script in SCRIPTS)


async def record(browser: Browser, scenario: Scenario, hand: Hand, seed: int, url: str) -> Recording:
    """Plays a scenario in a fresh browser context, and gives what the recorder emitted, in that order."""
    context = await browser.new_context(
        viewport=PHONE if scenario.touch else DESKTOP,
        has_touch=scenario.touch,
        is_mobile=scenario.touch,
        locale="en-GB",
    )
    page = await context.new_page()
    events: list[dict[str, Any]] = []

    async def keep(source: dict[str, Any], event: str) -> None:
        if source["page"] is page:  # a second tab is another stream, and none of the scenarios needs it
            events.append(json.loads(event))

    await context.expose_binding("labEmit", keep)
    await context.add_init_script(_before(scenario))
    if scenario.script:
        await context.add_init_script(scenario.script)
    await context.add_init_script("\n;\n".join(script.read_text(encoding="utf-8") for script in SCRIPTS))
    visit = Visit(page, await context.new_cdp_session(page), hand, random.Random(seed), url)
    await scenario.act(visit)
    await visit.finish()
    await context.close()
    source, person = _source(scenario, hand)
    late = f"; positions late by {visit.late_p95_ms():.0f} ms at p95" if person else ""
    return Recording(scenario, events, person, f"{scenario.about} {source}{late}")


def _source(scenario: Scenario, hand: Hand) -> tuple[str, str]:
    if scenario.label == "bot":
        return "No person.", ""
    if not scenario.pointer:
        return f"No pointer; {'touch' if scenario.touch else 'key'} timing is a model of ours.", ""
    return (
        f"{hand.source[0].upper()}{hand.source[1:]}; goals, typing and wheel are models of ours",
        hand.person,
    )


def _before(scenario: Scenario) -> str:
    """What the browser remembers before the first page of the visit."""
    cart = [{"id": lamp, "count": count} for lamp, count in scenario.cart]
    kept = {"halfmoon.cart": json.dumps(cart)} | ({"halfmoon.consent": "true"} if scenario.consent else {})
    return (
        "if (location.protocol.startsWith('http') && !sessionStorage.getItem('lab')) {"
        "sessionStorage.setItem('lab', '1');"
        f"for (const [name, value] of Object.entries({json.dumps(kept)})) localStorage.setItem(name, value);}}"
    )


def packed(events: Sequence[dict[str, Any]]) -> bytes:
    """The file of a recording: gzip of `{"events": [...]}`, the same bytes for the same events."""
    text = json.dumps({"events": list(events)}, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def write(recordings: Sequence[Recording], folder: Path) -> None:
    """Writes recordings into a folder and brings its index up to date; rows of other files stay."""
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.csv"
    rows: dict[str, dict[str, object]] = {}
    if index.is_file():
        with index.open(encoding="utf-8", newline="") as lines:
            rows = {row["file"]: dict(row) for row in csv.DictReader(lines)}
    for recording in recordings:
        (folder / recording.scenario.file).write_bytes(packed(recording.events))
        rows[recording.scenario.file] = recording.row()
    with index.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, INDEX, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))
