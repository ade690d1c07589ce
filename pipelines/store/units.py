"""What goes into the store in one piece, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from data_contracts.batches import Text

OVERHEAD: Final = 1_024  # bytes that a unit counts for beside its bodies
Name = tuple[str, str]
"""Site and session."""


class Card(NamedTuple):
    """What a decision says of its session, as listings need it.

    Attributes
    ----------
    started_at_ms, as_of_ms
        Start of the session, ms since the epoch; how much of it was seen.
    bot, frustration, conversion, worth
        0..1; None where there is none.
    seen_before
        Sessions on record with the same issue, when its rarity was taken.
    signals, pages
        Codes; paths that are known.
    device
        ``mouse``, ``touch``, ``keyboard`` or empty.
    lane, rank, stratum, propensity, draw
        Of the queue: where it stands, and its part in the random draw.
    """

    started_at_ms: int = 0
    as_of_ms: int = 0
    bot: float | None = None
    frustration: float | None = None
    conversion: float | None = None
    worth: float | None = None
    verdict: str = "undetermined"
    action: str = "allow"
    flagged: bool = False
    seen_before: int = 0
    issue: str = ""
    headline: str = ""
    signals: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    device: str = ""
    lane: str = "worth"
    rank: float = 1.0
    stratum: int | None = None
    propensity: float = 0.0
    draw: float | None = None


class Decision(NamedTuple):
    """A decision; one per (session, log number, bundle, policy, cause).

    Attributes
    ----------
    body
        Its record: all that is needed to make it again.
    part
        The session, ``S`` or ``S.2``; by default as the log is called.
    policy
        Digest of the policies by which it recommends.
    cause
        ``changed``, ``asked`` or ``ended``.
    card
        What listings show of it from now on; None leaves them as they are.
    """

    id: str
    bundle: str
    body: bytes
    part: str = ""
    policy: str = ""
    cause: str = "changed"
    created_at_ms: int = 0
    card: Card | None = None


class Intervention(NamedTuple):
    """An intervention that is due, under one id until it is confirmed.

    Attributes
    ----------
    visitor
        Who it is due for, or the session where nobody said.
    arm
        ``offered``, or ``held`` of a visitor who is never offered what this rule offers.
    goals
        Goals that the session had reached by then.
    """

    id: str
    rule: str
    body: bytes
    version: str = ""
    visitor: str = ""
    arm: str = "offered"
    goals: int = 0


class Confirmed(NamedTuple):
    """What a page says of an intervention: that it was ``shown``, ``clicked`` or ``dismissed``."""

    id: str
    what: str


class Outgoing(NamedTuple):
    """A message for the outbox. ``id`` is unique in the store; a second row of the same id is refused."""

    id: str
    topic: str
    body: bytes


class Cap(NamedTuple):
    """One use of a cap. A second row of the same (site, cap, key) fails the unit: caps are rows, never counters."""

    cap: str
    key: str


class Checkpoint(msgspec.Struct, frozen=True):
    """The flat memory of a session after the batch of a log number.

    Attributes
    ----------
    memory
        The folds' memory, as its owner wrote it; empty where only the rest was asked for.
    order_key
        Time of the last row folded, ms.
    digests
        Digests of the definitions that the memory was made by.
    log_number
        The last batch that it has seen; given by the store.
    """

    memory: bytes
    order_key: int = 0
    digests: bytes = b""
    log_number: int = 0


class Unit(msgspec.Struct, frozen=True):
    """One accepted batch, with all that goes with it: stored together or not at all.

    Parameters
    ----------
    site, session, stream, seq
        The batch's name. ``seq`` counts the batches of a stream from 0.
    body
        Its events after the scrub, in any form that ``data_contracts.batch_text`` reads.
    digest
        SHA-256 of the decompressed body as it was received: what tells a repeat from a conflict.
    received_at_ms
        When it was received, ms since the epoch.
    answer
        What is answered to it and to every repeat; a function gets the log number, and may be called more than once.
    rows
        Canonical rows that it decoded to.
    first_ms, last_ms
        Event time of its first and last event, ms, where known.
    ends
        Whether the stream says that it ends with this batch.
    after
        Log number of the last batch that the caller had folded: with another one in between, ``log_moved``.
    packed
        The body as ``pack`` packs it, if the caller has done that where it holds nobody up; else the writer does it.
    """

    site: str
    session: str
    stream: str
    seq: int
    body: Text
    digest: bytes
    received_at_ms: int
    answer: bytes | Callable[[int], bytes] = b""
    rows: int = 0
    visitor: str = ""
    channels: int = 0
    consent: str = ""
    scrub: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    ends: bool = False
    after: int | None = None
    checkpoint: Checkpoint | bytes | None = None
    decisions: tuple[Decision, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    outbox: tuple[Outgoing, ...] = ()
    caps: tuple[Cap, ...] = ()
    confirmed: tuple[Confirmed, ...] = ()
    packed: bytes = b""

    @property
    def size(self) -> int:
        """About how many bytes it takes while it waits."""
        size = len(self.body) + OVERHEAD
        if self.decisions or self.interventions or self.outbox:
            for some in (self.decisions, self.interventions, self.outbox):
                for one in some:
                    size += len(one.body)
        given = self.checkpoint
        if given is not None:
            size += len(given.memory) if isinstance(given, Checkpoint) else len(given)
        return size


class Stored(NamedTuple):
    """What became of a unit: durable under ``log_number``; ``repeated`` if it was so before."""

    log_number: int
    answer: bytes
    repeated: bool = False
    ended: bool = False


class StoredAnswer(NamedTuple):
    """What was answered to a batch, and the digest that it came with."""

    log_number: int
    digest: bytes
    answer: bytes


class SessionRow(NamedTuple):
    """What the store knows of a session.

    Attributes
    ----------
    number
        Its place in the order in which sessions were first committed: the cursor of listings.
    next_log
        Log number that its next batch will get, from 1.
    status
        ``open``, ``ended`` or ``sealed``.
    sealed_object, covered
        The sealed recording, and the last log number in it; empty and 0 if there is none.
    """

    number: int
    site: str
    session: str
    visitor: str
    status: str
    first_received_ms: int
    last_received_ms: int
    next_log: int
    bytes: int
    rows: int
    sealed_object: str
    covered: int
