"""The lab: plays scenarios in the shop with a real browser and recorder, and writes what was recorded.

python tests/lab/run.py                          all of them, into samples/
python tests/lab/run.py --out made --only dead_coupon
python tests/lab/run.py --twins --out made --each 8  struggles and their calm twins, eight people each
python tests/lab/run.py --families --out made    automation families and people, a minute and more of each
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from automated import AUTOMATED  # noqa: E402
from calm import CALM  # noqa: E402
from playwright.async_api import async_playwright  # noqa: E402
from reaches import hand_for, traces_file  # noqa: E402
from recording import Recording, record, recorder_missing, write  # noqa: E402
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: E402
from scenarios import Scenario  # noqa: E402
from server import shop  # noqa: E402
from struggling import STRUGGLING  # noqa: E402

SCENARIOS = (*CALM, *STRUGGLING, *AUTOMATED)
SAMPLES = HERE.parents[1] / "samples"
ADDRESS = "http://halfmoon.example"  # the browser maps it to the loopback port, so recordings hold no port
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync")  # fmt: skip


def chromium() -> str:
    """Path of Debian's Chromium, or of the one in `WATCHWORTHY_CHROMIUM`."""
    found = os.environ.get("WATCHWORTHY_CHROMIUM") or shutil.which("chromium")
    if not found:
        sys.exit(
            "The lab needs Chromium: `apt-get install chromium`, or set WATCHWORTHY_CHROMIUM to its path."
        )
    return found


def install_recorder() -> None:
    """Fetches the recorder from the npm registry, if it is not here yet."""
    if not recorder_missing():
        return
    npm = shutil.which("npm")
    if not npm:
        sys.exit("The lab needs Node's npm to fetch the rrweb recorder: `apt-get install npm`.")
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)


async def play(scenarios: list[Scenario], seed: int, jobs: int, bar: Progress) -> list[Recording]:
    """Records scenarios, `jobs` at a time. More jobs make inputs later than they should be."""
    task = bar.add_task("recording", total=len(scenarios))
    free = asyncio.Semaphore(jobs)

    async with async_playwright() as playwright:
        with shop() as port_url:
            port = port_url.rsplit(":", 1)[1]
            rules = f"--host-resolver-rules=MAP halfmoon.example:80 127.0.0.1:{port}"
            browser = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, rules])

            async def one(scenario: Scenario) -> Recording:
                number = SCENARIOS.index(scenario)
                hand = hand_for(seed, number, traces_file())
                async with free:
                    bar.update(task, description=scenario.name)
                    made = await record(browser, scenario, hand, seed * 1_000 + number, ADDRESS)
                    bar.advance(task)
                return made

            made = await asyncio.gather(*(one(scenario) for scenario in scenarios))
            await browser.close()
    return made


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and runs the lab."""
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(description="Record visits to the shop in a real browser.")
    parser.add_argument(
        "--out", type=Path, default=SAMPLES, help="folder for recordings and index.csv (samples)"
    )
    parser.add_argument(
        "--only", action="append", choices=names, metavar="NAME", help="one scenario; may be repeated"
    )
    parser.add_argument("--seed", type=int, default=1, help="draws people, targets and pauses")
    parser.add_argument("--jobs", type=int, default=1, help="scenarios at a time; browsers, of families")
    parser.add_argument("--families", action="store_true", help="record the automation families instead")
    parser.add_argument("--family", action="append", metavar="NAME", help="one family; may be repeated")
    parser.add_argument("--each", type=int, default=20, help="sessions of each family")
    parser.add_argument("--seconds", type=float, default=63.0, help="length of each session of a family")
    parser.add_argument("--width", type=int, default=2, help="sessions at a time in one browser, of families")
    parser.add_argument("--twins", action="store_true", help="record struggles and their calm twins instead")
    options = parser.parse_args(arguments)
    if options.twins:
        install_recorder()
        from twins.record import make

        made = asyncio.run(make(options.out, options.each, options.seed, options.jobs, chromium(), FLAGS))
        return print(f"{made} recordings in {options.out}")
    if options.families:
        install_recorder()
        sys.path.append(str(HERE / "families" / "packages"))
        from families.record import run

        return run(options.out, options.family, options.each, options.seed, options.seconds, options.jobs,
                   options.width, chromium(), FLAGS)  # fmt: skip
    chosen = [s for s in SCENARIOS if not options.only or s.name in options.only]
    install_recorder()
    columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as bar:
        recordings = asyncio.run(play(chosen, options.seed, options.jobs, bar))
    write(recordings, options.out)
    print(f"{len(recordings)} recordings in {options.out}")


if __name__ == "__main__":
    main()
