"""The state of a memory as plain values: what a checkpoint holds."""

from __future__ import annotations

from typing import Final

import msgspec

from data_contracts.frozen import FrozenStream


class Frozen(msgspec.Struct, frozen=True, array_like=True):
    """The state of a memory as plain values."""

    memory: bytes
    moments: bytes | None
    last: tuple[int, str] | None
    finished: list[tuple[bytes, bytes]]
    pages: dict[int, int]
    due: int
    ids: dict[str, int]
    ended: list[str]
    gone: list[str]
    channels: int
    newest: int | None
    streams: list[FrozenStream]


encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Frozen).decode
