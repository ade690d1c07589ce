"""The body of a stored batch: how its events are read, and how it is packed."""

from __future__ import annotations

import sys
import threading
from typing import Final

from data_contracts.batches import Text
from data_contracts.compression import Budget
from data_contracts.errors import WatchworthyError
from data_contracts.json_scan import Break, Scan
from data_contracts.limits import LIMITS, Limits
from data_contracts.packer import unpack_string

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL: Final = 1  # of recordings, higher ones take longer and pack no better
QUOTE: Final = 0x22


class _Compressor(threading.local):
    """One compressor a thread: making one costs more than compressing a small batch."""

    def __init__(self) -> None:
        self.zstd = zstd.ZstdCompressor(level=LEVEL)


_compressor: Final = _Compressor()


def pack(data: bytes) -> bytes:
    """One zstd frame."""
    return _compressor.zstd.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)


def unpack(data: bytes) -> bytes:
    """The reverse of ``pack``; only for what we packed ourselves, so without limits."""
    return zstd.decompress(data)


def events_of(body: bytes, limits: Limits = LIMITS) -> list[Text]:
    """The JSON of each event of a batch.

    Parameters
    ----------
    body
        A JSON array of events, or events one after another; an event may be a string of rrweb's packer.
    limits
        Bounds on depth and on what strings unpack to.

    Raises
    ------
    WatchworthyError
        ``json_broken``, ``input_too_deep``, ``compression_bomb``.

    Examples
    --------
    >>> [bytes(event) for event in events_of(b'[{"type": 0}, {"type": 1}]')]
    [b'{"type": 0}', b'{"type": 1}']
    """
    scan = Scan(body, limits.depth)
    view = memoryview(body)
    budget = Budget(limits)
    events: list[Text] = []
    try:
        at = scan.skip_space(0)
        spans = scan.elements(at) if body[at : at + 1] == b"[" else scan.documents(at)
        for begin, end in spans:
            text = view[begin:end]
            events.append((unpack_string(text, budget) or text) if body[begin] == QUOTE else text)
    except Break as broken:
        raise WatchworthyError(
            "json_broken", "The events of this batch are not JSON.", f"byte {broken.at}"
        ) from None
    return events
