"""Histories to learn conversion from: a site's own recordings, or the simulated shop's."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_contracts.errors import WatchworthyError
from data_contracts.recordings import open_paths, read
from models.head import Boosting
from pipelines.datasets.examples import Progress
from pipelines.readings import session_name
from pipelines.simulated.shop import simulated_history
from pipelines.training.conversion import train_conversion
from pipelines.training.fit import SEED


@dataclass(frozen=True)
class Recorded:
    """One recorded session: who, its rrweb events; its goal stands among the events (``ww.goal``)."""

    visitor: str
    session_id: str
    started_at_ms: int
    events: list[dict[str, Any]]
    goal_at_ms: int | None = None


def conversion(
    data: Path | None,
    out: Path,
    people: Path | None,
    simulated: bool,
    seed: int | None,
    progress: Progress,
    boosting: Boosting | None = None,
) -> Path:
    """Train a conversion head into ``out``.

    Parameters
    ----------
    data
        Folder of a site's recordings; their goals are the custom events ``ww.goal``.
    people
        CSV with columns ``file,person``, so that one visitor's sessions stay together.
    simulated
        Use the simulated shop history instead.
    seed
        Fixes every draw.
    boosting
        Settings of the booster, such as a search found.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if there is neither, or too few goals; ``file_missing``.
    """
    given = SEED if seed is None else seed
    if simulated:
        return train_conversion(
            simulated_history(),
            out,
            goal="purchase",
            alias="simulated",
            seed=given,
            boosting=boosting,
            progress=progress,
        )
    if data is None:
        raise WatchworthyError(
            "training_refused", "Name a folder of your own recordings with --data, or try --simulated."
        )
    return train_conversion(recorded(data, people), out, seed=given, boosting=boosting, progress=progress)


def recorded(folder: Path, people: Path | None) -> Iterator[Recorded]:
    """Sessions of a folder of recordings; without ``people``, each file is a visitor of its own.

    Raises
    ------
    WatchworthyError
        ``file_missing`` if there is no such folder; ``training_refused`` if the CSV lacks a column.
    """
    if not folder.is_dir():
        raise WatchworthyError("file_missing", "There is no folder of recordings of this name.", str(folder))
    who: dict[str, str] = {}
    if people is not None:
        with people.open(newline="", encoding="utf-8") as stream:
            rows = csv.DictReader(stream)
            if not {"file", "person"} <= set(rows.fieldnames or ()):
                raise WatchworthyError(
                    "training_refused", "The CSV needs the columns file and person.", str(people)
                )
            who = {Path(row["file"]).name: row["person"] for row in rows}
    for file in open_paths([folder]):
        batches = read(file).batches
        events = [json.loads(bytes(text)) for batch in batches for text in batch.events]
        times = [event["timestamp"] for event in events if isinstance(event.get("timestamp"), int | float)]
        name = session_name(file)
        yield Recorded(who.get(Path(file).name, name), name, int(min(times, default=0)), events)
