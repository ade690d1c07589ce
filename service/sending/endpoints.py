"""What may be done with webhooks: make, list, delete, enable, try, replay, look at their log."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable
from typing import Final, TypeVar

import httpx
import msgspec

from data_contracts.errors import WatchworthyError
from data_contracts.messages import encoded
from pipelines.store import endpoints, posting
from pipelines.store.endpoints import Counts, Secrets, Webhook
from pipelines.store.posting import Attempt
from pipelines.store.store import Store
from service.sending import templates
from service.sending.dispatcher import TESTED
from service.sending.messages import message_id
from service.sending.signing import new_secret

WAIT_S: Final = 30.0
ID_BYTES: Final = 8
NOTHING: Final = msgspec.Raw(b"{}")

T = TypeVar("T")


class Endpoints:
    """The webhooks of a store; each call is for one site."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(
        self, site: str, url: str, topics: list[str], fields: templates.Fields | None, allow_private: bool
    ) -> tuple[Webhook, Secrets]:
        """Make a webhook.

        Raises
        ------
        WatchworthyError
            ``webhook_wrong``, ``too_many_webhooks``.
        """
        check_url(url, allow_private)
        topics = list(dict.fromkeys(topics))
        if fields is not None:
            templates.check(fields, topics)
        told = NOTHING if fields is None else msgspec.Raw(msgspec.json.encode(fields))
        name, theirs = f"wh_{secrets.token_hex(ID_BYTES)}", Secrets(url, new_secret(), told)
        wrapped = endpoints.wrap(self._store.keys, name, theirs)
        facts = (
            name,
            site,
            topics,
            templates.CAPTURE if fields is not None else "",
            wrapped,
            allow_private,
        )
        return self._write(lambda db: endpoints.add(db, *facts, _now_ms())), theirs

    def listed(self, site: str) -> list[tuple[Webhook, Secrets, Counts]]:
        """The webhooks of a site, in the order in which they were made."""
        found = self._store.read(lambda db: endpoints.listed(db, site))
        return [(webhook, self._secrets(webhook), counts) for webhook, counts in found]

    def find(self, site: str, name: str) -> Webhook | None:
        """A webhook; None if the site has none of this name."""
        return self._store.read(lambda db: endpoints.find(db, site, name))

    def delete(self, webhook: Webhook) -> None:
        """Delete a webhook with all that waits for it, and its log."""
        self._write(lambda db: endpoints.able(db, webhook.id, _now_ms()))
        while not self._write(lambda db: endpoints.remove(db, webhook.id)):
            pass

    def enable(self, webhook: Webhook) -> tuple[Webhook, Secrets]:
        """Send to a webhook again that was disabled."""
        self._write(lambda db: endpoints.able(db, webhook.id, None))
        return webhook._replace(disabled_at=None), self._secrets(webhook)

    def test(self, webhook: Webhook) -> str:
        """Put a message on its way to a webhook alone; its id."""
        name, now_ms = message_id(TESTED), _now_ms()
        body = encoded(TESTED, {"webhook": webhook.name}, now_ms)
        self._write(lambda db: posting.post_to(db, webhook, name, TESTED, body, now_ms))
        return name

    def replay(self, webhook: Webhook, message: str) -> bool:
        """Send a message once more; False if there is none, or it is under way."""
        return self._write(lambda db: posting.replay(db, webhook, message, _now_ms()))

    def replay_dead(self, webhook: Webhook) -> int:
        """Send once more what was given up, up to a bound; how many."""
        return self._write(lambda db: posting.replay_dead(db, webhook, _now_ms()))

    def attempts(self, webhook: Webhook, before: int | None, most: int) -> list[Attempt]:
        """The log, the latest first."""
        return self._store.read(lambda db: posting.attempts(db, webhook, before, most))

    def _secrets(self, webhook: Webhook) -> Secrets:
        return endpoints.opened(self._store.keys, webhook.name, webhook.wrapped)

    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return self._store.write(work, ()).result(WAIT_S)


def check_url(url: str, allow_private: bool) -> None:
    """Refuse what could never be sent to; whether its addresses may be reached is looked at when it is.

    Raises
    ------
    WatchworthyError
        ``webhook_wrong``.
    """
    try:
        parsed = httpx.URL(url)
        parsed.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise _wrong(f"The address cannot be read: {error}") from None
    if parsed.scheme not in ("https", "http") or not parsed.host:
        raise _wrong("The address must begin with https:// and name a host.")
    if parsed.scheme == "http" and not allow_private:
        raise _wrong("Only https is sent to; http needs allow_private.")
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        raise _wrong("The port must be 1 to 65535.")
    if parsed.userinfo or parsed.fragment:
        raise _wrong("The address may hold no user, password or fragment.")


def _wrong(message: str) -> WatchworthyError:
    return WatchworthyError("webhook_wrong", message, "$.url")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
