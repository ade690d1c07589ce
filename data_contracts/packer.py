"""rrweb's own packer, version 1: an event as a string whose characters are the bytes of zlib(JSON)."""

from __future__ import annotations

import msgspec

from data_contracts.batches import UNREADABLE, Text
from data_contracts.compression import Budget, unpack
from data_contracts.errors import WatchworthyError

_string = msgspec.json.Decoder(str)


def unpack_string(text: Text, budget: Budget) -> bytes | None:
    """What a JSON string of compressed or plain JSON holds, or None if it is neither.

    Parameters
    ----------
    text
        A JSON string: packed as rrweb and PostHog do (one character a byte), or JSON itself; unpacking in rrweb
        tries the latter first.
    budget
        What the whole input may still unpack to.

    Raises
    ------
    WatchworthyError
        ``compression_bomb`` or ``input_too_long``.
    """
    try:
        string = _string.decode(text)
        if string[:1] in ("{", "["):
            return string.encode()
        unpacked = unpack(string.encode("latin-1"), budget)
    except (*UNREADABLE, UnicodeEncodeError):
        return None
    except WatchworthyError as error:
        if error.code == "compression_broken":
            return None
        raise
    return unpacked.data if unpacked.layers and not unpacked.damage else None
