"""Decisions reach the outbox in their own transaction, where somebody listens, and only then."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from data_contracts.batches import Batch
from data_contracts.recordings import read
from service.live.closing import close_ended
from tests.service.live_store import SAMPLES, Served
from tests.service.test_live_decisions import sample, visit


def outbox(one: Served) -> list[dict[str, Any]]:
    rows = one.service.store.read(lambda db: db.execute("SELECT body FROM outbox ORDER BY id").fetchall())
    return [json.loads(body) for (body,) in rows]


async def listen(one: Served) -> None:
    admin, _ = one.service.keys.create("admin")
    told = {
        "url": "https://hooks.example/in",
        "topics": ["decision.written", "flag.raised", "verdict.changed", "intervention.shown"],
    }
    answer = await one.client.post("/v1/webhooks", json=told, headers={"authorization": f"Bearer {admin}"})
    assert answer.status_code < 300, answer.text
    one.service.announcer.look()


def test_what_changes_is_told_once_to_who_listens(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await visit(one, sample("struggling-dead-coupon"), "before")
            assert outbox(one) == []
            await listen(one)
            await visit(one, sample("struggling-dead-coupon"), "after")
            await close_ended(one.service.reception)
            told = [message for message in outbox(one) if message["data"]["session_id"] == "after"]
            written = [message for message in told if message["type"] == "decision.written"]
            decisions = one.service.store.decisions(part="after")
            assert [message["data"]["decision_id"] for message in written] == [row.name for row in decisions]
            flags = [message["data"] for message in told if message["type"] == "flag.raised"]
            assert len(flags) == 1, "a flag is raised once"
            assert flags[0]["headline"]
            assert one.service.store.erase("default", "after")
            assert all(message["data"]["session_id"] != "after" for message in outbox(one))

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["automated-straight-cursor"])
def test_a_verdict_that_changes_is_told_with_what_it_was(tmp_path: Path, name: str) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await listen(one)
            batches = read(str(SAMPLES / f"{name}.json.gz")).batches
            await visit(one, [Batch("p", 0, [event for batch in batches for event in batch.events])], name)
            (changed,) = (m["data"] for m in outbox(one) if m["type"] == "verdict.changed")
            assert (changed["before"], changed["verdict"]) == ("undetermined", "automation")

    asyncio.run(scenario())
