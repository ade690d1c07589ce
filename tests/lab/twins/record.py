"""Records struggles and their calm twins, each pair by the same hand with the same draws.

python tests/lab/run.py --twins --out made/twins
"""

from __future__ import annotations

import asyncio
import csv
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from families.hands import reaches_of, traces
from playwright.async_api import async_playwright
from reaches import FEWEST_REACHES, PersonHand, traces_file
from recording import Recording, packed, record
from rich.progress import Progress
from scenarios import Scenario
from server import shop
from twins.scripts import TWINS, Twins
from visit import Visit

FAULTS = (Path(__file__).resolve().parent / "faults.js").read_text(encoding="utf-8")
ADDRESS = "http://halfmoon.example"
INDEX = ("file", "label", "family", "scenario", "rrweb_version", "duration", "events", "frustrated", "trace_user",
         "viewport", "browser", "late_p95")  # fmt: skip


def scenario(twins: Twins, answers: bool) -> Scenario:
    """One of a pair, as the lab records it."""
    facts = {
        "selector": twins.control,
        "fault": twins.fault,
        "answers": answers,
        "mend": twins.mend,
    }

    async def act(visit: Visit) -> None:
        await visit.open(twins.page)
        await twins.script(visit)
        await visit.pause(2.0, 2.0)

    return Scenario(
        twins.name, "calm_twin" if answers else "struggle_twin", act, frustrated=not answers, cart=twins.cart,
        about=(twins.script.__doc__ or "").strip(),
        script=f"window.__labTwin = {json.dumps(facts)};\n{FAULTS}",
    )  # fmt: skip


async def make(out: Path, people: int, seed: int, jobs: int, executable: str, flags: Sequence[str]) -> int:
    """Record every pair by so many people each; how many recordings came to be."""
    if not traces_file().is_file():
        sys.exit(f"People's traces are needed: there is no {traces_file()}.")
    out.mkdir(parents=True, exist_ok=True)
    all_of = traces(traces_file())
    able = [
        p for p in dict.fromkeys(t.person for t in all_of) if len(reaches_of(p, all_of)) >= FEWEST_REACHES
    ]
    rng = random.Random(seed)
    plan = [
        (twins, person, answers, draw)
        for twins in TWINS
        for person in rng.sample(able, people)
        for draw in [rng.randrange(2**31)]
        for answers in (False, True)
    ]
    rows: dict[str, dict[str, object]] = {}
    index = out / "index.csv"
    if index.is_file():
        with index.open(encoding="utf-8", newline="") as lines:
            rows = {one["file"]: dict(one) for one in csv.DictReader(lines)}
    free = asyncio.Semaphore(jobs)
    made = 0
    with Progress() as bar, shop() as address:
        task = bar.add_task("twins", total=len(plan))
        rule = f"--host-resolver-rules=MAP halfmoon.example:80 127.0.0.1:{address.rsplit(':', 1)[1]}"
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=executable, args=[*flags, rule])

            async def one(twins: Twins, person: str, answers: bool, draw: int) -> None:
                nonlocal made
                name = f"{twins.name}-{person}-{'calm' if answers else 'struggle'}.json.gz"
                async with free:
                    if name not in rows:
                        hand = PersonHand(person, reaches_of(person, all_of), random.Random(draw))
                        try:
                            done = await record(browser, scenario(twins, answers), hand, draw, ADDRESS)
                        except Exception as error:
                            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
                        else:
                            rows[name] = row(done, name, person)
                            (out / name).write_bytes(packed(done.events))
                            write(index, rows)
                            made += 1
                    bar.advance(task)

            await asyncio.gather(*(one(*each) for each in plan))
            await browser.close()
    return made


def row(made: Recording, name: str, person: str) -> dict[str, object]:
    """Facts for the index; the duration in s, lateness in ms."""
    known = made.row()
    return {key: known[key] for key in INDEX if key in known} | {
        "file": name, "trace_user": person, "viewport": "1280x800", "browser": "headless=new",
        "late_p95": made.note.rpartition("late by ")[2].partition(" ")[0],
    }  # fmt: skip


def write(index: Path, rows: dict[str, dict[str, object]]) -> None:
    """Write the index, by file."""
    with index.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, INDEX, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))
