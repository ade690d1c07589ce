"""Turns: of the requests for one session, one at a time is worked on, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable

from service.live.refusals import Refusal


class Turns:
    """Who has the turn at each name, and who waits.

    Parameters
    ----------
    most
        Most requests that may wait for their turn at one name.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[Hashable, deque[asyncio.Future[None]] | None] = {}  # None: nobody waits

    def __len__(self) -> int:
        return len(self._waiting)

    def takes(self, name: Hashable) -> bool:
        """Take the turn at ``name`` if nobody has it; whoever has taken it must ``leave``."""
        if name in self._waiting:
            return False
        self._waiting[name] = None
        return True

    async def enter(self, name: Hashable) -> None:
        """Wait until nobody else works on ``name``; whoever has entered must ``leave``.

        Raises
        ------
        Refusal
            ``busy`` if too many wait already.
        """
        if self.takes(name):
            return
        waiting = self._waiting[name]
        if waiting is None:
            waiting = self._waiting[name] = deque()
        if len(waiting) >= self._most:
            raise Refusal("busy", "Too many batches of this session wait for their turn.")
        future = asyncio.get_running_loop().create_future()
        waiting.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # the turn came in the very moment of giving up
                self.leave(name)
            raise

    def leave(self, name: Hashable) -> None:
        """Hand the turn to who waits longest."""
        waiting = self._waiting[name]
        while waiting:
            future = waiting.popleft()
            if not future.done():
                future.set_result(None)
                return
        del self._waiting[name]
