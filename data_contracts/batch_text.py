"""The text of a batch: a JSON array of events, or events one after another; an event may be packed in a string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from data_contracts.batches import Cut, Text, readable
from data_contracts.compression import Budget
from data_contracts.errors import WatchworthyError
from data_contracts.json_scan import Break, Scan
from data_contracts.limits import LIMITS, Limits
from data_contracts.packer import unpack_string
from data_contracts.plain_json import is_packed

QUOTE: Final = ord('"')


def events_of(text: Text, limits: Limits = LIMITS) -> Sequence[Text]:
    """Cut the text of a batch into its events.

    Parameters
    ----------
    text
        A JSON array, or JSON objects one after another, in UTF-8.
    limits
        Bounds on depth and count.

    Returns
    -------
    sequence
        The JSON of each event. What is no event is counted when it is decoded.

    Raises
    ------
    WatchworthyError
        ``json_broken``, ``input_too_deep``, ``too_many_events``, ``compression_bomb``.

    Examples
    --------
    >>> [bytes(event) for event in events_of(b'[{"type": 0}, {"type": 1}]')]
    [b'{"type": 0}', b'{"type": 1}']
    """
    scan = Scan(text, limits.depth)
    try:
        at = scan.skip_space(0)
        array = text[at : at + 1] == b"["
        cut = Cut(text, scan.spans(at, limits.events))
        if array and len(cut) <= limits.events and scan.skip_space(scan.end) < len(text):
            raise Break(scan.end, cut=False)
    except Break as broken:
        raise WatchworthyError(
            "json_broken", "The events are not JSON; nothing of the batch was kept.", f"byte {broken.at}"
        ) from None
    if len(cut) > limits.events:
        raise WatchworthyError("too_many_events", f"A batch holds at most {limits.events:,} events.")
    if not is_packed(readable(text), cut.spans):
        return cut
    budget = Budget(limits)
    return [(unpack_string(one, budget) or one) if one[0] == QUOTE else one for one in cut]


def joined(events: Sequence[Text]) -> bytes:
    """Events as the text of a batch."""
    return b"[" + b",".join(events) + b"]"
