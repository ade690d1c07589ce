"""Records the traps in a real browser, and writes them with their truth.

python tests/lab/traps/record_traps.py                         the whole corpus, into pipelines/traps/
python tests/lab/traps/record_traps.py --out made --only carousel
python tests/lab/traps/record_traps.py --instruments           the quiet pages again, for the comparison of recorders
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from fresh import FRESH  # noqa: E402
from hostile import HOSTILE  # noqa: E402
from other_ways import OTHER_WAYS  # noqa: E402
from playwright.async_api import Browser, async_playwright  # noqa: E402
from playwright.async_api import Error as PlaywrightError  # noqa: E402
from pressing import PRESSING  # noqa: E402
from reaches import hand_for, traces_file  # noqa: E402
from recording import DESKTOP, MODULES, PHONE, packed  # noqa: E402
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: E402
from run import FLAGS, chromium  # noqa: E402
from trap_site import MODES, trap_site  # noqa: E402
from trial import Due, Trap, Trial  # noqa: E402
from truth import write_truth  # noqa: E402
from wandering import WANDERING  # noqa: E402

TRAPS = (*PRESSING, *OTHER_WAYS, *WANDERING, *HOSTILE, *FRESH)
OUT = HERE.parents[2] / "pipelines" / "traps"
ADDRESS = "http://orchard.example"  # the browser maps it to the loopback port, so recordings hold no port
HALF = {"width": DESKTOP["width"] // 2, "height": DESKTOP["height"] // 2}
OURS = HERE.parents[2] / "service" / "web" / "built" / "recorder" / "watchworthy.js"
GONE_S = 1.0  # in which what a page sends as it closes has come
LATE_MS = 100.0  # a recording whose inputs were later than this at p95 is made again
TRIES = 4
PLUGIN = "rrweb-plugin-console-record"
RECORDERS = {  # what each is called, its script, and that of its console plugin
    "rrweb2": ("rrweb/dist/rrweb.umd.min.cjs", f"@rrweb/{PLUGIN}/dist/{PLUGIN}.umd.min.cjs"),
    "rrweb1": ("rrweb-1/dist/rrweb.min.js", "rrweb-1/dist/plugins/console-record.min.js"),
    "posthog": ("@posthog/rrweb/dist/rrweb.umd.min.cjs", f"@posthog/{PLUGIN}/dist/{PLUGIN}.umd.min.cjs"),
}


@dataclass
class Made:
    """A finished recording of a trap in one mode: what each recorder sent, and what was due."""

    trap: Trap
    mode: str
    events: dict[str, list[dict[str, Any]]]
    batches: list[bytes]
    due: list[Due]
    late_ms: float

    @property
    def name(self) -> str:
        """Name of the case, and of its files."""
        return f"{self.trap.name.replace('_', '-')}-{self.mode}"


def scripts() -> str:
    """All recorders, each under a name of its own, and the agent that starts them."""
    parts = ["window.labRecorders = {};"]
    for name, (record, console) in RECORDERS.items():
        plugin = {"rrweb2": "console2", "rrweb1": "console1", "posthog": "consolePosthog"}[name]
        bodies = [
            "\n".join((MODULES / file).read_text(encoding="utf-8").splitlines()) for file in (record, console)
        ]
        parts.append(
            "(function () { const before = new Set(Object.getOwnPropertyNames(window));\n"
            f"{bodies[0]}\n;const recorder = typeof rrweb === 'undefined' ? window.rrweb : rrweb;\n{bodies[1]}\n;"
            "const made = Object.getOwnPropertyNames(window).filter((name) => !before.has(name));\n"
            "const holder = made.map((name) => window[name]).find((one) => one && one.getRecordConsolePlugin)"
            " ?? (typeof rrwebConsoleRecord === 'undefined' ? window.rrwebConsoleRecord : rrwebConsoleRecord);\n"
            f"window.labRecorders.{name} = recorder; window.labRecorders.{plugin} = holder.getRecordConsolePlugin;\n"
            "for (const name of made) delete window[name]; }).call(window);"
        )
    parts.append((HERE / "trap_agent.js").read_text(encoding="utf-8"))
    return "\n;\n".join(parts)


def ours(key: str) -> str:
    """Our own recorder as sites load it, in the page itself, where it sends to; the key tells its batches apart."""
    script = OURS.read_text(encoding="utf-8")
    begin = f"watchworthy.init({{ key: {json.dumps(key)} }});"
    return f'if (window.top === window && location.protocol.startsWith("http")) {{\n{script}\n;{begin}\n}}'


async def record(
    browser: Browser, trap: Trap, mode: str, number: int, source: str, sent: dict[str, list[bytes]]
) -> Made:
    """Plays a trap in a fresh context; what the recorders emitted, and what was due.

    Parameters
    ----------
    sent
        The batches that our own recorder sent, by key.
    """
    context = await browser.new_context(
        viewport=PHONE if trap.touch else HALF if trap.zoom else DESKTOP,
        device_scale_factor=2 if trap.zoom else 1,
        has_touch=trap.touch,
        is_mobile=trap.touch,
        locale="en-GB",
    )
    page = await context.new_page()
    events: dict[str, list[dict[str, Any]]] = {name: [] for name in RECORDERS}

    async def keep(caller: dict[str, Any], message: str) -> None:
        if caller["page"] is page:  # a second tab is another stream, and none of the traps needs it
            name, _, event = message.partition(" ")
            events[name].append(json.loads(event))

    await context.expose_binding("labEmit", keep)
    await context.add_init_script(source)
    key = f"{trap.name}-{mode}"
    sent.pop(key, None)  # of a try before
    await page.add_init_script(ours(key))
    context.on("page", lambda other: asyncio.ensure_future(other.close()))
    rng = random.Random(f"{trap.name} {mode}")
    hand = hand_for(1, number, traces_file())
    trial = Trial(mode, page, await context.new_cdp_session(page), hand, rng, ADDRESS)
    await trap.act(trial)
    await trial.finish()
    await page.goto("about:blank")
    await asyncio.sleep(GONE_S)
    await context.close()
    return Made(trap, mode, events, sent.pop(key), trial.due, trial.late_p95_ms())


async def play(
    chosen: list[tuple[Trap, str]], jobs: int, out: Path, bar: Progress, beside_only: bool
) -> list[Made]:
    """Records traps, `jobs` at a time, and writes each as it is done."""
    task = bar.add_task("recording", total=len(chosen))
    free = asyncio.Semaphore(jobs)
    source = scripts()
    async with async_playwright() as playwright:
        with trap_site() as (port, sent):
            rules = f"--host-resolver-rules=MAP orchard.example:80 127.0.0.1:{port}"
            browser = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, rules])

            async def one(trap: Trap, mode: str) -> Made:
                number = [other.name for other in TRAPS].index(trap.name)
                async with free:
                    made = await best_of(browser, trap, mode, number, source, sent, bar)
                    if not beside_only:
                        (out / "recordings").mkdir(parents=True, exist_ok=True)
                        (out / "recordings" / f"{made.name}.json.gz").write_bytes(
                            packed(made.events["rrweb2"])
                        )
                        write_truth(out / "truth.toml", [made])
                    if mode == "quiet":
                        write_beside(made, out / "other_recorders")
                    bar.advance(task)
                    return made

            found = await asyncio.gather(*(one(*case) for case in chosen))
            await browser.close()
    return list(found)


async def best_of(
    browser: Browser,
    trap: Trap,
    mode: str,
    number: int,
    source: str,
    sent: dict[str, list[bytes]],
    bar: Progress,
) -> Made:
    """The first of a few recordings whose inputs were in time, or the one whose inputs were least late."""
    best: Made | None = None
    for _ in range(TRIES):
        try:
            made = await record(browser, trap, mode, number, source, sent)
        except PlaywrightError as error:  # a page that does not come in time on a machine that is busy
            bar.print(f"{trap.name} {mode}: {str(error).splitlines()[0]}, again")
            continue
        if best is None or made.late_ms < best.late_ms:
            best = made
        if made.late_ms <= LATE_MS:
            break
        bar.print(f"{made.name}: inputs late by {made.late_ms:.0f} ms, again")
    if best is None:
        raise RuntimeError(f"{trap.name} could not be recorded in {TRIES} tries")
    return best


def write_beside(made: Made, folder: Path) -> None:
    """Writes what each recorder saw of the very same session; of ours the batches, one a line."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, events in made.events.items():
        (folder / f"{made.name}.{name}.json.gz").write_bytes(packed(events))
    lines = []
    for body in made.batches:
        first, _, events = body.partition(b"\n")
        header = json.loads(first)
        kept = {name: header[name] for name in ("stream", "seq", "channels")}
        lines.append(
            json.dumps(kept | {"events": json.loads(events)}, separators=(",", ":"), ensure_ascii=False)
        )
    text = "\n".join(lines) + "\n"
    (folder / f"{made.name}.watchworthy.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and records."""
    names = [trap.name for trap in TRAPS]
    parser = argparse.ArgumentParser(description="Record the traps in a real browser.")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the corpus (pipelines/traps)")
    parser.add_argument(
        "--only", action="append", choices=names, metavar="NAME", help="one trap; may be repeated"
    )
    parser.add_argument("--group", choices=("corpus", "hostile", "fresh"), help="only those of a group")
    parser.add_argument(
        "--instruments", action="store_true", help="only what compares recorders; no truth is written"
    )
    parser.add_argument("--jobs", type=int, default=1, help="traps at a time")
    options = parser.parse_args(arguments)
    chosen = [
        (trap, mode)
        for trap in TRAPS
        for mode in MODES
        if (mode == "quiet" or not options.instruments)
        and (not options.only or trap.name in options.only)
        and options.group in (None, trap.group)
    ]
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    begun = time.perf_counter()
    with Progress(*columns) as bar:
        found = asyncio.run(play(chosen, options.jobs, options.out, bar, options.instruments))
    print(f"{len(found)} recordings in {options.out}, {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
