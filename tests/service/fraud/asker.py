"""Somebody who asks a service for assessments of samples."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import msgspec

from data_contracts.assessments import Assessment
from data_contracts.batches import Batch
from data_contracts.recordings import read
from tests.service.live_store import SAMPLES, Served

SCRAPER, COUPON = "automated-scraper", "struggling-dead-coupon"
Scenario = Callable[["Asker"], Coroutine[Any, Any, None]]


def sample(name: str) -> Batch:
    batches = read(str(SAMPLES / f"{name}.json.gz")).batches
    return Batch("p", 0, [event for batch in batches for event in batch.events])


class Asker:
    """Somebody who asks a service that has some sessions."""

    def __init__(self, one: Served) -> None:
        self.one = one
        self.admin, _ = one.service.keys.create("admin")
        self.annotator, _ = one.service.keys.create("annotate")

    async def visit(self, name: str, session: str = "", end: bool = True) -> None:
        answer = await self.one.send(sample(name), session or name, end=end)
        assert answer.status_code == 200, answer.text

    async def call(self, method: str, path: str, key: str = "", **told: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {key or self.one.read}"}
        return await self.one.client.request(method, path, headers=headers, **told)

    async def ask(self, **told: Any) -> httpx.Response:
        return await self.call("POST", "/v1/assessments", json=told)

    async def asked(self, **told: Any) -> Assessment:
        answer = await self.ask(**told)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=Assessment)

    async def token(self, session: str, action: str) -> str:
        body = json.dumps({"key": self.one.write, "session": session, "action": action})
        answer = await self.one.client.post(
            "/v1/tokens", content=body, headers={"content-type": "text/plain"}
        )
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"token", "expires_at_ms"}, "nothing of what is thought of the visitor"
        return str(answer.json()["token"])


def played(folder: Path, scenario: Scenario) -> None:
    async def run() -> None:
        async with Served(folder) as one:
            await scenario(Asker(one))

    asyncio.run(run())
