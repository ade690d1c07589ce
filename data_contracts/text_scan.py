"""Past a JSON string with a note of what it may hold, and the classes of characters that the scrub goes by.

A string is walked once; only if it holds thirteen digits, an ``@``, a ``%`` or a ``=`` is it looked at again.
Compiled code.
"""

from __future__ import annotations

from string import ascii_letters, digits
from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled
from data_contracts.json_walk import BROKEN, CUT, DONE, Bytes
from data_contracts.masks import BACKSLASH, QUOTE, SLASH, U, hexadecimal, read_char

# Classes of characters.
LETTER: Final = 1
DIGIT: Final = 2
LOCAL: Final = 4  # may stand before the @ of an e-mail address
DOMAIN: Final = 8  # may stand in a label of a domain
NAME: Final = 16  # may stand in the name of a parameter
ENDS: Final = 32  # ends the value of a parameter
LEAVES: Final = 64  # ends the host of an address
WORD: Final = LETTER | DIGIT
FOREIGN: Final = LETTER | LOCAL | DOMAIN  # letters beyond ASCII whose script sets words apart

# What a walk notes, three counts in one number: digits, of @ and %, of = and of quotes inside the text.
ONE_DIGIT: Final = 1
AT_SIGN: Final = 1 << 20
EQUALS: Final = 1 << 40
DIGITS: Final = AT_SIGN - 1
AT_SIGNS: Final = EQUALS - AT_SIGN
STOP: Final = -1
WALKING: Final = -1  # as a state, beside those of the plain walk
LONG: Final = 1 << 18  # bytes; in a longer string a count could run over, so it is looked at in any case
SEEN_ALL: Final = DIGITS | AT_SIGN | EQUALS

AT: Final = ord("@")
EQUAL: Final = ord("=")
PERCENT: Final = ord("%")


def _classes() -> npt.NDArray[np.uint8]:
    classes = np.zeros(128, np.uint8)
    for class_, characters in (
        (LETTER, ascii_letters),
        (DIGIT, digits),
        (LOCAL, ascii_letters + digits + "._+-%*"),
        (DOMAIN, ascii_letters + digits + "-_"),
        (NAME, ascii_letters + digits + "_-.[]$%"),
        (ENDS, "&#;\"'<>`"),
        (LEAVES, "/?#\"'<>`\\"),
    ):
        classes[[ord(character) for character in characters]] |= class_
    classes[:33] |= ENDS | LEAVES
    return classes


def _weights() -> npt.NDArray[np.int64]:
    weights = np.zeros(256, np.int64)
    weights[:32] = weights[QUOTE] = weights[BACKSLASH] = STOP
    weights[ord("0") : ord("9") + 1] = ONE_DIGIT
    weights[AT] = weights[PERCENT] = AT_SIGN
    weights[EQUAL] = EQUALS
    return weights


CLASSES: Final = _classes()
WEIGHTS: Final = _weights()


@compiled
def class_of(code: int) -> int:
    """Classes of a character; of those beyond ASCII, U+00C0 to U+07FF are letters (Latin, Greek, Cyrillic, Arabic)."""
    if code < 128:
        return int(CLASSES[code])
    return FOREIGN if 0xC0 <= code <= 0x7FF else 0


@compiled
def walk_text(text: Bytes, at: int) -> tuple[int, int, int]:
    """Past the string whose opening quote is at ``at``: (position, state, what it may hold)."""
    end = text.size
    begin = at
    seen = 0
    at += 1
    state = WALKING
    while state == WALKING:
        weight = WEIGHTS[text[at]] if at < end else STOP
        if weight >= 0:
            seen += weight
            at += 1
        elif at >= end:
            state = CUT
        elif text[at] == QUOTE:
            at += 1
            state = DONE
        elif text[at] == BACKSLASH:
            at, state, weight = walk_escape(text, at)
            seen += weight
        else:
            state = BROKEN
    if at - begin > LONG:
        seen = SEEN_ALL
    return at, state, seen


@compiled
def walk_escape(text: Bytes, at: int) -> tuple[int, int, int]:
    """Past the escape whose backslash is at ``at``: (position, state, what it is)."""
    end = text.size
    if at + 1 >= end:
        return end, CUT, 0
    escape = int(text[at + 1])
    if escape != U:
        if escape == QUOTE:
            return at + 2, WALKING, EQUALS  # JSON inside a text
        known = (
            escape == BACKSLASH
            or escape == SLASH
            or escape == 98
            or escape == 102
            or escape == 110
            or escape == 114
            or escape == 116
        )
        return (at + 2, WALKING, 0) if known else (at + 1, BROKEN, 0)
    for i in range(at + 2, at + 6):
        if i >= end:
            return end, CUT, 0
        digit = text[i]
        if not (48 <= digit <= 57 or 65 <= digit <= 70 or 97 <= digit <= 102):
            return i, BROKEN, 0
    code = hexadecimal(text, at + 2)
    if code == QUOTE:
        return at + 6, WALKING, EQUALS
    return at + 6, WALKING, max(WEIGHTS[code], 0) if code < 128 else 0


@compiled
def percent_code(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """Character that ``%XX`` means whose percent sign ends at ``at``, and where it ends; (-1, at) if it is none."""
    code = 0
    following = at
    for _ in range(2):
        if following >= end:
            return -1, at
        digit, following = read_char(text, following)
        if 48 <= digit <= 57:
            digit -= 48
        elif 97 <= digit | 32 <= 102:
            digit = (digit | 32) - 87
        else:
            return -1, at
        code = code * 16 + digit
    return code, following
