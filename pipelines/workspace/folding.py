"""Folding: sessions of logs as vectors and moments, by the shipped folds and by those of a notebook."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from data_contracts.errors import WatchworthyError
from data_contracts.tables import Table
from features.engine import Engine
from features.log import sessions_of
from features.session import Session
from pipelines.tables import moments
from pipelines.workspace.frames import event_rows
from pipelines.workspace.logs import Log, Source, parts
from pipelines.workspace.table import features_table


def sessions_in(log: Log, folds: Engine | None, idle_ms: int) -> list[Session]:
    """Sessions of a log, folded."""
    return sessions_of(log.batches, log.name, folds, idle_ms) if log.heard else []


def features_of(
    logs: Iterable[Log], folds: Engine, idle_ms: int, wanted: frozenset[str] | None = None
) -> tuple[Table, pa.Table]:
    """Vectors of sessions as an Arrow table; its metadata holds the digest of each feature's definition."""
    table = features_table(folds.features)
    ids: list[str] = []
    started: list[int] = []
    vectors: list[Any] = []
    for log in logs:
        for session in sessions_in(log, folds, idle_ms):
            if wanted is None or session.id in wanted:
                ids.append(session.id)
                started.append(session.start_ms)
                vectors.append(session.vector)
    matrix = np.array(vectors, "f4").reshape(len(ids), len(folds.names))
    columns: dict[str, Any] = {
        "session_id": pa.array(ids, pa.string()),
        "started_at_ms": pa.array(started, pa.int64()),
    }
    for i, name in enumerate(folds.names):
        columns[name] = pa.array(np.ascontiguousarray(matrix[:, i]), pa.float32())
    digests = json.dumps({one.name: one.digest for one in folds.features})
    schema = table.schema.with_metadata({b"watchworthy.features": digests.encode()})
    return table, pa.table(columns, schema=schema)


def signals_of(
    logs: Iterable[Log], idle_ms: int, wanted: frozenset[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of ``data_contracts.frames.SIGNALS``."""
    for log in logs:
        for session in sessions_in(log, None, idle_ms):
            if wanted is not None and session.id not in wanted:
                continue
            for row in moments("", session, session.start_ms):
                row["session_id"] = row.pop("session")
                row["evidence"] = json.dumps(row["evidence"])
                yield {name: value for name, value in row.items() if name != "file"}


def wanted_of(sessions: Collection[str] | None) -> frozenset[str] | None:
    """Ids that are wanted, as a set; None for all."""
    return None if sessions is None else frozenset(sessions)


def events_of(source: Source, session: str) -> pa.Table:
    """Events of one session, with the schema of ``data_contracts.frames.EVENTS``.

    Raises
    ------
    WatchworthyError
        ``workspace_wrong`` if there is no such session, or its recording is gone.
    """
    for log in source.logs([session]):
        for part in parts(log, source.idle_ms):
            if part.session == session:
                return event_rows(session, part.rows)
    why = next(iter(source.unread.values()), "")
    raise WatchworthyError("workspace_wrong", f"There is no such session here. {why}".strip(), session)
