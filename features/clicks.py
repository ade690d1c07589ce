"""Clicks: how many, at what pace, how long the button was held, and where they landed."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.events import (
    CLICK,
    CONTEXT_MENU,
    DOUBLE_CLICK,
    IS_CONTROL,
    KEYED,
    KNOWN,
    PRESS,
    RELEASE,
    SIGHTED,
)
from features.context import ACT_CLICK
from features.fold import FOREVER, NEVER, Fold, feature, share, small, variation
from features.pointer import TOUCH_MS, is_mouse, is_place

ZERO_MS: Final = 5  # no finger presses and lets go of a button so soon; a touchpad or a busy page may
DRAG_PX: Final = 10.0  # a press let go farther away was a drag
RUN_GAP_MS: Final = 2_000  # clicks on one target farther apart are no run
LEAST_MS: Final = 10_000  # under so long a session has no pace


class Clicks(Fold):
    """Clicks and the presses that make them."""

    click_t: int = NEVER
    press_t: int = NEVER
    press_x: Any = np.float32(math.nan)
    press_y: Any = np.float32(math.nan)
    t: int = small(0)
    pressed: Any = np.int8(0)  # a press waits for its click
    pair: Any = np.int8(0)  # clicks since the last double click, up to 2
    run_target: Any = np.int32(0)
    run_page: Any = np.int32(0)
    run: Any = np.int32(0)

    count: Any = np.int32(0)
    gap_sum: float = 0.0
    gap_squares: float = 0.0
    holds: Any = np.int32(0)
    zero_holds: Any = np.int32(0)
    hold_sum: float = 0.0
    hold_squares: float = 0.0
    drift_sum: float = 0.0
    doubles: Any = np.int32(0)
    rights: Any = np.int32(0)
    placed: Any = np.int32(0)
    on_controls: Any = np.int32(0)
    run_most: Any = np.int32(0)
    gaps: Any = np.int32(0)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        self.t = min(t, FOREVER)
        if kind == PRESS:
            self.pressed = 1
            self.press_t = NEVER
            if is_mouse(event, now):
                self.press_t = t
                self.press_x = event.x
                self.press_y = event.y
        elif kind == RELEASE:
            if self.press_t != NEVER and is_place(event):
                hold = t - self.press_t
                drift = math.sqrt((event.x - self.press_x) ** 2 + (event.y - self.press_y) ** 2)
                if drift <= DRAG_PX:
                    self.holds += 1
                    self.hold_sum += hold
                    self.hold_squares += hold * hold
                    self.drift_sum += drift
                    if hold < ZERO_MS:
                        self.zero_holds += 1
            self.press_t = NEVER
        elif kind == DOUBLE_CLICK:
            if self.pair == 2:
                self.doubles += 1
            self.pair = 0
        elif kind == CONTEXT_MENU:
            if t - now.touch_t > TOUCH_MS:
                self.rights += 1
        elif kind == CLICK:
            if not self.pressed and not now.tapped and now.act != ACT_CLICK:
                return  # a label's click is followed by its field's
            self.pressed = 0
            self.count += 1
            self.pair = min(self.pair + 1, 2)
            gap = t - self.click_t
            if self.click_t != NEVER:
                self.gaps += 1
                self.gap_sum += gap
                self.gap_squares += gap * gap
            self.click_t = t
            target = event.control if event.control != 0 else event.target
            if (
                target != 0
                and gap <= RUN_GAP_MS
                and target == self.run_target
                and event.page == self.run_page
            ):
                self.run += 1
            else:
                self.run = 1
            self.run_target = target
            self.run_page = event.page
            self.run_most = max(self.run_most, self.run)
            if event.flags & SIGHTED and event.flags & KNOWN and not event.flags & KEYED:
                self.placed += 1
                if event.flags & IS_CONTROL:
                    self.on_controls += 1

    @feature(unit="clicks", channel="presses")
    def clicks(self) -> float:
        """Clicks, however made; a double click is two."""
        return float(self.count)

    @feature(unit="1/min", channel="presses")
    def clicks_per_minute(self) -> float:
        """Clicks per minute of the session; NaN under 10 s."""
        return share(self.count * 60_000, self.t, LEAST_MS)

    @feature(channel="presses")
    def click_interval_cv(self) -> float:
        """Coefficient of variation of the time between clicks; NaN under 4 clicks."""
        return variation(self.gaps, self.gap_sum, self.gap_squares)

    @feature(unit="s", channel="presses")
    def click_hold_mean(self) -> float:
        """Mean time from press to release of the mouse button, drags left out."""
        return share(self.hold_sum / 1000, self.holds)

    @feature(channel="presses")
    def click_hold_cv(self) -> float:
        """Coefficient of variation of the time from press to release; NaN under 3 presses."""
        return variation(self.holds, self.hold_sum, self.hold_squares)

    @feature(unit="share", channel="presses")
    def click_hold_zero(self) -> float:
        """Share of mouse presses let go within 5 ms. A page that is busy can do this to a person's press."""
        return share(self.zero_holds, self.holds)

    @feature(unit="px", high=DRAG_PX, channel="presses")
    def press_release_drift(self) -> float:
        """Mean distance between press and release of the mouse button, drags of over 10 px left out."""
        return share(self.drift_sum, self.holds)

    @feature(unit="share", high=0.5, channel="presses")
    def double_click_share(self) -> float:
        """Share of clicks that make up a double click with the click before."""
        return share(self.doubles, self.count)

    @feature(unit="clicks", channel="presses")
    def right_clicks(self) -> float:
        """Context menus asked for with the mouse or the keyboard."""
        return float(self.rights)

    @feature(unit="share", channel="presses", sighted=True)
    def clicks_on_controls(self) -> float:
        """Share of clicks by mouse, pen or touch that land on a control."""
        return share(self.on_controls, self.placed)

    @feature(unit="clicks", channel="presses")
    def repeat_clicks_max(self) -> float:
        """Longest run of clicks on one target, each within 2 s of the one before."""
        return float(self.run_most)
