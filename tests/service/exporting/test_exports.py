"""Exports: every decision once, in commit order, as the contracts say, whatever is written or erased meanwhile."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from data_contracts.annotations import Annotation
from data_contracts.tables import TABLES, Table
from features.catalogue import engine
from pipelines.store.annotating import annotate
from service.exporting.routes import TYPES
from service.live.closing import close_ended
from tests.service.live_store import Served, code_of
from tests.service.test_live_decisions import sample, visit

NAMES = ("struggling-dead-coupon", "automated-straight-cursor", "calm-touch-only")


async def filled(one: Served) -> None:
    for name in NAMES:
        await visit(one, sample(name), name)
    await close_ended(one.service.reception)
    made = Annotation(annotation_id="an_1", session_id=NAMES[0], label="struggle", reason="watched")
    one.service.store.write(lambda db: annotate(db, "default", NAMES[0], made, None), ()).result()


async def every(one: Served, path: str, limit: int, form: str = "ndjson") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = "0"
    while True:
        answer = await one.client.get(
            path,
            params={"after": after, "limit": limit, "format": form},
            headers={"authorization": f"Bearer {one.read}"},
        )
        assert answer.status_code == 200, answer.text
        if form == "parquet":
            found += pq.read_table(io.BytesIO(answer.content)).to_pylist()
        else:
            found += [json.loads(line) for line in answer.text.splitlines()]
        after = answer.headers["x-next-cursor"]
        if answer.headers["x-complete"] == "true":
            return found


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_is_told_whole_in_either_form(tmp_path: Path, table: Table) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await filled(one)
            path = f"/v1/export/{table.name}"
            whole = await every(one, path, 5_000)
            assert whole
            assert await every(one, path, 3) == whole
            packed = await every(one, path, 4, "parquet")
            assert [list(row) for row in packed] == [table.schema.names] * len(packed)
            if table.name != "vectors":  # a NaN is null in JSON and equals nothing in Parquet
                assert packed == whole
            cursors = [row["cursor"] for row in whole]
            assert cursors == sorted(cursors)
            assert {row["session_id"] for row in whole} <= set(NAMES)

    asyncio.run(scenario())


def test_scores_are_those_of_the_cards_and_vectors_have_every_feature(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await filled(one)
            scores = await every(one, "/v1/scores", 100)
            last = {row["session_id"]: row for row in scores if row["cause"] == "ended"}
            for name in NAMES:
                card = one.service.store.card("default", name)
                assert card is not None
                told = last[name]
                assert (told["frustration"], told["bot"], told["worth"], told["verdict"]) == (
                    *(card.frustration, card.bot, card.worth, card.verdict),
                )
            vectors = await every(one, "/v1/export/vectors", 100)
            assert {len(row["vector"]) for row in vectors} == {len(engine().names)}

    asyncio.run(scenario())


def test_what_was_erased_is_counted_and_what_came_since_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await filled(one)
            before = await every(one, "/v1/scores", 100)
            store = one.service.store
            mine = [row for row in before if row["session_id"] == NAMES[0]]
            assert store.erase("default", NAMES[0])
            headers = {"authorization": f"Bearer {one.read}"}
            answer = await one.client.get("/v1/scores", headers=headers)
            after = [json.loads(line) for line in answer.text.splitlines()]
            assert [row for row in before if row not in mine] == after
            cursor = answer.headers["x-next-cursor"]
            await visit(one, sample("calm-buy"), "later")
            since = await one.client.get("/v1/scores", params={"after": cursor}, headers=headers)
            assert {json.loads(line)["session_id"] for line in since.text.splitlines()} == {"later"}
            assert code_of(await one.client.get("/v1/export/nothing", headers=headers)) == "not_found"
            assert code_of(await one.client.get("/v1/scores")) == "key_missing"

    asyncio.run(scenario())


def test_a_client_gets_the_form_that_it_accepts_unless_the_query_names_one(tmp_path: Path) -> None:
    asked = [
        ("", "", "ndjson"),
        ("*/*", "", "ndjson"),
        ("application/vnd.apache.parquet", "", "parquet"),
        ("Application/X-NDJSON", "", "ndjson"),
        ("text/html, application/*;q=0.5", "", "ndjson"),
        ("application/x-ndjson;q=0.2, application/vnd.apache.parquet; q=0.8", "", "parquet"),
        ("application/x-ndjson;q=0, */*", "", "parquet"),
        ("application/vnd.apache.parquet", "ndjson", "ndjson"),
        ("text/csv", "parquet", "parquet"),
        ("text/csv", "", None),
        ("application/json", "", None),
        ("application/vnd.apache.parquet;q=0", "", None),
        ("*/*;q=nan", "", None),
    ]

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for accept, query, form in asked:
                headers = {"authorization": f"Bearer {one.read}", "accept": accept}
                for path in ("/v1/scores", "/v1/export/moments"):
                    more = {"format": query} if query else {}
                    answer = await one.client.get(path, headers=headers, params=more)
                    if form is None:
                        assert code_of(answer) == "form_refused", accept
                        assert all(name in answer.text for name in TYPES.values()), "it says what there is"
                    else:
                        assert answer.headers["content-type"] == TYPES[form], accept  # type: ignore[index]
                        assert answer.content.startswith(b"PAR1") == (form == "parquet")
                        assert answer.headers["vary"] == "accept"

    asyncio.run(scenario())
