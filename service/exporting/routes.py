"""``/v1/scores`` and ``/v1/export/{table}``: since a cursor, as lines of JSON or as Parquet."""

from __future__ import annotations

import asyncio
import io
import json
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
BY_NAME: Final = {table.name: table for table in TABLES}
PARQUET: Final = "application/vnd.apache.parquet"
TOLD: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Rows.", "content": {"application/x-ndjson": {}, PARQUET: {}}}
}
Auth = Annotated[str | None, Header(alias="authorization")]
Format = Annotated[Literal["ndjson", "parquet"], Query(description="Lines of JSON, or one Parquet file.")]
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

    async def told(table: Table, site: str, form: str, after: int, limit: int) -> Response:
        def make() -> Response:
            found = page(store, table, site, after, limit)
            return _parquet(table, found) if form == "parquet" else _lines(found)

        return await asyncio.to_thread(make)

    @routes.get("/v1/scores", response_class=Response, responses=TOLD)
    async def scores(
        after: After = 0, limit: Limit = 1_000, format: Format = "ndjson", authorization: Auth = None
    ) -> Response:
        """What was decided since a cursor, in commit order: who goes on from it misses nothing. Needs a read key.

        The header X-Next-Cursor says where to go on, X-Complete whether that was all for now, and X-Erased how many
        records in between were erased with their sessions.
        """
        key = admission.holder(authorization, "read")
        return await told(SCORES, key.site, format, after, limit)

    @routes.get("/v1/export/{table}", response_class=Response, responses=TOLD)
    async def export(
        table: str,
        after: After = 0,
        limit: Limit = 1_000,
        format: Format = "ndjson",
        authorization: Auth = None,
    ) -> Response:
        """A table since a cursor, as /v1/scores does it: scores, vectors, moments, annotations. Needs a read key."""
        key = admission.holder(authorization, "read")
        found = BY_NAME.get(table)
        if found is None:
            raise Refusal("not_found", f"There is no table of this name; there are {', '.join(BY_NAME)}.")
        return await told(found, key.site, format, after, limit)

    return routes


def _headers(found: Page) -> dict[str, str]:
    return {
        "x-next-cursor": str(found.cursor),
        "x-complete": str(found.whole).lower(),
        "x-erased": str(found.erased),
    }


def _lines(found: Page) -> Response:
    lines = b"".join(msgspec.json.encode(row) + b"\n" for row in found.rows)
    return Response(lines, media_type="application/x-ndjson", headers=_headers(found))


def _parquet(table: Table, found: Page) -> Response:
    facts = {
        b"watchworthy.table": f"{table.name} {table.version}".encode(),
        b"watchworthy.next_cursor": str(found.cursor).encode(),
        b"watchworthy.features": json.dumps({one.name: one.digest for one in engine().features}).encode(),
    }
    made = pa.Table.from_pylist(found.rows, schema=table.schema.with_metadata(facts))
    target = io.BytesIO()
    pq.write_table(made, target, compression="zstd")
    return Response(target.getvalue(), media_type=PARQUET, headers=_headers(found))
