"""How much of an input Watchworthy is willing to unpack, walk and keep."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one input; whatever exceeds one is refused or dropped under a code, never half-read in silence.

    Parameters
    ----------
    unpacked_bytes
        Bytes that one input may unpack to, all its compressed parts together.
    ratio
        Unpacked bytes per packed byte. DOM snapshots of real sites pack 10 to 60 times; zlib itself ends near 1,030.
    ratio_floor
        Bytes below which no ratio is held against an input, so that tiny inputs are fine.
    depth
        Nesting of JSON. Browsers' parsers stop at 512 nested elements, which is 1,030 levels of a snapshot;
        scripts can go on a little.
    events
        Events of one recording.
    event_bytes
        Bytes of one event. Recorders cap theirs near 1 MB; snapshots of heavy pages reach tens.
    """

    unpacked_bytes: int = 1 << 30
    ratio: int = 250
    ratio_floor: int = 16 << 20
    depth: int = 4_096
    events: int = 5_000_000
    event_bytes: int = 128 << 20


LIMITS = Limits()
"""The bounds that hold where nobody says otherwise."""
