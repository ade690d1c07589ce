"""``watchworthy train``: a head from data, from vectors, or its operating points from a site's own people."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from data_contracts.assessments import OperatingPoint
from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, load_head
from models.head import Boosting
from pipelines.datasets.examples import Progress
from pipelines.training.fit import SEED
from pipelines.training.heads import TRAINED_BY_US
from service.screen import compiling, errors, out, percent, phases

STORE = "store.db"


@dataclass(frozen=True)
class Asked:
    """What was asked for, as the command's options say."""

    head: str
    data: Path | None = None
    target: Path | None = None
    vectors: Path | None = None
    settings: Path | None = None
    negatives: tuple[str, ...] = ()
    people: Path | None = None
    pattern: str | None = None
    simulated: bool = False
    seed: int | None = None
    lab: Path | None = None

    @property
    def of_a_service(self) -> bool:
        """Whether the data are the data directory of a service."""
        return self.data is not None and (self.data / STORE).exists()

    @property
    def starts_from_ours(self) -> bool:
        """Whether what comes out may stand where the starters are."""
        ours = self.head in (*TRAINED_BY_US, "unusual")
        return ours and not self.negatives and not self.of_a_service and not _of_a_set(self.vectors)


def run(asked: Asked, data_dir: Path | None = None) -> int:
    """Train, write the run down, and say where the head and its card are; return the exit status.

    Parameters
    ----------
    data_dir
        Where the run is written down; nowhere without it.
    """
    if (wrong := _wrong(asked)) is not None:
        print(f"watchworthy train: {wrong}", file=sys.stderr)
        return 2
    with compiling(), phases() as progress:
        if asked.head == "unusual":
            written = _unusual(asked, progress)
            errors.print(f"Fitted [bold]unusual[/]. Its card: {written / 'card.md'}")
            return 0
        folder, failed = _trained(asked, progress)
    for name, why in failed.items():
        print(f"{name}: {why}", file=sys.stderr)
    trained = load_head(folder)
    errors.print(f"Trained [bold]{asked.head}[/], digest {trained.digest}: {folder}")
    if trained.points:
        out.print(points(trained.points))
    errors.print(f"Its card: {folder / 'card.md'}")
    if data_dir is not None:
        from service.verbs.runs import write_down

        write_down(folder, data_dir)
    return 1 if failed else 0


def _wrong(asked: Asked) -> str | None:
    """What makes no sense together."""
    head = asked.head
    if asked.negatives and head != "bot":
        return "--negatives goes with the head bot, whose operating points they bound"
    if asked.simulated and head != "conversion":
        return "--simulated goes with the head conversion"
    if asked.settings is not None and (asked.negatives or head == "unusual"):
        return "--settings are of a booster, and none is trained here"
    if asked.target is None and not asked.starts_from_ours:
        return "name the folder to write to with --out"
    return None


def _trained(asked: Asked, progress: Progress) -> tuple[Path, dict[str, str]]:
    """The head's folder, and the files that could not be read."""
    head, data, target = asked.head, asked.data, asked.target or STARTER
    seed = SEED if asked.seed is None else asked.seed
    boosting = _settings(asked.settings, head)
    if asked.negatives:
        from pipelines.training.negatives import negatives

        derived = negatives(
            asked.negatives, target, people=asked.people, pattern=asked.pattern, progress=progress
        )
        return derived.folder, dict(derived.failed)
    if asked.vectors is not None or asked.of_a_service or head not in (*TRAINED_BY_US, "conversion"):
        from pipelines.learning.site_head import train_set
        from pipelines.learning.vectors import read_set
        from service.workspace import Workspace

        if asked.vectors is not None:
            found = read_set(asked.vectors, head)
        elif data is not None:
            found = Workspace(data).training_set(head)
        else:
            raise WatchworthyError(
                "training_refused",
                "Name what to learn from: the data directory of a service with --data, or vectors of "
                "`watchworthy training-set` with --vectors.",
                head,
            )
        if found is not None and head == "conversion" and asked.vectors is None:
            from pipelines.learning.landmarks import landmarked
            from pipelines.training.conversion import train_landmarked

            return train_landmarked(landmarked(found), target, seed=seed, boosting=boosting), {}
        if found is not None:
            return train_set(found, target, seed, boosting=boosting, progress=progress), {}
    if head == "conversion":
        from pipelines.training.site_history import conversion

        return conversion(data, target, asked.people, asked.simulated, seed, progress, boosting), {}
    from pipelines.training.heads import train_head

    folder = train_head(
        head,
        data,
        target,
        vectors=asked.vectors,
        lab=asked.lab,
        seed=asked.seed,
        boosting=boosting,
        progress=progress,
    )
    return folder, {}


def _unusual(asked: Asked, progress: Progress) -> Path:
    from pipelines.training.unusual import train_unusual

    seed = SEED if asked.seed is None else asked.seed
    return train_unusual(
        asked.data,
        asked.target or STARTER,
        vectors=asked.vectors,
        lab=asked.lab,
        seed=seed,
        progress=progress,
    )


def _settings(path: Path | None, head: str) -> Boosting | None:
    if path is None:
        return None
    from pipelines.training.search import read_settings

    return read_settings(path, head)


def _of_a_set(path: Path | None) -> bool:
    """Whether a file of vectors is of a site's own set: what it gives is no starter."""
    if path is None or not path.exists():
        return False
    from pipelines.learning.vectors import is_a_set

    return is_a_set(path)


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
