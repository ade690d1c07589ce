"""How the body of a stored batch is packed."""

from __future__ import annotations

import sys
import threading
from typing import Final

from data_contracts.batches import Text

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL: Final = 1  # of recordings, higher ones take longer and pack no better


class _Compressor(threading.local):
    """One compressor a thread: making one costs more than compressing a small batch."""

    def __init__(self) -> None:
        self.zstd = zstd.ZstdCompressor(level=LEVEL)


_compressor: Final = _Compressor()


def pack(data: Text) -> bytes:
    """One zstd frame."""
    return _compressor.zstd.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)


def unpack(data: bytes) -> bytes:
    """The reverse of ``pack``; only for what we packed ourselves, so without limits."""
    return zstd.decompress(data)
