"""Moments: what a signal reports, written by compiled folds into one bounded array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled

MOMENT: Final = np.dtype(
    [
        ("start", "i8"),  # ms from the start of the session
        ("end", "i8"),
        ("page", "i4"),  # page view
        ("element", "i4"),  # node id in that page view; 0 where there is none
        ("severity", "f4"),  # 0..1
        ("evidence", "f4", (4,)),  # named by the signal
        ("code", "u1"),  # index into CODES
        ("state", "u1"),  # PROVISIONAL, SETTLED or WITHDRAWN
        ("_", "u1", (2,)),  # padding, always 0
    ],
    align=True,
)
"""One moment, 48 bytes."""

CODES: Final = (
    "rage_click",
    "dead_click",
    "slow_response",
    "error_click",
    "error_shown",
    "repeat_submit",
    "form_abandon",
    "form_refill",
    "field_hesitation",
    "hesitation",
    "pointer_thrash",
    "page_pingpong",
    "page_loop",
    "reload",
    "scroll_hunt",
    "near_miss",
    "idle_exit",
    "tab_leave",
    "automation_artifact",
)
"""The closed list of signal codes. A code keeps its number for ever; new ones go to the end."""

RAGE_CLICK: Final = 0
DEAD_CLICK: Final = 1
SLOW_RESPONSE: Final = 2
ERROR_CLICK: Final = 3
ERROR_SHOWN: Final = 4
REPEAT_SUBMIT: Final = 5
FORM_ABANDON: Final = 6
FORM_REFILL: Final = 7
FIELD_HESITATION: Final = 8
HESITATION: Final = 9
POINTER_THRASH: Final = 10
PAGE_PINGPONG: Final = 11
PAGE_LOOP: Final = 12
RELOAD: Final = 13
SCROLL_HUNT: Final = 14
NEAR_MISS: Final = 15
IDLE_EXIT: Final = 16
TAB_LEAVE: Final = 17
AUTOMATION_ARTIFACT: Final = 18

PROVISIONAL: Final = 0  # its evidence stands, its window is open
SETTLED: Final = 1  # its window closed and it held
WITHDRAWN: Final = 2  # its window showed otherwise

MOMENTS_A_CODE: Final = 200
"""Further moments of a code are counted and not kept: memory is bounded, and nobody reads the 201st."""

CAPACITY: Final = MOMENTS_A_CODE * len(CODES)
NO_MOMENT: Final = -1


class Report(NamedTuple):
    """Where a step writes its moments, and the thresholds that it reads.

    Attributes
    ----------
    moments
        ``MOMENT[CAPACITY]``, filled from the front.
    counts
        ``i4[len(CODES) + 2]``: moments kept of each code, then moments kept in all, then moments not kept.
    thresholds
        ``THRESHOLDS[1]``.
    """

    moments: npt.NDArray[np.void]
    counts: npt.NDArray[np.int32]
    thresholds: npt.NDArray[np.void]


KEPT: Final = len(CODES)
NOT_KEPT: Final = len(CODES) + 1
COUNTS: Final = len(CODES) + 2


@compiled
def emit(
    out: Report,
    code: int,
    state: int,
    start: int,
    end: int,
    page: int,
    element: int,
    severity: float,
    first: float = 0.0,
    second: float = 0.0,
    third: float = 0.0,
    fourth: float = 0.0,
) -> int:
    """Write a moment; return its index, or ``NO_MOMENT`` if there are too many of its code already."""
    if out.counts[code] >= MOMENTS_A_CODE:
        out.counts[NOT_KEPT] += 1
        return NO_MOMENT
    index = out.counts[KEPT]
    out.counts[code] += 1
    out.counts[KEPT] += 1
    moment = out.moments[index]
    moment.start = start
    moment.end = end
    moment.page = page
    moment.element = element
    moment.severity = min(max(severity, 0.0), 1.0)
    moment.code = code
    moment.state = state
    moment.evidence[0] = first
    moment.evidence[1] = second
    moment.evidence[2] = third
    moment.evidence[3] = fourth
    return int(index)


@compiled
def change_state(out: Report, index: int, state: int) -> None:
    """Settle or withdraw a moment written before; does nothing for ``NO_MOMENT``."""
    if index >= 0:
        out.moments[index].state = state


@dataclass(frozen=True)
class Signal:
    """What a person should know of a signal.

    Parameters
    ----------
    code
        Index into ``CODES``.
    text
        When it fires, in one sentence.
    silent_on
        What it must not fire on.
    evidence
        Names, with units, of up to four numbers that a moment carries.
    aliases
        What other tools call it.
    source
        A public definition that it follows, or "ours".
    """

    code: int
    text: str
    silent_on: str
    evidence: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    source: str = "ours"

    @property
    def name(self) -> str:
        """Its code as people read it, as ``rage_click``."""
        return CODES[self.code]
