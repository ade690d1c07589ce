"""`watchworthy serve` whose sessions end, seal and go within a second, and that takes its fault while it runs.

`begin(FAULT)`, called before `serve` is, makes it so; FAULT is a file. At SIGUSR1 the fault that the file names is
armed, so that a process can be looked at, put under load, and only then be killed.
Sessions named `gone…` are erased as soon as they are sealed, and each batch puts a message into the outbox: nothing
else in the service does either yet.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from msgspec import structs

from pipelines.store.faults import VARIABLE, reach
from pipelines.store.limits import StoreLimits
from pipelines.store.store import Store
from pipelines.store.units import Outgoing, SessionRow, Unit
from service import app
from service.live import opening
from service.verbs import serve

TEND_S = 0.1
TIMES = {"idle_ms": 6_000, "seal_after_ms": 100, "lease_ms": 2_000}
GONE = "gone"
OUTBOX = "outbox_write"
"""A point of this program's own, beside those of the store."""


def quick_limits(**given: Any) -> StoreLimits:
    return StoreLimits(**given | TIMES)


seal_due = Store.seal_due


def seal_and_erase(store: Store, now_ms: int) -> list[SessionRow]:
    sealed = seal_due(store, now_ms)
    for row in sealed:
        if row.session.startswith(GONE):
            store.erase(row.site, row.session)
    return sealed


class Message(Outgoing):
    """A message for the outbox that can be the end of its process while it is written."""

    def __iter__(self) -> Iterator[Any]:
        reach(OUTBOX)
        return super().__iter__()


def with_message(submit: Callable[..., Any]) -> Callable[..., Any]:
    def submit_with_message(store: Store, unit: Unit, *whom: Any) -> Any:
        message = Message(f"{unit.session} {unit.stream} {unit.seq}", "noted", b"")
        return submit(store, structs.replace(unit, outbox=(*unit.outbox, message)), *whom)

    return submit_with_message


def begin(fault: Path) -> None:
    """Set what must be there to be set."""
    assert app.TEND_S, opening.StoreLimits
    assert serve.run
    app.TEND_S = TEND_S  # type: ignore[misc]
    opening.StoreLimits = quick_limits  # type: ignore[assignment,misc]
    Store.seal_due = seal_and_erase  # type: ignore[method-assign]
    Store.submit_async = with_message(Store.submit_async)  # type: ignore[method-assign]
    Store.submit_then = with_message(Store.submit_then)  # type: ignore[method-assign]
    os.environ.pop(VARIABLE, None)
    signal.signal(signal.SIGUSR1, lambda *_: os.environ.__setitem__(VARIABLE, fault.read_text()))
