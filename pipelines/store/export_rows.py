"""Rows of the exported tables, read from the store after a cursor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from data_contracts import decisions
from data_contracts.decisions import Decision
from data_contracts.tables import ANNOTATIONS, MOMENTS, SCORES, VECTORS, Table
from pipelines.store.annotating import annotations_of
from pipelines.store.deciding import Told
from pipelines.store.decisions import Decisions

Row = dict[str, Any]


class Page(NamedTuple):
    """Rows of a table, the cursor to go on from, and how many records were erased since they were written."""

    rows: list[Row]
    cursor: int
    erased: int
    whole: bool


def page(store: Decisions, table: Table, site: str, after: int, most: int) -> Page:
    """The next rows: of at most so many decisions or annotations.

    Raises
    ------
    WatchworthyError
        ``store_corrupt``.
    """
    if table is ANNOTATIONS:
        found = store.read(lambda db: annotations_of(db, site, None, after, most))
        told = [_annotation(number, one) for number, one in found]
        return Page(told, found[-1][0] if found else after, 0, len(found) < most)
    rows: list[Row] = []
    written = store.decisions(after, most, site)
    erased = 0
    for one in written:
        if one.body is None:
            erased += 1
        else:
            rows += _RECORDS[table.name](one, decisions.read(one.body))
    return Page(rows, written[-1].id if written else after, erased, len(written) < most)


def score_row(row: Told, made: Decision) -> Row:
    """A row of ``data_contracts.tables.SCORES``."""
    said = made.outcome
    return {
        "cursor": row.id,
        "decision_id": row.name,
        "session_id": made.session_id,
        "cause": made.cause,
        "created_at_ms": made.created_at_ms,
        "log_number": made.log_number,
        "as_of_ms": made.as_of_ms,
        **{name: _probability(made, name) for name in ("bot", "frustration", "conversion")},
        "verdict": said.verdict,
        "recommended_action": said.action,
        "worth": said.worth,
        "flagged": said.flagged,
        "issue": said.issue,
        "headline": said.headline,
        "bundle": made.bundle,
        "policy": row.policy,
    }


def _scores(row: Told, made: Decision) -> Iterator[Row]:
    yield score_row(row, made)


def _probability(made: Decision, head: str) -> float | None:
    score = made.outcome.heads.get(head)
    return None if score is None else score.probability


def _vectors(row: Told, made: Decision) -> Iterator[Row]:
    yield {
        "cursor": row.id,
        "decision_id": row.name,
        "session_id": made.session_id,
        "created_at_ms": made.created_at_ms,
        "catalogue": made.catalogue,
        "vector": np.frombuffer(made.vector, "<f4").tolist(),
    }


def _moments(row: Told, made: Decision) -> Iterator[Row]:
    for fact in made.facts or ():
        yield {
            "cursor": row.id,
            "decision_id": row.name,
            "session_id": made.session_id,
            "code": fact.code,
            "start_ms": fact.start_ms,
            "end_ms": fact.end_ms,
            "severity": fact.severity,
            "site_severity": fact.site_severity,
            "element": fact.element,
            "page": fact.page,
        }


def _annotation(number: int, one: Any) -> Row:
    names = [column.name for column in ANNOTATIONS.columns[1:]]
    return {"cursor": number} | {name: getattr(one, name) for name in names}


_RECORDS = {SCORES.name: _scores, VECTORS.name: _vectors, MOMENTS.name: _moments}
