"""Any head from a training set of a site's own: one that is declared in one file needs no trainer of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from models.head import Boosting
from pipelines.datasets.examples import Progress, quiet
from pipelines.learning.fitting import fit_set
from pipelines.training.fit import SEED
from pipelines.training.heads import write_head

if TYPE_CHECKING:
    from pipelines.learning.sets import TrainingSet


def train_set(
    found: TrainingSet,
    out: Path,
    seed: int = SEED,
    *,
    boosting: Boosting | None = None,
    progress: Progress = quiet,
) -> Path:
    """Train the head of a set and write its folder ``out / name``: model, vectors, measures, card and all.

    Guesses train by their little weight. They are not in what is measured, calibrated, or compared on later: a row of
    theirs has no margin in the vectors that are written.

    Parameters
    ----------
    boosting
        Settings of the booster, such as a search found; the head's own by default.

    Raises
    ------
    WatchworthyError
        ``training_refused`` as of ``fit_set``.
    """
    if boosting is not None:
        found = replace(found, head=replace(found.head, boosting=boosting))
    progress(f"{found.head.name}: groups held out", 1)
    fitted = fit_set(found, seed)
    progress("", 0)
    labels = found["label"]
    tested = found["may_test"]
    fitted.facts["trained"] = {
        "labelled": int(tested.sum()),
        "guessed": int((~tested).sum()),
        "positives": int(labels[tested].sum()),
        "of_groups": len(set(found["group"][tested].tolist())),
        "set": found.digest,
    }
    if (share := found.provenance.get("censored_share")) is not None:
        fitted.facts["trained"]["censored_share"] = share
        fitted.measures["censored_share"] = share
    made = found.examples()
    folder = write_head(
        out / found.head.name,
        found.head,
        fitted,
        made,
        seed,
        alias="site",
        answered={},
        training_set=found.provenance,
    )
    from models.card import write

    write(folder)
    return folder
