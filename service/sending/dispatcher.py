"""Dispatches: spreads messages over webhooks, sends what is due, and notes what came of it, never on a batch's path.

Each webhook has places of its own, so that a slow one holds up nobody else.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import sqlite3
import ssl
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import httpx

from data_contracts.errors import WatchworthyError
from pipelines.store import posting
from pipelines.store.endpoints import opened
from pipelines.store.faults import reach
from pipelines.store.posting import Claimed, Outcome
from pipelines.store.store import Store
from service.live.metrics import Metrics
from service.sending import templates
from service.sending.addresses import Resolve, Resolver
from service.sending.alerts import Alerts
from service.sending.post import LONGEST_ERROR, Answer, Post
from service.sending.retrying import Patience
from service.sending.signing import signed

log = logging.getLogger("watchworthy.sending")
T = TypeVar("T")

PLACES: Final = 4  # requests to one webhook at once
POLL_S: Final = 1.0
COUNT_S: Final = 10.0  # between counts of what waits
TIDY_S: Final = 600.0
STOP_S: Final = 5.0  # that requests under way get when the service stops
GONE: Final = 410
TESTED: Final = "webhook.test"
"""Topic of a message that somebody asked for to try a webhook; it is not put into its template."""

SENT: Final = "outbox_sent"
"""A point for tests: the receiver has answered, and nobody noted it."""


class Dispatcher:
    """Sends the messages of a store; several may work on the same store.

    Parameters
    ----------
    store
        Where messages and webhooks are.
    metrics
        Where attempts are counted.
    alerts
        Evaluated in the same turns.
    patience
        When it tries again, and its deadlines.
    resolve
        Looks up names; by default as the system does.
    trusted
        Whose certificates are believed; by default as httpx does, or what ``SSL_CERT_FILE`` names.
    """

    def __init__(
        self,
        store: Store,
        metrics: Metrics,
        alerts: Alerts | None = None,
        patience: Patience | None = None,
        resolve: Resolve | None = None,
        trusted: ssl.SSLContext | None = None,
        poll_s: float = POLL_S,
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._alerts = alerts
        self._patience = patience or Patience()
        self._resolver = Resolver()
        self._resolve = resolve or self._resolver
        self._trusted = trusted or httpx.create_ssl_context()
        self._poll_s = poll_s
        self._reads = ThreadPoolExecutor(1, "sending")
        self._chance = random.Random()
        self._under_way: dict[asyncio.Task[None], int] = {}
        self._awake = asyncio.Event()
        self._tidied = self._counted = -TIDY_S
        self._failed = False

    async def run(self) -> None:
        """Send until cancelled; requests that are then under way get some seconds to end."""
        post = Post(self._resolve, self._patience, self._trusted)
        try:
            while True:
                self._awake.clear()
                more = await self._turn(post)
                if not more:
                    await self._pause()
        finally:
            await self._stop(post)

    async def _turn(self, post: Post) -> bool:
        """Do what is due now; whether there is more that can be done at once."""
        try:
            more = await self._step(post)
            self._failed = False
            return more
        except WatchworthyError as error:
            if not self._failed:
                log.error("nothing is sent for now; it is tried again: %s", error)
        except Exception:
            if not self._failed:
                log.exception("nothing is sent for now; it is tried again")
        self._failed = True
        return False

    async def _step(self, post: Post) -> bool:
        now_ms = _now_ms()
        more = False
        if (alerts := self._alerts) is not None and await self._read(alerts.is_due, now_ms):
            more = await self._write(lambda db: alerts.step(db, now_ms))
        if await self._read(posting.has_work, now_ms):
            more = await self._send_due(post) == posting.SPREAD or more
        await self._keep_house(now_ms)
        return more

    async def _send_due(self, post: Post) -> int:
        """Spread what came, claim what there is room for, and send it beside this; how many messages came."""
        busy = Counter(self._under_way.values())
        rooms = {webhook: PLACES - taken for webhook, taken in busy.items()}
        lease, patience = secrets.token_hex(16), self._patience
        begun, now_ms = time.monotonic(), _now_ms()

        def spread_and_claim(db: sqlite3.Connection) -> tuple[int, list[Claimed]]:
            lease_ms = int(patience.lease_s * 1_000)
            spread = posting.spread(db, now_ms)
            return spread, posting.claim(db, lease, now_ms, lease_ms, rooms, PLACES, patience.attempts)

        spread, claimed = await self._write(spread_and_claim)
        if time.monotonic() - begun > patience.lease_s - patience.whole_s:
            return spread  # the disk took so long that the leases would end before the requests do
        for one in claimed:
            task = asyncio.create_task(self._deliver(post, one))
            self._under_way[task] = one.webhook.id
            task.add_done_callback(self._ended)
        return spread

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._awake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("what came of a message was not noted; it will be sent again: %s", error)

    async def _deliver(self, post: Post, claimed: Claimed) -> None:
        """Send one message, then note what came of it."""
        at_ms, begun = _now_ms(), time.monotonic()
        answer = await self._sent(post, claimed, at_ms / 1_000)
        reach(SENT)
        outcome = self._outcome(claimed, answer, at_ms, round((time.monotonic() - begun) * 1_000))
        if await self._write(lambda db: posting.note(db, claimed, outcome)):
            self._metrics.webhooks.labels("sent" if answer.taken else "failed").inc()
            if outcome.state == "dead":
                self._metrics.webhooks.labels("dead").inc()

    async def _sent(self, post: Post, claimed: Claimed, at_s: float) -> Answer:
        webhook, body = claimed.webhook, claimed.body
        try:
            theirs = opened(self._store.keys, webhook.name, webhook.wrapped)
            if webhook.template and claimed.topic != TESTED:
                body = templates.fill(templates.decoded(theirs.fields), claimed.message, body)
            headers = signed(theirs.secret, claimed.message, body, at_s)
        except (
            ValueError,
            LookupError,
            TypeError,
        ) as error:  # damaged: this message's own fault, noted with it
            return Answer(None, error=f"The message could not be made: {error}"[:LONGEST_ERROR])
        try:
            return await post.send(theirs.url, webhook.allow_private, body, headers)
        except (
            Exception
        ):  # it waits for its turn like any other, instead of coming back as soon as its lease ends
            log.exception("not sent", extra={"webhook": webhook.name, "message_id": claimed.message})
            return Answer(None, error="Something failed that is not the receiver's fault; it is in the log.")

    def _outcome(self, claimed: Claimed, answer: Answer, at_ms: int, took_ms: int) -> Outcome:
        told = (at_ms, took_ms, answer.status, answer.error)
        if answer.taken:
            return Outcome("sent", *told)
        if answer.status == GONE:
            return Outcome("dead", *told, gone=True)
        now_ms = _now_ms()
        pause = self._patience.pause_s(claimed.attempt, answer.retry_after, now_ms / 1_000, self._chance)
        if pause is None:
            return Outcome("dead", *told)
        return Outcome("waiting", *told, due_at=now_ms + round(pause * 1_000))

    async def _keep_house(self, now_ms: int) -> None:
        """Now and then, delete what is kept no longer, and count what waits."""
        now = time.monotonic()
        if now - self._tidied > TIDY_S:
            more = await self._write(lambda db: posting.tidy(db, now_ms))
            self._tidied = self._tidied if more else now
        if now - self._counted > COUNT_S:
            self._counted = now
            self._metrics.webhooks_waiting.set(await self._read(lambda db, _: posting.waiting(db), now_ms))

    async def _pause(self) -> None:
        """Wait for the next look, or until a place is free."""
        try:
            async with asyncio.timeout(self._poll_s):
                await self._awake.wait()
        except TimeoutError:
            pass

    async def _stop(self, post: Post) -> None:
        if tasks := list(self._under_way):
            _, late = await asyncio.wait(tasks, timeout=STOP_S)
            for task in late:
                task.cancel()  # their leases end by themselves, and somebody sends them again
            await asyncio.gather(*late, return_exceptions=True)
        await post.close()
        self._resolver.close()
        self._reads.shutdown(wait=False)

    async def _read(self, work: Callable[[Any, int], T], now_ms: int) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reads, lambda: self._store.read(lambda db: work(db, now_ms)))

    async def _write(self, work: Callable[[Any], T]) -> T:
        return await asyncio.wrap_future(self._store.write(work, ()))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
