"""``/v1/scores`` and ``/v1/export/{table}``: since a cursor, as lines of JSON or as Parquet."""

from __future__ import annotations

import asyncio
import io
import json
import re
from typing import Annotated, Any, Final, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import APIRouter, Header, Query, Response

from data_contracts.tables import SCORES, TABLES, Table
from features.catalogue import engine
from pipelines.store.export_rows import Page, page
from pipelines.store.store import Store
from service.live.admission import Admission
from service.live.refusals import Refusal

MOST: Final = 5_000
QUALITY: Final = re.compile(r"[01](\.[0-9]{0,3})?")
BY_NAME: Final = {table.name: table for table in TABLES}
Form = Literal["ndjson", "parquet"]
TYPES: Final[dict[Form, str]] = {
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
"""Media types; the first is told to whom either will do."""
TOLD: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Rows.", "content": {one: {} for one in TYPES.values()}}
}
Auth = Annotated[str | None, Header(alias="authorization")]
Accept = Annotated[str, Header(include_in_schema=False)]
Format = Annotated[
    Form | None,
    Query(
        description="Lines of JSON, or one Parquet file; without it what `Accept` asks for, lines by default."
    ),
]
After = Annotated[int, Query(ge=0, lt=1 << 62, description="The cursor that you have got so far.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Decisions or annotations that are read.")]


def router(store: Store, admission: Admission) -> APIRouter:
    """The routes.

    Parameters
    ----------
    store
        Where everything is read.
    admission
        Who may ask.
    """
    routes = APIRouter(tags=["exports"])

    async def told(table: Table, site: str, form: Form, after: int, limit: int) -> Response:
        def make() -> Response:
            found = page(store, table, site, after, limit)
            return _parquet(table, found) if form == "parquet" else _lines(found)

        return await asyncio.to_thread(make)

    @routes.get("/v1/scores", response_class=Response, responses=TOLD)
    async def scores(
        after: After = 0,
        limit: Limit = 1_000,
        format: Format = None,
        accept: Accept = "",
        authorization: Auth = None,
    ) -> Response:
        """What was decided since a cursor, in commit order: who goes on from it misses nothing. Needs a read key.

        The header X-Next-Cursor says where to go on, X-Complete whether that was all for now, and X-Erased how many
        records in between were erased with their sessions.
        """
        key = admission.holder(authorization, "read")
        return await told(SCORES, key.site, format or accepted(accept), after, limit)

    @routes.get("/v1/export/{table}", response_class=Response, responses=TOLD)
    async def export(
        table: str,
        after: After = 0,
        limit: Limit = 1_000,
        format: Format = None,
        accept: Accept = "",
        authorization: Auth = None,
    ) -> Response:
        """A table since a cursor, as /v1/scores does it: scores, vectors, moments, annotations. Needs a read key."""
        key = admission.holder(authorization, "read")
        found = BY_NAME.get(table)
        if found is None:
            raise Refusal("not_found", f"There is no table of this name; there are {', '.join(BY_NAME)}.")
        return await told(found, key.site, format or accepted(accept), after, limit)

    return routes


def accepted(accept: str) -> Form:
    """The form that an `Accept` header asks for, as RFC 9110 weighs it: the closest range of a type decides.

    Raises
    ------
    Refusal
        ``form_refused`` if it asks for neither.

    >>> accepted("application/vnd.apache.parquet;q=0.9, application/*;q=0.1")
    'parquet'
    >>> accepted("text/html, */*;q=0.8")
    'ndjson'
    """
    weights: dict[str, float] = {}
    for one in accept.lower().split(",") if accept.strip() else ["*/*"]:
        name, *more = (word.strip() for word in one.split(";"))
        given = next((word[2:] for word in more if word.startswith("q=")), "1")
        weights[name] = float(given) if QUALITY.fullmatch(given) else 0.0

    def weight(form: Form) -> float:
        ranges = (TYPES[form], "application/*", "*/*")
        return next((weights[one] for one in ranges if one in weights), 0.0)

    best = max(TYPES, key=weight)
    if weight(best) == 0:
        raise Refusal("form_refused", f"Rows are told as {' or '.join(TYPES.values())}; accept one of them.")
    return best


def _headers(found: Page) -> dict[str, str]:
    return {
        "x-next-cursor": str(found.cursor),
        "x-complete": str(found.whole).lower(),
        "x-erased": str(found.erased),
        "vary": "accept",
    }


def _lines(found: Page) -> Response:
    lines = b"".join(msgspec.json.encode(row) + b"\n" for row in found.rows)
    return Response(lines, media_type=TYPES["ndjson"], headers=_headers(found))


def _parquet(table: Table, found: Page) -> Response:
    facts = {
        b"watchworthy.table": f"{table.name} {table.version}".encode(),
        b"watchworthy.next_cursor": str(found.cursor).encode(),
        b"watchworthy.features": json.dumps({one.name: one.digest for one in engine().features}).encode(),
    }
    made = pa.Table.from_pylist(found.rows, schema=table.schema.with_metadata(facts))
    target = io.BytesIO()
    pq.write_table(made, target, compression="zstd")
    return Response(target.getvalue(), media_type=TYPES["parquet"], headers=_headers(found))
