"""Records the automation families, and people guided to the same goals: a minute and more of each, with an index.

python tests/lab/run.py --families --out made/families
"""

from __future__ import annotations

import asyncio
import csv
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from families.hands import Trace, reaches_of, traces
from families.playing import Played, Session, play
from families.table import FAMILIES, Family
from playwright.async_api import async_playwright
from reaches import FEWEST_REACHES, traces_file
from recording import packed, rrweb_version
from rich.progress import Progress

INDEX = ("file", "label", "family", "tool", "scenario", "rrweb_version", "duration", "events", "frustrated",
         "trace_user", "trace", "viewport", "zoom", "browser", "failed", "late_n", "late_p95",
         "page_late_p95")  # fmt: skip
LATE_MS = 5.0


def sessions_of(family: Family, each: int, seed: int, all_of: list[Trace]) -> list[Session]:
    """The sessions of a family; of guided people one each, whoever has reaches enough."""
    rng = random.Random(f"{seed}:{family.name}")
    long = [t for t in all_of if t.rows[-1][0] - t.rows[0][0] >= 90_000]
    if family.driver == "guided":
        people = [p for p in dict.fromkeys(t.person for t in all_of)
                  if len(reaches_of(p, all_of)) >= FEWEST_REACHES]  # fmt: skip
        drawn = [next(t for t in all_of if t.person == person) for person in people]
    elif family.driver == "replayed":
        few = rng.sample(long, family.traces or min(each, len(long)))
        drawn = [few[n % len(few)] for n in range(each)]
    else:
        return [Session(family, n, rng.randrange(2**31)) for n in range(each)]
    return [Session(family, n, rng.randrange(2**31), trace) for n, trace in enumerate(drawn)]


def row(played: Played, browser: str) -> dict[str, object]:
    """Facts of a recording for the index; times in s, lateness in ms."""
    one = played.session
    times = [event["timestamp"] for event in played.events]
    late, page_late = sorted(played.late_ms), sorted(played.page_late_ms)
    return {
        "file": f"{one.name}.json.gz", "label": one.family.label, "family": one.family.name,
        "tool": one.family.driver, "scenario": one.family.kind, "rrweb_version": rrweb_version(),
        "duration": round((max(times) - min(times)) / 1000, 2), "events": len(times), "frustrated": "",
        "trace_user": one.trace.person if one.trace else "", "trace": one.trace.session if one.trace else "",
        "viewport": f"{one.size[0]}x{one.size[1]}", "zoom": one.scale, "browser": browser, "failed": played.failed,
        "late_n": sum(ms > LATE_MS for ms in late) if late else "",
        "late_p95": round(late[int(0.95 * (len(late) - 1))], 1) if late else "",
        "page_late_p95": page_late[int(0.95 * (len(page_late) - 1))] if page_late else "",
    }  # fmt: skip


async def record(
    out: Path, chosen: Sequence[Family], each: int, seed: int, seconds: float, browsers: int, width: int,
    executable: str, flags: Sequence[str],
) -> int:  # fmt: skip
    """Record what is not there yet, `browsers` at a time with `width` sessions each; how many came to be."""
    out.mkdir(parents=True, exist_ok=True)
    if not traces_file().is_file():
        sys.exit(f"People's traces are needed for people and replays: there is no {traces_file()}.")
    all_of = traces(traces_file())
    index = out / "index.csv"
    rows: dict[str, dict[str, object]] = {}
    if index.is_file():
        with index.open(encoding="utf-8", newline="") as lines:
            rows = {one["file"]: dict(one) for one in csv.DictReader(lines)}
    jobs: list[list[Session]] = []
    for family in chosen:
        due = [s for s in sessions_of(family, each, seed, all_of) if f"{s.name}.json.gz" not in rows]
        step = 1 if family.driver == "selenium" else width
        jobs += [due[i : i + step] for i in range(0, len(due), step)]
    random.Random(seed).shuffle(
        jobs
    )  # families side by side: how busy the machine is must not tell them apart
    free = asyncio.Semaphore(browsers)
    made = 0
    with Progress() as bar:
        task = bar.add_task("families", total=sum(map(len, jobs)))
        async with async_playwright() as playwright:

            async def one(job: list[Session]) -> None:
                nonlocal made
                async with free:
                    bar.update(task, description=job[0].family.name)
                    try:
                        played = await play(playwright, job, executable, flags, seconds, all_of)
                    except Exception as error:
                        print(f"{job[0].name}: {type(error).__name__}: {error}", file=sys.stderr)
                        played = []
                    for each_one in played:
                        if not each_one.events:
                            print(f"{each_one.session.name}: nothing was recorded", file=sys.stderr)
                            continue
                        fact = row(each_one, "headless=new")
                        (out / str(fact["file"])).write_bytes(packed(each_one.events))
                        rows[str(fact["file"])] = fact
                        made += 1
                    _write(index, rows)
                    bar.advance(task, len(job))

            await asyncio.gather(*(one(job) for job in jobs))
    return made


def _write(index: Path, rows: dict[str, dict[str, object]]) -> None:
    with index.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, INDEX, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))


def run(
    out: Path, only: Sequence[str] | None, each: int, seed: int, seconds: float, browsers: int, width: int,
    executable: str, flags: Sequence[str],
) -> None:  # fmt: skip
    """Record the families, and say how long it took."""
    chosen = [family for family in FAMILIES if not only or family.name in only]
    begun = time.monotonic()
    made = asyncio.run(record(out, chosen, each, seed, seconds, browsers, width, executable, flags))
    print(f"{made} recordings in {out}, {(time.monotonic() - begun) / 60:.0f} min")
