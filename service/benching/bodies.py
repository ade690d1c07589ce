"""Bodies to send: real recordings cut into typical batches, and visits that play them as if they were now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
from msgspec import Raw

from data_contracts.batches import UNREADABLE, Text
from data_contracts.recordings import Recording

FEWEST, USUAL, MOST = 16, 20, 24
"""Events of a typical batch: about what a recorder sends in a second or two."""
SHORTEST, LONGEST = 2 << 10, 9 << 9
"""Bytes of JSON of a typical batch: 2 to 4.5 KB."""
LEAST_TYPICAL: Final = 3  # typical batches of a page: one to warm up with, two to measure
LONGEST_PAUSE_MS: Final = 60_000  # a longer one in a recording is shortened, so that times stay near now
BETWEEN_PASSES_MS: Final = 1_000
FULL_SNAPSHOT, META = 2, 4

_event: Final = msgspec.json.Decoder(dict[str, Raw])
_number: Final = msgspec.json.Decoder(float)


class Timed(NamedTuple):
    """An event without its time: type, when it happened, ms, and its JSON up to the digits of ``timestamp``."""

    type: float
    at_ms: float
    text: bytes


class Piece(NamedTuple):
    """Events that go into one batch, each with its time from the beginning of the page, ms.

    ``measured`` tells whether it is typical (about 20 events and 3 KB, no snapshot) and not the first of its page.
    """

    events: tuple[bytes, ...]
    times_ms: tuple[int, ...]
    measured: bool

    def text(self, begin_ms: int) -> bytes:
        """The JSON array of a page that began at ``begin_ms``."""
        timed = zip(self.events, self.times_ms, strict=True)
        return b"[" + b",".join([b"%b%d}" % (event, begin_ms + at) for event, at in timed]) + b"]"


Page = tuple[Piece, ...]
"""A page as it was recorded: first all up to its snapshot, last a piece that is measured."""


def timed(event: Text) -> Timed | None:
    """An event with its time taken off; None for what is no event.

    >>> timed(b'{"type":3,"timestamp":7,"data":{}}')
    Timed(type=3.0, at_ms=7.0, text=b'{"type":3,"data":{},"timestamp":')
    """
    try:
        fields = _event.decode(event)
        kind, at = _number.decode(fields["type"]), _number.decode(fields.pop("timestamp"))
    except (*UNREADABLE, KeyError):
        return None
    return Timed(kind, at, msgspec.json.encode(fields)[:-1] + b',"timestamp":')


def pages(recording: Recording) -> list[Page]:
    """The pages of a recording that hold enough typical batches, in its order."""
    streams: dict[str, list[Timed]] = {}
    for batch in recording.batches:
        events = streams.setdefault(batch.stream, [])
        events += [one for event in batch.events if (one := timed(event)) is not None]
    found = [_page(part) for events in streams.values() for part in _loads(events)]
    return [page for page in found if page]


def _loads(events: list[Timed]) -> Iterator[list[Timed]]:
    """Cut a stream before each snapshot, and before the event of type Meta that announces it."""
    begins = [
        i - (i > 0 and events[i - 1].type == META)
        for i, event in enumerate(events)
        if event.type == FULL_SNAPSHOT
    ]
    for begin, end in pairwise([*begins, len(events)]):
        yield events[begin:end]


def _page(events: list[Timed]) -> Page:
    """Cut a page into pieces; none if it is too short."""
    times = [0]
    for before, event in pairwise(events):
        times.append(times[-1] + int(min(max(event.at_ms - before.at_ms, 0), LONGEST_PAUSE_MS)))
    at = next(i for i, event in enumerate(events) if event.type == FULL_SNAPSHOT) + 1
    cuts = [(0, at, False)]
    typical = 0
    while len(events) - at >= FEWEST:
        count = _typical(events, at)
        cuts.append((at, min(at + (count or USUAL), len(events)), bool(count and typical)))
        typical += bool(count)
        at = cuts[-1][1]
    while cuts and not cuts[-1][2]:
        cuts.pop()  # the visit is over when nothing more is measured
    if typical < LEAST_TYPICAL:
        return ()
    return tuple(
        Piece(tuple(event.text for event in events[begin:end]), tuple(times[begin:end]), measured)
        for begin, end, measured in cuts
    )


def _typical(events: list[Timed], at: int) -> int:
    """How many events from ``at`` on make a typical batch; 0 if no number does."""
    digits_and_comma = 15
    for count in sorted(range(FEWEST, MOST + 1), key=lambda count: abs(count - USUAL)):
        size = sum(len(event.text) + digits_and_comma for event in events[at : at + count])
        if at + count <= len(events) and SHORTEST <= size <= LONGEST:
            return count
    return 0


class Visits:
    """Visitors who come one after another, so that one is always there; each plays the page from its snapshot on.

    Parameters
    ----------
    key
        A write key.
    name
        Begins the names of their sessions.
    page
        What they play.
    """

    def __init__(self, key: str, name: str, page: Page) -> None:
        self.page = page
        self._key = key
        self._name = name
        self._visitors = 0
        self._at = 0
        self._begin_ms = 0

    def lead(self, now_ms: int, measured: int = 0) -> list[bytes]:
        """The bodies to send before the next one is to be measured, or before the next after ``measured`` such."""
        bodies = []
        while not self.page[self._at].measured or measured > 0:
            measured -= self.page[self._at].measured
            bodies.append(self.next(now_ms))
        return bodies

    def next(self, now_ms: int) -> bytes:
        """The next body; where a visit begins, it begins at ``now_ms``."""
        if self._at == 0:
            self._visitors += 1
            self._begin_ms = now_ms
        header = {
            "key": self._key,
            "session": f"{self._name}-{self._visitors}",
            "stream": "0",
            "seq": self._at,
        }
        body = msgspec.json.encode(header) + b"\n" + self.page[self._at].text(self._begin_ms)
        self._at = (self._at + 1) % len(self.page)
        return body


def dealt(pages: Sequence[Page], key: str, count: int) -> list[Visits]:
    """So many sessions at once, dealt over the pages in turn."""
    return [Visits(key, f"bench-{i}", pages[i % len(pages)]) for i in range(count)]
