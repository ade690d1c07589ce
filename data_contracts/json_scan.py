"""Finds the pieces of a JSON text without building them: one pass over the bytes, no recursion.

The pieces are spans of bytes; msgspec or the page index reads them later, only where something is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np

from data_contracts.batches import Text, readable
from data_contracts.errors import WatchworthyError
from data_contracts.json_walk import (
    BROKEN,
    CUT,
    DEEP,
    FULL,
    Bytes,
    Spans,
    walk_documents,
    walk_elements,
    walk_space,
    walk_string,
    walk_value,
)
from data_contracts.limits import LIMITS

SPANS: Final = 4_096  # elements found per call of the compiled walk
FEW_SPANS: Final = 64  # in the first call: as many as a batch has


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


def spelled(text: bytes) -> str:
    """The name that a JSON string spells."""
    if b"\\" in text:
        try:
            return msgspec.json.decode(text, type=str)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass  # no key of ours, so its spelling does not matter
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

    def __init__(self, text: Text, depth: int = LIMITS.depth) -> None:
        self.text = text
        self.depth = depth
        self.bytes: Bytes = readable(text)
        self.end = 0
        """Just past the closing bracket of what ``members`` or ``elements`` last walked to its end."""
        self.begun = 0
        """Where the last value that ``documents`` came to begins, whether it was complete or not."""

    def skip_space(self, at: int) -> int:
        """First offset from ``at`` that is not white space; the length of the text if there is none."""
        return int(walk_space(self.bytes, at))

    def skip(self, at: int) -> int:
        """Offset just past the value that begins at ``at``."""
        end, state = walk_value(self.bytes, at, self.depth)
        self._check(int(end), int(state))
        return int(end)

    def spans(self, at: int, most: int) -> Spans:
        """Spans of the elements of the array that opens at ``at``, or else of the values from ``at`` on.

        Parameters
        ----------
        most
            Further ones than so many, and some that follow them, are not looked for.

        Returns
        -------
        i8[n, 2]
        """
        is_array = at < self.bytes.size and self.bytes[at] == 91
        at += is_array
        pieces: list[Spans] = []
        count = 0
        while count <= most:
            room = np.empty((SPANS if pieces else FEW_SPANS, 2), np.int64)
            if is_array:
                found, at, state = walk_elements(self.bytes, at, count == 0, self.depth, room)
            else:
                found, at, state, _ = walk_documents(self.bytes, at, self.depth, room)
            pieces.append(room[:found])
            count += int(found)
            if state != FULL:
                self._check(int(at), int(state))
                self.end = int(at)
                break
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def elements(self, at: int) -> Iterator[tuple[int, int]]:
        """Spans of the elements of the array that opens at ``at``; those before a break are given first."""
        spans = np.empty((SPANS, 2), np.int64)
        at += 1
        first = True
        while True:
            found, at, state = walk_elements(self.bytes, at, first, self.depth, spans)
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
            found, at, state, begun = walk_documents(self.bytes, at, self.depth, spans)
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
            key_end, state = walk_string(text, at)
            self._check(int(key_end), int(state))
            key = spelled(bytes(self.text[at : int(key_end)]))
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
