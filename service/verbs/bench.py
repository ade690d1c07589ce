"""``watchworthy bench``: speed and memory on this machine, each figure beside its peer, all in one run."""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from rich.table import Table

from data_contracts.compression import unpack
from data_contracts.recordings import open_paths, read
from features.catalogue import engine
from features.log import sessions_of
from models.scorer import Scorer
from service.screen import compiling, errors, out, phases
from service.verbs.demo import SAMPLES

PEERS = ("orjson", "json")  # the first that is installed: the fastest parser of JSON, or Python's own

SCORES = 200  # scores a round; one alone is too short to time


def run(paths: list[str], rounds: int) -> int:
    """Measure and print; return the exit status."""
    texts = [unpack(Path(file).read_bytes()).data for file in open_paths(paths or [SAMPLES])]
    texts = [text for text in texts if text[:1] in b"[{"]
    size = sum(map(len, texts)) / 1e6
    if not texts:
        errors.print("There is no recording in plain JSON to measure on.")
        return 1
    judge = Scorer.starter()
    recordings = [read(text) for text in texts]
    sessions = [session for one in recordings for session in sessions_of(one.batches, "bench")]
    decoded = [one.decode().rows for one in recordings]
    from models.heads import HEADS

    peer = next(name for name in PEERS if importlib.util.find_spec(name))
    loads = importlib.import_module(peer).loads

    def parse() -> None:
        for text in texts:
            loads(text)

    def vectors() -> None:
        for text in texts:
            sessions_of(read(text).batches, "bench")

    def decode() -> None:
        for text in texts:
            read(text).decode()

    def fold() -> None:
        for rows in decoded:
            engine().fold(rows, engine().empty())

    def explained() -> None:
        for i in range(SCORES):
            session = sessions[i % len(sessions)]
            for head in HEADS:
                judge.say(head, session.vector, session.coverage, session.moments)

    with compiling():
        seconds = _measure([parse, decode, vectors, fold, explained], rounds)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, side in (("what", "left"), ("figure", "right"), ("beside", "left"), ("ratio", "right")):
        table.add_column(name, justify="right" if side == "right" else "left")
    rate = {job: size / statistics.median(times) for job, times in seconds.items()}
    rows = sum(len(one) for one in decoded)
    table.add_row(f"parse alone ({peer}.loads)", f"{rate['parse']:.0f} MB/s", "", "1.00")
    for name, text in (("decode", "bytes to canonical events"), ("vectors", "bytes to vectors and signals")):
        low, mid, high = _ratio(seconds[name], seconds["parse"])
        table.add_row(
            text, f"{rate[name]:.0f} MB/s", "parse alone, time", f"{mid:.2f}× ({low:.2f} … {high:.2f})"
        )
    table.add_row("all folds", f"{statistics.median(seconds['fold']) / rows * 1e9:.0f} ns", "an event", "")
    table.add_row(
        "scores with reasons, all heads",
        f"{statistics.median(seconds['explained']) / SCORES * 1e6:.0f} µs",
        "a session",
        "",
    )
    table.add_row("memory of the folds", f"{engine().dtype.itemsize} bytes", "a session; limit 4096", "")
    stored = sum(session.moments.nbytes for session in sessions) / len(sessions)
    table.add_row("moments", f"{stored:.0f} bytes", "a session, mean", "")
    indexes = [
        stream.index.nbytes
        for one in recordings
        for stream in one.decode().streams.values()
        if stream.index.sighted
    ]
    if indexes:
        table.add_row("page index", f"{statistics.median(indexes) / 1e3:.0f} kB", "a stream, median", "")
    out.print(table)
    out.print(
        f"[dim]{len(texts)} recordings, {size:.1f} MB of JSON, {rounds} rounds in turn, medians, one core.[/]"
    )
    return 0


def _measure(jobs: list[Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each job in each round; the jobs take turns, so that what disturbs one disturbs all."""
    seconds: dict[str, list[float]] = {job.__name__: [] for job in jobs}
    with phases() as progress:
        progress("Measuring", (rounds + 1) * len(jobs))
        for turn in range(rounds + 1):
            for job in jobs:
                begin = time.process_time()
                job()
                if turn:  # the first round warms up
                    seconds[job.__name__].append(time.process_time() - begin)
                progress("", 0)
    return seconds


def _ratio(times: list[float], peer: list[float]) -> tuple[float, float, float]:
    """Lowest, median and highest ratio of the rounds."""
    ratios = sorted(a / b for a, b in zip(times, peer, strict=True))
    return ratios[0], statistics.median(ratios), ratios[-1]
