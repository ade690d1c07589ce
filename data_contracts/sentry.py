"""Sentry's replay segments: a header line with the segment's number, then its events, zlib or plain.

Several segments may stand one after another, in any order, alone or inside the envelopes in which the SDK
sends them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from data_contracts.batches import Problems
from data_contracts.compression import Budget, inflate
from data_contracts.json_scan import Break, Scan

HEADER: Final = re.compile(rb'\{\s*"segment_id"\s*:\s*(\d{1,9})\s*[^{}\n]*\}[ \t\r]*\n')
ENVELOPE: Final = re.compile(rb'\A\s*\{[^\n]*\}[ \t\r]*\n\{[^\n]*"type"\s*:\s*"replay_')


class Segment(NamedTuple):
    """Number of a segment and its JSON."""

    number: int
    text: bytes


def is_sentry(data: bytes) -> bool:
    """Whether bytes are replay segments."""
    return bool(HEADER.match(data.lstrip()[:256]) or ENVELOPE.match(data[:4_096]))


def segments(data: bytes, budget: Budget, problems: Problems) -> Iterator[Segment]:
    """Every segment in ``data``, in the order in which they stand.

    Parameters
    ----------
    data
        Segments, or envelopes with segments.
    budget
        What the whole input may still unpack to.
    problems
        Where ``compression_broken`` is noted, of a segment that was cut short.

    Raises
    ------
    WatchworthyError
        ``compression_bomb`` or ``input_too_long``.
    """
    at = 0
    while header := HEADER.search(data, at):
        at = header.end()
        while data[at : at + 1] in (b" ", b"\n", b"\r", b"\t"):
            at += 1
        if data[at : at + 1] == b"x":
            text, at = _unpack(data, at, budget, problems)
        else:
            begin = at
            try:
                at = Scan(data, budget.limits.depth).skip(begin)
            except Break:  # the reader of the segment says where; this one needs only its end
                following = HEADER.search(data, begin)
                at = following.start() if following else len(data)
            text = data[begin:at]
        yield Segment(int(header[1]), text)


def _unpack(data: bytes, at: int, budget: Budget, problems: Problems) -> tuple[bytes, int]:
    """The zlib stream that begins at ``at``, and where it ends."""
    view = memoryview(data)[at:]
    pieces: list[bytes] = []
    so_far = 0
    stream = inflate(view, zlib.decompressobj())
    try:
        while True:
            piece = next(stream)
            so_far += len(piece)
            budget.spend(len(piece), len(view), so_far)
            pieces.append(piece)
    except StopIteration as end:
        return b"".join(pieces), at + int(end.value)
    except (zlib.error, EOFError) as error:
        message = f"A segment is truncated or damaged: {error}. What came before is kept."
        problems.note("compression_broken", message, f"byte {at}")
    following = HEADER.search(data, at)
    return b"".join(pieces), following.start() if following else len(data)
