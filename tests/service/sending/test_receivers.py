"""Whatever a receiver answers, or does not: nobody else waits for it, and it is tried as it asks."""

from __future__ import annotations

import asyncio
import threading
import time

from pipelines.store import posting
from pipelines.store.store import Store
from service.sending.dispatcher import PLACES
from service.sending.endpoints import Endpoints
from tests.pipelines.store.making import SITE
from tests.service.sending.receiver import Came, Receiver, Say
from tests.service.sending.sender import QUICK, Sender, flag, log, send, sent_until, states, until, webhook


def test_a_receiver_is_left_alone_for_as_long_as_it_asks(store: Store) -> None:
    with Receiver(lambda number, came: Say(429, {"retry-after": "3600"})) as receiver:
        one, _ = webhook(store, receiver.url)
        send(store, 0, flag())
        begun_ms = time.time() * 1_000
        sent_until(store, lambda: len(log(store, one)) == 1)
    (due,) = store.read(lambda db: db.execute("SELECT due_at FROM postings").fetchone())
    assert begun_ms + 3_599_000 < due < begun_ms + 3_700_000


def test_a_redirect_is_no_success_and_is_not_followed(store: Store) -> None:
    with Receiver() as inner:
        with Receiver(lambda number, came: Say(307, {"location": inner.url})) as receiver:
            one, _ = webhook(store, receiver.url)
            send(store, 0, flag())
            sent_until(store, lambda: states(store, one) == ["dead"])
        assert len(receiver.came) == QUICK.attempts
        assert inner.came == []


def test_a_slow_receiver_holds_up_nobody_else(store: Store) -> None:
    many = 3 * PLACES
    done = threading.Event()

    def hold(number: int, came: Came) -> Say:
        assert done.wait(20)
        return Say()

    with Receiver(hold) as slow, Receiver() as quick:
        late, _ = webhook(store, slow.url)
        one, _ = webhook(store, quick.url)
        send(store, 0, *(flag() for _ in range(many)))

        async def scenario() -> None:
            async with Sender(store):
                await until(lambda: states(store, one) == ["sent"] * many)
                await until(lambda: len(slow.came) == PLACES)
                assert states(store, late) == ["waiting"] * many
                done.set()
                await until(lambda: states(store, late) == ["sent"] * many)

        try:
            asyncio.run(scenario())
        finally:
            done.set()
    assert sorted(slow.ids) == sorted(quick.ids)


def test_an_answer_without_end_is_read_only_so_far(store: Store) -> None:
    endless = 4_096  # blocks, 256 MiB
    with Receiver(lambda number, came: Say(200, blocks=endless)) as receiver:
        one, _ = webhook(store, receiver.url)
        send(store, 0, flag())
        sent_until(store, lambda: states(store, one) == ["sent"])
    assert receiver.written < endless / 2


def test_who_does_not_answer_is_given_up_at_the_deadline(store: Store) -> None:
    over = threading.Event()

    def hold(number: int, came: Came) -> Say:
        over.wait(20)
        return Say()

    with Receiver(hold) as receiver:
        one, _ = webhook(store, receiver.url)
        send(store, 0, flag())

        async def scenario() -> None:
            async with Sender(store, QUICK._replace(whole_s=0.2)):
                await until(lambda: len(log(store, one)) >= 2)
                over.set()

        asyncio.run(scenario())
    first = log(store, one)[0]
    assert (first.status, first.error) == (None, "There was no answer within 0.2 s.")


def test_who_answers_and_never_ends_has_taken_it(store: Store) -> None:
    over = threading.Event()
    with Receiver(lambda number, came: Say(200, {"content-length": "5"}, hold=over)) as receiver:
        one, _ = webhook(store, receiver.url)
        send(store, 0, flag())

        async def scenario() -> None:
            async with Sender(store, QUICK._replace(whole_s=0.5)):
                await until(lambda: states(store, one) == ["sent"])
                over.set()

        asyncio.run(scenario())
    assert len(receiver.came) == 1


def test_who_says_that_it_is_gone_is_left_alone_until_it_is_enabled(store: Store) -> None:
    with Receiver(lambda number, came: Say(200 if number else 410)) as receiver:
        one, _ = webhook(store, receiver.url)
        send(store, 0, flag())
        calls = Endpoints(store)

        async def scenario() -> None:
            async with Sender(store):
                await until(lambda: states(store, one) == ["dead"])
                found = calls.find(SITE, one.name)
                assert found is not None
                assert found.disabled_at is not None
                send(store, 1, flag())
                await until(lambda: store.read(lambda db: not posting.has_work(db, 0)))
                calls.enable(one)
                send(store, 2, flag())
                await until(lambda: states(store, one) == ["dead", "sent"])

        asyncio.run(scenario())
    assert len(receiver.came) == 2
