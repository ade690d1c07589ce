"""Canonical events as an Arrow table, for notebooks and Parquet files."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from data_contracts.events import EVENT, KINDS, Events

FIELDS: Final[tuple[tuple[str, pa.DataType, str], ...]] = (
    ("t", pa.timestamp("ms", tz="UTC"), "when, in stream time"),
    ("kind", pa.dictionary(pa.int8(), pa.string()), "name of the kind of event"),
    ("target", pa.int32(), "node id; null where there is none"),
    ("control", pa.int32(), "nearest control at or above the target"),
    ("form", pa.int32(), "nearest form at or above the target"),
    ("page", pa.int32(), "page view in the session; null before the first"),
    ("x", pa.float32(), "CSS px"),
    ("y", pa.float32(), "CSS px"),
    ("value", pa.float32(), "depends on the kind"),
    ("flags", pa.uint32(), "facts of the target, as bits"),
    ("detail", pa.uint32(), "digest, for equality only; null where there is none"),
)
"""Name, type and meaning of each column."""
ABSENT: Final = {"target": 0, "control": 0, "form": 0, "page": -1, "detail": 0}
"""What stands for 'none' in a row of ``EVENT``."""


def event_schema() -> pa.Schema:
    """Schema of a table of events; each field's metadata holds its meaning."""
    return pa.schema([pa.field(name, kind, metadata={"text": text}) for name, kind, text in FIELDS])


def to_arrow(events: Events) -> pa.Table:
    """The events as a table with ``event_schema``; NaN and the marks for 'none' become null.

    Parameters
    ----------
    events
        Rows of ``EVENT``, shape (n,).

    Examples
    --------
    >>> rows = np.zeros(1, EVENT)
    >>> rows["kind"] = 4
    >>> to_arrow(rows).column("kind").to_pylist()
    ['click']
    """
    columns: list[Any] = []
    for name, kind, _ in FIELDS:
        column = np.ascontiguousarray(events[name])
        if name == "kind":
            names = [KINDS.get(number, "") for number in range(max(KINDS) + 1)]
            columns.append(pa.DictionaryArray.from_arrays(pa.array(column, pa.int8()), pa.array(names)))
        elif name in ABSENT:
            columns.append(pa.array(column, kind, mask=column == ABSENT[name]))
        else:
            columns.append(pa.array(column, kind, from_pandas=True))
    return pa.table(columns, schema=event_schema())


assert {name for name, _, _ in FIELDS} == set(EVENT.names or ()) - {"_"}
