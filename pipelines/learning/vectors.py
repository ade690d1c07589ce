"""A training set as the file of vectors that ``watchworthy train --vectors`` takes, alone or beside the starter's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER
from models.signal_rates import digests
from pipelines.datasets.examples import TRAIN, Examples, concatenated

if TYPE_CHECKING:
    from pipelines.learning.training_set import TrainingSet


def write_vectors(found: TrainingSet, out: Path, with_starter: bool = False) -> Examples:
    """Write a set's rows that may test: its vectors, labels and groups, and no event.

    Parameters
    ----------
    with_starter
        Put the rows that the starter was trained on beside them, as a source of their own: a site's first labels are
        too few to stand alone, and moments of people for the operating points come from there.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if no row may test, if the set lacks features of its head (weak labels took them), or if
        the head has no starter to stand beside.
    """
    from models.heads import head as head_of

    head = head_of(found.head.name)
    if found.head.features != head.features:
        raise WatchworthyError(
            "training_refused",
            "Weak labels took features out of this head, and these trainers know the whole one: train it with "
            "pipelines.learning.fitting.fit_set.",
            head.name,
        )
    ours = found.examples()
    if not len(ours):
        raise WatchworthyError("training_refused", "Not one label of this set may test.", head.name)
    if "family" in head.split_by:
        # Nobody knows which tool drove a site's automation: it is held out as one family, which asks the most.
        one = ours["label"] == 1
        family = np.where(ours["family"] == "", "site", ours["family"])
        ours.columns["family"] = np.where(one, family, ours["family"])
        ours.columns["group"] = np.where(one, family, ours["group"])
    small = int(found.provenance.get("dropped", {}).get("too_little_to_see", 0))
    answered: dict[str, float] = {f"{TRAIN}/site/": len(found) / (len(found) + small)}
    parts = [ours]
    if with_starter:
        path = STARTER / head.name / "vectors.parquet"
        if not path.exists():
            raise WatchworthyError(
                "training_refused", "There is no starter of this head to stand beside.", head.name
            )
        starter, told = Examples.read(path)
        parts.append(starter)
        answered |= told["answered"]
    made = concatenated(parts)
    facts: dict[str, Any] = {
        "head": head.name,
        "seed": int(found.provenance.get("seed", 0)),
        "features": [{"name": name, "digest": digests()[name]} for name in head.features],
        "answered": answered,
        "training_set": found.provenance,
    }
    made.write(out, facts)
    return made
