"""What is in the outbox arrives, signed and under one id, whatever receivers, networks and kills make of it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from pipelines.store import posting
from pipelines.store.faults import VARIABLE
from pipelines.store.store import Store
from pipelines.store.units import Outgoing
from service.sending import dispatcher
from service.sending.dispatcher import PLACES, SENT
from service.sending.endpoints import Endpoints
from tests.pipelines.store.making import SITE
from tests.service.live_store import SAMPLES
from tests.service.sending.receiver import Came, Receiver, Say
from tests.service.sending.sender import QUICK, Sender, flag, log, opened, send, states, until, webhook

ROOT = SAMPLES.parent
DAMAGED = (b"", b"{", b"[]", b"{}", b'{"data": 5}', b"\xff")


@contextmanager
def sending(folder: Path, lease_s: float, fault: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A process that sends, killed in the end."""
    command = [sys.executable, "-m", "tests.service.sending.sender", str(folder), str(lease_s)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {VARIABLE: fault})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(what: Callable[[], bool]) -> None:
    asyncio.run(until(what))


def test_a_message_is_tried_again_under_one_id_until_it_is_taken(store: Store) -> None:
    answers = [Say(503), Say(500), Say(204)]
    with Receiver(lambda number, came: answers[number]) as receiver:
        one, theirs = webhook(store, receiver.url)
        deaf, _ = webhook(store, receiver.url + "/deaf", topics=["alert.fired"])
        message = flag(headline="Clicks that nothing answered")
        send(store, 0, message)

        async def scenario() -> None:
            async with Sender(store) as sender:
                await until(lambda: states(store, one) == ["sent"])
                await until(lambda: sender.counted("sent") == 1)
                assert (sender.counted("failed"), sender.counted("dead")) == (2, 0)

        asyncio.run(scenario())
    assert receiver.ids == [message.id] * 3
    for came in receiver.came:
        told = came.verified(theirs.secret)
        assert told["type"] == "flag.raised"
        assert told["data"]["headline"] == "Clicks that nothing answered"
        with pytest.raises(WebhookVerificationError):
            came._replace(body=came.body.replace(b"Clicks", b"Tricks")).verified(theirs.secret)
    lines = log(store, one)
    assert [(line.attempt, line.status, line.message) for line in lines] == [
        (1, 503, message.id),
        (2, 500, message.id),
        (3, 204, message.id),
    ]
    assert [bool(line.error) for line in lines] == [True, True, False]
    assert states(store, deaf) == []


def test_what_nobody_takes_is_given_up_and_sent_again_when_asked(store: Store) -> None:
    well = threading.Event()
    with Receiver(lambda number, came: Say(200 if well.is_set() else 500)) as receiver:
        one, _ = webhook(store, receiver.url)
        messages = [flag() for _ in range(3)]
        send(store, 0, *messages)
        calls = Endpoints(store)

        async def scenario() -> None:
            async with Sender(store) as sender:
                await until(lambda: states(store, one) == ["dead"] * 3)
                assert len(receiver.came) == 3 * QUICK.attempts
                await until(lambda: sender.counted("dead") == 3)
                well.set()
                assert calls.replay(one, messages[1].id)
                await until(lambda: states(store, one) == ["dead", "sent", "dead"])
                assert calls.replay_dead(one) == 2
                await until(lambda: states(store, one) == ["sent"] * 3)
                assert calls.replay(one, messages[1].id), "what was taken may be sent once more, too"
                await until(lambda: receiver.ids[3 * QUICK.attempts :].count(messages[1].id) == 2)
                assert not calls.replay(one, "msg_of_nobody")

        asyncio.run(scenario())


def test_a_message_from_before_a_webhook_can_be_replayed_to_it_but_not_to_another_site(store: Store) -> None:
    with Receiver() as receiver:
        message = flag()
        send(store, 0, message)
        store.write(lambda db: posting.spread(db, 1), ()).result()
        one, _ = webhook(store, receiver.url)
        stranger, _ = Endpoints(store).create("elsewhere", receiver.url, ["flag.raised"], None, True)
        assert Endpoints(store).replay(one, message.id)
        assert not Endpoints(store).replay(stranger, message.id)
        assert states(store, stranger) == []


def test_a_receiver_is_left_alone_for_as_long_as_it_asks(store: Store) -> None:
    with Receiver(lambda number, came: Say(429, {"retry-after": "3600"})) as receiver:
        one, _ = webhook(store, receiver.url)
        send(store, 0, flag())
        begun_ms = time.time() * 1_000

        async def scenario() -> None:
            async with Sender(store):
                await until(lambda: len(log(store, one)) == 1)

        asyncio.run(scenario())
    (due,) = store.read(lambda db: db.execute("SELECT due_at FROM postings").fetchone())
    assert begun_ms + 3_599_000 < due < begun_ms + 3_700_000


def test_a_redirect_is_no_success_and_is_not_followed(store: Store) -> None:
    with Receiver() as inner:
        with Receiver(lambda number, came: Say(307, {"location": inner.url})) as receiver:
            one, _ = webhook(store, receiver.url)
            send(store, 0, flag())

            async def scenario() -> None:
                async with Sender(store):
                    await until(lambda: states(store, one) == ["dead"])

            asyncio.run(scenario())
        assert len(receiver.came) == QUICK.attempts
        assert inner.came == []


def test_an_address_that_became_private_is_not_connected_to(store: Store) -> None:
    """The name is harmless when the webhook is made, and when it is first looked up; then it is turned inwards."""
    asked: list[str] = []
    with Receiver() as receiver:

        async def turned(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"]

        one, _ = webhook(store, f"https://hooks.example:{receiver.port}/", private=False)
        send(store, 0, flag())

        async def scenario() -> None:
            async with Sender(store, resolve=turned):
                await until(lambda: states(store, one) == ["dead"])

        asyncio.run(scenario())
        assert receiver.came == []
    assert asked == ["hooks.example"] * QUICK.attempts
    assert all("address_refused" in line.error and "127.0.0.1" in line.error for line in log(store, one))


def test_the_address_that_was_judged_is_the_one_connected_to_under_the_name_that_it_has(store: Store) -> None:
    """Nothing looks up the name again: it is known to the test's resolver only, and that is asked once."""
    asked: list[str] = []
    with Receiver() as receiver:

        async def known(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"]

        one, _ = webhook(store, f"http://hooks.invalid:{receiver.port}/a?b=c")
        send(store, 0, flag())

        async def scenario() -> None:
            async with Sender(store, resolve=known):
                await until(lambda: states(store, one) == ["sent"])

        asyncio.run(scenario())
    assert asked == ["hooks.invalid"]
    assert receiver.came[0].headers["host"] == f"hooks.invalid:{receiver.port}"
    assert receiver.came[0].path == "/a?b=c"


def test_the_next_address_of_a_name_is_asked_where_the_first_is_dead(store: Store) -> None:
    with Receiver() as receiver:

        async def two(host: str, port: int) -> list[str]:
            return ["127.0.0.2", "127.0.0.1"]  # nothing listens at the first

        one, _ = webhook(store, f"http://hooks.invalid:{receiver.port}/")
        send(store, 0, flag())

        async def scenario() -> None:
            async with Sender(store, resolve=two):
                await until(lambda: states(store, one) == ["sent"])

        asyncio.run(scenario())
    assert [line.attempt for line in log(store, one)] == [1]


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

        async def scenario() -> None:
            async with Sender(store):
                await until(lambda: states(store, one) == ["sent"])

        asyncio.run(scenario())
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


def test_what_is_under_way_when_the_service_stops_is_noted(store: Store) -> None:
    stopping = threading.Event()

    def hold(number: int, came: Came) -> Say:
        assert stopping.wait(20)
        return Say()

    with Receiver(hold) as receiver:
        one, _ = webhook(store, receiver.url)
        send(store, 0, flag())

        async def scenario() -> None:
            async with Sender(store):
                await until(lambda: len(receiver.came) == 1)
                asyncio.get_running_loop().call_later(0.05, stopping.set)
            assert states(store, one) == ["sent"]

        asyncio.run(scenario())
    assert len(log(store, one)) == 1


def test_a_damaged_message_is_given_up_and_those_behind_it_arrive(store: Store) -> None:
    with Receiver() as receiver:
        one, _ = webhook(store, receiver.url, fields={"worth": "{worth}"})
        send(
            store, 0, *(Outgoing(f"broken{i}", "flag.raised", body) for i, body in enumerate(DAMAGED)), flag()
        )

        async def scenario() -> None:
            async with Sender(store):
                await until(lambda: states(store, one) == ["dead"] * len(DAMAGED) + ["sent"])

        asyncio.run(scenario())
    assert len(receiver.came) == 1
    assert len(log(store, one)) == len(DAMAGED) * QUICK.attempts + 1


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


def test_two_dispatchers_never_send_the_same_message_at_once(store: Store, tmp_path: Path) -> None:
    many = 60
    with Receiver() as receiver, opened(tmp_path / "data") as other:
        one, _ = webhook(store, receiver.url)
        send(store, 0, *(flag() for _ in range(many)))

        async def scenario() -> None:
            async with Sender(store) as first, Sender(other) as second:
                await until(lambda: states(store, one) == ["sent"] * many)
                await until(lambda: first.counted("sent") + second.counted("sent") == many)
                assert first.counted("sent")
                assert second.counted("sent")

        asyncio.run(scenario())
    assert len(receiver.ids) == len(set(receiver.ids)) == many


def test_a_kill_between_sending_and_noting_sends_the_same_message_again(store: Store, tmp_path: Path) -> None:
    lease_s = 1.0
    with Receiver() as receiver:
        one, theirs = webhook(store, receiver.url)
        messages = [flag() for _ in range(PLACES + 2)]
        send(store, 0, *messages)

        with sending(tmp_path / "data", lease_s, f"{SENT}:2") as process:
            assert process.wait(30) == -signal.SIGKILL
        taken = set(receiver.ids)
        assert taken
        assert "waiting" in states(store, one), "what was sent was not noted"
        with sending(tmp_path / "data", lease_s):
            wait_for(lambda: states(store, one) == ["sent"] * len(messages))
    assert states(store, one) == ["sent"] * len(messages)
    assert set(receiver.ids) == {message.id for message in messages}, "none is lost"
    again = {message for message in taken if receiver.ids.count(message) > 1}
    assert again, "the one that was not noted came a second time, under the same id"
    assert all(came.verified(theirs.secret) for came in receiver.came)


def test_kills_at_any_moment_lose_nothing(store: Store, tmp_path: Path) -> None:
    chance, many = random.Random(7), 80
    with Receiver(lambda number, came: Say(503 if number % 5 == 0 else 200)) as receiver:
        one, theirs = webhook(store, receiver.url)
        messages = [flag() for _ in range(many)]
        for turn in range(4):
            send(store, turn, *messages[turn * 20 : turn * 20 + 20])
            begun = len(receiver.came)
            with sending(tmp_path / "data", lease_s=0.5) as process:
                wait_for(lambda begun=begun: len(receiver.came) > begun + chance.randint(1, 25))  # type: ignore[misc]
                process.send_signal(signal.SIGKILL)
                assert process.wait() == -signal.SIGKILL
        with sending(tmp_path / "data", lease_s=0.5):
            wait_for(lambda: states(store, one) == ["sent"] * many)
    assert set(receiver.ids) == {message.id for message in messages}
    assert all(came.verified(theirs.secret) for came in receiver.came)


def test_one_that_kills_its_process_each_time_is_given_up(store: Store) -> None:
    one, _ = webhook(store, "http://127.0.0.1:9/")
    send(store, 0, flag())
    for turn in range(QUICK.attempts + 1):
        now_ms = time.time_ns() // 1_000_000 + turn * 10

        def begin(now_ms: int = now_ms) -> int:
            def work(db):  # type: ignore[no-untyped-def]
                posting.spread(db, now_ms)
                return posting.claim(db, str(now_ms), now_ms, 1, {}, PLACES, QUICK.attempts)

            return len(store.write(work, ()).result())

        assert begin() == (turn < QUICK.attempts)
    assert states(store, one) == ["dead"]


def test_a_lease_that_ended_notes_nothing(store: Store) -> None:
    one, _ = webhook(store, "http://127.0.0.1:9/")
    send(store, 0, flag())

    def work(db):  # type: ignore[no-untyped-def]
        posting.spread(db, 1)
        (late,) = posting.claim(db, "late", 1, 10, {}, PLACES, 5)
        assert posting.claim(db, "early", 10, 10, {}, PLACES, 5) == []
        (now,) = posting.claim(db, "now", 11, 10, {}, PLACES, 5)
        assert not posting.note(db, late, posting.Outcome("sent", 12, 1, 200))
        assert posting.note(db, now, posting.Outcome("sent", 12, 1, 200))
        return now.attempt

    assert store.write(work, ()).result() == 2
    assert [line.attempt for line in log(store, one)] == [2]


def test_what_is_erased_is_not_sent_nor_remembered(store: Store) -> None:
    with Receiver(lambda number, came: Say(500)) as receiver:
        one, _ = webhook(store, receiver.url)
        send(store, 0, flag("s"))
        send(store, 0, flag("t"), session="t")
        late = flag("s")

        def add(db: sqlite3.Connection) -> None:
            posting.post_of(db, SITE, "s", [late, late])
            posting.post_of(db, SITE, "nobody", [flag("nobody")])

        store.write(add, ()).result()

        async def scenario() -> None:
            async with Sender(store, QUICK._replace(delays_s=(3_600.0,))):
                await until(lambda: len(log(store, one)) == 3)

        asyncio.run(scenario())
        assert store.erase(SITE, "s")
    assert states(store, one) == ["waiting"]
    assert len(log(store, one)) == 1
    for table, rows in (("outbox", 1), ("deliveries", 1)):
        assert store.read(lambda db, table=table: db.execute(f"SELECT count(*) FROM {table}").fetchone()) == (
            rows,
        )


def test_what_is_old_goes_and_what_waits_stays(store: Store) -> None:
    one, _ = webhook(store, "http://127.0.0.1:9/")
    send(store, 0, *(flag() for _ in range(4)))

    def work(db):  # type: ignore[no-untyped-def]
        posting.spread(db, 1_000)
        for claimed in posting.claim(db, "a", 1_000, 10, {}, 3, 5):
            posting.note(db, claimed, posting.Outcome("sent", 1_000, 1, 200))
        db.execute("UPDATE alert_cursor SET outbox_id = 3")
        assert not posting.tidy(db, 1_000 + posting.KEPT_MS)
        before = db.execute("SELECT count(*) FROM outbox").fetchone()
        posting.tidy(db, 1_001 + posting.KEPT_MS)
        return before, db.execute("SELECT count(*) FROM outbox").fetchone()

    assert store.write(work, ()).result() == ((4,), (1,))
    assert states(store, one) == ["waiting"]
    assert log(store, one) == []


def test_the_log_of_a_webhook_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "KEPT_ATTEMPTS", 5)
    one, _ = webhook(store, "http://127.0.0.1:9/")
    send(store, 0, *(flag() for _ in range(9)))

    def work(db):  # type: ignore[no-untyped-def]
        posting.spread(db, 1)
        for claimed in posting.claim(db, "a", 1, 10, {}, 9, 5):
            posting.note(db, claimed, posting.Outcome("sent", 1, 1, 200))
        posting.tidy(db, 2)

    store.write(work, ()).result()
    assert [line.id for line in log(store, one)] == [5, 6, 7, 8, 9]


def test_a_store_that_cannot_write_is_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spread, failures = posting.spread, [OSError("no"), OSError("no"), OSError("no")]

    def fail(db, now_ms):  # type: ignore[no-untyped-def]
        if failures:
            raise failures.pop()
        return spread(db, now_ms)

    monkeypatch.setattr(dispatcher.posting, "spread", fail)
    with Receiver() as receiver:
        one, _ = webhook(store, receiver.url)
        send(store, 0, flag())

        async def scenario() -> None:
            async with Sender(store):
                await until(lambda: states(store, one) == ["sent"])

        asyncio.run(scenario())
    assert len([record for record in caplog.records if "nothing is sent" in record.message]) == 1
