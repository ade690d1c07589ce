"""Following: one reader of the changes for a whole process, however many people watch."""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, NamedTuple

import msgspec

from data_contracts.errors import WatchworthyError
from pipelines.store.listing import Wanted, changed, last_change, remembered
from pipelines.store.store import Store
from service.live.refusals import Refusal
from service.triage.pages import shown

log = logging.getLogger("watchworthy.live")
LOOK_S: Final = 0.3
BEAT_S: Final = 15.0  # so that a proxy does not take the connection for dead
AT_ONCE: Final = 500  # changes read in one look
WAITING: Final = (
    2 * AT_ONCE
)  # that may wait for a follower: whoever reads as they come never waits with more than a look
ALLOWED_S: Final = 1.0  # how long what a follower was allowed holds
MOST: Final = 200  # followers of a process


class Change(NamedTuple):
    """One change of a card: its number, its site, and its event as it is sent."""

    number: int
    site: str
    event: bytes


BEAT: Final = Change(0, "", b": still there\n\n")


class Follower:
    """One who follows the changes of a site."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.waiting: asyncio.Queue[Change | None] = asyncio.Queue(WAITING)
        self.dropped = False

    def tell(self, change: Change) -> None:
        """Hand on a change, or give the follower up if too many wait already."""
        if self.dropped:
            return
        try:
            self.waiting.put_nowait(change)
        except asyncio.QueueFull:
            self.dropped = True


class Following:
    """Reads the changes of cards in commit order while somebody follows them.

    Attributes
    ----------
    looks
        How often the store was asked.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followers: set[Follower] = set()
        self._task: asyncio.Task[None] | None = None
        self._begun: asyncio.Future[int] | None = None
        self._closed = False
        self._at = 0
        self.looks = 0

    def __len__(self) -> int:
        return len(self._followers)

    async def follow(
        self, site: str, after: int | None, allowed: Callable[[], object] = lambda: None
    ) -> AsyncIterator[bytes]:
        """Events of a site's changes, as they come; those after a number first, if one is given.

        Parameters
        ----------
        allowed
            Raises a refusal once the follower may no longer watch; it is asked every second in which there is
            something to tell.

        Raises
        ------
        Refusal
            ``busy`` if too many follow already.
        WatchworthyError
            ``cursor_expired`` if changes after the number were forgotten; what the store says when it cannot be read.
        """
        if len(self._followers) >= MOST:
            raise Refusal("busy", f"{MOST} follow already. Try again soon.")
        one = Follower(site)
        self._followers.add(one)
        try:
            if (
                self._task is None
            ):  # nothing is awaited between the question and the task: there is one reader
                self._begun = asyncio.get_running_loop().create_future()
                self._task = asyncio.create_task(self._read(self._begun))
            assert self._begun is not None
            begun = await asyncio.shield(self._begun)
            if after is not None:
                await asyncio.to_thread(self._store.read, lambda db: remembered(db, site, after))
        except BaseException:
            self._followers.discard(one)
            raise
        told = self._told(one, begun if after is None else min(after, self._at), after is not None, allowed)
        # Whoever hangs up before the first word never begins to read, and so would never come to an end.
        weakref.finalize(told, self._followers.discard, one).atexit = False
        return told

    async def _told(
        self, one: Follower, last: int, missed_some: bool, allowed: Callable[[], object]
    ) -> AsyncIterator[bytes]:
        try:
            yield b": watching\n\n"
            asked = time.monotonic()
            if missed_some:
                while True:  # what was missed, up to where the reader is
                    missed = await asyncio.to_thread(self._changes, last, one.site)
                    for change in missed:
                        yield change.event
                        last = change.number
                    if len(missed) < AT_ONCE:
                        break
            while not self._closed:
                try:
                    found = await asyncio.wait_for(one.waiting.get(), BEAT_S)
                except TimeoutError:
                    found = BEAT
                if found is None:
                    return
                if time.monotonic() - asked > ALLOWED_S:
                    allowed()
                    asked = time.monotonic()
                if found is BEAT or found.number > last:
                    yield found.event
                    last = max(last, found.number)
                if one.dropped and one.waiting.empty():
                    yield b'event: dropped\ndata: {"code":"too_slow"}\n\n'
                    return
        except Refusal as refusal:
            yield b'event: dropped\ndata: {"code":"%s"}\n\n' % refusal.code.encode()
        finally:
            self._followers.discard(one)

    def close(self) -> None:
        """Let every follower go."""
        self._closed = True
        for one in self._followers:
            if one.waiting.full():
                one.waiting.get_nowait()
            one.waiting.put_nowait(None)
        if self._task is not None:
            self._task.cancel()

    async def _read(self, begun: asyncio.Future[int]) -> None:
        try:
            self._at = await asyncio.to_thread(self._store.read, last_change)
            begun.set_result(self._at)
            while self._followers:
                await asyncio.sleep(LOOK_S)
                try:
                    found = await asyncio.to_thread(self._changes, self._at, None)
                except WatchworthyError as error:
                    log.error("changes cannot be read; it is tried again: %s", error)
                    continue
                self.looks += 1
                for change in found:
                    for one in self._followers:
                        if one.site == change.site:
                            one.tell(change)
                    self._at = change.number
        except WatchworthyError as error:  # at the first look: nobody follows yet
            begun.set_exception(error)
        finally:
            self._task = None
            if not begun.done():
                begun.set_exception(Refusal("stopping"))

    def _changes(self, after: int, site: str | None) -> list[Change]:
        now_ms = time.time_ns() // 1_000_000
        rows = self._store.read(lambda db: changed(db, site, Wanted(), now_ms, after, AT_ONCE))
        return [
            Change(number, card.site, event(number, what, shown(card, now_ms))) for number, what, card in rows
        ]


def event(number: int, what: str, told: dict[str, Any]) -> bytes:
    """A change as a server-sent event.

    >>> event(7, "care", {"a": 1})
    b'id: 7\\nevent: care\\ndata: {"a":1}\\n\\n'
    """
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, what.encode(), msgspec.json.encode(told))
