"""Logs: the batches of a session log with when each was received, cut off where a person may not look further."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, Protocol

import msgspec
import numpy as np

from data_contracts.batches import UNREADABLE, Batch, Text
from data_contracts.decisions import Decision
from data_contracts.events import Events
from data_contracts.labels import Label
from data_contracts.limits import LIMITS, Limits
from data_contracts.order import IDLE_MS, cut, merge
from data_contracts.stream import Stream

FOREVER: Final = 2**62


class Heard(NamedTuple):
    """A batch, and when it was received, ms since the epoch; None of a recording that nobody received."""

    batch: Batch
    received_at_ms: int | None


@dataclass(frozen=True)
class Known:
    """What is known of a session beside its events; the fields are columns of ``data_contracts.frames.SESSIONS``."""

    status: str = "recorded"
    device: str = ""
    lane: str = ""
    drawn: bool = False
    propensity: float | None = None
    person: str = ""
    scenario: str = ""
    family: str = ""


@dataclass(frozen=True)
class Log:
    """One log of batches: its name, its site, its visitor, and what is known of its sessions by their ids."""

    name: str
    heard: tuple[Heard, ...]
    site: str = ""
    visitor: str = ""
    source: str = ""
    known: dict[str, Known] = field(default_factory=dict)

    def of(self, session: str) -> Known:
        """What is known of one of its sessions."""
        return self.known.get(session, Known())

    def received_by(self, as_of_ms: int | None) -> Log:
        """The same log without the batches that were received later."""
        if as_of_ms is None:
            return self
        kept = tuple(
            one for one in self.heard if one.received_at_ms is None or one.received_at_ms <= as_of_ms
        )
        return replace(self, heard=kept)

    def before(self, at_ms: int) -> Log:
        """The same log without the events that happened at a moment or after it, as a recorder had sent it then."""
        kept = []
        for one in self.heard:
            if events := earlier(one.batch.events, at_ms):
                kept.append(one._replace(batch=one.batch._replace(events=events)))
        return replace(self, heard=tuple(kept))

    @property
    def batches(self) -> list[Batch]:
        """Its batches."""
        return [one.batch for one in self.heard]

    @property
    def last_received_ms(self) -> int | None:
        """When its last batch was received; None if nobody received it."""
        return max((one.received_at_ms for one in self.heard if one.received_at_ms is not None), default=None)


class _When(msgspec.Struct, gc=False):
    """What tells when an event happened."""

    timestamp: float | None = None
    t: float | None = None


_when: Final = msgspec.json.Decoder(_When)


def earlier(events: Sequence[Text], at_ms: int) -> list[Text]:
    """Events from before a moment; one that does not say when goes with the one before it."""
    kept, last = [], True
    for event in events:
        try:
            found = _when.decode(event)
            when = found.timestamp if found.timestamp is not None else found.t
        except UNREADABLE:
            when = None
        if when is not None:
            last = when < at_ms
        if last:
            kept.append(event)
    return kept


class Part(NamedTuple):
    """One session of a log: its id, its canonical rows, the channels that were seen or declared by then."""

    session: str
    rows: Events
    channels: int

    @property
    def start_ms(self) -> int:
        """Time of its first row."""
        return int(self.rows["t"][0])

    @property
    def last_ms(self) -> int:
        """Time of its last row."""
        return int(self.rows["t"][-1])


def parts(log: Log, idle_ms: int = IDLE_MS, limits: Limits = LIMITS) -> list[Part]:
    """The sessions of a log as rows, S, S.2 and so on."""
    streams: dict[str, Stream] = {}
    for batch in sorted(log.batches, key=lambda one: (one.stream, one.seq)):
        stream = streams.setdefault(batch.stream, Stream(batch.stream, limits))
        if batch.seq > stream.next_seq:
            stream.lose(batch.seq)
        stream.declare(batch.channels)
        stream.push(batch.seq, batch.events)
    if not streams:
        return []
    rows = merge({name: np.concatenate([one.take_settled(), one.waiting]) for name, one in streams.items()})
    channels = 0
    for stream in streams.values():
        channels |= stream.channels
    return [
        Part(log.name if i == 0 else f"{log.name}.{i + 1}", rows[place], channels)
        for i, place in enumerate(cut(rows, idle_ms))
    ]


class Erased(NamedTuple):
    """A visit of an identified visitor that was erased; times in ms since the epoch.

    Attributes
    ----------
    visitor
        Who, while other visits of theirs are there; empty for one of whom nothing is left.
    ended_ms, at_ms
        When it had ended, to the hour, and when it was erased.
    """

    visitor: str
    ended_ms: int
    at_ms: int


class Source(Protocol):
    """Where a workspace reads: recordings, or the store of a service."""

    idle_ms: int

    def logs(self, sessions: Collection[str] | None = None) -> Iterator[Log]:
        """Logs one by one; only those that hold one of these sessions, if some are named."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows of ``data_contracts.frames.SESSIONS``."""

    def labels(self) -> list[Label]:
        """Labels that people, goals or scripts gave."""

    def erased(self) -> list[Erased]:
        """Visits that were erased."""

    def scores(self) -> Iterator[dict[str, Any]]:
        """Rows of ``data_contracts.tables.SCORES``."""

    def decisions(self) -> Iterator[tuple[dict[str, Any], Decision | None]]:
        """Rows of ``data_contracts.frames.DECISIONS``, each with its record while there is one."""

    @property
    def unread(self) -> dict[str, str]:
        """What could not be read, and why."""
