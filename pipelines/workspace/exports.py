"""Exports: tables of a workspace as Parquet, as their contracts say, and read back as the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.errors import WatchworthyError
from data_contracts.frames import EVENTS, LABELS, SIGNALS
from data_contracts.tables import SCORES, Table
from pipelines.datasets.examples import Progress, quiet
from pipelines.learning.labels import every_label
from pipelines.workspace.contracts import major
from pipelines.workspace.folding import features_of, signals_of
from pipelines.workspace.frames import as_arrow, event_rows, label_row
from pipelines.workspace.logs import parts
from pipelines.workspace.table import features_table

if TYPE_CHECKING:
    from pipelines.workspace.work import Work

MARK: Final = b"watchworthy.table"
Pieces = Callable[["Work"], Iterator[pa.Table]]


def _events(work: Work) -> Iterator[pa.Table]:
    for log in work.source.logs():
        for part in parts(log, work.source.idle_ms):
            yield event_rows(part.session, part.rows)


def _features(work: Work) -> Iterator[pa.Table]:
    from features.catalogue import engine

    for log in work.source.logs():
        yield features_of([log], engine(), work.source.idle_ms)[1]


def _signals(work: Work) -> Iterator[pa.Table]:
    for log in work.source.logs():
        yield as_arrow(SIGNALS, signals_of([log], work.source.idle_ms))


def _scores(work: Work) -> Iterator[pa.Table]:
    yield as_arrow(SCORES, work.score_rows())


def _labels(work: Work) -> Iterator[pa.Table]:
    yield as_arrow(LABELS, [label_row(one) for one in every_label(work.source)])


PIECES: Final[dict[str, Pieces]] = {
    "events": _events,
    "features": _features,
    "signals": _signals,
    "scores": _scores,
    "labels": _labels,
}
"""How each exported table is made, a piece at a time, so that memory does not grow with the number of sessions."""


def table_of(name: str) -> Table:
    """The table of this name.

    Raises
    ------
    WatchworthyError
        ``workspace_wrong`` if it is none that is exported.
    """
    if name == "features":
        return features_table()
    for table in (EVENTS, SIGNALS, SCORES, LABELS):
        if table.name == name:
            return table
    raise WatchworthyError(
        "workspace_wrong", f"There is no table {name!r} to export; there are {', '.join(PIECES)}.", name
    )


def export(
    work: Work, out: Path, names: Sequence[str] = (), progress: Progress = quiet
) -> dict[str, tuple[Path, int]]:
    """Write tables as ``out / NAME.parquet``; the file and number of rows of each.

    Parameters
    ----------
    names
        Which; all by default.

    Raises
    ------
    WatchworthyError
        ``workspace_wrong`` for a table that there is not.
    """
    chosen = {name: table_of(name) for name in (names or PIECES)}
    out.mkdir(parents=True, exist_ok=True)
    found = {}
    progress("tables", len(chosen))
    for name, table in chosen.items():
        path, count = out / f"{name}.parquet", 0
        schema: Any = None
        writer: Any = None
        try:
            for piece in PIECES[name](work):
                if writer is None:
                    kept = dict(piece.schema.metadata or {}) | {
                        MARK: f"{table.name} {table.version}".encode()
                    }
                    schema = table.schema.with_metadata(kept)
                    writer = pq.ParquetWriter(path, schema, compression="zstd")
                writer.write_table(piece.replace_schema_metadata(schema.metadata))
                count += piece.num_rows
            if writer is None:
                marked = table.schema.with_metadata({MARK: f"{table.name} {table.version}".encode()})
                writer = pq.ParquetWriter(path, marked, compression="zstd")
        finally:
            if writer is not None:
                writer.close()
        found[name] = (path, count)
        progress("", 0)
    return found


def read_back(path: Path) -> pa.Table:
    """A table that was exported, after a look whether it is as its contract says.

    Raises
    ------
    WatchworthyError
        ``file_missing``; ``workspace_wrong`` if it is no export, or of a version or shape that this release does not
        know; it says which column.
    """
    try:
        made = pq.read_table(path)
    except FileNotFoundError:
        raise WatchworthyError("file_missing", "There is no export of this name.", str(path)) from None
    except pa.ArrowInvalid as error:
        raise WatchworthyError("workspace_wrong", f"The file is no Parquet: {error}", str(path)) from error
    told = (made.schema.metadata or {}).get(MARK, b"").decode()
    if not told:
        raise WatchworthyError(
            "workspace_wrong", "The file is no export of ours: it bears no contract.", str(path)
        )
    name, _, version = told.partition(" ")
    table = table_of(name)
    if major(version) != major(table.version):
        raise WatchworthyError(
            "workspace_wrong",
            f"The export is of {name} {version}; this release reads {table.version}.",
            str(path),
        )
    for one in table.columns:
        place = made.schema.get_field_index(one.name)
        if place < 0:
            if one.null:
                later = pa.array([None] * made.num_rows, one.type)  # a column that came after it was written
                made = made.append_column(one.name, later)
                continue
            raise WatchworthyError("workspace_wrong", f"The column {one.name} is missing.", str(path))
        if made.schema.field(place).type != one.type:
            was = made.schema.field(place).type
            raise WatchworthyError(
                "workspace_wrong", f"{one.name} is {was} and should be {one.type}.", str(path)
            )
    return made.select(table.schema.names)
