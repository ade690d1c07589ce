"""The scrub: masks in place, at the same length, what no log may hold, whatever the recorder let through.

It is the second line behind the recorder's own masking, for old recorders, other people's and imports. What is
masked, always and by no setting less, is in ``docs/scrub.md``. No feature changes by it: texts are never read,
and addresses are compared as they are after the scrub (``data_contracts.views``).
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from data_contracts.batches import Text
from data_contracts.compression import Budget
from data_contracts.json_walk import Bytes, Spans
from data_contracts.packer import unpack_string
from data_contracts.posthog import unpack_event
from data_contracts.scrub_walk import scrub_array

SCRUB_VERSION: Final = 1
"""Raised with every change of what is masked; a batch in the log bears the version that it was scrubbed by."""

_NOWHERE: Final = np.empty((0, 2), np.int64)

SUSPECT: Final = re.compile(r'[@%="]|\d(?:\D*\d){12}')
"""What a text must hold before anything in it can be masked."""


class Scrubbed(NamedTuple):
    """What one scrub masked, each place counted once; a second scrub of the same text masks nothing.

    Attributes
    ----------
    walked
        Whether the text is JSON to its end. If not, what came before the break is masked and the rest is as it was:
        refuse it.
    inputs
        Values of fields: texts of input events, ``value`` of fields, contents of text areas.
    cards, emails
        Card numbers and e-mail addresses inside texts.
    secrets
        Values that their name says are secret: parameters, members, user and password of an address.
    packed
        Strings that hold compressed or nested JSON where an event or a part of one belongs. They are not masked.
    """

    walked: bool
    inputs: int = 0
    cards: int = 0
    emails: int = 0
    secrets: int = 0
    packed: int = 0


CLEAN: Final = Scrubbed(True)
"""Of JSON in which there is nothing to mask."""


def scrub(text: bytearray | memoryview | npt.NDArray[np.uint8]) -> Scrubbed:
    """Mask in place the JSON of events: an array of them, one after another, or in a wrapper that is plain JSON.

    Parameters
    ----------
    text
        UTF-8, writable and contiguous. Its length in bytes, the length of each text in UTF-16 code units, and
        whether it is JSON stay as they are.

    Returns
    -------
    Scrubbed
        How many places were masked, by kind. With ``packed`` over 0, take the events apart and call
        ``scrub_event`` on each that is or holds such a string, and store what that gives: a mask inside
        compressed bytes would destroy them.

    Raises
    ------
    TypeError
        If ``text`` cannot be written to.

    Examples
    --------
    >>> text = bytearray(b'[{"type": 3, "data": {"source": 5, "id": 7, "text": "hunter2"}, "timestamp": 1}]')
    >>> scrub(text)
    Scrubbed(walked=True, inputs=1, cards=0, emails=0, secrets=0, packed=0)
    >>> bytes(text.split(b", ")[3])
    b'"text": "*******"}'
    """
    return scrub_and_cut(text, 0, _NOWHERE)[0]


def scrub_and_cut(
    text: bytearray | memoryview | npt.NDArray[np.uint8], depth: int, spans: Spans
) -> tuple[Scrubbed, int, int, int, int]:
    """Scrub as ``scrub`` does, and cut the usual text of a batch into its events: the same walk tells where they are.

    Parameters
    ----------
    depth
        Most levels of an event.
    spans
        Takes where each begins and ends, i8[n, 2].

    Returns
    -------
    tuple
        What was masked; how many events there are; their first, last and greatest timestamp. The number is ``BAD``
        where the text is not just one array of at most ``n`` events that each end with a whole timestamp.
    """
    data: Bytes = np.frombuffer(text, np.uint8)
    if not data.flags.writeable:
        raise TypeError(
            "The scrub masks in place: give it a bytearray or another writable buffer, not bytes."
        )
    walked, *masked, count, first, last, greatest = scrub_array(data, depth, spans)
    scrubbed = CLEAN if walked and not any(masked) else Scrubbed(walked, *masked)
    return scrubbed, count, first, last, greatest


def scrub_event(text: Text, budget: Budget) -> bytes:
    """One event out of its packing and scrubbed: plain JSON, to be stored in the place of what was sent.

    Parameters
    ----------
    text
        The JSON of one event: an object, perhaps with fields packed as PostHog does, or a string that holds one
        packed as rrweb does. What cannot be unpacked stays as it is.
    budget
        What the whole input may still unpack to.

    Raises
    ------
    WatchworthyError
        ``compression_bomb`` or ``input_too_long``.
    """
    plain: Text | None = None
    if bytes(text[:1]) == b'"':
        plain = unpack_string(text, budget)
    event = bytearray(unpack_event(text if plain is None else plain, budget))
    scrub(event)
    return bytes(event)


def scrubbed_text(text: str) -> str:
    """The same text as the scrub leaves it where texts are searched: an address, the line of a script.

    >>> scrubbed_text("https://shop.example/thanks?order=7&token=a1b2c3")
    'https://shop.example/thanks?order=7&token=******'
    >>> scrubbed_text("joe@shop.example paid with 4111-1111-1111-1111")
    '**************** paid with ****-****-****-****'
    """
    if not SUSPECT.search(text):
        return text
    spelled = bytearray(json.dumps({"": text}).encode())  # a member that nobody knows is searched
    scrub(spelled)
    return str(json.loads(spelled)[""])
