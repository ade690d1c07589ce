"""A dispatcher under test, and the store that it works on.

Run as a program, `python -m tests.service.sending.sender FOLDER`, it sends until it is killed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from data_contracts.messages import FlagRaised
from pipelines.store import posting
from pipelines.store.endpoints import Secrets, Webhook
from pipelines.store.limits import StoreLimits
from pipelines.store.store import Store
from pipelines.store.units import Outgoing, Unit
from service.live.metrics import Metrics
from service.sending.dispatcher import Dispatcher
from service.sending.endpoints import Endpoints
from service.sending.messages import outgoing
from service.sending.retrying import Patience
from tests.pipelines.store.making import SITE, make_unit

QUICK = Patience(delays_s=(0.01, 0.02, 0.03), connect_s=2, whole_s=5, lease_s=60)
POLL_S = 0.02
GIVING_UP_S = 20


def opened(folder: Path) -> Store:
    return Store.open(folder, StoreLimits(disk_free_bytes=0))


def flag(session: str = "s", about: str = "", at_ms: int = 0, **facts: Any) -> Outgoing:
    data = FlagRaised(session_id=session, site=SITE, decision_id=about or "de", worth=0.5, **facts)
    return outgoing(data, at_ms or time.time_ns() // 1_000_000, about)


def send(store: Store, seq: int, *messages: Outgoing, session: str = "s") -> None:
    """Store a batch that puts messages into the outbox."""
    unit: Unit = make_unit(seq, session=session, outbox=messages)
    store.submit(unit).result()


def webhook(store: Store, url: str, private: bool = True, **facts: Any) -> tuple[Webhook, Secrets]:
    given = {"topics": ["flag.raised"], "fields": None, **facts}
    return Endpoints(store).create(SITE, url, allow_private=private, **given)


def states(store: Store, one: Webhook) -> list[str]:
    statement = "SELECT state FROM postings WHERE webhook_id = ? ORDER BY id"
    return [state for (state,) in store.read(lambda db: db.execute(statement, (one.id,)).fetchall())]


def log(store: Store, one: Webhook) -> list[posting.Attempt]:
    """Its attempts, the first one first."""
    return Endpoints(store).attempts(one, None, 500)[::-1]


class Sender:
    """``async with Sender(store) as one``: it sends."""

    def __init__(self, store: Store, patience: Patience = QUICK, **given: Any) -> None:
        self.metrics = Metrics()
        self._dispatcher = Dispatcher(store, self.metrics, patience=patience, poll_s=POLL_S, **given)

    async def __aenter__(self) -> Sender:
        self._task = asyncio.create_task(self._dispatcher.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def counted(self, outcome: str) -> float:
        return (
            self.metrics.registry.get_sample_value("watchworthy_webhook_messages_total", {"outcome": outcome})
            or 0.0
        )


async def until(what: Callable[[], bool]) -> None:
    """Wait for something; a test that waits in vain fails here."""
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < GIVING_UP_S, "it did not come about"
        await asyncio.sleep(0.01)


def sent_until(store: Store, what: Callable[[], bool], patience: Patience = QUICK, **given: Any) -> None:
    """Send what a store holds until something has come about."""

    async def scenario() -> None:
        async with Sender(store, patience, **given):
            await until(what)

    asyncio.run(scenario())


async def main(folder: Path, lease_s: float) -> None:
    with opened(folder) as store:
        async with Sender(store, QUICK._replace(lease_s=lease_s, whole_s=lease_s / 2, delays_s=(0.01,) * 20)):
            await asyncio.sleep(GIVING_UP_S)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
