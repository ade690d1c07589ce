"""Unpacks gzip, zlib and zstd within bounds; of what is cut short or damaged, it keeps all that could be unpacked."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from data_contracts.errors import WatchworthyError
from data_contracts.limits import LIMITS, Limits

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
LAYERS_MAX: Final = (
    4  # a gzipped body inside a gzipped file is common; more than this is not made by a recorder
)
SLICE: Final = 1 << 16  # packed bytes fed at once
PIECE: Final = 1 << 20  # unpacked bytes taken at once


class Unpacked(NamedTuple):
    """Unpacked bytes, the names of the layers taken off, and what was wrong ('' if nothing was)."""

    data: bytes
    layers: tuple[str, ...]
    damage: str


class Budget:
    """Counts what one input has unpacked to, over all its compressed parts, and refuses beyond the limits."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self.unpacked = 0

    def spend(self, size: int, packed: int, so_far: int) -> None:
        """Count ``size`` bytes more, of a part that has ``packed`` bytes and unpacked to ``so_far``.

        Raises
        ------
        WatchworthyError
            ``compression_bomb`` or ``input_too_long``.
        """
        limits = self.limits
        self.unpacked += size
        if so_far > limits.ratio_floor and so_far > limits.ratio * packed:
            raise WatchworthyError(
                "compression_bomb",
                f"{packed:,} bytes unpack to more than {so_far:,}, over {limits.ratio} times their size; "
                "recordings do not. Raise the ratio limit if you trust this one.",
            )
        if self.unpacked > limits.unpacked_bytes:
            raise WatchworthyError(
                "input_too_long",
                f"The input unpacks to more than {limits.unpacked_bytes:,} bytes. Split it, or raise the limit.",
            )


def kind_of(data: bytes | memoryview) -> str:
    """Name of the compression that the first bytes tell: ``gzip``, ``zstd``, ``zlib`` or ''.

    >>> kind_of(zlib.compress(b"[]")), kind_of(b"[]")
    ('zlib', '')
    """
    head = bytes(data[:4])
    if head.startswith(GZIP):
        return "gzip"
    if head == ZSTD:
        return "zstd"
    # RFC 1950: deflate with a window of up to 32 KB, and a check that makes the two bytes divisible by 31
    if len(head) > 1 and head[0] & 0x0F == 8 and head[0] >> 4 <= 7 and (head[0] << 8 | head[1]) % 31 == 0:
        return "zlib"
    return ""


def unpack(data: bytes | memoryview, budget: Budget | None = None) -> Unpacked:
    """Take off every layer of compression.

    Parameters
    ----------
    data
        Bytes, compressed or not.
    budget
        What the whole input may still unpack to.

    Raises
    ------
    WatchworthyError
        ``compression_bomb``; ``input_too_long``; ``compression_broken`` if nothing at all could be unpacked.

    Examples
    --------
    >>> unpack(zlib.compress(b"[]"))
    Unpacked(data=b'[]', layers=('zlib',), damage='')
    """
    budget = budget or Budget()
    layers: list[str] = []
    damage = ""
    while (kind := kind_of(data)) and len(layers) < LAYERS_MAX:
        gathered = bytearray()  # many small pieces would leave holes in the memory of the process
        packed = len(data)
        so_far = 0
        try:
            for piece in _zstd(data) if kind == "zstd" else _deflate(data, kind):
                so_far += len(piece)
                budget.spend(len(piece), packed, so_far)
                gathered += piece
        except (zlib.error, zstd.ZstdError, EOFError) as error:
            damage = f"The {kind} data is truncated or damaged after {so_far:,} unpacked bytes: {error}"
            if not so_far and kind == "zlib" and not layers:
                damage = ""  # two bytes of some other format that happen to look like zlib's
                break
        layers.append(kind)
        data = bytes(gathered)
        if damage:
            if not data:
                raise WatchworthyError("compression_broken", damage + ". Nothing could be unpacked.")
            break
    return Unpacked(bytes(data), tuple(layers), damage)


def _deflate(data: bytes | memoryview, kind: str) -> Iterator[bytes]:
    """Pieces of gzip (all its members) or zlib data."""
    view = memoryview(data)
    at = 0
    while at < len(view):
        # 32 for either header, 15 for the largest window
        at += yield from inflate(view[at:], zlib.decompressobj(47))
        if kind == "zlib" or bytes(view[at : at + 2]) != GZIP:
            return  # what follows the last member is padding


def inflate(view: memoryview, unpacker: zlib._Decompress) -> Generator[bytes, None, int]:
    """Pieces of one zlib or gzip stream from the beginning of ``view``; all that comes before damage is given.

    Returns
    -------
    int
        Where the stream ends in ``view``.

    Raises
    ------
    zlib.error
        Where the data is damaged.
    EOFError
        Where it is cut short.
    """
    at = 0
    while not unpacker.eof:
        if at >= len(view):
            raise EOFError("it ends before its own end mark")
        packed: bytes | memoryview = view[at : at + SLICE]
        at += len(packed)
        while packed and not unpacker.eof:
            before = unpacker.copy()
            try:
                piece = unpacker.decompress(packed, PIECE)
            except zlib.error:
                yield from _until_damage(packed, before)
                raise
            if piece:
                yield piece
            packed = unpacker.unconsumed_tail
    return at - len(unpacker.unused_data)


def _until_damage(packed: bytes | memoryview, unpacker: zlib._Decompress) -> Iterator[bytes]:
    """What a damaged slice gives byte by byte, before the damage: zlib keeps it back when fed the whole slice."""
    view = memoryview(packed)
    for at in range(len(view)):
        try:
            piece = unpacker.decompress(view[at : at + 1])
        except zlib.error:
            return
        if piece:
            yield piece


def _zstd(data: bytes | memoryview) -> Iterator[bytes]:
    """Pieces of zstd data, all its frames."""
    view = memoryview(data)
    at = 0
    while at < len(view) and bytes(view[at : at + 4]) == ZSTD:
        unpacker = zstd.ZstdDecompressor()
        while not unpacker.eof:
            packed: bytes | memoryview = b""
            if unpacker.needs_input:
                if at >= len(view):
                    raise EOFError("it ends before its own end mark")
                packed = view[at : at + SLICE]
                at += len(packed)
            piece = unpacker.decompress(packed, PIECE)
            if piece:
                yield piece
        at -= len(unpacker.unused_data)
