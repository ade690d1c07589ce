"""Backfill: every stored session folded and scored again by one bundle, in parallel, resumable.

It runs on joblib: a caller's ``joblib.parallel_config(backend="dask")`` puts the same work on a Dask cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from joblib import Parallel, delayed

from data_contracts.batches import Batch
from data_contracts.errors import WatchworthyError
from data_contracts.order import IDLE_MS
from features.log import sessions_of
from models.bundle import load
from models.heads import HEADS
from models.live_scores import LiveScorer
from models.scorer import Scorer
from pipelines.datasets.examples import Progress, quiet
from pipelines.store.store import Store
from pipelines.store.units import SessionRow

CHUNK: Final = 200  # sessions of one file: what a break costs
_FIELDS: Final[list[tuple[str, pa.DataType]]] = [
    ("number", pa.int64()),
    ("session_id", pa.string()),
    ("started_at_ms", pa.int64()),
    ("bundle", pa.string()),
    ("verdict", pa.string()),
    *((head.name, pa.float64()) for head in HEADS),
    *((f"{head.name}_ineligible", pa.string()) for head in HEADS),
]
SCHEMA: Final = pa.schema(_FIELDS)
"""``number`` is that of the log in the store; one log may be several sessions."""
Row = dict[str, Any]


def backfill(
    store: Store, site: str, bundle: Path, out: Path, jobs: int = -1, progress: Progress = quiet
) -> tuple[int, int]:
    """Score every session of a site that is not yet in a folder of results.

    Parameters
    ----------
    bundle
        Folder of heads, which every process loads for itself.
    out
        Folder of Parquet files, one for each bundle in it; a file is whole or not there.

    Returns
    -------
    Sessions that were scored now, and logs that could not be read.
    """
    digest = load(bundle).digest
    target = out / digest
    target.mkdir(parents=True, exist_ok=True)
    after = max((int(path.stem.removeprefix("to-")) for path in target.glob("to-*.parquet")), default=0)
    (left,) = store.read(
        lambda db: db.execute(
            "SELECT count(*) FROM session_tallies JOIN sites ON sites.id = site_id WHERE sites.name = ? AND"
            " session_tallies.id > ?",
            (site, after),
        ).fetchone()
    )
    progress("scoring stored sessions", left)
    done = unreadable = 0
    with Parallel(n_jobs=jobs, return_as="generator") as parallel:
        while rows := store.sessions(after, CHUNK, site):
            scored: list[Row] = []
            for told in parallel(delayed(_scored)(str(bundle), *one) for one in _logs(store, rows)):
                progress("", 0)
                if told is None:
                    unreadable += 1
                else:
                    scored += told
            after = rows[-1].number
            partial = target / "partial"
            pq.write_table(pa.Table.from_pylist(scored, SCHEMA), partial, compression="zstd")
            partial.rename(target / f"to-{after:012d}.parquet")
            done += len(scored)
    return done, unreadable


def results(out: Path, digest: str) -> pa.Table:
    """Everything that a bundle was made to say by backfills into a folder."""
    files = sorted((out / digest).glob("to-*.parquet"))
    return pa.concat_tables([pq.read_table(path) for path in files]) if files else SCHEMA.empty_table()


def _logs(store: Store, rows: Sequence[SessionRow]) -> Iterator[tuple[int, str, list[Batch] | None]]:
    for row in rows:
        try:
            yield row.number, row.session, [batch for _, batch in store.batches(row.site, row.session)]
        except WatchworthyError:  # its key or its sealed recording is gone
            yield row.number, row.session, None


def _scored(bundle: str, number: int, session: str, batches: list[Batch] | None) -> list[Row] | None:
    """Scores of the sessions of one log; None if it cannot be read."""
    if batches is None:
        return None
    scorer = _scorer(bundle)
    try:
        found = sessions_of(batches, session, None, IDLE_MS)
    except WatchworthyError:
        return None
    rows = []
    for one in found:
        said = scorer.scores(one)
        row: Row = {
            "number": number,
            "session_id": one.id,
            "started_at_ms": one.start_ms,
            "bundle": scorer.scorer.bundle.digest,
            "verdict": said.verdict,
        }
        for name, score in said.heads.items():
            row |= {name: score.probability, f"{name}_ineligible": score.ineligible_reason}
        rows.append(row)
    return rows


@cache
def _scorer(bundle: str) -> LiveScorer:
    return LiveScorer(Scorer(load(Path(bundle))))
