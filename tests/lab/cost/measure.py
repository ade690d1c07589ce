"""What recorders cost the main thread of a busy page: ours beside two others, in one run of one browser.

python tests/lab/cost/measure.py                          print the table
python tests/lab/cost/measure.py --page docs/recorder.md  and put it where the page has it

Each round visits the page once with each recorder, in another order each time. A visit is profiled from its first
byte: a sample counts for a recorder when one of its scripts stands anywhere in the stack, so what the browser does on
a recorder's behalf counts, and what the page does by itself does not. What other threads do (packing, sending) does
not count for anybody, nor does the collection of garbage.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import textwrap
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from rich.progress import track  # noqa: E402
from run import FLAGS, chromium  # noqa: E402
from sites import PACKAGES, SCRIPTS, STARTS, packed_bytes, sites  # noqa: E402

ROUNDS = 9
VISIT_MS = 8_000
MOVE_MS = 50
SAMPLE_US = 500
OURS = "watchworthy"
LINE = 120
BEGIN, END = "<!-- cost -->", "<!-- /cost -->"
EMPTY = ("(idle)", "(program)", "(garbage collector)")


def visit(browser: Browser, address: str, name: str) -> dict[str, float]:
    """One visit: ms of the main thread for the recorder, and for all there is."""
    context = browser.new_context(viewport={"width": 1_200, "height": 800})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.setSamplingInterval", {"interval": SAMPLE_US})
    session.send("Profiler.start")
    page.goto(f"{address}/{name}")
    for i in range(VISIT_MS // MOVE_MS):
        page.mouse.move(200 + 7 * (i % 100), 150 + 5 * (i % 90))
        page.wait_for_timeout(MOVE_MS)
    profile = session.send("Profiler.stop")["profile"]
    page.goto("about:blank")
    context.close()
    return shares(profile)


def shares(profile: dict[str, Any]) -> dict[str, float]:
    """ms of a profile: those whose stack has a recorder's script in it, and all that are not idle."""
    nodes = {node["id"]: node for node in profile["nodes"]}
    above = {child: node["id"] for node in profile["nodes"] for child in node.get("children", ())}
    known: dict[int, bool] = {}

    def recorders(node: int) -> bool:
        if node not in known:
            url = nodes[node]["callFrame"]["url"]
            known[node] = "/script/" in url or "/static/" in url or (node in above and recorders(above[node]))
        return known[node]

    sys.setrecursionlimit(100_000)
    ours = whole = 0.0
    for node, us in zip(profile["samples"], profile["timeDeltas"], strict=True):
        if nodes[node]["callFrame"]["functionName"] not in EMPTY:
            whole += us / 1_000
            ours += us / 1_000 if recorders(node) else 0.0
    return {"recorder": ours, "whole": whole}


def measured(rounds: int) -> tuple[dict[str, list[dict[str, float]]], dict[str, float], str]:
    """All visits by recorder, KB that each sent a visit, and the browser."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in STARTS}
    order = list(STARTS)
    drawn = random.Random(7)
    with sites() as (address, sent), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for _ in track(range(rounds), "Visiting"):
            drawn.shuffle(order)
            for name in order:
                found[name].append(visit(browser, address, name))
        version = browser.version
        browser.close()
    return found, {name: sent[name] / rounds / 1_000 for name in SCRIPTS}, version


def row(name: str, visits: list[dict[str, float]], sent_kb: float) -> str:
    """A row of the table: median and range over the rounds."""
    label = "this recorder" if name == OURS else f"{name} {_version(PACKAGES[name])}"
    told = sorted(one["recorder"] for one in visits)
    return (
        f"| {label} | {packed_bytes(name) / 1_000:.0f} KB | {median(told):.0f} ms ({told[0]:.0f} to {told[-1]:.0f}) |"
        f" {sent_kb:.0f} KB |"
    )


def _version(package: Path) -> str:
    return str(json.loads((package / "package.json").read_text("utf-8"))["version"])


def table(found: dict[str, list[dict[str, float]]], sent: dict[str, float], browser: str) -> str:
    """The table with what it was made from, as the page shows it."""
    rounds = len(found["none"])
    still = sorted(one["whole"] for one in found["none"])
    lines = [
        "| | to load, gzip | main thread | sent |",
        "| --- | --- | --- | --- |",
        *(row(name, found[name], sent[name]) for name in SCRIPTS),
        "",
        textwrap.fill(
            f"Of a visit of {VISIT_MS / 1_000:.0f} s in Chromium {browser.partition('.')[0]}, loading included: the "
            f"median of {rounds} visits and their range, in one run of one browser, the recorders in turn. The page "
            "has 6,000 cells, of which 300 change each second, and the pointer moves; by itself it takes "
            f"{median(still):.0f} ms ({still[0]:.0f} to {still[-1]:.0f}). A recorder's time is what a CPU profile "
            "shows with its scripts in the stack; ours ran without its budgets, which would spare it work here. "
            "What each sent says that it did record.",
            LINE,
        ),
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and put the table into a page."""
    parser = argparse.ArgumentParser(description="Measure what recorders cost a page.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--page", type=Path, help=f"page whose part between {BEGIN} and {END} is written anew"
    )
    options = parser.parse_args()
    text = table(*measured(options.rounds))
    print(text)
    if options.page:
        page = options.page.read_text("utf-8")
        part = re.compile(f"{BEGIN}.*?{END}", re.S)
        if not part.search(page):
            sys.exit(f"{options.page} has no part between {BEGIN} and {END}.")
        options.page.write_text(part.sub(lambda _: f"{BEGIN}\n{text}\n{END}", page), "utf-8")


if __name__ == "__main__":
    main()
