"""A service under test: its application called in the process, with the real store below it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from data_contracts.batches import Batch
from service.app import Service, application
from service.live.opening import open_store
from service.live.settings import load

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
ORIGIN = "https://shop.example"


class Served:
    """``async with Served(folder) as one``: a warm service, a client, a write key and a read key."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        chosen = load(
            folder, **({"rate_address": 0, "rate_key": 0, "rate_whole": 0, "future_hours": 1e6} | settings)
        )
        self.service = Service(folder, chosen, open_store(folder, chosen))
        self.app = application(self.service)
        self.write, _ = self.service.keys.create("write")
        self.read, _ = self.service.keys.create("read")
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://test")

    async def __aenter__(self) -> Served:
        await self.service.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()
        self.service.close()

    async def send(self, batch: Batch, session: str = "s", **more: Any) -> httpx.Response:
        return await self.post(request(self.write, batch, session, **more))

    async def post(self, body: bytes, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(
            "/v1/batches", content=body, headers={"content-type": "text/plain"} | named
        )

    async def session(self, name: str = "s") -> httpx.Response:
        return await self.client.get(f"/v1/sessions/{name}", headers={"authorization": f"Bearer {self.read}"})


def request(key: str, batch: Batch, session: str = "s", ndjson: bool = False, **more: Any) -> bytes:
    """The body that a recorder sends for a batch."""
    header = {"key": key, "session": session, "stream": batch.stream, "seq": batch.seq} | more
    return json.dumps(header).encode() + b"\n" + text(batch.events, ndjson)


def text(events: Sequence[bytes | memoryview], ndjson: bool = False) -> bytes:
    if ndjson:
        return b"".join(bytes(event) + b"\n" for event in events)
    return b"[" + b",".join(events) + b"]"


def code_of(answer: httpx.Response) -> str:
    """The code of an error, after a look at its shape."""
    told = answer.json()
    assert set(told) == {"error"}
    assert set(told["error"]) == {"code", "message", "retryable", "request_id", "docs"}
    assert told["error"]["request_id"] == answer.headers["x-request-id"]
    return str(told["error"]["code"])
