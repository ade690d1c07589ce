"""Golden rows: vectors with the margins that the trainer's own library gave them.

Who loads a model computes them again and must come to the same numbers, or the model does not serve: a reader of
trees that goes wrong, or a file that was cut, is found before any visitor is.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.errors import WatchworthyError
from models.bundle import Trained, write_json
from models.logistic import Logistic

FILE: Final = "golden.json"
ROWS: Final = 16
CLOSE: Final = 1e-9  # of a margin in log-odds: sums of the same numbers in another order differ by less


def write_golden(folder: Path, model: str | Logistic, x: npt.NDArray[np.float32]) -> None:
    """Write golden rows beside a trained head, spread over what it was trained on.

    Parameters
    ----------
    folder
        The head's.
    model
        LightGBM's text, whose margins LightGBM itself computes; or a logistic regression.
    x
        Training rows, f4[n, k].
    """
    rows = x[np.linspace(0, len(x) - 1, min(ROWS, len(x))).astype("i8")]
    if isinstance(model, str):
        import lightgbm

        told = lightgbm.Booster(model_str=model).predict(rows, raw_score=True)
        margins = np.asarray(told, "f8")
    else:
        margins = model.margins(rows)
    write_json(folder / FILE, {"rows": [_plain(row) for row in rows], "margins": margins.tolist()})


def check_golden(folder: Path, trained: Trained) -> int:
    """Compute the golden rows, f4[n, k], in a folder again; n.

    Raises
    ------
    WatchworthyError
        ``model_refused`` if there are none, or the head comes to other margins.
    """
    where = str(folder / FILE)
    try:
        facts = json.loads((folder / FILE).read_text(encoding="utf-8"))
        rows = np.array([[math.nan if v is None else v for v in row] for row in facts["rows"]], "f4")
        margins = np.array(facts["margins"], "f8")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WatchworthyError(
            "model_refused", f"The head {trained.name} has no golden rows to check it by: {error}.", where
        ) from error
    if not len(rows) or rows.ndim != 2 or rows.shape != (len(margins), len(trained.model.names)):
        raise WatchworthyError(
            "model_refused", f"The golden rows of {trained.name} are not of its features.", where
        )
    off = np.abs(trained.model.margins(rows) - margins)
    if not (off <= CLOSE).all():
        worst = int(np.argmax(np.nan_to_num(off, nan=math.inf)))
        raise WatchworthyError(
            "model_refused",
            f"The head {trained.name} gives golden row {worst} a margin that is off by {off[worst]:.3g}.",
            where,
        )
    return len(rows)


def _plain(row: npt.NDArray[np.float32]) -> list[Any]:
    return [None if math.isnan(value) else float(value) for value in row]
