"""The body of a batch: a line of JSON that says whose it is, then its events as a JSON array or one a line."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import nan
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from data_contracts.batch_text import events_of, joined
from data_contracts.batches import UNREADABLE, Cut, Text, readable
from data_contracts.compression import Budget, unpack
from data_contracts.errors import WatchworthyError
from data_contracts.events import CHANNELS
from data_contracts.limits import Limits
from data_contracts.plain_json import BAD, times_at_end
from data_contracts.scrub import Scrubbed, scrub_and_cut, scrub_event
from pipelines.store.bodies import pack
from service.live.refusals import Refusal, refusal_of

LONGEST_HEADER: Final = 4_096
SEQ_MAX: Final = 1 << 31
USUAL_EVENTS: Final = 64  # of a batch: so many are read in one go
QUOTE: Final = ord('"')
TIME_MAX: Final = 1 << 53  # ms; beyond, a number in JSON is no longer exact

SessionName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""No dot: ``S.2`` is what follows a pause of ``S``."""


class Confirm(Struct, frozen=True):
    """What became of an intervention on the page."""

    id: Annotated[str, Meta(pattern=r"^in_[0-9a-f]{24}$")]
    what: Literal["shown", "clicked", "dismissed"]


class Header(Struct, frozen=True, kw_only=True):
    """The first line of a body.

    Attributes
    ----------
    key
        A write key.
    session, stream
        Whose events they are; a stream is one page load.
    seq
        Number of the batch in its stream, from 0.
    consent
        What the visitor agreed to, as the recorder knows it.
    channels
        Channels that the recorder records.
    end
        Whether the stream ends with this batch.
    visitor
        Who the page says it is, as a name that tells nobody who; empty if it does not say.
    confirm
        What became of interventions that were offered.
    sample
        The share of sessions that the page records, drawn by a hash of their id.
    kept
        Why a session is recorded that was not drawn: its page always is, or a signal fired.
    """

    key: Annotated[str, Meta(max_length=128)]
    session: SessionName
    stream: SessionName
    seq: Annotated[int, Meta(ge=0, lt=SEQ_MAX)]
    consent: Annotated[str, Meta(max_length=64)] | bool | None = None
    channels: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=32)] = []
    end: bool = False
    visitor: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""
    confirm: Annotated[list[Confirm], Meta(max_length=8)] = []
    sample: Annotated[float, Meta(ge=0, le=1)] = 1.0
    kept: Literal["", "page", "signal"] = ""

    @property
    def agreed(self) -> str:
        """The consent as a word; empty if nothing was said."""
        return "" if self.consent is None else str(self.consent).lower()

    @property
    def mask(self) -> int:
        """The channels as bits; bit i stands for ``CHANNELS[i]``."""
        names = self.channels
        return sum(1 << CHANNELS.index(name) for name in set(names) if name in CHANNELS) if names else 0


class Body(Struct, frozen=True, gc=False):
    """A body out of its packing: header, the text of the events, and SHA-256 of that text."""

    header: Header
    text: Text
    digest: bytes


class _Time(Struct, gc=False):
    """The one field of an event that matters at the door."""

    timestamp: float | None = None


_header: Final = msgspec.json.Decoder(Header)
_time: Final = msgspec.json.Decoder(_Time)

GZIP: Final = b"\x1f\x8b"
"""What gzip begins with: a browser asks first whether it may send ``Content-Encoding``, so the recorder does not."""

ENCODINGS: Final[dict[str, Literal["", "gzip", "zstd"]]] = {
    "": "",
    "identity": "",
    "gzip": "gzip",
    "x-gzip": "gzip",
    "zstd": "zstd",
}


def opened(data: bytes, encoding: str, limits: Limits) -> Body:
    """Take a body out of its packing and read its first line.

    Parameters
    ----------
    data
        The body as it was received.
    encoding
        Its ``Content-Encoding``, as ``encoding_of`` tells it.
    limits
        Bounds on what it may unpack to.

    Raises
    ------
    Refusal
        ``encoding_refused``, ``bad_header``, ``body_too_long``, ``compression_bomb``, ``compression_broken``.
    """
    packed = ENCODINGS.get(encoding)
    if packed is None:
        packed = ENCODINGS.get(encoding.strip().lower())
    if packed is None:
        raise Refusal(
            "encoding_refused", f"The body is {encoding[:40]!r}; send it plain, as gzip or as zstd."
        )
    if packed:
        data = _unpacked(data, packed, limits)
    line_end = data.find(b"\n", 0, LONGEST_HEADER + 1)
    if line_end < 0:
        if len(data) > LONGEST_HEADER:
            raise Refusal("bad_header", f"The first line is longer than {LONGEST_HEADER:,} bytes.")
        line_end = len(data)
    try:
        header = _header.decode(data[:line_end])
    except UNREADABLE as error:
        raise Refusal("bad_header", f"The first line cannot be read: {error}.") from None
    text = bytearray(memoryview(data)[line_end + 1 :])
    return Body(header, text, hashlib.sha256(text).digest())


def encoding_of(data: bytes, named: str) -> str:
    """How a body is packed: as its header says, or as its first bytes show."""
    return "gzip" if not named and data.startswith(GZIP) else named


def _unpacked(data: bytes, packed: str, limits: Limits) -> bytes:
    try:
        unpacked = unpack(data, Budget(limits))
    except WatchworthyError as error:
        raise refusal_of(error) from error
    if unpacked.damage:
        raise Refusal("compression_broken", unpacked.damage + ". Send the batch again.")
    if unpacked.layers[:1] != (packed,):
        raise Refusal("compression_broken", f"The body is not {packed}, as its Content-Encoding says.")
    return unpacked.data


class Read(Struct, frozen=True, gc=False):
    """The events of a batch that are taken.

    Attributes
    ----------
    events
        The JSON of each, after the scrub.
    text
        The text to store: a JSON array of just these events.
    first_ms, last_ms
        Times of the first and last of them that have one.
    outliers
        How many claim to be from too late a time, and are not taken.
    scrubbed
        What was masked.
    """

    events: Sequence[Text]
    text: Text
    first_ms: int | None
    last_ms: int | None
    outliers: int
    scrubbed: Scrubbed


def events_within(text: Text, limits: Limits, latest: float) -> Read:
    """The events of the text of a batch after the scrub, without those that claim to be from after ``latest`` ms.

    A ``bytearray`` is scrubbed in place: a large body is not held twice.

    Raises
    ------
    WatchworthyError
        As ``events_of``.
    """
    clean = text if isinstance(text, bytearray) else bytearray(text)
    spans = np.empty((min(USUAL_EVENTS, limits.events), 2), np.int64)
    scrubbed, count, first, last, greatest = scrub_and_cut(clean, limits.depth, spans)
    if count != BAD and greatest <= latest:
        return Read(Cut(clean, spans[:count]), clean, first, last, 0, scrubbed)
    events = events_of(clean, limits)
    if scrubbed.packed:
        budget = Budget(limits)
        events = [scrub_event(event, budget) for event in events]
    if isinstance(events, Cut):
        first, last, greatest, all_told = times_at_end(readable(clean), events.spans)
        if all_told and greatest <= latest:
            return Read(events, _array(clean, events), first, last, 0, scrubbed)
    times = times_of(events)
    late = times > latest
    outliers = int(np.count_nonzero(late))
    if outliers:
        events = [event for event, is_late in zip(events, late.tolist(), strict=True) if not is_late]
    known = times[~late & (np.abs(times) < TIME_MAX)]
    first_ms, last_ms = (int(known[0]), int(known[-1])) if known.size else (None, None)
    return Read(events, _array(clean, events), first_ms, last_ms, outliers, scrubbed)


def cut_and_packed(text: Text, limits: Limits, latest: float) -> tuple[Read, bytes]:
    """As ``events_within``; and the text to store, packed, or the writer hands the interpreter to and fro for each."""
    read = events_within(text, limits, latest)
    return read, pack(read.text)


def _array(text: bytearray, events: Sequence[Text]) -> Text:
    """The text itself if it is an array of just these events, or else such an array."""
    return text if isinstance(events, Cut) and text[:1] == b"[" else joined(events)


def times_of(events: Sequence[Text]) -> npt.NDArray[np.float64]:
    """The time of each event in ms, NaN of one that has none."""
    times = np.empty(len(events))
    for i, event in enumerate(events):
        try:
            t = _time.decode(event).timestamp
        except UNREADABLE:
            t = None  # the decoder of the stream says what is wrong with it
        times[i] = nan if t is None else t
    return times
