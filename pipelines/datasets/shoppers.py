"""Shop sessions of the UCI repository (Sakar and others 2019, CC BY 4.0): totals at their end, and who bought.

Its totals go on after a purchase, so it judges the trainer and never a live score. ``PageValues`` is left out: it is
attributed back from purchases. So is what names the machine, the region or the source by a number without order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

MONTHS: Final = ("Feb", "Mar", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NUMBERS: Final = (
    "Administrative",
    "Administrative_Duration",
    "Informational",
    "Informational_Duration",
    "ProductRelated",
    "ProductRelated_Duration",
    "BounceRates",
    "ExitRates",
    "SpecialDay",
    "Weekend",
)
RETURNING: Final = "Returning_Visitor"
FEATURES: Final = (*NUMBERS, RETURNING)


Table = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.int64]]


def shoppers(path: Path) -> Table:
    """Every session: its ``FEATURES`` f4[n, k], 1 where it bought, and the place of its month in ``MONTHS``, i8[n].

    No visitor is known, so a session is a group of its own: intervals over sessions are narrower than over people.
    """
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=[*NUMBERS, "VisitorType", "Month", "Revenue"])
    columns = [table[name].to_numpy().astype("f4") for name in NUMBERS]
    columns.append(np.array([who == RETURNING for who in table["VisitorType"].to_pylist()], "f4"))
    month = np.array([MONTHS.index(name) for name in table["Month"].to_pylist()], "i8")
    return np.column_stack(columns), table["Revenue"].to_numpy().astype("i8"), month
