"""Examples for the frustration head: scripted struggles, and the calm sessions that look like them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_contracts.errors import WatchworthyError
from models.heads.frustration import FRUSTRATION
from pipelines.datasets.examples import TRAIN, Examples, Gather, Progress, hashed, looks, quiet, totals
from pipelines.datasets.hiding import drawn, less
from pipelines.datasets.recordings import Known, index, recordings

TWINS = "twins"
"""The lab's pairs: a struggle and a calm session with the same page, hand, length and acts."""


def frustration_examples(
    data: Path, seed: int, progress: Progress = quiet, lab: Path | None = None
) -> tuple[Examples, dict[str, float]]:
    """Every recording of which it is known whether its script meant a struggle.

    Parameters
    ----------
    data
        Folder with ``recordings/`` and its index.
    seed
        Fixes what is hidden of each session in its second telling.
    lab
        Folder of the lab's struggles and calm twins, with its index.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if there are no recordings.
    """
    folder = data / "recordings"
    if not (folder / "index.csv").exists():
        raise WatchworthyError(
            "training_refused",
            "The frustration head is trained on recordings; there are none here.",
            str(folder),
        )
    gather = Gather(FRUSTRATION)
    _add(gather, folder, "recordings", seed, progress)
    if lab is not None:
        _add(gather, lab, TWINS, seed, progress)
    return gather.done(), gather.answered()


def _add(gather: Gather, folder: Path, source: str, seed: int, progress: Progress) -> None:
    progress("recordings", len(index(folder)))
    for known, rows, channels in recordings(folder):
        progress("", 0)
        if known.frustrated is None:
            continue
        facts = _facts(known, source)
        (full,) = looks(rows, declared=channels)
        gather.add(full, use=TRAIN, **facts, **totals(full, rows))
        rows, channels = less(rows, channels, drawn(seed, known.file))
        for looked in looks(rows, declared=channels):
            gather.add_less(looked, full, **facts, **totals(looked, rows))


def _facts(known: Known, source: str) -> dict[str, Any]:
    return {
        "source": source,
        "family": known.family,
        "group": f"twins/{known.scenario}" if source == TWINS else known.scenario,
        "person": hashed(known.person),
        "session": hashed(known.file),
        "label": int(bool(known.frustrated)),
        "recorder": known.recorder,
        "build": known.build,
        "viewport": known.viewport,
        "jank": known.jank,
        "scenario": known.scenario,
    }
