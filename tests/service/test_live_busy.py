"""The door for batches where something is full, slow, failing or not ready: nothing is answered that is not on disk."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from data_contracts.batches import Batch
from features.log import sessions_of
from pipelines.store import faults
from service.live.batches_route import PATH
from tests.features.streams import encoded, stream
from tests.service.live_store import Served, code_of, request

EVENTS = encoded(stream(3))
FIRST, SECOND = Batch("p", 0, EVENTS[:8]), Batch("p", 1, EVENTS[8:])


def held(one: Served, session: str = "s") -> list[Batch]:
    return [batch for _, batch in one.service.store.batches("default", session)]


def test_a_failed_commit_is_not_answered_as_done_and_its_memory_is_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            assert (await one.send(FIRST)).status_code == 200
            before = (await one.session()).json()
            faults._reached.clear()
            monkeypatch.setenv("WATCHWORTHY_FAULT", "before_commit:1:raise")
            failed = await one.send(SECOND)
            monkeypatch.delenv("WATCHWORTHY_FAULT")
            assert (failed.status_code, code_of(failed)) == (503, "not_stored")
            assert failed.json()["error"]["retryable"]
            assert int(failed.headers["retry-after"]) > 0
            assert (await one.session()).json() == before
            assert (await one.send(SECOND)).status_code == 200
            (session,) = sessions_of([FIRST, SECOND], "s")
            vector = (await one.session()).json()["vector"]
            assert [v for v in vector.values() if v is not None] == [
                v for v in session.vector.tolist() if v == v
            ]

    asyncio.run(scenario())


@pytest.fixture
def writer_held() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


def test_nothing_is_answered_or_seen_before_it_is_on_disk(
    tmp_path: Path, writer_held: threading.Event
) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            one.service.store.write(lambda db: writer_held.wait(20))
            sending = asyncio.create_task(one.send(FIRST))
            await asyncio.sleep(0.2)
            assert not sending.done()
            looking = asyncio.create_task(one.session())
            await asyncio.sleep(0.1)
            assert not looking.done(), "whoever looks waits for the session's turn"
            writer_held.set()
            assert (await sending).status_code == 200
            assert (await looking).status_code == 200

    asyncio.run(scenario())


def test_a_full_queue_says_busy_before_any_work(tmp_path: Path, writer_held: threading.Event) -> None:
    async def scenario() -> None:
        async with Served(tmp_path, queue_bytes=10, queue_seconds=30) as one:
            one.service.store.write(lambda db: writer_held.wait(20))
            busy = await one.client.post(PATH, content=_never())
            assert (busy.status_code, code_of(busy)) == (503, "busy")
            assert int(busy.headers["retry-after"]) > 0
            writer_held.set()
            for _ in range(100):
                if (await one.send(FIRST)).status_code == 200:
                    break
                await asyncio.sleep(0.02)
            assert len(held(one)) == 1

    asyncio.run(scenario())


def test_a_disk_nearly_full_takes_nothing_and_says_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path, disk_free_bytes=1 << 60) as one:
            full = await one.client.post(PATH, content=_never())
            assert (full.status_code, code_of(full)) == (503, "disk_full")
            ready = await one.client.get("/readyz")
            assert (ready.status_code, code_of(ready)) == (503, "disk_full")
            assert (await one.client.get("/healthz")).status_code == 200
            assert not held(one)

    asyncio.run(scenario())


async def _never() -> AsyncIterator[bytes]:
    raise AssertionError("the body was read")
    yield b""


def test_a_slow_body_meets_its_deadline(tmp_path: Path) -> None:
    async def slow(body: bytes) -> AsyncIterator[bytes]:
        yield body[:10]
        await asyncio.sleep(30)
        yield body[10:]

    async def receive_from(body: bytes) -> Any:
        pieces = slow(body)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": await anext(pieces), "more_body": True}

        return receive

    async def scenario() -> None:
        async with Served(tmp_path, body_seconds=0.1) as one:
            sent: list[Any] = []

            async def send(message: Any) -> None:
                sent.append(message)

            scope = {
                "type": "http",
                "method": "POST",
                "path": PATH,
                "headers": [],
                "query_string": b"",
                "client": None,
            }
            await one.app(scope, await receive_from(request(one.write, FIRST)), send)
            assert sent[0]["status"] == 408
            assert json.loads(sent[1]["body"])["error"]["code"] == "body_slow"
            assert not held(one)

    asyncio.run(scenario())


def test_batches_of_one_session_wait_for_each_other_up_to_a_bound(
    tmp_path: Path, writer_held: threading.Event
) -> None:
    async def scenario() -> None:
        async with Served(tmp_path, session_waiting=3) as one:
            one.service.store.write(lambda db: writer_held.wait(20))
            tasks = [
                asyncio.create_task(one.send(Batch("p", seq, EVENTS[seq : seq + 1]))) for seq in range(5)
            ]
            await asyncio.sleep(0.2)
            writer_held.set()
            codes = [answer.status_code for answer in await asyncio.gather(*tasks)]
            assert sorted(codes) == [200, 200, 200, 200, 503]  # one at work, three that wait
            assert not len(one.service.reception.turns), "turns do not pile up"

    asyncio.run(scenario())


def test_not_ready_before_everything_is_compiled(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            one.service.warm = False
            assert code_of(await one.send(FIRST)) == "starting"
            assert code_of(await one.client.get("/readyz")) == "starting"
            assert (await one.client.get("/healthz")).status_code == 200
            one.service.warm = True
            assert (await one.client.get("/readyz")).status_code == 200
            text = (await one.client.get("/metrics")).text
            for name in ("live_sessions", "loop_lag_seconds", "batch_seconds", "memory_bytes", "bundle"):
                assert f"watchworthy_{name}" in text
            assert one.service.reception.scorer.scorer.bundle.digest in text

    asyncio.run(scenario())
