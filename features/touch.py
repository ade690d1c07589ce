"""Touch: taps, swipes and the gestures that only an app reports."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import (
    PINCH,
    ROTATE,
    SWIPE,
    TAP,
    TOUCH_CANCEL,
    TOUCH_END,
    TOUCH_MOVE,
    TOUCH_START,
    VISIBILITY,
)
from features.fold import FOREVER, Fold, feature, share, small
from features.pointer import LARGEST_PX, is_place

SWIPE_PX: Final = 30.0  # from start to end, as PostHog has it for its dead swipes
TAP_PX: Final = 15.0  # what browsers allow a finger before it is no tap
LONGEST_MS: Final = 60_000.0  # a finger that is said to rest longer was not seen to leave
MOST: Final = 65_535  # of pinches and of turns; no more are counted
LOST_MS: Final = 1_000  # a finger that scrolls sends no end: so long after its last position it has left


@compiled
def finish(self: Any, ended: bool) -> None:
    """Count the touch that is over, as a tap only if its end was seen."""
    if not self.down:
        return
    self.down = 0
    if self.fingers > 1:
        return  # two fingers neither tap nor swipe
    distance = math.sqrt((self.x - self.start_x) ** 2 + (self.y - self.start_y) ** 2)
    if distance >= SWIPE_PX:
        self.swiped += 1
        if self.t > self.start_t:
            self.timed += 1
            self.speed_sum += distance * 1000 / (self.t - self.start_t)
    elif ended and distance <= TAP_PX:
        self.tapped += 1
        self.held += 1
        self.hold_sum += self.t - self.start_t
        self.drifts += 1
        self.drift_sum += distance


class Touch(Fold):
    """Fingers on a screen."""

    t: int = small(-1)  # last row of the touch
    start_t: int = small(-1)
    start_x: Any = np.float32(math.nan)
    start_y: Any = np.float32(math.nan)
    x: Any = np.float32(math.nan)
    y: Any = np.float32(math.nan)
    swipe_t: int = small(-1)  # a swipe that an app reports waits for its end
    swipe_px: Any = np.float32(0)

    tapped: Any = np.int32(0)
    held: Any = np.int32(0)
    hold_sum: float = 0.0
    drift_sum: float = 0.0
    swiped: Any = np.int32(0)
    timed: Any = np.int32(0)
    speed_sum: float = 0.0
    left: Any = np.int32(0)
    drifts: Any = np.int32(0)
    pinched: Any = np.uint16(0)
    rotated: Any = np.uint16(0)
    down: Any = np.uint8(0)
    fingers: Any = np.uint8(0)  # one, or more than one
    away: Any = np.uint8(0)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = min(now.t, FOREVER)
        if self.down and t - self.t > LOST_MS:
            finish(self, False)
        if kind == TOUCH_START:
            if self.down and t - self.start_t < LOST_MS and self.x == self.start_x and self.y == self.start_y:
                self.fingers = 2
                return
            finish(self, False)
            self.fingers = 1
            self.t = t
            self.start_t = t
            self.start_x = event.x
            self.start_y = event.y
            self.x = event.x
            self.y = event.y
            self.down = 1 if is_place(event) else 0
        elif kind == TOUCH_MOVE or kind == TOUCH_END or kind == TOUCH_CANCEL:
            if self.down:
                self.t = t
                if is_place(event):
                    self.x = event.x
                    self.y = event.y
                if kind != TOUCH_MOVE:
                    finish(self, kind == TOUCH_END)
            elif kind == TOUCH_END and self.swipe_t >= 0:
                if t > self.swipe_t:
                    self.timed += 1
                    self.speed_sum += self.swipe_px * 1000 / (t - self.swipe_t)
                self.swipe_t = -1
        elif kind == TAP:
            self.tapped += 1
            if 0 <= event.value < LONGEST_MS:
                self.held += 1
                self.hold_sum += event.value
        elif kind == SWIPE:
            self.swiped += 1
            self.swipe_t = -1
            if 0 <= event.value < LARGEST_PX:
                self.swipe_t = t
                self.swipe_px = event.value
        elif kind == PINCH:
            self.pinched = min(self.pinched + 1, MOST)
        elif kind == ROTATE:
            self.rotated = min(self.rotated + 1, MOST)
        elif kind == VISIBILITY:
            away = 0 if event.value > 0 else 1
            if away and not self.away:
                self.left += 1
            self.away = away

    @feature(unit="taps", channel="touch")
    def taps(self) -> float:
        """Touches by one finger that end within 15 px of where they began."""
        return float(self.tapped)

    @feature(unit="s", channel="touch")
    def tap_hold_mean(self) -> float:
        """Mean time from touch to release of the taps."""
        return share(self.hold_sum / 1000, self.held)

    @feature(unit="px", high=TAP_PX, channel="touch")
    def tap_drift(self) -> float:
        """Mean distance between touch and release of the taps."""
        return share(self.drift_sum, self.drifts)

    @feature(unit="swipes", channel="touch")
    def swipes(self) -> float:
        """Touches by one finger that end 30 px or more from where they began."""
        return float(self.swiped)

    @feature(unit="px/s", channel="touch")
    def swipe_speed_mean(self) -> float:
        """Mean of distance over time of the swipes."""
        return share(self.speed_sum, self.timed)

    @feature(channel="acts")
    def pinches(self) -> float:
        """Pinches that an app reports; a web page's recorder does not see them."""
        return float(self.pinched)

    @feature(channel="acts")
    def rotations(self) -> float:
        """Turns of the device that an app reports."""
        return float(self.rotated)

    @feature(channel="acts")
    def app_leaves(self) -> float:
        """Times that an app went to the background."""
        return float(self.left)
