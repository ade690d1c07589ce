"""What a recording is made of once its wrapper is off: batches of events, and what went wrong on the way."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from data_contracts.errors import CODES, WatchworthyError

Text = bytes | memoryview
"""The JSON of one event, in UTF-8."""

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for JSON that is not of the type asked for, not UTF-8, or too deep for its recursion."""

MAIN = "0"
"""Name of the stream where a recording tells of none."""

PROBLEMS_KEPT = 20


class Batch(NamedTuple):
    """Events of one stream that were sent, or stand in the file, together.

    ``seq`` counts the batches of a stream from 0 without gaps; a missing number is a lost batch.
    """

    stream: str
    seq: int
    events: list[Text]


class Problem(NamedTuple):
    """Something wrong that did not stop the reading: code of ``CODES``, sentence, place."""

    code: str
    message: str
    where: str = ""

    def __str__(self) -> str:
        return str(self.error())

    def error(self) -> WatchworthyError:
        """The same as an error that can be raised."""
        return WatchworthyError(self.code, self.message, self.where)


class Problems(list[Problem]):
    """The first 20 problems of an input, and how many there were."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def note(self, code: str, message: str = "", where: str = "") -> None:
        """Count a problem and keep it if it is one of the first; the code's own meaning stands for no message."""
        self.total += 1
        if len(self) < PROBLEMS_KEPT:
            self.append(Problem(code, message or CODES[code], where))
