"""What could not be seen of a session, and so what its heads could have been told otherwise.

A recorder may be without the pointer, the console or the network, and nothing then tells a quiet channel from one
that is missing; a page may never have been seen; and a batch may have been lost, with whatever was in it. The
features that hang on it are *hidden*: an answer has to hold whatever they would have been, see ``models.intervals``.
Of a rate of signals that much is known, that unseen moments could only add to it, but where they answer a press.
Presses, inputs and scrolls are what every recorder tells.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from features.catalogue import engine
from models.head import Evidence
from models.signal_rates import SIGNAL_RATES, names
from models.trees import ANYTHING, AT_LEAST, KNOWN

MAY_LACK: Final = ("pointer", "console", "network")
SIGHT: Final = "sight"
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "rage_click": (SIGHT, "network", "pointer"),
    "dead_click": (SIGHT, "network", "pointer"),
    "slow_response": (SIGHT, "network"),
    "error_click": ("console", "network"),
    "error_shown": (SIGHT,),
    "repeat_submit": (SIGHT,),
    "form_refill": (SIGHT,),
    "near_miss": (SIGHT,),
    "pointer_thrash": ("pointer",),
}
"""What a signal hangs on, beside what every recorder tells. Of what the pointer does that much: a page that scrolls
while it rests has answered."""
ANSWERED: Final = ("rage_click", "dead_click", "slow_response")
"""Signals of which there would be fewer, had the requests been seen that answered a press."""
REACTIONS: Final = (
    "retries",
    "retry_share",
    "reaction_time_median",
    "no_reaction_share",
    "slow_reaction_share",
    "unanswered_run_share",
)
ALSO: Final[dict[str, tuple[str, ...]]] = dict.fromkeys(REACTIONS, ("network", "pointer")) | {
    "errors_after_act": ("network",)
}
"""What a feature hangs on beside its own channel."""


class Sights(Evidence, Protocol):
    """What must be known of a session to say what is hidden, and whether a head may speak."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels that were seen or declared."""

    @property
    def blind_ms(self) -> int:
        """Time without a snapshot, or after a lost batch."""


def partial(sights: Sights) -> bool:
    """Whether a part of a session is missing that was otherwise seen: a batch, or a snapshot on the way."""
    return sights.blind_ms > 0 and not sights.blind


def hidden(sights: Sights) -> npt.NDArray[np.uint8]:
    """Which features of ``signal_rates.names()`` could have been others, had everything been seen.

    ``KNOWN``, ``ANYTHING`` or ``AT_LEAST`` what was read, u1[n].
    """
    if partial(sights):
        return _all()
    lacking = tuple(
        name
        for name in MAY_LACK
        if name not in sights.channels or (name == "pointer" and not sights.positions)
    )
    return _hidden((*lacking, SIGHT) if sights.blind else lacking)


@lru_cache(1)
def _all() -> npt.NDArray[np.uint8]:
    return np.full(len(names()), ANYTHING, "u1")


@lru_cache(16)
def _hidden(lacking: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    found: list[int] = []
    for feature in engine().features:
        needs = (feature.channel, *ALSO.get(feature.name, ()), SIGHT if feature.sighted else None)
        found.append(ANYTHING if set(needs) & set(lacking) else KNOWN)
    for rate in SIGNAL_RATES:
        hangs = {(code, need) for code in rate.codes for need in NEEDS.get(code, ()) if need in lacking}
        fewer = any(code in ANSWERED and need == "network" for code, need in hangs)
        found.append(ANYTHING if fewer else AT_LEAST if hangs else KNOWN)
    return np.array(found, "u1")
