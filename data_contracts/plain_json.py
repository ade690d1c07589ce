"""Compiled readers for plain pieces of JSON: names that are known, numbers, booleans, texts in ASCII.

Plain means: written as a browser writes it, and of one meaning only. Where a piece is not, or breaks off, the
readers say ``BAD``, and the caller leaves it to the reference. Positions are offsets into the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.json_walk import DONE, Bytes, Spans, walk_space, walk_value

BAD: Final = -1
"""Position that says: not plain."""

NAMES: Final = (
    *("type", "data", "timestamp", "source", "id", "x", "y", "pointerType", "isTrusted", "positions"),
    *(
        "timeOffset",
        "text",
        "isChecked",
        "userTriggered",
        "ranges",
        "start",
        "startOffset",
        "end",
        "endOffset",
    ),
    *("texts", "attributes", "removes", "adds", "isAttachIframe"),
    *("value", "parentId", "nextId", "node", "previousId", "isShadow"),
    *("tag", "plugin", "payload", "level", "trace"),
    *("delay", "sessionId", "windowId", "window_id", "cv", "v", "_sid"),
)
"""Names of fields that are read, then of those that an envelope may have and nobody reads."""

TYPE, DATA, TIMESTAMP, SOURCE, ID, X, Y, POINTER_TYPE, IS_TRUSTED, POSITIONS = range(10)
TIME_OFFSET, TEXT, IS_CHECKED, USER_TRIGGERED, RANGES, START, START_OFFSET, END, END_OFFSET = range(10, 19)
TEXTS, ATTRIBUTES, REMOVES, ADDS, IS_ATTACH_IFRAME = range(19, 24)
VALUE, PARENT_ID, NEXT_ID, NODE, PREVIOUS_ID, IS_SHADOW = range(24, 30)
TAG, PLUGIN, PAYLOAD, LEVEL, TRACE = range(30, 35)
IGNORED: Final = 35
"""From this number on the fields of an envelope that nobody reads."""
LONGEST: Final = max(map(len, NAMES))
SLOTS: Final = 256

DEEPEST: Final = 128  # levels of a value that is walked; msgspec goes down some hundreds
MOST_DIGITS: Final = 18  # a whole number of so many fits 64 bits
EXACT: Final = 1 << 53  # whole numbers up to here are exact as floats
MOST_DECIMALS: Final = 18
POWERS: Final = np.array([10.0**i for i in range(MOST_DECIMALS + 1)])
DOUBT: Final = 4.5e-16  # how far, relatively, a quotient of two rounded numbers may be off

STAMP: Final = np.frombuffer(b'"timestamp":', np.uint8)

FALSE: Final = 0
TRUE: Final = 1
NULL: Final = 2


@compiled
def slot_of(text: Bytes, begin: int, end: int) -> int:
    """Where the name between ``begin`` and ``end`` stands in the table."""
    return int(((end - begin) + text[begin] * 3 + text[min(begin + 2, end - 1)] * 29) % SLOTS)


def _slots() -> tuple[np.ndarray, np.ndarray]:
    """Number of the name in each slot, -1 where there is none, and the bytes of each name."""
    table = np.full(SLOTS, -1, np.int8)
    spelled = np.zeros((len(NAMES), LONGEST), np.uint8)
    for number, name in enumerate(NAMES):
        text = np.frombuffer(name.encode(), np.uint8)
        plain: Callable[..., int] = getattr(slot_of, "py_func", slot_of)
        slot = plain(text.astype(int), 0, text.size)
        assert table[slot] < 0, f"{name} and {NAMES[table[slot]]} share a slot; change slot_of"
        table[slot] = number
        spelled[number, : text.size] = text
    return table, spelled


_TABLE, _SPELLED = _slots()


@compiled
def key_at(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """Number of the name whose opening quote is at ``at``, and where its value begins; ``BAD`` if it is not known."""
    if at >= end or text[at] != 34:
        return BAD, BAD
    begin = at + 1
    at = begin
    while at < end and text[at] != 34:
        at += 1
    length = at - begin
    if at >= end or length < 1 or length > LONGEST:
        return BAD, BAD
    number = _TABLE[slot_of(text, begin, at)]
    if number < 0:
        return BAD, BAD
    for i in range(length):
        if _SPELLED[number, i] != text[begin + i]:
            return BAD, BAD
    if length < LONGEST and _SPELLED[number, length] != 0:
        return BAD, BAD
    at = walk_space(text, at + 1)
    if at >= end or text[at] != 58:
        return BAD, BAD
    return int(number), walk_space(text, at + 1)


@compiled
def number_at(text: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Digits, number of decimals and end of the number at ``at``; exponents and a negative zero are not plain."""
    negative = at < end and text[at] == 45
    if negative:
        at += 1
    begin = at
    digits = 0
    decimals = 0
    while at < end and 48 <= text[at] <= 57:
        digits = digits * 10 + (text[at] - 48)
        at += 1
        if at - begin > MOST_DIGITS:
            return 0, 0, BAD
    count = at - begin
    if count == 0 or (count > 1 and text[begin] == 48):
        return 0, 0, BAD
    if at < end and text[at] == 46:
        at += 1
        while at < end and 48 <= text[at] <= 57:
            digits = digits * 10 + (text[at] - 48)
            decimals += 1
            at += 1
            if count + decimals > MOST_DIGITS:
                return 0, 0, BAD
        if decimals == 0:
            return 0, 0, BAD
    if at < end and (text[at] == 69 or text[at] == 101):
        return 0, 0, BAD
    if negative:
        if digits == 0:
            return 0, 0, BAD
        digits = -digits
    return digits, decimals, at


@compiled
def whole_at(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """The whole number at ``at``, and its end."""
    digits, decimals, at = number_at(text, at, end)
    return (digits, at) if decimals == 0 else (0, BAD)


@compiled
def single_at(text: Bytes, at: int, end: int) -> tuple[float, int]:
    """The number at ``at`` as it is once stored in 32 bits, and its end; ``BAD`` where rounding could go either way."""
    digits, decimals, at = number_at(text, at, end)
    if at < 0:
        return 0.0, BAD
    value = digits / POWERS[decimals]
    if -EXACT <= digits <= EXACT:
        return value, at
    if np.float32(value * (1 - DOUBT)) != np.float32(value * (1 + DOUBT)):
        return 0.0, BAD
    return value, at


@compiled
def floor_at(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """The whole number at or below the number at ``at``, and its end."""
    digits, decimals, at = number_at(text, at, end)
    if at < 0 or not -EXACT <= digits <= EXACT:
        return 0, BAD
    if decimals == 0:
        return digits, at
    return int(np.floor(digits / POWERS[decimals])), at


@compiled
def bool_at(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """``TRUE``, ``FALSE`` or ``NULL`` at ``at``, and its end."""
    if (
        at + 4 <= end
        and text[at] == 116
        and text[at + 1] == 114
        and text[at + 2] == 117
        and text[at + 3] == 101
    ):
        return TRUE, at + 4
    if (
        at + 4 <= end
        and text[at] == 110
        and text[at + 1] == 117
        and text[at + 2] == 108
        and text[at + 3] == 108
    ):
        return NULL, at + 4
    if (
        at + 5 <= end
        and text[at] == 102
        and text[at + 1] == 97
        and text[at + 2] == 108
        and text[at + 3] == 115
    ):
        return FALSE, at + 5 if text[at + 4] == 101 else BAD
    return FALSE, BAD


@compiled
def text_at(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """UTF-16 code units of the text at ``at`` if it is ASCII, and its end; 0 units for ``null``."""
    if at < end and text[at] == 110:
        return 0, bool_at(text, at, end)[1]
    if at >= end or text[at] != 34:
        return 0, BAD
    at += 1
    units = 0
    while at < end:
        byte = text[at]
        if byte == 34:
            return units, at + 1
        if byte < 32 or byte > 127:
            return 0, BAD
        if byte == 92:
            if at + 1 >= end:
                return 0, BAD
            escape = text[at + 1]
            if escape == 117:
                for i in range(at + 2, at + 6):
                    if i >= end or not (48 <= text[i] <= 57 or 65 <= text[i] <= 70 or 97 <= text[i] <= 102):
                        return 0, BAD
                at += 6
            elif (
                escape == 34 or escape == 92 or escape == 47 or escape == 98 or escape == 102 or escape == 110
                or escape == 114 or escape == 116
            ):  # fmt: skip
                at += 2
            else:
                return 0, BAD
        else:
            at += 1
        units += 1
    return 0, BAD


@compiled
def skipped_at(text: Bytes, at: int, end: int) -> int:
    """The end of a value that nobody reads, if it is no container."""
    if at >= end:
        return BAD
    if text[at] == 34:
        return text_at(text, at, end)[1]
    if text[at] == 45 or 48 <= text[at] <= 57:
        return number_at(text, at, end)[2]
    return bool_at(text, at, end)[1]


@compiled
def value_at(text: Bytes, at: int, end: int) -> int:
    """The end of any value that begins at ``at``."""
    if at >= end:
        return BAD
    at, state = walk_value(text, at, DEEPEST)
    return int(at) if state == DONE and at <= end else BAD


@compiled
def has_surrogate(text: Bytes, begin: int, end: int) -> bool:
    """Whether a half of a surrogate pair is written as an escape; only a whole pair would be JSON of a text."""
    for i in range(begin, end - 3):
        if text[i] == 92 and text[i + 1] == 117 and text[i + 2] | 32 == 100 and text[i + 3] > 55:
            return True
    return False


@compiled
def next_at(text: Bytes, at: int, end: int, closing: int) -> tuple[int, bool]:
    """Where the next element or member begins after the comma, and whether the container closes instead."""
    at = walk_space(text, at)
    if at >= end:
        return BAD, False
    if text[at] == closing:
        return at + 1, True
    if text[at] != 44:
        return BAD, False
    return walk_space(text, at + 1), False


@compiled
def is_packed(text: Bytes, spans: Spans) -> bool:
    """Whether any of the pieces is a JSON string, as packers make."""
    for i in range(spans.shape[0]):  # noqa: SIM110  (compiled)
        if text[spans[i, 0]] == 34:
            return True
    return False


@compiled
def is_array_of(text: Bytes, spans: Spans) -> bool:
    """Whether a text that is JSON is one array of just the objects at these places, and begins with its bracket."""
    count = spans.shape[0]
    if count == 0 or text[0] != 91:
        return False
    at = 1
    for i in range(count):
        at = walk_space(text, at)
        if i:
            if text[at] != 44:
                return False
            at = walk_space(text, at + 1)
        if at != spans[i, 0]:
            return False
        at = spans[i, 1]
    at = walk_space(text, at)
    return text[at] == 93 and walk_space(text, at + 1) == text.size


@compiled
def times_at_end(text: Bytes, spans: Spans) -> tuple[int, int, int, bool]:
    """The first, last and greatest timestamp of events that end with it, as recorders write, and whether all do.

    The events are JSON, so what stands between the last comma and the brace that ends an event is its last member.
    """
    first, last, greatest = 0, 0, 0
    for i in range(spans.shape[0]):
        begin, end = spans[i, 0], spans[i, 1]
        at = end - 2
        while at > begin and 48 <= text[at] <= 57:
            at -= 1
        key = at - STAMP.size + 1
        if text[end - 1] != 125 or not 0 < end - 2 - at <= MOST_DIGITS or key <= begin or text[key - 1] != 44:
            return 0, 0, 0, False
        for j in range(STAMP.size):
            if text[key + j] != STAMP[j]:
                return 0, 0, 0, False
        last = number_at(text, at + 1, end)[0]
        if i == 0:
            first = last
        greatest = max(greatest, last)
    return first, last, greatest, spans.shape[0] > 0
