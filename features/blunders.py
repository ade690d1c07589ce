"""What goes wrong with an act: it meets an error, or it misses its control."""

from __future__ import annotations

import math
from typing import Any, Final

from data_contracts.events import (
    CLICK,
    IS_CONTROL,
    KEYED,
    KNOWN,
    LOOKS_CONTROL,
    PRESS,
    REQUEST,
    SELECTION,
)
from features.context import ACT_NONE, ACT_SCROLL
from features.fold import NEVER, Array, Fold, small, zeros
from features.moments import (
    ERROR_CLICK,
    NEAR_MISS,
    NO_MOMENT,
    SETTLED,
    WITHDRAWN,
    Signal,
    change_state,
    emit,
)
from features.trouble import is_failure

ERRORS: Final = 6  # errors remembered by where they came from
MISS_PX: Final = 24.0  # the smallest target that WCAG 2.2 (2.5.8) asks for
MISS_MS: Final = 5_000
CLICKABLE: Final = IS_CONTROL | LOOKS_CONTROL


class Blunders(Fold):
    """Acts that met an error, and presses that missed their control."""

    error: Array = zeros("u4", ERRORS)
    error_at: Array = zeros("i8", ERRORS)
    error_free: Array = zeros("u1", ERRORS)  # it also came without an act
    error_moment: Array = zeros("i4", ERRORS) - 1
    act_at: int = NEVER
    act_target: int = 0
    act_page: int = -1
    blamed: int = small(0)  # the last act met its error already
    miss_at: int = NEVER
    miss_x: float = 0.0
    miss_y: float = 0.0
    miss_page: int = -1

    signals = (
        Signal(
            ERROR_CLICK,
            "A console error, or a request that failed, within a second of an act.",
            "errors that also come without an act",
            ("after_s",),
            ("error_click", "error_tap", "js_error_click"),
            "ours, after Datadog (during the act), Amplitude and New Relic (2 s)",
        ),
        Signal(
            NEAR_MISS,
            "A press on nothing, and within five seconds one on a control at most 24 px away.",
            "presses that select text, or that hit another control",
            ("distance_px", "after_s"),
            (),
            "ours; the distance is WCAG 2.2, 2.5.8",
        ),
    )

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        if is_failure(event):
            slot = 0
            found = False
            for i in range(ERRORS):
                if self.error[i] == event.detail and self.error_at[i] != 0:
                    slot = i
                    found = True
                    break
                if self.error_at[i] < self.error_at[slot]:
                    slot = i
            if not found:
                self.error[slot] = event.detail
                self.error_free[slot] = 0
                self.error_moment[slot] = NO_MOMENT
            self.error_at[slot] = t + 1
            begun = t
            if kind == REQUEST and not math.isnan(event.value):
                begun = t - int(event.value)
            if 0 <= begun - self.act_at <= out.thresholds[0].error_within_ms:
                # One act meets one error: a cascade is one moment.
                if not self.error_free[slot] and not self.blamed:
                    self.blamed = 1
                    self.error_moment[slot] = emit(
                        out,
                        ERROR_CLICK,
                        SETTLED,
                        self.act_at,
                        t,
                        self.act_page,
                        self.act_target,
                        0.6,
                        (begun - self.act_at) / 1e3,
                    )
            else:
                self.error_free[slot] = 1
                change_state(out, self.error_moment[slot], WITHDRAWN)
                self.error_moment[slot] = NO_MOMENT
        elif now.act != ACT_NONE and now.act != ACT_SCROLL:
            self.act_at = t
            self.blamed = 0
            self.act_target = event.control if event.control != 0 else event.target
            self.act_page = event.page
        elif kind == CLICK and not event.flags & KEYED and event.page == self.act_page:
            # The act began with the press, but what it starts begins with the click.
            self.act_at = t

        if kind == SELECTION and event.value > 0:
            self.miss_at = NEVER
        elif kind == PRESS:
            if event.flags & CLICKABLE:
                distance = math.hypot(event.x - self.miss_x, event.y - self.miss_y)
                if event.page == self.miss_page and t - self.miss_at <= MISS_MS and distance <= MISS_PX:
                    control = event.control if event.control != 0 else event.target
                    after = (t - self.miss_at) / 1e3
                    emit(out, NEAR_MISS, SETTLED, self.miss_at, t, event.page, control, 0.3, distance, after)
                self.miss_at = NEVER
            elif event.flags & KNOWN and now.sighted:
                self.miss_at = t
                self.miss_x = event.x
                self.miss_y = event.y
                self.miss_page = event.page
