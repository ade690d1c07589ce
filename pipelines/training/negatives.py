"""A site's own people: operating points from sessions that the owner vouches for, counted in people."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from data_contracts.assessments import OperatingPoint
from data_contracts.errors import WatchworthyError
from data_contracts.recordings import open_paths, read
from models.bundle import STARTER, load_head, write_json
from models.heads.bot import may_act
from models.operating_points import operating_points, tightest
from models.signal_rates import digests, names
from pipelines.datasets.bot import LOOK_EVERY_MS
from pipelines.datasets.examples import MARGIN, TRAIN, Examples, Progress, looks, quiet
from pipelines.training.evaluate import miss_rates, plain


@dataclass(frozen=True)
class Negatives:
    """What became of a site's people."""

    folder: Path
    points: tuple[OperatingPoint, ...]
    people: int
    sessions: int
    abstained: int
    failed: dict[str, str]


def negatives(
    paths: Iterable[str | Path],
    out: Path,
    *,
    people: Path | None = None,
    pattern: str | None = None,
    models: Path = STARTER,
    progress: Progress = quiet,
) -> Negatives:
    """Derive the bot head's operating points anew, from recordings of people whom the owner vouches for.

    None of them trained the score, so the basis is ``held_out``. Each session is looked at every 5 s, as the service
    may act at any time, and a person counts once, by the highest score of all their sessions.

    Parameters
    ----------
    paths
        Recordings: files, folders, globs.
    out
        Folder of heads; the bot head with its new points is written to ``out / "bot"``.
    people
        CSV with the columns ``file`` and ``person``.
    pattern
        Instead: a regular expression whose one group finds the person in a file's name.
    models
        Folder of the heads whose score is kept.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if it is not said who is who, a file is of nobody, or no session carries evidence;
        ``vector_mismatch`` if the catalogue has changed under the model.
    """
    source = models / "bot"
    trained = load_head(source)
    changed = trained.stopped_by(digests())
    if changed:
        raise WatchworthyError(
            "vector_mismatch",
            f"Since this head was trained, {', '.join(changed)} changed: train it again.",
            str(source),
        )
    columns = np.array([names().index(name) for name in trained.model.names], "i8")
    files = [str(path) for path in open_paths(paths)]
    who = persons(files, people, pattern)
    owners: list[str] = []
    scores: list[float] = []
    abstained, failed = 0, {}
    progress("sessions of people", len(files))
    for file in files:
        progress("", 0)
        try:
            decoded = read(file).decode()
        except WatchworthyError as error:
            failed[file] = str(error)
            continue
        seen = [look for look in looks(decoded.rows, LOOK_EVERY_MS, decoded.channels) if may_act(look)]
        abstained += not seen
        owners += [who[file]] * len(seen)
        scores += [trained.model.margin(look.extended[columns]) for look in seen]
    if not scores:
        raise WatchworthyError(
            "training_refused", "Not one of these sessions carries enough evidence to be scored."
        )
    points = operating_points(owners, scores, "held_out")
    folder = out / "bot"
    if folder.resolve() != source.resolve():
        shutil.copytree(source, folder, dirs_exist_ok=True)
    write_json(folder / "operating_points.json", msgspec.to_builtins(points))
    facts = dict(trained.facts)
    facts["alias"] = "site"
    facts["miss_rates"] = plain(_miss_rates(source, tightest(points)))
    write_json(folder / "head.json", facts)
    from models.card import write

    write(folder)
    return Negatives(folder, points, len(set(owners)), len(files) - len(failed), abstained, failed)


def persons(files: list[str], people: Path | None, pattern: str | None) -> dict[str, str]:
    """Who is in each file.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if neither a table nor a pattern is given, or a file is of nobody.
    """
    if people is not None:
        table = _table(people)
        found = {file: table.get(Path(file).name) or table.get(file) for file in files}
    elif pattern is not None:
        matches = {file: re.search(pattern, Path(file).name) for file in files}
        if re.compile(pattern).groups != 1:
            raise WatchworthyError(
                "training_refused", "The pattern must have one group: the person in a file's name."
            )
        found = {file: match.group(1) if match else None for file, match in matches.items()}
    else:
        raise WatchworthyError(
            "training_refused",
            "Sessions of one person are not independent, so say who is who: a CSV with the columns file and person, "
            "or a pattern that finds the person in a file's name.",
        )
    nobody = [file for file, person in found.items() if not person]
    if nobody:
        more = f" and {len(nobody) - 1} more" if len(nobody) > 1 else ""
        raise WatchworthyError("training_refused", f"It is not said who is in {nobody[0]}{more}.")
    return {file: str(person) for file, person in found.items()}


def _table(path: Path) -> Mapping[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except FileNotFoundError:
        raise WatchworthyError(
            "file_missing", "There is no table of people of this name.", str(path)
        ) from None
    if not rows or not {"file", "person"} <= set(rows[0]):
        raise WatchworthyError("training_refused", "The table needs the columns file and person.", str(path))
    return {row["file"]: row["person"] for row in rows}


def _miss_rates(folder: Path, point: OperatingPoint | None) -> dict[str, float]:
    """Of the automation that the head was trained on, by boosters that had not seen the family."""
    if not (folder / "vectors.parquet").exists():
        return {}
    examples = Examples.read(folder / "vectors.parquet")[0].of(TRAIN)
    return miss_rates(examples, examples[MARGIN], point)
