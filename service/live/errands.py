"""Errands: coroutines that go on by themselves, for what is asked so often that a task would cost too much."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from functools import partial
from types import coroutine
from typing import Any, Final

from pipelines.store.store import Store
from pipelines.store.units import Stored, Unit

GIVES_WAY: Final = None
"""What a coroutine yields that only lets others have a turn."""


class Errand:
    """A coroutine that is begun at once and goes on whenever what it waits for is there: a task that costs less.

    It asks for neither a current task nor a context of its own. It waits for futures, and for whatever is told by a
    function: then it yields a ``partial`` that takes whom to tell.

    Parameters
    ----------
    work
        What is done; it raises nothing but what cancels it.
    loop
        In whose thread it is begun and told.
    under_way
        All that are: it is among them until it is done.
    """

    __slots__ = ("_loop", "_under_way", "_waits_for", "_work")

    def __init__(
        self, work: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, under_way: set[Any]
    ) -> None:
        self._work = work
        self._loop = loop
        self._under_way = under_way
        self._waits_for: asyncio.Future[Any] | None = None
        under_way.add(self)
        self._go_on()

    def _go_on(self, told: Any = None, problem: BaseException | None = None) -> None:
        """Go on with what was told, or with what went wrong."""
        if self not in self._under_way:
            return  # it was cancelled while it waited to be told
        work = self._work
        while True:
            try:
                waits_for = work.send(told) if problem is None else work.throw(problem)
            except (StopIteration, asyncio.CancelledError):
                self._under_way.discard(self)
                return
            except BaseException:
                self._under_way.discard(self)
                raise
            if type(waits_for) is not partial:
                break
            try:
                waits_for(self._go_on)
            except Exception as error:
                told, problem = None, error
            else:
                return
        if waits_for is GIVES_WAY:
            self._loop.call_soon(self._go_on)
            return
        waits_for._asyncio_future_blocking = False
        self._waits_for = waits_for
        waits_for.add_done_callback(self._wake)

    def _wake(self, done: asyncio.Future[Any]) -> None:
        self._waits_for = None
        self._go_on()

    def cancel(self, msg: str | None = None) -> bool:
        """Cancel what it waits for, as the server does with all that is under way when its time to stop is over."""
        if self._waits_for is not None:
            return self._waits_for.cancel(msg)
        self._loop.call_soon(self._go_on, None, asyncio.CancelledError(msg))
        return True


@coroutine
def durable(store: Store, unit: Unit) -> Generator[Any, Any, Stored]:
    """Have a unit stored; what became of it, once it is durable. An errand is told without a future.

    Raises
    ------
    WatchworthyError
        As ``Store.submit``, at once or later.
    """
    loop = asyncio.get_running_loop()
    if asyncio.current_task(loop) is None:
        told: Stored = yield partial(store.submit_then, unit, loop)
        return told
    return (yield from store.submit_async(unit))
