"""The site of the labelling experiment: recordings of the lab as whole vectors, with scenarios and hashed people."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from data_contracts.recordings import read
from models.head import Group, Use
from models.heads.frustration import FRUSTRATION
from models.signal_rates import digests, names
from pipelines.datasets.examples import TRAIN, Examples, Gather, hashed, looks, totals

EVERYTHING: Final = replace(FRUSTRATION, groups=(Group("ALL", "ALL", tuple(Use(name) for name in names())),))
"""The head's own rule of when it abstains, and every feature: so that a changed head needs no new recordings."""


def people(traces: Path) -> dict[str, str]:
    """The lab's name of each person of SapiMouse to the name that training vectors have for them."""
    users = {
        str(user).partition(".")[0]
        for user in pq.read_table(traces, columns=["user_id"])["user_id"].unique().to_pylist()
    }
    return {hashlib.sha256(f"sapimouse:{user}".encode()).hexdigest()[:12]: hashed(user) for user in users}


def halfmoon(folders: Iterable[Path], traces: Path, out: Path) -> Examples:
    """Vectors of what the lab recorded into folders, each with its ``index.csv``; written to ``out``."""
    gather, who = Gather(EVERYTHING), people(traces)
    for folder in folders:
        with (folder / "index.csv").open(encoding="utf-8", newline="") as lines:
            rows = [row for row in csv.DictReader(lines) if row["frustrated"]]
        for row in rows:
            decoded = read(folder / row["file"]).decode()
            name = hashed(f"{folder.name}/{row['file']}")
            for looked in looks(decoded.rows, declared=decoded.channels):
                gather.add(
                    looked,
                    use=TRAIN,
                    source="halfmoon",
                    family=row["family"],
                    group=row["scenario"],
                    person=who.get(row["person"], name),  # nobody's hand: a person of its own
                    session=name,
                    label=int(row["frustrated"]),
                    recorder=row["rrweb_version"],
                    scenario=row["scenario"],
                    **totals(looked, decoded.rows),
                )
    found = gather.done()
    kept = [{"name": name, "digest": digests()[name]} for name in EVERYTHING.features]
    found.write(out, {"head": "frustration", "seed": 0, "features": kept, "answered": gather.answered()})
    return found
