"""Which address of a name is connected to: one that was judged, and no other."""

from __future__ import annotations

from pipelines.store.store import Store
from tests.service.sending.receiver import Receiver
from tests.service.sending.sender import QUICK, flag, log, send, sent_until, states, webhook


def test_an_address_that_became_private_is_not_connected_to(store: Store) -> None:
    """The name is harmless when the webhook is made, and when it is first looked up; then it is turned inwards."""
    asked: list[str] = []
    with Receiver() as receiver:

        async def turned(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"]

        one, _ = webhook(store, f"https://hooks.example:{receiver.port}/", private=False)
        send(store, 0, flag())
        sent_until(store, lambda: states(store, one) == ["dead"], resolve=turned)
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
        sent_until(store, lambda: states(store, one) == ["sent"], resolve=known)
    assert asked == ["hooks.invalid"]
    assert receiver.came[0].headers["host"] == f"hooks.invalid:{receiver.port}"
    assert receiver.came[0].path == "/a?b=c"


def test_the_next_address_of_a_name_is_asked_where_the_first_is_dead(store: Store) -> None:
    with Receiver() as receiver:

        async def two(host: str, port: int) -> list[str]:
            return ["127.0.0.2", "127.0.0.1"]  # nothing listens at the first

        one, _ = webhook(store, f"http://hooks.invalid:{receiver.port}/")
        send(store, 0, flag())
        sent_until(store, lambda: states(store, one) == ["sent"], resolve=two)
    assert [line.attempt for line in log(store, one)] == [1]
