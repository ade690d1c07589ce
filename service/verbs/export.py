"""``watchworthy export``, ``training-set`` and ``labels``: tables, vectors, labels in and out, how far people agree."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from data_contracts.errors import WatchworthyError
from data_contracts.labels import to_line
from models.heads import head as head_of
from pipelines.learning.agreement import agreements
from pipelines.learning.labels import every_label, read_labels
from pipelines.learning.portable import take_in
from pipelines.learning.vectors import write_vectors
from pipelines.learning.weak import Report
from pipelines.learning.weak_files import functions_in
from pipelines.workspace.exports import export
from service.live.opening import open_store
from service.live.settings import load
from service.screen import compiling, errors, out, percent, phases
from service.workspace import Workspace


def tables(place: Path, target: Path, names: list[str], site: str | None) -> int:
    """Write tables as Parquet; return the exit status."""
    work = Workspace(place, site=site)
    with compiling(), phases() as progress:
        found = export(work, target, names, progress)
    for path, rows in found.values():
        out.print(f"{path}: {rows} rows", soft_wrap=True, highlight=False)
    for name, why in work.source.unread.items():
        print(f"{name}: {why}", file=sys.stderr)
    return 1 if work.source.unread else 0


def training_set(
    head: str,
    target: Path,
    place: Path,
    known_at: datetime | None,
    with_starter: bool,
    site: str | None,
    files: list[Path],
    weak: list[Path],
) -> int:
    """Write a training set as vectors, and say what it is made of; return the exit status."""
    when = None if known_at is None else known_at.replace(tzinfo=UTC)
    with compiling():
        functions = [one for path in weak for one in functions_in(path, head)]
        found = Workspace(place, site=site).training_set(head, known_at=when, labels=files, weak=functions)
        made = write_vectors(found, target, with_starter)
    told = found.provenance
    kinds = ", ".join(f"{kind} {n['1']} with and {n['0']} without" for kind, n in told["by_kind"].items())
    errors.print(f"{told['rows']} rows of {told['groups']} groups: {kinds}.", highlight=False)
    for function in found.functions:
        out.print(told_of(function), highlight=False, markup=False, soft_wrap=True)
    if functions:
        gone = [name for name in head_of(head).features if name not in found.head.features]
        errors.print(
            f"Taken out of the head, for the guesses read them: {', '.join(gone) or 'nothing'}.",
            highlight=False,
        )
    if told["dropped"]:
        dropped = ", ".join(f"{why} {count}" for why, count in sorted(told["dropped"].items()))
        errors.print(f"Left out: {dropped}.", highlight=False)
    for finding in found.findings:
        errors.print(f"Note: {finding}", highlight=False, markup=False)
    errors.print(f"{len(made)} vectors: {target}", soft_wrap=True, highlight=False)
    return 0


def told_of(one: Report) -> str:
    """How a function that guesses did, in a line."""
    if one.precision is None or one.interval is None:
        right = "no label of anybody's to hold it against"
    else:
        low, high = one.interval
        right = f"right in {percent(one.precision)} of {one.judged} ({percent(low)} to {percent(high)})"
    share, against = percent(one.coverage), percent(one.conflicts)
    return f"{one.name}: guesses {share} of the sessions, in conflict on {against}; {right}"


def labels_out(place: Path, target: Path | None, site: str | None) -> int:
    """Write labels, one a line; return the exit status."""
    work = Workspace(place, site=site)
    with compiling():
        found = every_label(work.source)
    lines = b"".join(to_line(one) for one in found)
    if target is None:
        sys.stdout.write(lines.decode())
    else:
        target.write_bytes(lines)
        errors.print(f"{len(found)} labels: {target}", soft_wrap=True, highlight=False)
    return 0


def labels_in(file: Path, data_dir: Path, site: str) -> int:
    """Take labels of people's into a data directory; return the exit status."""
    found = read_labels(file)
    now = time.time_ns() // 1_000_000
    if late := next((one for one in found if one.recorded_at_ms > now), None):
        raise WatchworthyError(
            "label_wrong", "It was recorded in the future; is the clock right?", late.label_id
        )
    if not (data_dir / "store.db").is_file():
        raise WatchworthyError(
            "workspace_wrong", "The folder holds no store to take labels into.", str(data_dir)
        )
    store = open_store(data_dir, load(data_dir))
    try:
        tally = take_in(store, site, found)
    finally:
        store.close()
    passed = {name: count for name, count in tally.items() if name not in ("imported", "known", "retracted")}
    told = f"{tally['imported']} imported ({tally['retracted']} of them taken back), {tally['known']} there already"
    if passed:
        told += "; passed over: " + ", ".join(f"{name} {count}" for name, count in sorted(passed.items()))
    errors.print(f"{told}.", highlight=False)
    return 1 if tally["session_missing"] else 0


def agreement(place: Path, site: str | None) -> int:
    """Show how far annotators agree; return the exit status."""
    found = agreements(Workspace(place, site=site).source.labels())
    if not found:
        errors.print("No two annotators have labelled the same session.")
        return 0
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("head", "annotators", "sessions", "same", "Cohen's kappa", "95 %"):
        table.add_column(name, justify="left" if name in ("head", "annotators") else "right")
    for one in found:
        kappa = "under 10 sessions" if one.kappa is None else f"{one.kappa:.2f}"
        interval = "" if one.interval is None else f"{one.interval[0]:.2f} to {one.interval[1]:.2f}"
        who = f"{one.one or '(nobody)'}, {one.other or '(nobody)'}"
        table.add_row(one.head, who, str(one.sessions), percent(one.same), kappa, interval)
    out.print(table)
    return 0
