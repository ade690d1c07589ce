"""What strangers are told, and what is logged of them, whatever fails behind the front."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import NoReturn

import pytest

from data_contracts.batches import Batch
from data_contracts.errors import WatchworthyError
from service import app
from service.live.refusals import refusal_of
from tests.service.live_process import PROGRAM, Process, make_keys
from tests.service.live_store import Served, code_of

PLACE = "/srv/shop/keys.db"
BROKEN = "from service.live.reception import Reception; Reception.warm = lambda self: 1 / 0; "


def test_the_store_may_refuse_anywhere_and_never_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> NoReturn:
        raise WatchworthyError("disk_full", "The disk is full.", PLACE)

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            monkeypatch.setattr(one.service.store, "check_room", fail)
            monkeypatch.setattr(one.service.admission, "holder", fail)
            monkeypatch.setattr(one.service.store, "healthy", fail)
            for answer in (
                await one.send(Batch("p", 0, [])),
                await one.session(),
                await one.client.get("/readyz"),
            ):
                assert (answer.status_code, code_of(answer)) == (503, "disk_full")
                assert PLACE not in answer.text
                assert answer.headers["retry-after"]

    asyncio.run(scenario())


def test_where_a_batch_is_wrong_is_told() -> None:
    wrong = refusal_of(WatchworthyError("input_too_deep", "Too deep.", "event 3"))
    assert "event 3" in wrong.message


def test_a_path_is_logged_only_so_far(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            with caplog.at_level(logging.INFO, "watchworthy.http"):
                answer = await one.client.request("B" * 5_000, "/" + "a" * 60_000)
            assert code_of(answer) == "not_found"

    asyncio.run(scenario())
    (record,) = (record for record in caplog.records if record.getMessage() == "answered")
    assert 100 < len(record.path) <= 200  # type: ignore[attr-defined]
    assert len(record.method) <= 20  # type: ignore[attr-defined]


def test_a_slash_too_many_is_another_name_and_no_redirect(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            for path in ("/healthz/", "/v1/batches/", "/metrics/"):
                answer = await one.client.get(path, headers={"host": "elsewhere.example"})
                assert code_of(answer) == "not_found"
                assert "location" not in answer.headers

    asyncio.run(scenario())


def test_keys_that_cannot_be_read_for_a_while_stop_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "TICK_S", 0.01)

    async def scenario() -> None:
        async with Served(tmp_path) as one:
            known = one.service.keys.refresh
            failing = True

            def refresh() -> None:
                nonlocal read
                if failing:
                    raise WatchworthyError("busy", "Another process holds the database.")
                known()
                read += 1

            read = 0
            monkeypatch.setattr(one.service.keys, "refresh", refresh)
            watching = asyncio.create_task(one.service.watch())
            await asyncio.sleep(0.2)
            failing = False
            while not read:
                await asyncio.sleep(0.01)
            watching.cancel()
            assert (await one.send(Batch("p", 0, []))).status_code == 200

    asyncio.run(scenario())
    assert len([record for record in caplog.records if "keys cannot be read" in record.getMessage()]) == 1


def test_a_service_that_cannot_become_warm_ends(tmp_path: Path) -> None:
    make_keys(tmp_path)
    with Process(tmp_path, (PROGRAM[0], BROKEN + PROGRAM[1])) as process:
        assert process.port == 0
        assert process.wait() == 1
        assert "ZeroDivisionError" in process.said
