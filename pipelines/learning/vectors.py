"""A training set as the file of vectors that ``watchworthy train --vectors`` takes, alone or beside the starter's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER
from models.heads import head as head_of
from models.signal_rates import digests
from pipelines.datasets.examples import BY_LABEL, MARGIN, TRAIN, WEIGHTS, Examples, concatenated, facts_in
from pipelines.learning.weak import behind
from pipelines.training.heads import TRAINED_BY_US, VECTORS

if TYPE_CHECKING:
    from pipelines.learning.sets import TrainingSet

SET: Final = "training_set"
"""Under which a file of vectors says what set it was made of."""


def write_vectors(found: TrainingSet, out: Path, with_starter: bool = False) -> Examples:
    """Write a set: its vectors, labels with their kinds and weights, and groups, and no event.

    Parameters
    ----------
    with_starter
        Put the rows that the starter was trained on beside them, as a source of their own: a site's first labels are
        too few to stand alone, and moments of people for the operating points come from there. Beside guesses, only
        its whole sessions, and only the features that the guesses leave the head.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if no row may test, or the head has no starter to stand beside.
    """
    head = head_of(found.head.name)
    ours = found.examples()
    if not (~ours.guessed).any() and not with_starter:
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
        path = STARTER / head.name / VECTORS
        if not path.exists():
            raise WatchworthyError(
                "training_refused", "There is no starter of this head to stand beside.", head.name
            )
        starter, told = Examples.read(path)
        parts.append(_beside(starter, found.head.features, bool(ours.guessed.any())))
        answered |= told["answered"]
    made = concatenated(parts)
    facts: dict[str, Any] = {
        "head": head.name,
        "seed": int(found.provenance.get("seed", 0)),
        "features": [{"name": name, "digest": digests()[name]} for name in found.head.features],
        "answered": answered,
        SET: found.provenance,
    }
    made.write(out, facts)
    return made


def is_a_set(path: Path) -> bool:
    """Whether a file of vectors is of a site's own set."""
    return SET in facts_in(path)


def read_set(path: Path, name: str) -> TrainingSet | None:
    """The set that a file of vectors was made of, ready to train a head; None if a trainer of its own takes the file.

    ``bot`` and ``frustration`` have such trainers, for labels that may test. Guesses are nothing to them: what they
    are given they also test on.

    Raises
    ------
    WatchworthyError
        ``vector_mismatch`` if a feature was redefined since; ``leakage`` if the head reads what its guesses read;
        ``training_refused`` if the file holds no training vectors, or those of another head.
    """
    from pipelines.learning.sets import TrainingSet

    rows, told = Examples.read(path)
    if told["head"] != name:
        raise WatchworthyError(
            "training_refused", f"The vectors are of the head {told['head']!r}, not of {name!r}.", str(path)
        )
    if BY_LABEL not in rows.columns or (told["head"] in TRAINED_BY_US and not rows.guessed.any()):
        return None
    changed = [one["name"] for one in told["features"] if digests().get(one["name"]) != one["digest"]]
    if changed:
        raise WatchworthyError(
            "vector_mismatch", f"Since these vectors were made, {', '.join(changed)} changed.", str(path)
        )
    head = head_of(told["head"]).only(rows.names)
    provenance = dict(told.get(SET, {}))
    read = [name for one in provenance.get("weak", ()) for name in one["reads"]]
    if seen := sorted(set(head.features) & (behind(read) if read else frozenset())):
        raise WatchworthyError(
            "leakage", f"The guesses stand on {', '.join(seen)}, which the head would see.", str(path)
        )
    columns: dict[str, npt.NDArray[Any]] = {
        name: column for name, column in rows.columns.items() if name not in (BY_LABEL, MARGIN)
    }
    columns |= {
        "kind": rows[BY_LABEL],
        "visitor": np.full(len(rows), ""),  # who it was stands hashed under person
        "at_ms": rows["t_ms"],
        "may_test": ~rows.guessed,
        "drawn": ~np.isnan(rows["inclusion_weight"]),
    }
    if len(np.unique(columns["fold"])) < 2 or (rows["source"] != "site").any():
        columns["fold"] = _dealt(columns["group"], columns["label"], int(told["seed"]))
    return TrainingSet(head, rows.x, columns, provenance)


def _beside(starter: Examples, features: tuple[str, ...], guessed: bool) -> Examples:
    """A starter's rows as those of a site's set are."""
    if guessed:
        starter = starter.of(TRAIN)
    places = [starter.names.index(name) for name in features]
    columns = dict(starter.columns)
    columns[BY_LABEL] = np.full(len(starter), "script")
    columns |= {name: np.full(len(starter), 1.0 if name == "weight" else np.nan) for name in WEIGHTS}
    return Examples(features, np.ascontiguousarray(starter.x[:, places]), columns)


def _dealt(group: npt.NDArray[Any], label: npt.NDArray[Any], seed: int) -> npt.NDArray[Any]:
    from pipelines.learning.training_set import FOLDS
    from pipelines.training.fit import group_folds

    return group_folds(group, label, FOLDS, np.random.default_rng(seed))
