"""Which sessions are drawn to be recorded: a hash of their id, computed as the recorder computes it."""

from __future__ import annotations

from typing import Final

from service.live.batch_body import Header
from service.live.refusals import Refusal

BITS_32: Final = 0xFFFFFFFF


def uniform(text: str) -> float:
    """FNV-1a of 32 bits, then the finaliser of MurmurHash3: a number in [0, 1) that depends on every character.

    >>> uniform("s-81f2") == uniform("s-81f2"), uniform("s-81f2") == uniform("s-81f3")
    (True, False)
    """
    value = 0x811C9DC5
    for code in text.encode("ascii"):  # a session's name has no other characters
        value = ((value ^ code) * 0x01000193) & BITS_32
    value = ((value ^ value >> 16) * 0x85EBCA6B) & BITS_32
    value = ((value ^ value >> 13) * 0xC2B2AE35) & BITS_32
    return (value ^ value >> 16) / 2**32


def check_drawn(header: Header) -> None:
    """Refuse a session that its page should not have recorded: whoever draws by another way spoils every share.

    Raises
    ------
    Refusal
        ``not_drawn``.
    """
    if header.sample < 1 and not header.kept and uniform(header.session) >= header.sample:
        raise Refusal("not_drawn")
