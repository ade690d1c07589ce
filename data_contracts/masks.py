"""Masks that keep every length: of each character the same bytes of JSON, and the same UTF-16 code units.

What a character becomes depends on the character alone, however it is written, so that one may mask and then
decode, or decode and then mask: ``*`` for ASCII, ``/`` for what JSON has a short escape for, ``·``, ``•`` and ``🞄``
for characters of two, three and four bytes of UTF-8. What is no UTF-8 stays so, and tells nothing. Compiled code.
"""

from __future__ import annotations

from typing import Final

from data_contracts.compiled import compiled
from data_contracts.json_walk import Bytes

QUOTE: Final = ord('"')
BACKSLASH: Final = ord("\\")
SLASH: Final = ord("/")
STAR: Final = ord("*")
U: Final = ord("u")

DOT: Final = 0xB7  # ·, two bytes of UTF-8
BULLET: Final = 0x2022  # •, three bytes
CIRCLE: Final = 0x1F784  # 🞄, four bytes and a pair of surrogates
CIRCLE_HIGH: Final = 0xD83D
CIRCLE_LOW: Final = 0xDF84

OTHER: Final = 0x10FFFF
"""What a character of four bytes, and what is no UTF-8, is read as: it is never looked at more closely."""


@compiled
def hexadecimal(text: Bytes, at: int) -> int:
    """Number that the four hexadecimal digits at ``at`` spell."""
    value = 0
    for i in range(at, at + 4):
        digit = int(text[i])
        value = value * 16 + (digit - 48 if digit <= 57 else (digit | 32) - 87)
    return value


@compiled
def utf8_size(text: Bytes, at: int) -> tuple[int, bool]:
    """Bytes of the character at ``at``, not ASCII, and whether it is UTF-8.

    Of what is none, the bytes that a decoder replaces by one U+FFFD. A byte of ASCII must follow somewhere.
    """
    lead = text[at]
    if lead < 0xC2 or lead > 0xF4:
        return 1, False
    low, high = 0x80, 0xBF
    if lead == 0xE0:
        low = 0xA0
    elif lead == 0xED:
        high = 0x9F
    elif lead == 0xF0:
        low = 0x90
    elif lead == 0xF4:
        high = 0x8F
    if not low <= text[at + 1] <= high:
        return 1, False
    if lead < 0xE0:
        return 2, True
    if text[at + 2] >> 6 != 2:
        return 2, False
    if lead < 0xF0:
        return 3, True
    return (4, True) if text[at + 3] >> 6 == 2 else (3, False)


@compiled
def read_char(text: Bytes, at: int) -> tuple[int, int]:
    """Character at ``at`` inside a sound JSON string, and where the next one begins.

    Either half of an escaped pair of surrogates is read for itself.
    """
    byte = int(text[at])
    if byte == BACKSLASH:
        escape = int(text[at + 1])
        if escape == U:
            return hexadecimal(text, at + 2), at + 6
        if escape == 110:  # n
            return 10, at + 2
        if escape == 116:  # t
            return 9, at + 2
        if escape == 114:  # r
            return 13, at + 2
        if escape == 98:  # b
            return 8, at + 2
        if escape == 102:  # f
            return 12, at + 2
        return escape, at + 2
    if byte < 0x80:
        return byte, at + 1
    size, sound = utf8_size(text, at)
    if sound and size == 2:
        return (byte & 0x1F) << 6 | int(text[at + 1]) & 0x3F, at + 2
    if sound and size == 3:
        return (byte & 0x0F) << 12 | (int(text[at + 1]) & 0x3F) << 6 | int(text[at + 2]) & 0x3F, at + 3
    return OTHER, at + size


@compiled
def has_short_escape(code: int) -> bool:
    """Whether JSON may write a character as a backslash and one more."""
    return code == QUOTE or code == BACKSLASH or code == SLASH or 8 <= code <= 10 or 12 <= code <= 13


@compiled
def write_escape(text: Bytes, at: int, code: int) -> None:
    r"""Write ``code`` as the ``\uXXXX`` that stands at ``at``."""
    for i in range(4):
        digit = code >> 4 * (3 - i) & 15
        text[at + 2 + i] = digit + 48 if digit < 10 else digit + 87


@compiled
def mask_char(text: Bytes, at: int) -> int:
    """Mask the character at ``at`` inside a sound JSON string; returns where the next one begins."""
    byte = text[at]
    if byte == BACKSLASH:
        if text[at + 1] != U:
            text[at + 1] = SLASH
            return at + 2
        code = hexadecimal(text, at + 2)
        if code < 0x80:
            write_escape(text, at, SLASH if has_short_escape(code) else STAR)
        elif code < 0x800:
            write_escape(text, at, DOT)
        elif (
            code >> 10 == 0xD800 >> 10
            and text[at + 6] == BACKSLASH
            and text[at + 7] == U
            and hexadecimal(text, at + 8) >> 10 == 0xDC00 >> 10
        ):
            write_escape(text, at, CIRCLE_HIGH)
            write_escape(text, at + 6, CIRCLE_LOW)
            return at + 12
        else:
            write_escape(text, at, BULLET)
        return at + 6
    if byte < 0x80:
        if byte != SLASH:
            text[at] = STAR
        return at + 1
    size, sound = utf8_size(text, at)
    if sound and size == 2:
        text[at] = 0xC2
        text[at + 1] = 0xB7
    elif (
        size == 1
    ):  # no character begins with these; one of each side of 0xF0, from where on two units are counted
        text[at] = 0xC0 if byte < 0xF0 else 0xFF
    elif byte < 0xF0:  # a bullet, or the first two bytes of one
        text[at] = 0xE2
        text[at + 1] = 0x80
        if sound:
            text[at + 2] = 0xA2
    else:  # a circle, or the first bytes of one
        text[at] = 0xF0
        text[at + 1] = 0x9F
        if size > 2:
            text[at + 2] = 0x9E
        if sound:
            text[at + 3] = 0x84
    return at + size


@compiled
def is_mask(text: Bytes, at: int) -> bool:
    """Whether the character at ``at`` is what ``mask_char`` leaves behind, or a bullet of another recorder."""
    byte = text[at]
    if byte == BACKSLASH:
        if text[at + 1] != U:
            return bool(text[at + 1] == SLASH)
        code = hexadecimal(text, at + 2)
        return (
            code == STAR
            or code == SLASH
            or code == DOT
            or code == BULLET
            or code == CIRCLE_HIGH
            or code == CIRCLE_LOW
        )
    if byte < 0x80:
        return bool(byte == STAR or byte == SLASH)
    size, sound = utf8_size(text, at)
    if size == 1:
        return bool(byte == 0xC0 or byte == 0xFF)
    if sound and size == 2:
        return bool(byte == 0xC2 and text[at + 1] == 0xB7)
    if byte < 0xF0:
        return bool(byte == 0xE2 and text[at + 1] == 0x80 and (not sound or text[at + 2] == 0xA2))
    if byte != 0xF0 or text[at + 1] != 0x9F or (size > 2 and text[at + 2] != 0x9E):
        return False
    return bool(not sound or text[at + 3] == 0x84)


@compiled
def mask(text: Bytes, begin: int, end: int) -> bool:
    """Mask ``text[begin:end]``, whole characters inside a sound JSON string; False if it was masked before."""
    at = begin
    while at < end and is_mask(text, at):
        _, at = read_char(text, at)
    if at >= end:
        return False
    at = begin  # not from here on: this may be the second half of a pair
    while at < end:
        at = mask_char(text, at)
    return True


@compiled
def mask_whole(text: Bytes, begin: int, end: int) -> bool:
    """Mask a whole string as ``mask`` does, and its plain slashes too: nobody compares it, and dates have some."""
    done = mask(text, begin, end)
    at = begin
    while at < end:
        if text[at] == SLASH:
            text[at] = STAR
            done = True
        _, at = read_char(text, at)
    return done
