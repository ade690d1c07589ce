"""``watchworthy bench serve``: what a batch costs the live service, beside an empty endpoint, all in one run."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.table import Table

from data_contracts.recordings import open_paths, read
from service.benching.bodies import LEAST_TYPICAL, pages
from service.benching.load import BenchFailed
from service.benching.rounds import Findings, Load, Round, measured
from service.screen import errors, out, phases
from service.serving import stoppable
from service.verbs.demo import SAMPLES

LIMIT: Final = 2.0  # CPU of a durable scored batch by CPU of an empty request
LESS: Final = 4  # what has no limit is measured on so many times fewer batches


def loads(connections: int, batches: int) -> tuple[Load, ...]:
    """The ways to send that are measured, the one with the limit first."""
    fewer = max(1, batches // LESS)
    return (
        Load(f"{connections} connections", connections, False, batches, LIMIT),
        Load("1 connection", 1, False, fewer, None),
        Load(f"{connections} connections, gzip", connections, True, fewer, None),
    )


def run(
    paths: list[str], rounds: int, connections: int, batches: int, sessions: int, json_file: Path | None
) -> int:
    """Measure and print; return the exit status."""
    found = [page for file in open_paths(paths or [SAMPLES]) for page in pages(read(file))]
    if not found:
        errors.print(
            f"No page of these recordings has {LEAST_TYPICAL} runs of 20 events and 2 to 4.5 KB after its snapshot."
        )
        return 1
    try:
        with (
            stoppable(),
            tempfile.TemporaryDirectory(prefix="watchworthy-bench-") as folder,
            phases() as progress,
        ):
            findings = measured(found, loads(connections, batches), rounds, sessions, Path(folder), progress)
    except BenchFailed as failure:
        told = "\n".join([f"watchworthy bench serve: {failure}", *getattr(failure, "__notes__", [])])
        errors.print(told, markup=False, soft_wrap=True)
        return 1
    out.print(table(findings))
    out.print(
        f"[dim]CPU by the kernel's account, all threads; median (lowest … highest), rounds in turn: {rounds}. "
        f"{sessions:,} warm sessions on {len(found)} recorded pages, {findings.body_bytes / 1e3:.1f} kB a batch; "
        f"both servers: {findings.under}. "
        f"All {findings.sent:,} batches that were acknowledged were in the store afterwards.[/]"
    )
    if findings.rebuilds:
        errors.print(
            f"{findings.rebuilds:.0f} times a session had been dropped from memory and was read again: "
            "not all were warm. Use fewer --sessions or --batches."
        )
    if json_file is not None:
        json_file.write_text(json.dumps(facts(findings), indent=1) + "\n", "utf-8")
    return 0


def table(findings: Findings) -> Table:
    """The figures as they are printed."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("what", "figure", "beside"):
        made.add_column(name)
    for load, rounds in findings.rounds.items():
        made.add_row(f"[bold]{load.name}[/]", "", "")
        ours, theirs = [one.service for one in rounds], [one.peer for one in rounds]
        limit = f"limit {load.limit:.1f}" if load.limit else ""
        made.add_row("  a durable scored batch", f"{spread([one.request_us for one in ours], 0)} µs", "CPU")
        made.add_row("  an empty request", f"{spread([one.request_us for one in theirs], 0)} µs", "CPU")
        made.add_row("  ratio", f"{spread([one.ratio for one in rounds], 2)}", limit)
        for name, spent in (("a batch answered", ours), ("an empty request answered", theirs)):
            low, high = np.percentile([s for one in spent for s in one.answers_s], (50, 99)) * 1e3
            made.add_row(f"  {name}, p50 / p99", f"{low:.1f} / {high:.1f} ms", "")
        groups = grouped(rounds)
        if groups:
            commits = sum(one.commits or 0 for one in rounds)
            made.add_row("  batches a commit", spread(groups, 1), f"{commits:,.0f} commits")
    return made


def grouped(rounds: Sequence[Round]) -> list[float]:
    """Batches a commit in each round; empty where the service does not tell its commits."""
    return [len(one.service.answers_s) / one.commits for one in rounds if one.commits]


def spread(values: Sequence[float], digits: int) -> str:
    """Median, lowest and highest.

    >>> spread([3.0, 1.0, 2.0], 1)
    '2.0 (1.0 … 3.0)'
    """
    mid, low, high = (f"{one:,.{digits}f}" for one in (statistics.median(values), min(values), max(values)))
    return f"{mid} ({low} … {high})"


def facts(findings: Findings) -> dict[str, Any]:
    """The figures of every round, for a program."""
    told = {
        load.name: {
            "connections": load.connections,
            "gzip": load.packed,
            "limit": load.limit,
            "rounds": [
                {
                    "batches": len(one.service.answers_s),
                    "batch_cpu_us": one.service.request_us,
                    "empty_cpu_us": one.peer.request_us,
                    "ratio": one.ratio,
                    "batch_ms_p50_p99": list(np.percentile(one.service.answers_s, (50, 99)) * 1e3),
                    "empty_ms_p50_p99": list(np.percentile(one.peer.answers_s, (50, 99)) * 1e3),
                    "commits": one.commits,
                }
                for one in rounds
            ],
        }
        for load, rounds in findings.rounds.items()
    }
    return {
        "under": findings.under,
        "body_bytes": findings.body_bytes,
        "batches_stored": findings.sent,
        "rebuilds": findings.rebuilds,
        "loads": told,
    }
