"""One transaction for all who wait; each hears of its own failure only, and of nothing before it is durable."""

import asyncio
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from data_contracts.errors import WatchworthyError
from pipelines.store import Store, Stored, faults
from tests.pipelines.store.making import SESSION, SITE, make_unit


class Held:
    """Holds the writer up until it is let go."""

    def __init__(self, store: Store) -> None:
        self._go = threading.Event()
        began = threading.Event()

        def wait(db: sqlite3.Connection) -> None:
            began.set()
            self._go.wait(20)

        self.future = store.write(wait, ())
        began.wait(20)

    def go(self) -> None:
        self._go.set()
        self.future.result()


def test_all_units_that_wait_share_one_commit(store: Store) -> None:
    held = Held(store)
    futures = [store.submit(make_unit(0, session=f"s{i}")) for i in range(50)]
    assert store.stats().waiting == 50
    commits = store.stats().commits
    held.go()
    assert [future.result().log_number for future in futures] == [1] * 50
    assert store.stats().commits == commits + 2
    assert store.stats().largest_group == 50


def test_a_group_has_a_largest_size(opened: Callable[..., Store]) -> None:
    store = opened(group_units=20)
    held = Held(store)
    futures = [store.submit(make_unit(i)) for i in range(50)]
    held.go()
    assert [future.result().log_number for future in futures] == list(range(1, 51))
    assert store.stats().largest_group == 20


def test_a_unit_that_fails_alone_takes_nobody_with_it(store: Store) -> None:
    def broken(log_number: int) -> bytes:
        raise ZeroDivisionError

    held = Held(store)
    before = store.submit(make_unit(0))
    failing = store.submit(make_unit(1, answer=broken))
    refused = store.submit(make_unit(500))
    after = store.submit(make_unit(2))
    held.go()
    assert (before.result().log_number, after.result().log_number) == (1, 2)
    with pytest.raises(ZeroDivisionError):
        failing.result()
    with pytest.raises(WatchworthyError, match="seq_too_far"):
        refused.result()
    assert [batch.seq for _, batch in store.batches(SITE, SESSION)] == [0, 2]


def test_a_commit_that_fails_fails_all_and_stores_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(store)
    futures = [store.submit(make_unit(i)) for i in range(3)]
    monkeypatch.setattr(faults, "_reached", faults.Counter())
    monkeypatch.setenv(
        "WATCHWORTHY_FAULT", "before_commit:2:raise"
    )  # the first is that of the job that is held
    held.go()
    for future in futures:
        with pytest.raises(faults.Fault):
            future.result()
    monkeypatch.delenv("WATCHWORTHY_FAULT")
    assert store.session(SITE, SESSION) is None
    assert store.stats().failed_commits == 1
    assert store.submit(make_unit(0)).result().log_number == 1


def test_a_failing_database_within_a_group_fails_the_group(store: Store) -> None:
    def broken(db: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    held = Held(store)
    first, second = store.submit(make_unit(0)), store.write(broken)
    held.go()
    for future in (first, second):
        with pytest.raises(WatchworthyError, match="store_failed"):
            future.result()
    assert store.session(SITE, SESSION) is None


def test_nobody_hears_of_a_unit_before_it_can_be_read(store: Store) -> None:
    seen: list[bool] = []
    future: Future[Any] = store.submit(make_unit(0))
    future.add_done_callback(lambda done: seen.append(store.known(SITE, SESSION, "a", 0) is not None))
    future.result()
    store.healthy()  # the callback ran in the writer's thread, before this one's turn
    assert seen == [True]


def test_too_many_bytes_in_the_queue_are_busy(opened: Callable[..., Store]) -> None:
    store = opened(queue_bytes=10_000, queue_ms=60_000)
    held = Held(store)
    first = make_unit(0)
    fit = (10_000 - store.stats().waiting_bytes) // first.size
    waiting = [store.submit(make_unit(i)) for i in range(fit)]
    with pytest.raises(WatchworthyError, match="busy"):
        store.submit(make_unit(fit))
    assert 10_000 - first.size < store.stats().waiting_bytes <= 10_000
    assert store.stats().refusals == {"busy": 1}
    with pytest.raises(WatchworthyError, match="busy"):
        store.check_room(5_000)
    held.go()
    for future in waiting:
        future.result()
    store.check_room(5_000)
    store.submit(make_unit(19)).result()


def test_a_queue_that_does_not_move_is_busy(opened: Callable[..., Store]) -> None:
    store = opened(queue_ms=20)
    held = Held(store)
    time.sleep(0.03)
    with pytest.raises(WatchworthyError, match="busy"):
        store.submit(make_unit(0))
    assert store.healthy().code == "busy"
    held.go()
    store.submit(make_unit(0)).result()


def test_one_unit_larger_than_the_queue_may_pass_alone(opened: Callable[..., Store]) -> None:
    store = opened(queue_bytes=10)
    assert store.submit(make_unit(0)).result().log_number == 1


def test_an_event_loop_is_woken_once_a_commit(store: Store) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        woken = []
        call = loop.call_soon_threadsafe

        def count(callback: Callable[..., object], *args: object, **named: object) -> asyncio.Handle:
            woken.append(callback)
            return call(callback, *args, **named)

        loop.call_soon_threadsafe = count  # type: ignore[method-assign]
        held = Held(store)
        futures = [store.submit_async(make_unit(i)) for i in range(20)]
        refused = store.submit_async(make_unit(900))
        held.go()
        assert [(await future).log_number for future in futures] == list(range(1, 21))
        with pytest.raises(WatchworthyError, match="seq_too_far"):
            await refused
        assert len(woken) == 1

    asyncio.run(scenario())


def test_who_waits_in_an_event_loop_may_be_told_directly(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        here = threading.current_thread()
        told: list[tuple[object, str]] = []
        all_told = asyncio.Event()

        def note(stored: Stored | None, problem: BaseException | None) -> None:
            assert threading.current_thread() is here
            told.append((stored and stored.log_number, getattr(problem, "code", "")))
            if len(told) == 4:
                all_told.set()

        def fail(stored: Stored | None, problem: BaseException | None) -> None:
            note(stored, problem)
            raise ZeroDivisionError

        def give_up(stored: Stored | None, problem: BaseException | None) -> None:
            note(stored, problem)
            raise asyncio.CancelledError

        held = Held(store)
        for seq, then in ((0, note), (1, fail), (900, give_up)):
            store.submit_then(make_unit(seq), loop, then)
        future = store.submit_async(make_unit(2))
        store.submit_then(make_unit(3), loop, note)
        assert not told
        held.go()
        assert (await future).log_number == 3
        await all_told.wait()
        assert told == [(1, ""), (2, ""), (None, "seq_too_far"), (4, "")]

    asyncio.run(scenario())
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [
        ZeroDivisionError,
        asyncio.CancelledError,
    ]
    assert store.refusals == {"seq_too_far": 1}


def test_a_commit_that_fails_tells_so_directly(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        told: asyncio.Queue[tuple[Stored | None, BaseException | None]] = asyncio.Queue()
        held = Held(store)
        for seq in range(2):
            store.submit_then(make_unit(seq), asyncio.get_running_loop(), lambda *what: told.put_nowait(what))
        monkeypatch.setenv(faults.VARIABLE, "before_commit:2:raise")
        faults._reached.clear()
        held.go()
        for _ in range(2):
            stored, problem = await told.get()
            assert stored is None
            assert isinstance(problem, faults.Fault)

    asyncio.run(scenario())
    assert list(store.batches(SITE, SESSION)) == []


def test_a_caller_that_is_refused_at_once_is_not_told_again(opened: Callable[..., Store]) -> None:
    store = opened(queue_bytes=10_000)

    async def scenario() -> None:
        held = Held(store)
        fit = (10_000 - store.stats().waiting_bytes) // make_unit(0).size
        futures = [store.submit_async(make_unit(i)) for i in range(fit)]
        told: list[object] = []
        with pytest.raises(WatchworthyError, match="busy"):
            store.submit_then(make_unit(fit), asyncio.get_running_loop(), lambda *what: told.append(what))
        held.go()
        await asyncio.gather(*futures)
        await store.submit_async(make_unit(fit))
        assert not told

    asyncio.run(scenario())
    assert store.refusals == {"busy": 1}


def test_an_event_loop_that_closed_keeps_no_other_from_being_told(store: Store) -> None:
    gone = asyncio.new_event_loop()
    held = Held(store)
    store.submit_then(make_unit(0), gone, lambda *what: pytest.fail("nobody waits there any more"))
    waits = store.submit(make_unit(1))
    gone.close()

    async def scenario() -> None:
        future = store.submit_async(make_unit(2))
        held.go()
        assert (await future).log_number == 3

    asyncio.run(scenario())
    assert waits.result().log_number == 2


def test_a_unit_given_up_before_its_turn_is_not_stored(store: Store) -> None:
    held = Held(store)
    future = store.submit(make_unit(0))
    assert future.cancel()
    held.go()
    assert store.submit(make_unit(1)).result().log_number == 1


def test_closing_stores_what_waits_and_takes_no_more(opened: Callable[..., Store]) -> None:
    store = opened()
    futures = [store.submit(make_unit(i)) for i in range(30)]
    store.close()
    assert [future.result().log_number for future in futures] == list(range(1, 31))
    with pytest.raises(WatchworthyError, match="store_closed"):
        store.submit(make_unit(30))
    with pytest.raises(WatchworthyError, match="store_closed"):
        store.session(SITE, SESSION)
    assert store.healthy().code == "store_closed"


def test_threads_that_send_at_once_get_log_numbers_without_gaps(store: Store) -> None:
    got: list[int] = []

    def send(stream: str) -> None:
        got.extend(store.submit(make_unit(i, stream=stream)).result().log_number for i in range(25))

    threads = [threading.Thread(target=send, args=(f"t{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, 101))
    assert [n for n, _ in store.batches(SITE, SESSION)] == list(range(1, 101))


def test_a_writer_that_waits_holds_no_body(store: Store) -> None:
    body = b"[" + b" " * 100_000 + b"]"
    held = sys.getrefcount(body)
    store.submit(make_unit(0, body=body)).result()
    until = time.monotonic() + 10
    while sys.getrefcount(body) > held and time.monotonic() < until:
        time.sleep(0.01)
    assert sys.getrefcount(body) == held
