"""The table of features: one row a session, one column a feature of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from data_contracts.frames import SESSION
from data_contracts.tables import Column, Table
from features.catalogue import engine
from features.fold import Feature

VERSION: Final = "1.0.0"


def features_table(features: Sequence[Feature] | None = None) -> Table:
    """The table of some features; of the whole catalogue by default."""
    columns = [
        Column(one.name, pa.float32(), one.text or f"{one.name}.", True)
        for one in (engine().features if features is None else features)
    ]
    text = (
        "The behavioural vector of each session, computed from its events by the catalogue of this release."
    )
    started = Column("started_at_ms", pa.int64(), "When the session began, ms since the epoch.")
    return Table("features", VERSION, text, "session_id", (SESSION, started, *columns))
