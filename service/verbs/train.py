"""``watchworthy train``: a head from data, from shipped vectors, or its operating points from a site's own people."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.table import Table

from data_contracts.assessments import OperatingPoint
from models.bundle import STARTER, load_head
from service.screen import compiling, errors, out, percent, phases


def run(
    head: str,
    data: Path | None,
    target: Path | None,
    vectors: Path | None,
    negatives: list[str],
    people: Path | None,
    pattern: str | None,
    simulated: bool,
    seed: int | None,
    lab: Path | None = None,
) -> int:
    """Train and say where the head and its card are; return the exit status."""
    if negatives and head != "bot":
        print(
            "watchworthy train: --negatives goes with the head bot, whose operating points they bound",
            file=sys.stderr,
        )
        return 2
    if simulated and head != "conversion":
        print("watchworthy train: --simulated goes with the head conversion", file=sys.stderr)
        return 2
    if target is None and (negatives or head in ("conversion", "churn")):
        print("watchworthy train: name the folder to write to with --out", file=sys.stderr)
        return 2
    with compiling(), phases() as progress:
        if negatives and target is not None:
            from pipelines.training.negatives import negatives as derive

            derived = derive(negatives, target, people=people, pattern=pattern, progress=progress)
            for name, why in derived.failed.items():
                print(f"{name}: {why}", file=sys.stderr)
            folder, status = derived.folder, 1 if derived.failed else 0
        elif head == "conversion" and target is not None:
            from pipelines.training.site_history import conversion

            folder, status = conversion(data, target, people, simulated, seed, progress), 0
        elif head == "unusual":
            from pipelines.training.fit import SEED
            from pipelines.training.unusual import train_unusual

            given = SEED if seed is None else seed
            written = train_unusual(
                data, target or STARTER, vectors=vectors, lab=lab, seed=given, progress=progress
            )
            errors.print(f"Fitted [bold]unusual[/]. Its card: {written / 'card.md'}")
            return 0
        elif head == "churn" and target is not None:
            from pipelines.training.churn import train_churn
            from watchworthy import Workspace

            if data is None:
                print("watchworthy train: name a service's data directory with --data", file=sys.stderr)
                return 2
            folder, status = train_churn(Workspace(data).training_set("churn"), target), 0
        else:
            from pipelines.training.fit import SEED
            from pipelines.training.heads import train_head

            given = SEED if seed is None else seed
            target = target or STARTER
            folder = train_head(head, data, target, vectors=vectors, lab=lab, seed=given, progress=progress)
            status = 0
    trained = load_head(folder)
    errors.print(f"Trained [bold]{head}[/], digest {trained.digest}: {folder}")
    if trained.points:
        out.print(points(trained.points))
    errors.print(f"Its card: {folder / 'card.md'}")
    return status


def points(found: tuple[OperatingPoint, ...]) -> Table:
    """Operating points as a table: what is bounded, or how many more people it takes."""
    table = Table(
        box=None, header_style="bold", pad_edge=False, title="Operating points", title_justify="left"
    )
    for name in ("false positives at most", "people", "threshold", "bound at 95 %"):
        table.add_column(name, justify="right")
    for point in found:
        share = f"{point.name.removeprefix('fpr_')} %"
        if point.refused or point.threshold is None:
            told = f"[yellow]refused: {point.people_needed} more people needed[/]"
            table.add_row(share, str(point.n_people), "–", told)
        else:
            table.add_row(share, str(point.n_people), f"{point.threshold:.3f}", percent(point.fpr_upper))
    return table
