"""Bodies to send: real recordings cut into typical batches, and visits that play them over again in their own time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
LEAST_TYPICAL: Final = 2  # typical batches of a page; one with fewer would be mostly snapshot
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

    ``typical`` tells whether it is what is measured: about 20 events and 3 KB, no snapshot.
    """

    events: tuple[bytes, ...]
    times_ms: tuple[int, ...]
    typical: bool

    def text(self, begin_ms: int) -> bytes:
        """The JSON array of a page that began at ``begin_ms``."""
        timed = zip(self.events, self.times_ms, strict=True)
        return b"[" + b",".join([b"%b%d}" % (event, begin_ms + at) for event, at in timed]) + b"]"


Page = tuple[Piece, ...]
"""A page as it was recorded: first all up to its snapshot, last a typical piece."""


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
    return [page for page in found if sum(piece.typical for piece in page) >= LEAST_TYPICAL]


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
    times = [0]
    for before, event in pairwise(events):
        times.append(times[-1] + int(min(max(event.at_ms - before.at_ms, 0), LONGEST_PAUSE_MS)))
    at = next(i for i, event in enumerate(events) if event.type == FULL_SNAPSHOT) + 1
    pieces = [_piece(events, times, 0, at, False)]
    while len(events) - at >= FEWEST:
        count = _typical(events, at)
        end = min(at + (count or USUAL), len(events))
        pieces.append(_piece(events, times, at, end, bool(count)))
        at = end
    while not pieces[-1].typical and len(pieces) > 1:
        pieces.pop()  # the next pass begins with a snapshot, so nobody misses them
    return tuple(pieces)


def _typical(events: list[Timed], at: int) -> int:
    """How many events from ``at`` on make a typical batch; 0 if no number does."""
    digits_and_comma = 15
    for count in sorted(range(FEWEST, MOST + 1), key=lambda count: abs(count - USUAL)):
        size = sum(len(event.text) + digits_and_comma for event in events[at : at + count])
        if at + count <= len(events) and SHORTEST <= size <= LONGEST:
            return count
    return 0


def _piece(events: list[Timed], times: list[int], begin: int, end: int, typical: bool) -> Piece:
    return Piece(tuple(event.text for event in events[begin:end]), tuple(times[begin:end]), typical)


class Visit:
    """One session that plays a page over and over: each pass begins with the snapshot, as recorders send it anew.

    Parameters
    ----------
    key
        A write key.
    session
        Its name.
    page
        What is played.
    """

    def __init__(self, key: str, session: str, page: Page) -> None:
        self.session = session
        self.page = page
        self.seq = 0
        self._head = f'{{"key":"{key}","session":"{session}","stream":"{session}-0","seq":'.encode()
        self._at = 0
        self._begin_ms = 0
        self._last_ms = 0

    def lead(self, now_ms: int) -> list[bytes]:
        """All that has to be sent before the next batch is a typical one."""
        bodies = []
        while not self.page[self._at].typical:
            bodies.append(self.next(now_ms))
        return bodies

    def next(self, now_ms: int) -> bytes:
        """The next body; a pass begins at ``now_ms``, or after all that was sent before if that is later."""
        if self._at == 0:
            self._begin_ms = max(now_ms, self._last_ms + BETWEEN_PASSES_MS)
        piece = self.page[self._at]
        body = b"%b%d}\n%b" % (self._head, self.seq, piece.text(self._begin_ms))
        self._last_ms = self._begin_ms + piece.times_ms[-1]
        self._at = (self._at + 1) % len(self.page)
        self.seq += 1
        return body


def visits(pages: Iterable[Page], key: str, count: int) -> list[Visit]:
    """So many visits, dealt over the pages in turn."""
    dealt = list(pages)
    return [Visit(key, f"bench-{i}", dealt[i % len(dealt)]) for i in range(count)]
