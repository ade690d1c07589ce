"""Which batches the service turns away at once: of sessions that were not drawn, and all if the owner says so."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

from service.live.drawing import uniform
from tests.service.live_store import Served

EVENT = '{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":1}'


def test_who_was_not_drawn_is_refused_by_the_service(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for number in range(20):
                session = f"s{number}"
                for kept in ("", "signal"):
                    first = {"key": one.write, "session": session, "stream": f"p{kept}", "seq": 0}
                    text = json.dumps(first | {"sample": 0.5, "kept": kept})
                    answer = await one.client.post("/v1/batches", content=f"{text}\n[{EVENT}]")
                    if kept or uniform(session) < 0.5:
                        assert answer.status_code == 200, answer.text
                    else:
                        assert answer.json()["error"]["code"] == "not_drawn"
                        assert answer.json()["error"]["retryable"] is False

    asyncio.run(scenario())


def test_the_owner_can_switch_every_recorder_off(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path, recording=False) as one:
            answer = await one.client.post(
                "/v1/batches", content=b"{}", headers={"origin": "https://shop.example"}
            )
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "recording_off"
            assert answer.headers["access-control-allow-origin"] == "https://shop.example"

    asyncio.run(scenario())


def test_draws_spread_evenly_over_names() -> None:
    drawn = [uniform(f"session-{number}") for number in range(4_000)]
    for tenth in range(10):
        share = sum(tenth / 10 <= one < (tenth + 1) / 10 for one in drawn) / len(drawn)
        assert 0.08 < share < 0.12


def test_a_packed_body_needs_no_header_that_says_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            first = json.dumps({"key": one.write, "session": "s", "stream": "p", "seq": 0})
            body = gzip.compress(f"{first}\n[{EVENT}]".encode())
            for headers in ({}, {"content-encoding": "gzip"}):  # the second time it is the same batch
                answer = await one.client.post("/v1/batches", content=body, headers=headers)
                assert answer.status_code == 200, answer.text
            broken = await one.client.post("/v1/batches", content=body[:-20])
            assert broken.json()["error"]["code"] == "compression_broken"

    asyncio.run(scenario())
