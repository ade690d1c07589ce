"""The form of a sealed recording: frames that stand alone, and an index, so that a replay starts anywhere.

``magic, frame, frame, …, index, length of the index, magic``. Frames and index are zstd, then AES-GCM with the
session's key; each frame is bound to the log numbers that it holds. The index says which streams and times a frame
holds and where a full snapshot stands in it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data_contracts.batch_text import events_of
from data_contracts.batches import UNREADABLE, Batch
from data_contracts.errors import WatchworthyError
from pipelines.store.bodies import pack, unpack
from pipelines.store.crypto import bound, decrypt, encrypt
from pipelines.store.objects import Objects

MAGIC: Final = b"WWREC\x00\x00\x01"
TAIL: Final = struct.Struct("<Q8s")
TAIL_GUESS: Final = 16 << 10  # bytes read from the end at first; the index of most sessions fits
FULL_SNAPSHOT: Final = 2  # rrweb's EventType


class Kept(NamedTuple):
    """One batch of a frame."""

    log_number: int
    stream: str
    seq: int
    received_at_ms: int
    channels: int
    consent: str
    scrub: int
    body: bytes

    def batch(self) -> Batch:
        """As it was received."""
        return Batch(self.stream, self.seq, events_of(self.body), self.channels)


class Part(msgspec.Struct, array_like=True, frozen=True):
    """What a frame holds of one stream: event times in ms, and when full snapshots were taken."""

    stream: str
    first_ms: float
    last_ms: float
    snapshots: list[float]


class Frame(msgspec.Struct, array_like=True, frozen=True):
    """One frame of the index: log numbers from ``first`` to ``last``, where it lies, what is in it."""

    first: int
    last: int
    offset: int
    length: int
    parts: list[Part]


class _Head(msgspec.Struct, gc=False):
    """What the index needs of an event."""

    type: int | float | None = None
    timestamp: float | None = None


_head: Final = msgspec.json.Decoder(_Head)
_kept: Final = msgspec.msgpack.Decoder(list[Kept])
_frames: Final = msgspec.msgpack.Decoder(list[Frame])


class Recording:
    """A sealed recording that is read by frames.

    Raises
    ------
    WatchworthyError
        ``object_missing``; ``store_corrupt`` if it is not what was written.
    """

    def __init__(self, objects: Objects, name: str, cipher: AESGCM, site: str, session: str) -> None:
        self._objects = objects
        self._name = name
        self._cipher = cipher
        self._owner = (site, session)
        self.size = objects.size(name)
        tail = objects.read(name, max(0, self.size - TAIL_GUESS), self.size)
        try:
            length, magic = TAIL.unpack(tail[-TAIL.size :])
        except struct.error:
            length, magic = 0, b""
        if magic != MAGIC or length > self.size:
            raise WatchworthyError("store_corrupt", "This is no sealed recording.", name)
        self.index_at: int = self.size - TAIL.size - length
        if length + TAIL.size > len(tail):
            tail = objects.read(name, self.index_at, self.size)
        index = tail[len(tail) - TAIL.size - length : len(tail) - TAIL.size]
        self.frames = _frames.decode(unpack(decrypt(cipher, index, bound("index", site, session), name)))

    def batches(self, after: int = 0) -> Iterator[Kept]:
        """Batches by log number, from the one after ``after``."""
        for frame in self.frames:
            if frame.last > after:
                yield from (one for one in self.read(frame) if one.log_number > after)

    def read(self, frame: Frame) -> list[Kept]:
        """The batches of one frame."""
        data = self._objects.read(self._name, frame.offset, frame.offset + frame.length)
        to = bound("frame", *self._owner, frame.first, frame.last)
        return _kept.decode(unpack(decrypt(self._cipher, data, to, self._name)))

    def from_time(self, begin_ms: float) -> list[Frame]:
        """The frames that a replay from this moment needs.

        Of each stream that goes on at or after the moment, these are the frames from its last full snapshot before it,
        or from its beginning.
        """
        last: dict[str, float] = {}
        snapshot: dict[str, float] = {}
        for part in (part for frame in self.frames for part in frame.parts):
            last[part.stream] = max(part.last_ms, last.get(part.stream, part.last_ms))
            before = [t for t in part.snapshots if t <= begin_ms]
            if before:
                snapshot[part.stream] = max(*before, snapshot.get(part.stream, before[0]))
        needed = {stream: snapshot.get(stream, float("-inf")) for stream in last if last[stream] >= begin_ms}
        return [
            frame
            for frame in self.frames
            if any(part.stream in needed and part.last_ms >= needed[part.stream] for part in frame.parts)
        ]

    def raw(self) -> bytes:
        """All frames as they are, without magic and index."""
        return self._objects.read(self._name, len(MAGIC), self.index_at)


def write(
    batches: Iterable[Kept], cipher: AESGCM, site: str, session: str, frame_bytes: int, old: Recording | None
) -> bytes:
    """The bytes of a sealed recording: the frames of the old one, then the batches after it.

    Parameters
    ----------
    batches
        By log number, all after those of ``old``.
    frame_bytes
        A frame is closed when its bodies have so many bytes.
    """
    data = bytearray(MAGIC)
    index: list[Frame] = []
    if old is not None:
        data += old.raw()
        index += old.frames
    for some in _grouped(batches, frame_bytes):
        first, last = some[0].log_number, some[-1].log_number
        sealed = encrypt(
            cipher, pack(msgspec.msgpack.encode(some)), bound("frame", site, session, first, last)
        )
        index.append(Frame(first, last, len(data), len(sealed), _parts(some)))
        data += sealed
    sealed = encrypt(cipher, pack(msgspec.msgpack.encode(index)), bound("index", site, session))
    return bytes(data + sealed + TAIL.pack(len(sealed), MAGIC))


def _grouped(batches: Iterable[Kept], frame_bytes: int) -> Iterator[list[Kept]]:
    some: list[Kept] = []
    size = 0
    for one in batches:
        some.append(one)
        size += len(one.body)
        if size >= frame_bytes:
            yield some
            some, size = [], 0
    if some:
        yield some


def _parts(batches: list[Kept]) -> list[Part]:
    times: dict[str, list[float]] = {}
    snapshots: dict[str, list[float]] = {}
    for one in batches:
        for event in events_of(one.body):
            try:
                head = _head.decode(event)
            except UNREADABLE:
                continue  # no event; the decoder of the stream counts it
            if head.timestamp is not None:
                times.setdefault(one.stream, []).append(head.timestamp)
                if head.type == FULL_SNAPSHOT:
                    snapshots.setdefault(one.stream, []).append(head.timestamp)
    return [Part(name, min(some), max(some), snapshots.get(name, [])) for name, some in times.items()]
