"""What is in the outbox arrives, signed and under one id, and what nobody takes is given up until it is asked for."""

from __future__ import annotations

import asyncio
import threading

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from pipelines.store import posting
from pipelines.store.store import Store
from pipelines.store.units import Outgoing
from service.sending import dispatcher
from service.sending.endpoints import Endpoints
from tests.service.sending.receiver import Came, Receiver, Say
from tests.service.sending.sender import QUICK, Sender, flag, log, send, sent_until, states, until, webhook

DAMAGED = (b"", b"{", b"[]", b"{}", b'{"data": 5}', b"\xff")


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
        sent_until(store, lambda: states(store, one) == ["dead"] * len(DAMAGED) + ["sent"])
    assert len(receiver.came) == 1
    assert len(log(store, one)) == len(DAMAGED) * QUICK.attempts + 1


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
        sent_until(store, lambda: states(store, one) == ["sent"])
    assert len([record for record in caplog.records if "nothing is sent" in record.message]) == 1
