"""Frames: rows of a table as a pandas frame or as Arrow, with exactly the columns and types that its contract says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from data_contracts.arrow import to_arrow
from data_contracts.events import Events
from data_contracts.frames import EVENTS, dtype_of
from data_contracts.labels import Label
from data_contracts.tables import Table

if TYPE_CHECKING:
    import pandas as pd


def as_arrow(table: Table, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as an Arrow table with the table's schema."""
    return pa.Table.from_pylist(list(rows), schema=table.schema)


def as_frame(table: Table, made: pa.Table) -> pd.DataFrame:
    """An Arrow table as a frame whose columns have the types of ``data_contracts.frames.dtype_of``."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for one in table.columns:
        column, dtype = made[one.name], dtype_of(one)
        if dtype in ("float32", "float64", "int32", "int64", "uint32", "bool"):
            columns[one.name] = column.to_numpy().astype(dtype)
        else:
            told: Any = dtype
            columns[one.name] = pd.Series(column.to_pylist(), dtype=told)
    frame = pd.DataFrame(columns)
    frame.attrs["contract"] = f"{table.name} {table.version}"
    return frame


def frame_of(table: Table, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a frame."""
    return as_frame(table, as_arrow(table, rows))


def event_rows(session: str, events: Events) -> pa.Table:
    """Events of a session as an Arrow table with the schema of ``EVENTS``."""
    told = to_arrow(events)
    columns: dict[str, Any] = {
        "session_id": pa.array([session] * len(events), pa.string()),
        "t_ms": pa.array(np.ascontiguousarray(events["t"]), pa.int64()),
        "kind": told["kind"].cast(pa.string()),
    }
    columns |= {name: told[name] for name in EVENTS.schema.names if name not in columns}
    return pa.table(columns).select(EVENTS.schema.names).cast(EVENTS.schema)


def label_row(label: Label) -> dict[str, Any]:
    """A label as a row of ``data_contracts.frames.LABELS``."""
    return {name: getattr(label, name) for name in Label.__struct_fields__}
