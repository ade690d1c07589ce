"""Reads the plain ones of the events that are not incremental: our recorder's tick, and a line of the console.

Compiled, as ``plain_events``; what is not written as recorders write it is ``BAD`` here and left to the reference.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts import plain_json as p
from data_contracts.compiled import compiled
from data_contracts.json_walk import Bytes, walk_space
from data_contracts.plain_json import BAD
from data_contracts.plugins import CONSOLE
from data_contracts.rows import LEVELS

Said = npt.NDArray[np.int64]
"""What an event says by field, i8[len(plain_json.NAMES)]; times are in ms."""
Word = npt.NDArray[np.uint8]
"""A word in ASCII, u1[n]."""

CUSTOM: Final = 5  # types of the envelope
PLUGIN: Final = 6

BACKSLASH: Final = ord("\\")
CARD_DIGITS: Final = 13  # from so many digits on a text may hold the number of a card
OTHER_LEVEL: Final = 1


def _word(text: str) -> Word:
    return np.frombuffer(text.encode(), np.uint8)


_TICK: Final = _word("ww.tick")
_CONSOLE: Final = _word(CONSOLE)
_SPELLED: Final = np.zeros((len(LEVELS), max(map(len, LEVELS))), np.uint8)
_VALUES: Final = np.array(list(LEVELS.values()), np.int64)
for _number, _level in enumerate(LEVELS):
    _SPELLED[_number, : len(_level)] = _word(_level)
_CRC: Final = np.zeros(256, np.int64)
for _byte in range(256):  # what one byte does to a remainder of 0, without the inversions of zlib
    _CRC[_byte] = zlib.crc32(bytes([_byte ^ 255]), 0) ^ 0xFF000000


@compiled
def bare_at(text: Bytes, at: int, end: int) -> int:
    """The end of a text of printable ASCII without an escape: past its closing quote."""
    if at >= end or text[at] != 34:
        return BAD
    at += 1
    while at < end and text[at] != 34:
        if text[at] < 32 or text[at] > 126 or text[at] == BACKSLASH:
            return BAD
        at += 1
    return at + 1 if at < end else BAD


@compiled
def begins(text: Bytes, at: int, end: int, word: Word) -> bool:
    """Whether the text between two places begins with a word."""
    if end - at < word.size:
        return False
    for i in range(word.size):  # noqa: SIM110  (compiled)
        if text[at + i] != word[i]:
            return False
    return True


@compiled
def is_suspect(text: Bytes, begin: int, end: int) -> bool:
    """Whether a text may hold what the scrub masks, as ``scrub.SUSPECT`` has it; quotes aside."""
    digits = 0
    for i in range(begin, end):
        byte = text[i]
        if byte == 64 or byte == 37 or byte == 61:
            return True
        if 48 <= byte <= 57:
            digits += 1
    return digits >= CARD_DIGITS


@compiled
def checksum(text: Bytes, begin: int, end: int) -> int:
    """CRC-32 of a text, 0 only for the empty one: ``views.checksum``."""
    if begin == end:
        return 0
    remainder = 0xFFFFFFFF
    for i in range(begin, end):
        remainder = _CRC[(remainder ^ text[i]) & 255] ^ (remainder >> 8)
    return max(remainder ^ 0xFFFFFFFF, 1)


@compiled
def level_of(text: Bytes, begin: int, end: int) -> int:
    """Value of a level of the console."""
    for number in range(_VALUES.size):
        same = end - begin <= _SPELLED.shape[1]
        for i in range(_SPELLED.shape[1]):
            byte = text[begin + i] if i < end - begin else 0
            if byte != _SPELLED[number, i]:
                same = False
                break
        if same:
            return int(_VALUES[number])
    return OTHER_LEVEL


@compiled
def tick_at(text: Bytes, at: int, end: int) -> int:
    """The end of the data of a tick that says no more."""
    if at >= end or text[at] != 123:
        return BAD
    at = walk_space(text, at + 1)
    seen = 0
    while True:
        key, at = p.key_at(text, at, end)
        if at < 0 or seen >> key & 1:
            return BAD
        seen |= 1 << key
        begin = at
        if key == p.TAG:
            at = bare_at(text, at, end)
            if at - begin - 2 != _TICK.size or not begins(text, begin + 1, end, _TICK):
                return BAD
        elif key == p.PAYLOAD:
            if at >= end or text[at] != 123:
                return BAD
            at = walk_space(text, at + 1)
            if at >= end or text[at] != 125:
                return BAD
            at += 1
        else:
            return BAD
        at, closed = p.next_at(text, at, end, 125)
        if at < 0:
            return BAD
        if closed:
            return int(at) if seen >> p.TAG & 1 else BAD


@compiled
def trace_at(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """Digest of the first line of a trace, 0 if there is none, and the end of the trace."""
    if at < end and text[at] == 110:
        return 0, p.bool_at(text, at, end)[1]
    if at >= end or text[at] != 91:
        return 0, BAD
    at = walk_space(text, at + 1)
    if at < end and text[at] == 93:
        return 0, at + 1
    found = BAD
    while True:
        begin = at
        at = bare_at(text, at, end)
        if at < 0:
            return 0, BAD
        if found == BAD:
            if is_suspect(text, begin + 1, at - 1):
                return 0, BAD
            found = checksum(text, begin + 1, at - 1)
        at, closed = p.next_at(text, at, end, 93)
        if at < 0 or closed:
            return found, at


@compiled
def line_at(text: Bytes, at: int, end: int, said: Said) -> int:
    """The end of what the console plugin says; ``said`` takes the level and the digest of where it was said."""
    if at >= end or text[at] != 123:
        return BAD
    at = walk_space(text, at + 1)
    said[p.LEVEL] = OTHER_LEVEL
    said[p.TRACE] = 0
    if at < end and text[at] == 125:
        return int(at + 1)
    seen = 0
    while True:
        key, at = p.key_at(text, at, end)
        if at < 0 or seen >> key & 1:
            return BAD
        seen |= 1 << key
        if key == p.LEVEL:
            begin = at
            at = bare_at(text, at, end)
            said[p.LEVEL] = level_of(text, begin + 1, at - 1)
        elif key == p.TRACE:
            said[p.TRACE], at = trace_at(text, at, end)
        elif key == p.PAYLOAD:
            at = p.value_at(text, at, end)
        else:
            return BAD
        if at < 0:
            return BAD
        at, closed = p.next_at(text, at, end, 125)
        if at < 0:
            return BAD
        if closed:
            return int(at)


@compiled
def console_at(text: Bytes, at: int, end: int, said: Said) -> int:
    """The end of the data of an event of the console plugin."""
    for i in range(at, end):
        if text[i] > 127:  # the reference may refuse what is no UTF-8
            return BAD
    if p.has_surrogate(text, at, end) or at >= end or text[at] != 123:
        return BAD
    at = walk_space(text, at + 1)
    seen = 0
    while True:
        key, at = p.key_at(text, at, end)
        if at < 0 or seen >> key & 1:
            return BAD
        seen |= 1 << key
        if key == p.PLUGIN:
            begin = at
            at = bare_at(text, at, end)
            if at < 0 or not begins(text, begin + 1, at - 1, _CONSOLE):
                return BAD
        elif key == p.PAYLOAD:
            at = line_at(text, at, end, said)
        else:
            return BAD
        if at < 0:
            return BAD
        at, closed = p.next_at(text, at, end, 125)
        if at < 0:
            return BAD
        if closed:
            return int(at) if seen >> p.PLUGIN & 1 and seen >> p.PAYLOAD & 1 else BAD
