"""How long what is sent is remembered: not when it is erased, not for ever, and not without bound."""

from __future__ import annotations

import sqlite3

import pytest

from pipelines.store import posting
from pipelines.store.store import Store
from tests.pipelines.store.making import SITE
from tests.service.sending.receiver import Receiver, Say
from tests.service.sending.sender import QUICK, flag, log, send, sent_until, states, webhook


def take(db: sqlite3.Connection, now_ms: int, room: int) -> None:
    """Note as sent what is due, as much as each webhook has room for."""
    posting.spread(db, now_ms)
    for claimed in posting.claim(db, "a", now_ms, 10, {}, room, 5):
        posting.note(db, claimed, posting.Outcome("sent", now_ms, 1, 200))


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
        sent_until(store, lambda: len(log(store, one)) == 3, QUICK._replace(delays_s=(3_600.0,)))
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
        take(db, 1_000, 3)
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
        take(db, 1, 9)
        posting.tidy(db, 2)

    store.write(work, ()).result()
    assert [line.id for line in log(store, one)] == [5, 6, 7, 8, 9]
