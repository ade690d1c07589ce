"""Finds the pieces of a JSON text without building them: one pass over the bytes, no recursion.

Numba compiles the walk. It checks the structure (brackets, commas, colons, strings, numbers), stops at the
first byte that JSON does not allow, and refuses what is nested too deeply. The pieces are spans of bytes;
msgspec or the page index reads them later, only where something is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled
from data_contracts.errors import WatchworthyError
from data_contracts.limits import LIMITS

Bytes = npt.NDArray[np.uint8]

DONE: Final = 0  # the value is complete
CUT: Final = 1  # the text ends inside the value
BROKEN: Final = 2  # a byte stands where JSON does not allow it
DEEP: Final = 3  # nested more deeply than the limit
FULL: Final = 4  # the table of spans is full; go on from where it stopped

SPANS = 4_096  # elements found per call of the compiled walk


@compiled
def _space(text: Bytes, at: int) -> int:
    """First position from ``at`` that is not white space."""
    end = text.size
    while at < end and (text[at] == 32 or text[at] == 10 or text[at] == 13 or text[at] == 9):
        at += 1
    return at


@compiled
def _string(text: Bytes, at: int) -> tuple[int, int]:
    """Past the string whose opening quote is at ``at``: (position, state)."""
    end = text.size
    at += 1
    while at < end:
        byte = text[at]
        if byte == 34:
            return at + 1, 0
        if byte == 92:
            if at + 1 >= end:
                return end, 1
            escape = text[at + 1]
            if escape == 117:  # \u and four hexadecimal digits
                for i in range(at + 2, at + 6):
                    if i >= end:
                        return end, 1
                    digit = text[i]
                    if not (48 <= digit <= 57 or 65 <= digit <= 70 or 97 <= digit <= 102):
                        return i, 2
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
                return at + 1, 2
        elif byte < 32:
            return at, 2
        else:
            at += 1
    return end, 1


@compiled
def _number(text: Bytes, at: int) -> tuple[int, int]:
    """Past the number at ``at``: (position, state)."""
    end = text.size
    if text[at] == 45:
        at += 1
    if at >= end:
        return end, 1
    if text[at] == 48:
        at += 1
    elif 49 <= text[at] <= 57:
        while at < end and 48 <= text[at] <= 57:
            at += 1
    else:
        return at, 2
    if at < end and text[at] == 46:
        at += 1
        if at >= end:
            return end, 1
        if not 48 <= text[at] <= 57:
            return at, 2
        while at < end and 48 <= text[at] <= 57:
            at += 1
    if at < end and (text[at] == 101 or text[at] == 69):
        at += 1
        if at < end and (text[at] == 43 or text[at] == 45):
            at += 1
        if at >= end:
            return end, 1
        if not 48 <= text[at] <= 57:
            return at, 2
        while at < end and 48 <= text[at] <= 57:
            at += 1
    return at, 0


@compiled
def _literal(text: Bytes, at: int) -> tuple[int, int]:
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
        return at, 2
    for i in range(length):
        if at + i >= end:
            return end, 1
        if text[at + i] != word[i]:
            return at + i, 2
    return at + length, 0


@compiled
def _value(text: Bytes, at: int, depth: int) -> tuple[int, int]:
    """Past the JSON value that begins at ``at`` (no white space before it): (position, state).

    ``depth`` is how many levels it may nest. A position with a state other than 0 is that of the offending byte.
    """
    end = text.size
    kinds = np.empty(0, np.uint8)  # open containers, 1 = object, 0 = array; made when the first one opens
    level = 0
    while True:
        # A value begins at `at`.
        if at >= end:
            return end, 1
        byte = text[at]
        opened = False
        if byte == 34:
            at, state = _string(text, at)
            if state != 0:
                return at, state
        elif byte == 123 or byte == 91:
            if level >= depth:
                return at, 3
            if level >= kinds.size:
                more = np.empty(max(64, 2 * kinds.size), np.uint8)
                more[: kinds.size] = kinds
                kinds = more
            kinds[level] = 1 if byte == 123 else 0
            level += 1
            at += 1
            opened = True
        elif byte == 45 or 48 <= byte <= 57:
            at, state = _number(text, at)
            if state != 0:
                return at, state
        else:
            at, state = _literal(text, at)
            if state != 0:
                return at, state
        # Close what closes, then stand before the next value.
        while True:
            if level == 0:
                return at, 0
            at = _space(text, at)
            if at >= end:
                return end, 1
            byte = text[at]
            is_object = kinds[level - 1] == 1
            if (is_object and byte == 125) or (not is_object and byte == 93):
                level -= 1
                at += 1
                opened = False
                continue
            if not opened:
                if byte != 44:
                    return at, 2
                at = _space(text, at + 1)
                if at >= end:
                    return end, 1
            opened = False
            if is_object:
                if text[at] != 34:
                    return at, 2
                at, state = _string(text, at)
                if state != 0:
                    return at, state
                at = _space(text, at)
                if at >= end:
                    return end, 1
                if text[at] != 58:
                    return at, 2
                at = _space(text, at + 1)
            break


@compiled
def _elements(
    text: Bytes, at: int, first: bool, depth: int, spans: npt.NDArray[np.int64]
) -> tuple[int, int, int]:
    """Spans of the elements of an array from ``at`` on: (how many, position, state).

    ``first`` tells that ``at`` is just past the opening bracket; otherwise it is just past an element.
    With state 0 the position is past the closing bracket, with state 4 past the last element found.
    """
    end = text.size
    found = 0
    while True:
        at = _space(text, at)
        if at >= end:
            return found, end, 1
        if text[at] == 93:
            return found, at + 1, 0
        if found == spans.shape[0]:
            return found, at, 4
        if not first:
            if text[at] != 44:
                return found, at, 2
            at = _space(text, at + 1)
        first = False
        begin = at
        at, state = _value(text, at, depth)
        if state != 0:
            return found, at, state
        spans[found, 0] = begin
        spans[found, 1] = at
        found += 1


@compiled
def _documents(text: Bytes, at: int, depth: int, spans: npt.NDArray[np.int64]) -> tuple[int, int, int, int]:
    """Spans of values that stand one after another: (how many, position, state, where the last one begins)."""
    end = text.size
    found = 0
    while True:
        at = _space(text, at)
        if at >= end:
            return found, end, 0, end
        if found == spans.shape[0]:
            return found, at, 4, at
        begin = at
        at, state = _value(text, at, depth)
        if state != 0:
            return found, at, state, begin
        spans[found, 0] = begin
        spans[found, 1] = at
        found += 1


class Break(Exception):
    """The text stops being JSON here.

    Parameters
    ----------
    at
        Offset of the first byte that does not fit, or of the end of the text.
    cut
        True if the text only ends too early; False if a byte is wrong.
    """

    def __init__(self, at: int, cut: bool) -> None:
        super().__init__(f"byte {at}")
        self.at = at
        self.cut = cut


def _key(text: bytes) -> str:
    """The name that a JSON string spells."""
    if b"\\" in text:
        try:
            return msgspec.json.decode(text, type=str)
        except msgspec.MsgspecError:
            pass  # half a surrogate pair: no key of ours, so its spelling does not matter
    return text[1:-1].decode("utf-8", "replace")


class Scan:
    """Walks one JSON text piece by piece.

    Parameters
    ----------
    text
        UTF-8 bytes; not copied. Spans are (begin, end) offsets into it.
    depth
        Levels of nesting that are allowed below any piece that is walked.

    Raises
    ------
    Break
        By every method, where the text is not JSON.
    WatchworthyError
        ``input_too_deep``, by every method.

    Examples
    --------
    >>> scan = Scan(b'{"events": [1, {"a": 2}]}')
    >>> [(key, scan.text[begin:begin + 1]) for key, begin in scan.members(0)]
    [('events', b'[')]
    >>> [scan.text[begin:end] for begin, end in scan.elements(11)]
    [b'1', b'{"a": 2}']
    """

    def __init__(self, text: bytes | memoryview, depth: int = LIMITS.depth) -> None:
        self.text = text
        self.depth = depth
        self.bytes: Bytes = np.frombuffer(text, np.uint8)
        self.end = 0
        """Just past the closing bracket of what ``members`` or ``elements`` last walked to its end."""
        self.begun = 0
        """Where the last value that ``documents`` came to begins, whether it was complete or not."""

    def skip_space(self, at: int) -> int:
        """First offset from ``at`` that is not white space; the length of the text if there is none."""
        return int(_space(self.bytes, at))

    def skip(self, at: int) -> int:
        """Offset just past the value that begins at ``at``."""
        end, state = _value(self.bytes, at, self.depth)
        self._check(int(end), int(state))
        return int(end)

    def elements(self, at: int) -> Iterator[tuple[int, int]]:
        """Spans of the elements of the array that opens at ``at``; those before a break are given first."""
        spans = np.empty((SPANS, 2), np.int64)
        at += 1
        first = True
        while True:
            found, at, state = _elements(self.bytes, at, first, self.depth, spans)
            yield from map(tuple, spans[:found].tolist())
            first = first and not found
            if state == FULL:
                continue
            self._check(int(at), int(state))
            self.end = int(at)
            return

    def documents(self, at: int) -> Iterator[tuple[int, int]]:
        """Spans of the values that stand one after another from ``at`` on; those before a break are given first."""
        spans = np.empty((SPANS, 2), np.int64)
        while True:
            found, at, state, begun = _documents(self.bytes, at, self.depth, spans)
            yield from map(tuple, spans[:found].tolist())
            self.begun = int(begun)
            if state == FULL:
                continue
            self._check(int(at), int(state))
            self.end = int(at)
            return

    def members(self, at: int) -> Iterator[tuple[str, int]]:
        """Keys of the object that opens at ``at``, each with the offset where its value begins.

        A value is skipped when the next key is asked for, unless the caller has walked it with ``elements`` or
        ``members`` to its end: then ``end`` says where to go on.
        """
        text = self.bytes
        at = self.skip_space(at + 1)
        if at < text.size and text[at] == 125:
            self.end = at + 1
            return
        while True:
            self._expect(at, 34)
            key_end, state = _string(text, at)
            self._check(int(key_end), int(state))
            key = _key(bytes(self.text[at : int(key_end)]))
            at = self.skip_space(int(key_end))
            self._expect(at, 58)
            begin = self.skip_space(at + 1)
            self.end = -1
            yield key, begin
            at = self.skip_space(self.end if self.end > begin else self.skip(begin))
            if at < text.size and text[at] == 125:
                self.end = at + 1
                return
            self._expect(at, 44)
            at = self.skip_space(at + 1)

    def _expect(self, at: int, byte: int) -> None:
        if at >= self.bytes.size:
            raise Break(int(self.bytes.size), cut=True)
        if self.bytes[at] != byte:
            raise Break(at, cut=False)

    def _check(self, at: int, state: int) -> None:
        if state == DEEP:
            raise WatchworthyError(
                "input_too_deep",
                f"The JSON is nested more than {self.depth:,} levels deep; no page is. Raise the limit if this one is.",
                f"byte {at}",
            )
        if state in (CUT, BROKEN):
            raise Break(at, cut=state == CUT)
