"""Examples for the frustration head: scripted struggles, and the calm sessions that look like them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_contracts.errors import WatchworthyError
from data_contracts.events import CHANGE, PRESS, TOUCH_START, Events
from features.engine import live
from models.heads.frustration import FRUSTRATION
from pipelines.datasets.examples import TRAIN, Examples, Gather, Looked, Progress, hashed, looks, quiet
from pipelines.datasets.recordings import index, recordings

TWINS = "twins"
"""The lab's pairs: a struggle and a calm session with the same page, hand, length and acts."""


def frustration_examples(
    data: Path, progress: Progress = quiet, lab: Path | None = None
) -> tuple[Examples, dict[str, float]]:
    """Every recording of which it is known whether its script meant a struggle.

    Parameters
    ----------
    data
        Folder with ``recordings/`` and its index.
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
    _add(gather, folder, "recordings", progress)
    if lab is not None:
        _add(gather, lab, TWINS, progress)
    return gather.done(), gather.answered()


def _add(gather: Gather, folder: Path, source: str, progress: Progress) -> None:
    progress("recordings", len(index(folder)))
    for known, rows, channels in recordings(folder):
        progress("", 0)
        if known.frustrated is None:
            continue
        for looked in looks(rows, declared=channels):
            gather.add(
                looked,
                use=TRAIN,
                source=source,
                family=known.family,
                group=f"twins/{known.scenario}" if source == TWINS else known.scenario,
                person=hashed(known.person),
                session=hashed(known.file),
                label=int(known.frustrated),
                recorder=known.recorder,
                build=known.build,
                viewport=known.viewport,
                jank=known.jank,
                scenario=known.scenario,
                **totals(looked, rows),
            )


def totals(looked: Looked, rows: Events) -> dict[str, int]:
    """What the baselines read: the size of the session, and its signals summed by severity (in thousandths)."""
    return {
        "all_duration_ms": looked.t_ms,
        "all_events": int(rows.size),
        "all_presses": int(np.isin(rows["kind"], (PRESS, TOUCH_START)).sum()),
        "all_mutations": int((rows["kind"] == CHANGE).sum()),
        "all_signals": round(1000 * float(live(looked.moments)["severity"].sum())),
    }
