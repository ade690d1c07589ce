"""What waits for the writer, and whom it tells."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import Any, Protocol

from msgspec import Struct, field

from pipelines.store.units import Name, Stored, Unit

Told = Callable[[Stored | None, BaseException | None], None]
"""Is told what became of a unit: that it is stored, or why not."""


class Work(Protocol):
    """What a job does inside the transaction."""

    def __call__(self, db: sqlite3.Connection, /) -> Any:
        """Write rows; what it returns reaches the caller once they are durable."""


class Job(Struct, eq=False):
    """A unit, or other work, that waits for the writer, and whom to tell.

    Parameters
    ----------
    size
        Bytes that it counts for while it waits.
    loop
        In whose thread the caller is told; None if in any.
    future
        Whom to tell, if it is no function.
    then
        Called in the thread of ``loop``.
    touches
        Sessions whose rows other work may change; None if any.
    """

    work: Unit | Work
    size: int
    loop: asyncio.AbstractEventLoop | None = None
    future: Future[Any] | asyncio.Future[Any] | None = None
    then: Told | None = None
    touches: Collection[Name] | None = None
    since: float = field(default_factory=time.monotonic)


Outcome = tuple[Any, BaseException | None]
"""What came of a job, and what went wrong if anything."""
Result = tuple[Job, Outcome]
