"""A bundle: the trained heads that score together, under one digest of everything in them.

A head is a folder: ``model.txt`` (LightGBM's text) or ``logistic.json``, ``refits.txt``, ``calibration.json``,
``operating_points.json``, ``head.json``, ``card.md`` and the ``vectors.parquet`` that it was trained on. Nothing is
pickled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from data_contracts.assessments import OperatingPoint
from data_contracts.errors import WatchworthyError
from models import trees
from models.calibration import Calibration
from models.heads import HEADS
from models.logistic import Logistic

STARTER: Final = Path(__file__).parent / "starter"
SCORED_BY: Final = (
    "model.txt",
    "logistic.json",
    "refits.txt",
    "calibration.json",
    "operating_points.json",
    "head.json",
)
"""Files that decide a score, in the order in which the digest reads them."""
BETWEEN_REFITS: Final = "\n=====\n"


class Model(Protocol):
    """What turns a row into a margin and explains it: ``Trees`` or ``Logistic``."""

    @property
    def names(self) -> tuple[str, ...]:
        """Features of a row."""

    def margin(self, values: npt.NDArray[np.float32]) -> float:
        """Raw margin in log-odds of one row of ``names``, f4[k]."""

    def margins(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Raw margin in log-odds of each row, f4[n, k] to f8[n]."""

    def reach(self, values: npt.NDArray[np.float32], hidden: npt.NDArray[np.uint8]) -> tuple[float, float]:
        """Bounds of the margin of a row, f4[k], whatever its hidden features may be, u1[k] as of ``models.trees``."""

    def contributions(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Attribution of each feature of a row, f4[k], then the base value: log-odds, f8[k + 1]."""


@dataclass(frozen=True)
class Trained:
    """A head as it was trained.

    Parameters
    ----------
    name, digest
        The head, and the digest of the files that decide its score.
    model, refits
        The booster, and those that each left whole groups out.
    calibration, points
        Of its margins.
    facts
        ``head.json``: version, base rate, features with their digests, what it was trained on, miss rates.
    """

    name: str
    digest: str
    model: Model
    refits: tuple[Model, ...]
    calibration: Calibration
    points: tuple[OperatingPoint, ...]
    facts: dict[str, Any]

    @property
    def base_rate(self) -> float:
        """Share of positives that its probability assumes."""
        return float(self.facts["base_rate"])

    def stopped_by(self, digests: Mapping[str, str]) -> tuple[str, ...]:
        """Features that it reads and that are missing from, or defined otherwise in, a catalogue of digests."""
        return tuple(f["name"] for f in self.facts["features"] if digests.get(f["name"]) != f["digest"])


@dataclass(frozen=True)
class Bundle:
    """Trained heads by name."""

    heads: dict[str, Trained]

    @cached_property
    def digest(self) -> str:
        """One digest of all that decides a score."""
        return _digest([(name, head.digest.encode()) for name, head in sorted(self.heads.items())])


def load(folder: Path = STARTER) -> Bundle:
    """Load every head of ``folder``; a head without a model is left out, and so abstains.

    Raises
    ------
    WatchworthyError
        ``model_missing`` if there is no such folder or no model in it.
    """
    heads = {
        head.name: load_head(folder / head.name)
        for head in HEADS
        if (folder / head.name / "head.json").exists()
    }
    if not heads:
        raise WatchworthyError(
            "model_missing", "There is no trained head here; train one with `watchworthy train`.", str(folder)
        )
    return Bundle(heads)


def load_head(folder: Path) -> Trained:
    """Load one head.

    Raises
    ------
    WatchworthyError
        ``model_missing`` if a file is missing or broken.
    """
    try:
        facts = json.loads((folder / "head.json").read_text(encoding="utf-8"))
        model: Model
        if (folder / "model.txt").exists():
            model = trees.read((folder / "model.txt").read_text(encoding="utf-8"))
        else:
            model = Logistic.from_json(json.loads((folder / "logistic.json").read_text(encoding="utf-8")))
        calibration = Calibration.from_json(
            json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
        )
        points = msgspec.json.decode(
            (folder / "operating_points.json").read_bytes(), type=tuple[OperatingPoint, ...]
        )
    except (OSError, KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise WatchworthyError("model_missing", f"The head cannot be loaded: {error}", str(folder)) from error
    refits = folder / "refits.txt"
    texts = refits.read_text(encoding="utf-8").split(BETWEEN_REFITS) if refits.exists() else []
    return Trained(
        facts["name"],
        digest_of(folder),
        model,
        tuple(trees.read(text) for text in texts if text.strip()),
        calibration,
        points,
        facts,
    )


def digest_of(folder: Path) -> str:
    """Digest of the files of a head that decide its score."""
    return _digest([(name, (folder / name).read_bytes()) for name in SCORED_BY if (folder / name).exists()])


def save_head(
    folder: Path,
    model: str | Logistic,
    refits: Sequence[str],
    calibration: Calibration,
    points: Sequence[OperatingPoint],
    facts: dict[str, Any],
) -> str:
    """Write a head to its folder, and return its digest.

    Parameters
    ----------
    model
        LightGBM's text, or a logistic regression.
    refits
        LightGBM's texts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCORED_BY:
        (folder / name).unlink(missing_ok=True)
    if isinstance(model, str):
        _write(folder / "model.txt", model)
    else:
        write_json(folder / "logistic.json", model.to_json())
    if refits:
        _write(folder / "refits.txt", BETWEEN_REFITS.join(trees.bare(text) for text in refits))
    write_json(folder / "calibration.json", calibration.to_json())
    write_json(folder / "operating_points.json", msgspec.to_builtins(tuple(points)))
    write_json(folder / "head.json", facts)
    return digest_of(folder)


def write_json(path: Path, facts: Any) -> None:
    """Write JSON that reads well and is the same on every machine."""
    _write(path, json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _digest(parts: Sequence[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, content in parts:
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]
