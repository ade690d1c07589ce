"""Server-sent events: every change once and in order, one reader of the store for all, and nobody holds it up."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from data_contracts.batches import Batch
from data_contracts.recordings import read
from pipelines.store.store import Store
from service.live.refusals import Refusal
from service.triage import following
from service.triage.following import Following
from tests.service.live_process import Process, make_keys
from tests.service.live_store import SAMPLES, Served, request

COUPON = read(str(SAMPLES / "struggling-dead-coupon.json.gz")).batches


def note(store: Store, what: str) -> None:
    store.write(
        lambda db: db.execute(
            "INSERT INTO changes (site_id, session_id, part, what, at)"
            " SELECT site_id, session_id, part, ?, 0 FROM cards LIMIT 1",
            (what,),
        ),
        (),
    ).result()


async def some(told: AsyncIterator[bytes], many: int) -> list[bytes]:
    found: list[bytes] = []
    async with asyncio.timeout(10):
        async for event in told:
            if not event.startswith(b":"):
                found.append(event)
            if len(found) == many:
                break
    return found


def names(events: list[bytes]) -> list[str]:
    lines = (line for event in events for line in event.split(b"\n"))
    return [line.removeprefix(b"event: ").decode() for line in lines if line.startswith(b"event: ")]


async def visited(one: Served) -> None:
    whole = Batch("p", 0, [event for batch in COUPON for event in batch.events])
    assert (await one.send(whole)).status_code == 200


def test_every_follower_gets_every_change_and_the_store_is_asked_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await visited(one)
            hub = Following(one.service.store)
            told = await asyncio.gather(*(hub.follow("default", None) for _ in range(20)))
            readers = [asyncio.create_task(some(each, 6)) for each in told]
            for turn in range(3):
                await asyncio.sleep(following.LOOK_S)
                for i in range(2):
                    note(one.service.store, f"{turn}-{i}")
            begun = time.monotonic()
            expected = [f"{turn}-{i}" for turn in range(3) for i in range(2)]
            for events in await asyncio.gather(*readers):
                assert names(events) == expected
            assert hub.looks <= (time.monotonic() - begun + 3 * following.LOOK_S) / following.LOOK_S + 3
            hub.close()

    asyncio.run(scenario())


def test_who_comes_back_goes_on_where_they_were(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await visited(one)
            hub = Following(one.service.store)
            told = await hub.follow("default", None)
            waiting = asyncio.create_task(some(told, 2))
            await asyncio.sleep(0)
            note(one.service.store, "a")
            note(one.service.store, "b")
            events = await waiting
            number = int(events[0].split(b"\n")[0].removeprefix(b"id: "))
            note(one.service.store, "c")
            again = await some(await hub.follow("default", number), 2)
            assert names(again) == ["b", "c"]
            other = await hub.follow("another", 0)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await some(other, 1)
            hub.close()

    asyncio.run(scenario())


def test_who_reads_too_slowly_is_told_and_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "WAITING", 4)

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await visited(one)
            hub = Following(one.service.store)
            told = await hub.follow("default", None)
            assert await anext(told) == b": watching\n\n"
            for i in range(9):
                note(one.service.store, f"x{i}")
            await asyncio.sleep(3 * following.LOOK_S)
            found = names([event async for event in told])
            assert found == ["x0", "x1", "x2", "x3", "dropped"]
            assert len(hub) == 0
            hub.close()

    asyncio.run(scenario())


def test_a_burst_drops_nobody_who_keeps_up(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await visited(one)
            hub = Following(one.service.store)
            told = await hub.follow("default", None)
            many = following.AT_ONCE + 100
            reader = asyncio.create_task(some(told, many))
            await asyncio.sleep(0)
            one.service.store.write(
                lambda db: db.execute(
                    "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)"
                    " INSERT INTO changes (site_id, session_id, part, what, at)"
                    " SELECT site_id, session_id, part, 'x' || i, 0 FROM n, (SELECT * FROM cards LIMIT 1)",
                    (many,),
                ),
                (),
            ).result()
            assert names(await reader) == [f"x{i}" for i in range(many)]
            hub.close()

    asyncio.run(scenario())


def test_who_may_no_longer_watch_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "ALLOWED_S", 0.0)
    revoked = False

    def allowed() -> None:
        if revoked:
            raise Refusal("key_unknown")

    async def scenario() -> None:
        nonlocal revoked
        async with Served(tmp_path) as one:
            await visited(one)
            hub = Following(one.service.store)
            told = await hub.follow("default", None, allowed)
            waiting = asyncio.create_task(some(told, 1))
            await asyncio.sleep(0)
            note(one.service.store, "a")
            assert names(await waiting) == ["a"]
            revoked = True
            note(one.service.store, "b")
            assert [event async for event in told] == [b'event: dropped\ndata: {"code":"key_unknown"}\n\n']
            assert len(hub) == 0
            hub.close()

    asyncio.run(scenario())


def test_who_hangs_up_before_the_first_word_keeps_no_place(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            hub = Following(one.service.store)
            told = await hub.follow("default", None)
            assert len(hub) == 1
            del told
            gc.collect()
            assert len(hub) == 0
            hub.close()

    asyncio.run(scenario())


def test_a_service_with_followers_stops_when_it_is_told(tmp_path: Path) -> None:
    keys = make_keys(tmp_path)
    with (
        Process(tmp_path) as process,
        socket.create_connection(("127.0.0.1", process.port), timeout=20) as connection,
    ):
        ask = f"GET /v1/live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {keys.read}\r\n\r\n"
        connection.sendall(ask.encode())
        lines = connection.makefile("rb")
        while b": watching" not in lines.readline():
            pass
        whole = Batch("p", 0, [event for batch in COUPON for event in batch.events])
        assert process.post(request(keys.write, whole)).status == 200
        line = b""
        while not line.startswith(b"data: "):
            line = lines.readline()
        told: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
        assert told["session_id"] == "s"
        begun = time.monotonic()
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        assert time.monotonic() - begun < 15, "nobody waits for what has no end"
