"""Alerts fire when their condition is met, once for each cause, whatever is restarted or killed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from data_contracts.errors import WatchworthyError
from data_contracts.messages import AlertFired, AlertFiredMessage, DecisionWritten, Message
from pipelines.store import alerting, faults, posting
from pipelines.store.store import Store
from pipelines.store.units import Outgoing
from service.sending.alerts import Alerts
from service.sending.messages import outgoing
from tests.pipelines.store.making import SITE
from tests.service.sending.receiver import Receiver
from tests.service.sending.sender import Sender, flag, opened, send, until, webhook

MINUTE = 60_000
NOW = 1_000 * MINUTE
FIRED = "SELECT body FROM outbox WHERE topic = 'alert.fired' ORDER BY id"
SPIKES = """
[[alerts]]
name = "spikes"
site = "site"
topic = "flag.raised"
by = "issue"
at_least = 3
within_minutes = 30
cooldown_minutes = 60
"""
SHARE = """
[[alerts]]
name = "robots"
site = "site"
topic = "decision.written"
where = { verdict = "automation" }
hit = { bot = { over = 0.9 } }
share_over = 0.5
from_at_least = 4
within_minutes = 30
"""
N_OF_M = """
[[alerts]]
name = "three-of-five"
site = "site"
topic = "flag.raised"
hit = { worth = { over = 0.4, under = 0.6 } }
at_least = 3
of_last = 5
within_minutes = 600
cooldown_minutes = 0
"""


class House:
    """A store, its alerts, and a clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.seq = 0

    def write(self, text: str) -> Alerts:
        (self.store.folder / "alerts.toml").write_text(text)
        return Alerts(self.store.folder)

    def send(self, *messages: Outgoing, session: str = "s") -> None:
        send(self.store, self.seq, *messages, session=session)
        self.seq += 1

    def step(self, alerts: Alerts, now: float) -> None:
        while self.store.read(lambda db: alerts.is_due(db, round(now))):
            self.store.write(lambda db: alerts.step(db, round(now)), ()).result()

    def fired(self) -> list[AlertFired]:
        rows = self.store.read(lambda db: db.execute(FIRED).fetchall())
        return [msgspec.json.decode(body, type=AlertFiredMessage).data for (body,) in rows]


@pytest.fixture
def house(store: Store) -> House:
    return House(store)


def flags(issue: str, *minutes: float, **facts: Any) -> list[Outgoing]:
    return [flag(issue=issue, at_ms=NOW + round(minute * MINUTE), **facts) for minute in minutes]


def decision(bot: float | None, verdict: Any = "automation") -> Outgoing:
    return outgoing(
        DecisionWritten(session_id="s", site=SITE, decision_id="d", bot=bot, verdict=verdict), NOW
    )


def test_a_count_is_of_one_value_within_its_window(house: House) -> None:
    alerts = house.write(SPIKES)
    house.send(*flags("a", 0, 1), *flags("b", 2), *flags("a", 31))
    house.step(alerts, NOW + 32 * MINUTE)
    assert house.fired() == [], "the first has left the window; at the end there are two within it"
    house.send(*flags("a", 32))
    house.step(alerts, NOW + 33 * MINUTE)
    assert house.fired() == []
    house.send(*flags("a", 33))
    house.step(alerts, NOW + 34 * MINUTE)
    (one,) = house.fired()
    assert (one.alert, one.key, one.count, one.about, one.share) == ("spikes", "a", 3, "flag.raised", None)


def test_after_it_fired_it_is_silent_for_a_while(house: House) -> None:
    alerts = house.write(SPIKES)
    house.send(*flags("a", *range(40)), *flags("b", 40, 41, 42))
    house.step(alerts, NOW + 60 * MINUTE)
    assert [one.key for one in house.fired()] == ["a", "b"], "the silence is of one value"
    house.send(*flags("a", 59, 60, 61), *flags("a", 62))
    house.step(alerts, NOW + 62 * MINUTE)
    assert [one.key for one in house.fired()] == ["a", "b", "a"]


def test_a_share_is_of_enough_messages(house: House) -> None:
    alerts = house.write(SHARE)
    house.send(*(decision(0.95) for _ in range(3)), *(decision(0.95, "undetermined") for _ in range(9)))
    house.step(alerts, NOW)
    assert house.fired() == [], "three are too few, and the others are not looked at"
    house.send(decision(0.2), decision(None), decision(0.1))
    house.step(alerts, NOW)
    assert house.fired() == [], "half is not over a half"
    house.send(decision(0.99))
    house.step(alerts, NOW)
    (one,) = house.fired()
    assert (one.count, one.of, one.share) == (4, 7, 4 / 7)


def test_n_of_the_last_m(house: House) -> None:
    alerts = house.write(N_OF_M)
    others = [
        one._replace(body=one.body.replace(b'"worth":0.5', b'"worth":0.9')) for one in flags("", 0, 0, 0)
    ]
    hits = flags("", *range(5))
    house.send(hits[0], hits[1], *others, hits[2])
    house.step(alerts, NOW)
    house.send(hits[3])
    house.step(alerts, NOW)
    assert house.fired() == [], "of the last five, two"
    house.send(hits[4])
    house.step(alerts, NOW)
    assert [(one.count, one.of) for one in house.fired()] == [(3, 5)]


def test_a_digest_sums_up_what_came(house: House) -> None:
    alerts = house.write(SPIKES.replace("cooldown_minutes = 60", "cooldown_minutes = 0\ndigest_minutes = 20"))
    house.send(*flags("a", 0, 1, 2, 3), *flags("b", 4, 5, 6))
    house.step(alerts, NOW + 7 * MINUTE)
    assert house.fired() == []
    house.step(alerts, NOW + 21 * MINUTE)
    assert house.fired() == [], "the first came at minute 2"
    house.step(alerts, NOW + 22 * MINUTE)
    house.step(alerts, NOW + 90 * MINUTE)
    (one,) = house.fired()
    assert one.digest
    assert [(value.key, value.times, value.count) for value in one.fired] == [("a", 2, 4), ("b", 1, 3)]
    assert (one.count, one.more) == (3, 0)
    house.send(*flags("c", 91, 92, 93))
    house.step(alerts, NOW + 200 * MINUTE)
    assert [value.key for value in house.fired()[1].fired] == ["c"]


def test_a_restart_fires_neither_twice_nor_never(
    house: House, opened_again: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step fails once after all its rows are written, and is done again by somebody who remembers nothing."""
    alerts = house.write(SPIKES)
    for turn in range(3):
        house.send(*flags(f"i{turn}", 0, 1, 2))
        monkeypatch.setenv(faults.VARIABLE, "before_commit:1:raise")
        faults._reached.clear()
        with pytest.raises(faults.Fault):
            house.step(alerts, NOW + 3 * MINUTE)
        monkeypatch.delenv(faults.VARIABLE)
        assert len(house.fired()) == turn
        house.store = opened_again()
        alerts = Alerts(house.store.folder)
        house.step(alerts, NOW + 3 * MINUTE)
        house.step(Alerts(house.store.folder), NOW + 4 * MINUTE)
        assert [one.key for one in house.fired()] == [f"i{i}" for i in range(turn + 1)]


@pytest.fixture
def opened_again(store: Store, tmp_path: Path) -> Any:
    stores: list[Store] = []

    def again() -> Store:
        stores.append(opened(tmp_path / "data"))
        return stores[-1]

    yield again
    for one in stores:
        one.close()


def test_an_alert_reaches_those_who_want_alerts(house: House) -> None:
    alerts = house.write(SPIKES)
    with Receiver() as receiver:
        _, theirs = webhook(house.store, receiver.url, topics=["alert.fired"])

        async def scenario() -> None:
            async with Sender(house.store, alerts=alerts):
                house.send(*flags("a", 0, 1, 2))
                await until(lambda: len(receiver.came) == 1)

        asyncio.run(scenario())
        told = msgspec.convert(receiver.came[0].verified(theirs.secret), Message)
    assert isinstance(told, AlertFiredMessage)
    assert told.data.key == "a"


def test_a_session_that_is_erased_is_counted_no_longer(house: House) -> None:
    alerts = house.write(SPIKES)
    house.send(*flags("a", 0, 1), session="gone")
    house.step(alerts, NOW + MINUTE)
    assert house.store.erase(SITE, "gone")
    house.send(*flags("a", 2))
    house.step(alerts, NOW + 2 * MINUTE)
    assert house.fired() == []


def test_what_an_alert_remembers_is_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerting, "MOST_COUNTED", 5)
    alerts = house.write(SPIKES)
    count = "SELECT count(*) FROM alert_hits"
    house.send(*flags("a", *range(20)))
    house.step(alerts, NOW + 20 * MINUTE)
    assert house.store.read(lambda db: db.execute(count).fetchone()) == (5,)
    house.send(*flags("b", 500))
    house.step(alerts, NOW + 500 * MINUTE)
    assert house.store.read(lambda db: db.execute(count).fetchone()) == (1,)
    assert house.store.read(lambda db: db.execute("SELECT count(*) FROM alert_firings").fetchone()) == (0,)


def test_a_message_that_cannot_be_read_stops_nothing(house: House, caplog: pytest.LogCaptureFixture) -> None:
    alerts = house.write(SPIKES)
    house.send(Outgoing("broken", "flag.raised", b"{"), *flags("a", 0, 1, 2))
    house.step(alerts, NOW + 3 * MINUTE)
    assert len(house.fired()) == 1
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_changed_file_is_taken_up_and_a_broken_one_is_not(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    alerts = house.write(SPIKES)
    (house.store.folder / "alerts.toml").write_text(SPIKES + "[[alerts")
    house.send(*flags("a", 0, 1, 2))
    house.step(alerts, NOW + 3 * MINUTE)
    assert [one.alert for one in house.fired()] == ["spikes"]
    assert "alerts_wrong" in caplog.text
    (house.store.folder / "alerts.toml").write_text(SPIKES.replace("spikes", "others"))
    house.send(*flags("b", 4, 5, 6))
    house.step(alerts, NOW + 7 * MINUTE)
    assert [one.alert for one in house.fired()] == ["spikes", "others"]


def test_other_sites_are_not_counted(house: House) -> None:
    alerts = house.write(SPIKES.replace('site = "site"', 'site = "elsewhere"'))
    house.send(*flags("a", 0, 1, 2))
    house.step(alerts, NOW + 3 * MINUTE)
    assert house.fired() == []

    def post(db: Any) -> None:
        for one in flags("a", 0, 1, 2):
            assert posting.post(db, "elsewhere", one.id, one.topic, one.body)
            assert not posting.post(db, "elsewhere", one.id, one.topic, one.body), "there is one of this id"

    house.store.write(post, ()).result()
    house.step(alerts, NOW + 3 * MINUTE)
    assert [one.site for one in house.fired()] == ["elsewhere"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[alerts", "no TOML"),
        ("[[alarms]]\nname = 'a'", "alarms"),
        (SPIKES + SPIKES, "two alerts are called spikes"),
        (SPIKES.replace("at_least = 3", "at_least = 0"), r"alerts\.0\.at_least"),
        (SPIKES.replace("at_least = 3", ""), "either at_least or share_over"),
        (SPIKES.replace("at_least = 3", "at_least = 3\nshare_over = 0.5"), "either at_least or share_over"),
        (SPIKES.replace('by = "issue"', 'by = "bot"'), "no field of flag.raised"),
        (SPIKES.replace('by = "issue"', 'by = "visitor"'), "erasure"),
        (SPIKES.replace("flag.raised", "alert.fired"), "topic"),
        (SPIKES.replace("within_minutes = 30", ""), "within_minutes"),
        (SPIKES.replace("within_minutes = 30", "within_minutes = 99999"), "within_minutes"),
        (SHARE.replace("hit = { bot = { over = 0.9 } }", ""), "needs hit"),
        (SHARE.replace("over = 0.9", "above = 0.9"), r"hit\.bot"),
        (N_OF_M.replace("of_last = 5", "of_last = 2"), "can never be"),
        ("".join(SPIKES.replace("spikes", f"a{i}") for i in range(40)), "32"),
        ("#" * 300_000, "longer"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "alerts.toml").write_text(text)
    with pytest.raises(WatchworthyError, match=said) as refused:
        Alerts(tmp_path)
    assert refused.value.code == "alerts_wrong"
    assert refused.value.where == str(tmp_path / "alerts.toml")
