"""The compiled walk over JSON: where each value ends, what is wrong where, without recursion.

It checks the structure (brackets, commas, colons, strings, numbers) byte by byte and stops at the first byte
that JSON does not allow. Positions are offsets into the text; a state tells why the walk stopped.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled

Bytes = npt.NDArray[np.uint8]
"""Text in UTF-8, u1[n]. Wherever one is read, ``at``, ``begin`` and ``end`` are offsets into it, in bytes."""
Spans = npt.NDArray[np.int64]
"""Where each piece of a text begins and ends, in bytes, i8[n, 2]."""

DONE: Final = 0  # the value is complete
CUT: Final = 1  # the text ends inside the value
BROKEN: Final = 2  # a byte stands where JSON does not allow it
DEEP: Final = 3  # nested more deeply than the limit
FULL: Final = 4  # the table of spans is full; go on from where it stopped


@compiled
def walk_space(text: Bytes, at: int) -> int:
    """First position from ``at`` that is not white space."""
    end = text.size
    while at < end and (text[at] == 32 or text[at] == 10 or text[at] == 13 or text[at] == 9):
        at += 1
    return at


@compiled
def walk_string(text: Bytes, at: int) -> tuple[int, int]:
    """Past the string whose opening quote is at ``at``: (position, state)."""
    end = text.size
    at += 1
    while at < end:
        byte = text[at]
        if byte == 34:
            return at + 1, DONE
        if byte == 92:
            if at + 1 >= end:
                return end, CUT
            escape = text[at + 1]
            if escape == 117:  # \u and four hexadecimal digits
                for i in range(at + 2, at + 6):
                    if i >= end:
                        return end, CUT
                    digit = text[i]
                    if not (48 <= digit <= 57 or 65 <= digit <= 70 or 97 <= digit <= 102):
                        return i, BROKEN
                at += 6
            elif (
                escape == 34
                or escape == 92
                or escape == 47
                or escape == 98
                or escape == 102
                or escape == 110
                or escape == 114
                or escape == 116
            ):
                at += 2
            else:
                return at + 1, BROKEN
        elif byte < 32:
            return at, BROKEN
        else:
            at += 1
    return end, CUT


@compiled
def walk_number(text: Bytes, at: int) -> tuple[int, int]:
    """Past the number at ``at``: (position, state)."""
    end = text.size
    if text[at] == 45:
        at += 1
    if at >= end:
        return end, CUT
    if text[at] == 48:
        at += 1
    elif 49 <= text[at] <= 57:
        while at < end and 48 <= text[at] <= 57:
            at += 1
    else:
        return at, BROKEN
    if at < end and text[at] == 46:
        at += 1
        if at >= end:
            return end, CUT
        if not 48 <= text[at] <= 57:
            return at, BROKEN
        while at < end and 48 <= text[at] <= 57:
            at += 1
    if at < end and (text[at] == 101 or text[at] == 69):
        at += 1
        if at < end and (text[at] == 43 or text[at] == 45):
            at += 1
        if at >= end:
            return end, CUT
        if not 48 <= text[at] <= 57:
            return at, BROKEN
        while at < end and 48 <= text[at] <= 57:
            at += 1
    return at, DONE


@compiled
def walk_literal(text: Bytes, at: int) -> tuple[int, int]:
    """Past ``true``, ``false`` or ``null`` at ``at``: (position, state)."""
    end = text.size
    first = text[at]
    if first == 116:
        word = (116, 114, 117, 101, 0)
        length = 4
    elif first == 102:
        word = (102, 97, 108, 115, 101)
        length = 5
    elif first == 110:
        word = (110, 117, 108, 108, 0)
        length = 4
    else:
        return at, BROKEN
    for i in range(length):
        if at + i >= end:
            return end, CUT
        if text[at + i] != word[i]:
            return at + i, BROKEN
    return at + length, DONE


@compiled
def walk_value(text: Bytes, at: int, depth: int) -> tuple[int, int]:
    """Past the JSON value that begins at ``at`` (no white space before it): (position, state).

    ``depth`` is how many levels it may nest. A position with a state other than DONE is that of the offending byte.
    """
    end = text.size
    kinds = np.empty(0, np.uint8)  # open containers, 1 = object, 0 = array; made when the first one opens
    level = 0
    while True:
        # A value begins at `at`.
        if at >= end:
            return end, CUT
        byte = text[at]
        opened = False
        if byte == 34:
            at, state = walk_string(text, at)
            if state != DONE:
                return at, state
        elif byte == 123 or byte == 91:
            if level >= depth:
                return at, DEEP
            if level >= kinds.size:
                more = np.empty(max(64, 2 * kinds.size), np.uint8)
                more[: kinds.size] = kinds
                kinds = more
            kinds[level] = 1 if byte == 123 else 0
            level += 1
            at += 1
            opened = True
        elif byte == 45 or 48 <= byte <= 57:
            at, state = walk_number(text, at)
            if state != DONE:
                return at, state
        else:
            at, state = walk_literal(text, at)
            if state != DONE:
                return at, state
        # Close what closes, then stand before the next value.
        while True:
            if level == 0:
                return at, DONE
            at = walk_space(text, at)
            if at >= end:
                return end, CUT
            byte = text[at]
            is_object = kinds[level - 1] == 1
            if (is_object and byte == 125) or (not is_object and byte == 93):
                level -= 1
                at += 1
                opened = False
                continue
            if not opened:
                if byte != 44:
                    return at, BROKEN
                at = walk_space(text, at + 1)
                if at >= end:
                    return end, CUT
            opened = False
            if is_object:
                if text[at] != 34:
                    return at, BROKEN
                at, state = walk_string(text, at)
                if state != DONE:
                    return at, state
                at = walk_space(text, at)
                if at >= end:
                    return end, CUT
                if text[at] != 58:
                    return at, BROKEN
                at = walk_space(text, at + 1)
            break


@compiled
def walk_elements(text: Bytes, at: int, first: bool, depth: int, spans: Spans) -> tuple[int, int, int]:
    """Spans of the elements of an array from ``at`` on: (how many, position, state).

    ``first`` tells that ``at`` is just past the opening bracket; otherwise it is just past an element.
    With state DONE the position is past the closing bracket, with state FULL past the last element found.
    """
    end = text.size
    found = 0
    while True:
        at = walk_space(text, at)
        if at >= end:
            return found, end, CUT
        if text[at] == 93:
            return found, at + 1, DONE
        if found == spans.shape[0]:
            return found, at, FULL
        if not first:
            if text[at] != 44:
                return found, at, BROKEN
            at = walk_space(text, at + 1)
        first = False
        begin = at
        at, state = walk_value(text, at, depth)
        if state != DONE:
            return found, at, state
        spans[found, 0] = begin
        spans[found, 1] = at
        found += 1


@compiled
def walk_documents(text: Bytes, at: int, depth: int, spans: Spans) -> tuple[int, int, int, int]:
    """Spans of values that stand one after another: (how many, position, state, where the last one begins)."""
    end = text.size
    found = 0
    while True:
        at = walk_space(text, at)
        if at >= end:
            return found, end, DONE, end
        if found == spans.shape[0]:
            return found, at, FULL, at
        begin = at
        at, state = walk_value(text, at, depth)
        if state != DONE:
            return found, at, state, begin
        spans[found, 0] = begin
        spans[found, 1] = at
        found += 1
