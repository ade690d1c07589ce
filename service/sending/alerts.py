"""Alerts: evaluates ``alerts.toml`` over messages in commit order, beside the path of any batch.

What was read, what was counted and what was fired is one transaction: a restart fires neither twice nor never.
"""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from data_contracts.errors import WatchworthyError
from data_contracts.messages import AlertFired, Fired
from pipelines.store import alerting, posting
from pipelines.store.alerting import Came
from service.sending.alert_file import Alert, meets, read_alerts
from service.sending.messages import outgoing

log = logging.getLogger("watchworthy.sending")

FILE: Final = "alerts.toml"
LONGEST_KEY: Final = 200


class _Told(msgspec.Struct):
    timestamp: str
    data: dict[str, Any]


class Alerts:
    """The alerts of a data directory; the file is read again when it changes.

    Raises
    ------
    WatchworthyError
        ``alerts_wrong``.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._seen = self._state()
        self.alerts = read_alerts(self._path)
        self._changed = True

    def is_due(self, db: sqlite3.Connection, now_ms: int) -> bool:
        """Whether there is a message to be read, or a digest to be sent."""
        self._look()
        return alerting.are_new(db) or any(
            alerting.digest_is_due(db, alert.name, now_ms - alert.digest_ms)
            for alert in self.alerts
            if alert.digest_ms
        )

    def step(self, db: sqlite3.Connection, now_ms: int) -> bool:
        """Read the next messages and fire what they give cause for, send digests; whether there may be more to read."""
        if self._changed:
            alerting.keep_only(db, [alert.name for alert in self.alerts])
            self._changed = False
        taken = alerting.take(db)
        for came in taken:
            for alert in self.alerts:
                if (alert.site, alert.topic) == (came.site, came.topic):
                    self._read(db, alert, came, now_ms)
        for alert in self.alerts:
            alerting.forget(db, alert.name, now_ms - alert.within_ms, now_ms - alert.cooldown_ms)
            if alert.digest_ms and alerting.digest_is_due(db, alert.name, now_ms - alert.digest_ms):
                _send_digest(db, alert, now_ms)
        return len(taken) == alerting.AT_ONCE

    @staticmethod
    def _read(db: sqlite3.Connection, alert: Alert, came: Came, now_ms: int) -> None:
        try:
            told = msgspec.json.decode(came.body, type=_Told)
            told_ms = int(datetime.fromisoformat(told.timestamp).timestamp() * 1_000)
        except (
            ValueError
        ) as error:  # it would be as wrong at the next look, and nothing would be read any more
            log.error("alert %s cannot read message %d: %s", alert.name, came.number, error)
            return
        _count(db, alert, came.number, told.data, min(now_ms, told_ms), now_ms)

    def _look(self) -> None:
        """Read the file again if it changed; a broken one changes nothing."""
        if (state := self._state()) == self._seen:
            return
        self._seen = state
        try:
            self.alerts, self._changed = read_alerts(self._path), True
        except WatchworthyError as error:
            log.error("the alerts stay as they were: %s", error)

    def _state(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size


def _count(
    db: sqlite3.Connection, alert: Alert, came: int, data: dict[str, Any], at: int, now_ms: int
) -> None:
    """Count one message, and fire if it gives cause to."""
    if not meets(data, alert.where):
        return
    key = _spelled(data.get(alert.by)) if alert.by else ""
    hit = meets(data, alert.hit)
    hits, of = alerting.count(db, alert.name, key, came, at, hit, alert.within_ms, alert.last)
    alerting.trim(db, alert.name, key)
    if not hit or not alert.holds(hits, of):
        return
    if not alerting.fire(db, alert.name, key, at, alert.cooldown_ms):
        return
    if alert.digest_ms:
        alerting.keep_for_digest(db, alert.name, key, at, hits)
        return
    fired = AlertFired(
        alert=alert.name,
        site=alert.site,
        about=alert.topic,
        key=key,
        count=hits,
        of=of,
        share=hits / of if alert.share_over is not None else None,
        within_minutes=alert.within_minutes,
    )
    _send(db, alert, fired, now_ms, f"{alert.name} {came}")


def _send_digest(db: sqlite3.Connection, alert: Alert, now_ms: int) -> None:
    waiting = alerting.take_digest(db, alert.name)
    named = waiting[: alerting.MOST_TOLD]
    fired = AlertFired(
        alert=alert.name,
        site=alert.site,
        about=alert.topic,
        count=sum(one.times for one in waiting),
        within_minutes=alert.within_minutes,
        digest=True,
        fired=tuple(Fired(key=one.key, times=one.times, count=one.most) for one in named),
        more=len(waiting) - len(named),
    )
    _send(db, alert, fired, now_ms, f"{alert.name} since {min(one.first_at for one in waiting)}")


def _send(db: sqlite3.Connection, alert: Alert, fired: AlertFired, now_ms: int, about: str) -> None:
    message = outgoing(fired, now_ms, about)
    posting.post(db, alert.site, message.id, message.topic, message.body)


def _spelled(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text[:LONGEST_KEY]
