"""Sessions as Arrow tables: vectors one row a session, moments one row a moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from features.catalogue import engine
from features.moments import CODES, SETTLED
from features.session import Session
from models.naming import called
from pipelines.readings import Reading

STATES = {0: "provisional", SETTLED: "settled"}


def feature_table(readings: Iterable[Reading]) -> pa.Table:
    """Vectors of all sessions.

    Returns
    -------
    pyarrow.Table
        ``file``, ``session``, ``start_ms`` (epoch), then every feature as float32, NaN where it is undefined. The
        schema's metadata holds the digest of each feature's definition.
    """
    features = engine().features
    rows = [(one.file, session) for one in readings for session in one.sessions]
    matrix = np.array([session.vector for _, session in rows], "f4").reshape(len(rows), len(features))
    columns: dict[str, Any] = {
        "file": pa.array([file for file, _ in rows], pa.string()),
        "session": pa.array([session.id for _, session in rows], pa.string()),
        "start_ms": pa.array([session.start_ms for _, session in rows], pa.int64()),
    }
    for i, one in enumerate(features):
        columns[one.name] = pa.array(np.ascontiguousarray(matrix[:, i]))
    table = pa.table(columns)
    digests = json.dumps({one.name: one.digest for one in features})
    return table.replace_schema_metadata({b"watchworthy.features": digests.encode()})


def moments(file: str, session: Session, origin_ms: int) -> Iterator[dict[str, Any]]:
    """Moments of a session as plain values, by time.

    Parameters
    ----------
    file
        The recording's path.
    session
        One of its sessions.
    origin_ms
        When the recording begins, ms since the epoch: the start of its first session.

    Yields
    ------
    dict
        ``file, session, code, start_ms, end_ms`` (from the start of the recording), ``page`` (address),
        ``element`` (selector), ``name`` (for people), ``severity`` 0..1, ``state``, ``evidence`` (named numbers).
    """
    named = {signal.code: signal.evidence for signal in engine().signals}
    offset = session.start_ms - origin_ms
    for moment in session.moments:
        code, page, node = int(moment["code"]), int(moment["page"]), int(moment["element"])
        element = session.element(page, node) if node else None
        yield {
            "file": file,
            "session": session.id,
            "code": CODES[code],
            "start_ms": int(moment["start"]) + offset,
            "end_ms": int(moment["end"]) + offset,
            "page": session.address(page),
            "element": element.selector if element else None,
            "name": called(element) if element else None,
            "severity": round(float(moment["severity"]), 4),
            "state": STATES[int(moment["state"])],
            "evidence": {
                name: round(float(value), 4) if np.isfinite(value) else None
                for name, value in zip(named.get(code, ()), moment["evidence"], strict=False)
            },
        }


def moments_of(one: Reading) -> Iterator[dict[str, Any]]:
    """Moments of all sessions of one recording, see ``moments``."""
    for session in one.sessions:
        yield from moments(one.file, session, one.sessions[0].start_ms)


def signal_table(readings: Iterable[Reading]) -> pa.Table:
    """Moments of all sessions, one row a moment; ``evidence`` as JSON."""
    rows = [row for one in readings for row in moments_of(one)]
    for row in rows:
        row["evidence"] = json.dumps(row["evidence"])
    fields: list[tuple[str, pa.DataType]] = [
        ("file", pa.string()),
        ("session", pa.string()),
        ("code", pa.string()),
        ("start_ms", pa.int64()),
        ("end_ms", pa.int64()),
        ("page", pa.string()),
        ("element", pa.string()),
        ("name", pa.string()),
        ("severity", pa.float64()),
        ("state", pa.string()),
        ("evidence", pa.string()),
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))
