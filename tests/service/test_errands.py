"""Errands go on with what they are told, end with what goes wrong, and can be given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from types import coroutine
from typing import Any

import pytest

from data_contracts.errors import WatchworthyError
from pipelines.store.limits import StoreLimits
from pipelines.store.store import Store
from service.live.errands import Errand, durable
from tests.pipelines.store.making import make_unit

Then = Callable[[Any, BaseException | None], None]


@coroutine
def told(begin: Callable[[Then], None]) -> Any:
    return (yield partial(begin))


def run(
    work: Callable[[list[Any]], Coroutine[Any, Any, None]], *steps: Callable[[Errand], object]
) -> list[Any]:
    """What an errand has noted once all is done; steps are taken one turn of the loop after another."""
    noted: list[Any] = []

    async def main() -> None:
        under_way: set[Any] = set()
        errand = Errand(work(noted), asyncio.get_running_loop(), under_way)
        for step in steps:
            await asyncio.sleep(0)
            step(errand)
        while under_way:
            await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(main(), 30))
    return noted


def test_it_goes_on_with_what_it_is_told() -> None:
    async def work(noted: list[Any]) -> None:
        assert asyncio.current_task() is not None or noted == []  # it begins within its caller's turn
        noted.append(await told(lambda then: then(1, None)))
        loop = asyncio.get_running_loop()
        noted.append(await told(lambda then: loop.call_soon(then, 2, None)))
        future = loop.create_future()
        loop.call_soon(future.set_result, 3)
        noted.append(await future)
        assert asyncio.current_task() is None
        await asyncio.sleep(0)
        noted.append(4)

    assert run(work) == [1, 2, 3, 4]


def test_what_goes_wrong_is_raised_where_it_waits() -> None:
    def refuse(then: Then) -> None:
        raise KeyError("at once")

    async def work(noted: list[Any]) -> None:
        for begin in (refuse, lambda then: then(None, KeyError("later"))):
            try:
                await told(begin)
            except KeyError as error:
                noted.append(error.args[0])

    assert run(work) == ["at once", "later"]


def test_given_up_it_ends_and_hears_nothing_more() -> None:
    waiting: list[Then] = []

    async def work(noted: list[Any]) -> None:
        try:
            await told(waiting.append)
        finally:
            noted.append("ended")

    assert run(work, Errand.cancel, lambda _: None, lambda _: waiting[0](1, None)) == ["ended"]

    async def other(noted: list[Any]) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            noted.append("ended")

    assert run(other, Errand.cancel) == ["ended"]


@pytest.mark.parametrize("as_task", [False, True])
def test_an_errand_and_a_task_are_told_the_same_of_a_unit(tmp_path: Path, as_task: bool) -> None:
    with Store.open(tmp_path, StoreLimits(disk_free_bytes=0)) as store:

        async def work(noted: list[Any]) -> None:
            noted.append((await durable(store, make_unit(0))).log_number)
            for one in (make_unit(0, body=b"[7]"), make_unit(900)):
                with pytest.raises(WatchworthyError) as refused:
                    await durable(store, one)
                noted.append(refused.value.code)
            noted.append((await durable(store, make_unit(0))).repeated)

        if as_task:
            noted: list[Any] = []
            asyncio.run(work(noted))
        else:
            noted = run(work)
        assert noted == [1, "seq_conflict", "seq_too_far", True]
