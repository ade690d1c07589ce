"""Killed at any moment, or one of two, a dispatcher loses no message and sends none twice that was noted."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.store import posting
from pipelines.store.faults import VARIABLE
from pipelines.store.store import Store
from service.sending.dispatcher import PLACES, SENT
from tests.service.live_store import SAMPLES
from tests.service.sending.receiver import Receiver, Say
from tests.service.sending.sender import QUICK, Sender, flag, log, opened, send, states, until, webhook

ROOT = SAMPLES.parent


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
