"""Points at which a test may have the process killed or a step fail; without such a wish they do nothing.

``WATCHWORTHY_FAULT=after_commit:3`` kills the process with SIGKILL when it reaches the point for the third time;
``after_commit:3:raise`` raises ``Fault`` there instead.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import Final

VARIABLE: Final = "WATCHWORTHY_FAULT"

POINTS: Final = (
    "key_made",  # the key of a new session is durable, its first batch is not
    "before_commit",  # all rows are written
    "after_commit",  # durable, nobody was told
    "seal_leased",
    "seal_half_written",  # under the temporary name
    "seal_written",  # under its own name, no session points to it
    "seal_pointed",  # the session points to it, the old object is still there
    "erase_key_gone",  # the key is gone, the rows are not
)
"""The points of the store; callers may name points of their own."""

_reached: Counter[str] = Counter()


class Fault(RuntimeError):
    """A step that was told to fail here."""


def reach(point: str) -> None:
    """Note that a point is reached; die or fail there if ``WATCHWORTHY_FAULT`` says so."""
    wish = os.environ.get(VARIABLE)
    if not wish:
        return
    name, _, rest = wish.partition(":")
    if name != point:
        return
    number, _, how = rest.partition(":")
    _reached[point] += 1
    if _reached[point] != int(number or 1):
        return
    if how == "raise":
        raise Fault(point)
    os.kill(os.getpid(), signal.SIGKILL)
