"""What a recording is made of once its wrapper is off: batches of events, and what went wrong on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, overload

import msgspec
import numpy as np
import numpy.typing as npt

from data_contracts.errors import CODES, WatchworthyError

Text = bytes | bytearray | memoryview
"""The JSON of one event, in UTF-8."""

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for JSON that is not of the type asked for, not UTF-8, or too deep for its recursion."""

MAIN = "0"
"""Name of the stream where a recording tells of none."""

PROBLEMS_KEPT = 20


def readable(text: Text) -> npt.NDArray[np.uint8]:
    """Bytes as an array u1[n] that cannot be written to, as compiled code takes them: another kind is compiled anew."""
    array = np.frombuffer(text, np.uint8)
    array.flags.writeable = False
    return array


class Cut(Sequence[Text]):
    """Events cut out of one text: a list that costs no object per event until one is asked for.

    Parameters
    ----------
    text
        UTF-8.
    spans
        Where each event begins and ends in it, i8[n, 2].
    """

    __slots__ = ("spans", "text")

    def __init__(self, text: Text, spans: npt.NDArray[np.int64]) -> None:
        self.text = text
        self.spans = spans

    @classmethod
    def of(cls, events: Iterable[Text]) -> Cut:
        """The events, whatever holds them, side by side in one text."""
        if isinstance(events, Cut):
            return events
        pieces = list(events)
        ends = np.cumsum(np.fromiter(map(len, pieces), np.int64, len(pieces)))
        spans = np.empty((len(pieces), 2), np.int64)
        spans[:, 1] = ends
        spans[:1, 0] = 0
        spans[1:, 0] = ends[:-1]
        return cls(b"".join(pieces), spans)

    def __len__(self) -> int:
        return len(self.spans)

    @overload
    def __getitem__(self, index: int) -> Text: ...

    @overload
    def __getitem__(self, index: slice) -> Cut: ...

    def __getitem__(self, index: int | slice) -> Text | Cut:
        """One event, or some of them."""
        if isinstance(index, slice):
            return Cut(self.text, self.spans[index])
        begin, end = self.spans[index].tolist()
        return memoryview(self.text)[begin:end]

    def __iter__(self) -> Iterator[Text]:
        view = memoryview(self.text)
        for begin, end in self.spans.tolist():
            yield view[begin:end]

    def __eq__(self, other: object) -> bool:
        """Whether the events are the same, one by one."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    @property
    def size(self) -> int:
        """Bytes of all events."""
        return int((self.spans[:, 1] - self.spans[:, 0]).sum())


class Batch(NamedTuple):
    """Events of one stream that were sent, or stand in the file, together.

    ``seq`` counts the batches of a stream from 0 without gaps; a missing number is a lost batch. ``channels`` are
    those that its sender says it records; bit i stands for ``events.CHANNELS[i]``.
    """

    stream: str
    seq: int
    events: Sequence[Text]
    channels: int = 0


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
