"""Integrity: acts that no body could have done, or that nothing explains."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import (
    CLICK,
    FOCUS,
    KEY,
    KEYED,
    MOVE,
    PAGE,
    PRESS,
    RELEASE,
    SUBMIT,
    TOUCH_END,
    TOUCHED,
    TRUSTED,
    UNTRUSTED,
)
from features.approach import FAR_PX
from features.clicks import ZERO_MS
from features.context import ACT_CLICK, ACT_INPUT, ACT_NONE, ACT_PRESS, ACT_TAP
from features.fold import FOREVER, NEVER, Fold, feature, share, small
from features.moments import AUTOMATION_ARTIFACT, SETTLED, Signal, emit
from features.pointer import is_mouse, is_place

CAUSE_MS: Final = 10_000  # a slow page still answers an act within it
FOCUS_MS: Final = 500  # focus follows its act at once
SHORTEST_GAP_MS: Final = 10  # shorter gaps repeat because milliseconds are whole
LONGEST_GAP_MS: Final = 60_000
FEW_GAPS: Final = 5
FEW_ACTS: Final = 3
FASTEST_MS: Final = 150  # from press to press over 100 px; of 1,900 by people the fastest took 273
PACE_MS: Final = 800  # from press to press: too short to say a command, to blink or to dwell
ARTIFACTS: Final = 2  # one may come of a page that was busy, and answered all at once


@compiled
def artifact(self: Any, event: Any, t: int, out: Any, gap: int, hold: int) -> None:
    """Count an impossible act, and report it from the second one on."""
    self.artifacts += 1
    if self.artifacts < ARTIFACTS:
        return
    severity = min(0.4 + 0.1 * self.artifacts, 1.0)
    emit(
        out,
        AUTOMATION_ARTIFACT,
        SETTLED,
        max(t - gap - hold, 0) if gap >= 0 else t,
        t,
        event.page,
        event.control if event.control != 0 else event.target,
        severity,
        self.leap,
        float(gap) if gap >= 0 else math.nan,
        float(hold) if hold >= 0 else math.nan,
        self.artifacts,
    )


class Integrity(Fold):
    """What is physically possible, and what follows from what."""

    signals = (
        Signal(
            AUTOMATION_ARTIFACT,
            "The second and each later press that no hand makes: 100 px from the press before and within 150 ms of "
            "it; or a leap of 100 px without a course, a button held under 5 ms, within 0.8 s of the press before; "
            "or a click in a place that the recorder says was not trusted.",
            "keyboards, touch, voice control, gaze pointers, password managers, scroll restoration",
            ("leap_px", "since_press_ms", "hold_ms", "artifacts"),
        ),
    )

    cause_t: int = NEVER  # last act that can cause a navigation or a change of value
    focus_cause_t: int = NEVER  # last act that can move the focus
    body_t: int = NEVER  # last press, click or tap
    press_t: int = NEVER  # last mouse press
    input_target: Any = np.int32(0)
    act_target: Any = np.int32(0)
    gap: int = small(-1)  # between the two acts before
    press_x: Any = np.float32(math.nan)
    press_y: Any = np.float32(math.nan)
    at_x: Any = np.float32(math.nan)  # last position
    at_y: Any = np.float32(math.nan)
    positions: Any = np.int32(0)  # since the last press
    leap: Any = np.float32(0)  # of the last press, when it came without a course; else 0
    pace: int = small(-1)  # time between the last two presses
    down: Any = np.int32(0)
    effects: Any = np.int32(0)
    uncaused: Any = np.int32(0)
    body_acts: Any = np.int32(0)
    simultaneous: Any = np.int32(0)
    gaps: Any = np.int32(0)
    repeated: Any = np.int32(0)
    focuses: Any = np.int32(0)
    focuses_alone: Any = np.int32(0)
    said: Any = np.int32(0)
    untrusted: Any = np.int32(0)
    artifacts: Any = np.int32(0)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        if kind == MOVE:
            if is_place(event) and (event.x != self.at_x or event.y != self.at_y):
                self.at_x = event.x
                self.at_y = event.y
                self.positions += 1
            return

        if now.act == ACT_INPUT or (kind == PAGE and now.act != ACT_NONE):
            if kind == PAGE or event.target != self.input_target:
                self.effects += 1
                if t - self.cause_t > CAUSE_MS:
                    self.uncaused += 1
            self.input_target = event.target
        if kind == FOCUS:
            self.focuses += 1
            if t - self.focus_cause_t > FOCUS_MS:
                self.focuses_alone += 1
        body = now.act == ACT_PRESS or now.act == ACT_CLICK or now.act == ACT_TAP
        if body or kind == CLICK or kind == KEY or kind == TOUCH_END:
            self.focus_cause_t = t
        if (
            body
            or now.act == ACT_INPUT
            or kind == FOCUS
            or kind == KEY
            or kind == SUBMIT
            or kind == TOUCH_END
        ):
            self.cause_t = t
        if now.act != ACT_NONE:
            gap = t - now.act_t
            if SHORTEST_GAP_MS <= gap <= LONGEST_GAP_MS:
                self.gaps += 1
                if gap == self.gap:
                    self.repeated += 1
                self.gap = min(gap, FOREVER)
        if event.flags & (TRUSTED | UNTRUSTED):
            self.said += 1
            if event.flags & UNTRUSTED:
                self.untrusted += 1

        mouse = kind == PRESS and is_mouse(event, now)
        if body and (kind != PRESS or mouse):
            self.body_acts += 1
            if t == self.body_t and event.target != self.act_target:
                self.simultaneous += 1
            self.body_t = t
            self.act_target = event.target
        if mouse:
            away = math.sqrt((event.x - self.press_x) ** 2 + (event.y - self.press_y) ** 2)
            self.pace = min(t - self.press_t, FOREVER) if self.press_t != NEVER else -1
            self.leap = away if away >= FAR_PX and self.positions <= 1 else 0.0
            self.down = 1
            if self.pace >= 0 and self.pace < FASTEST_MS and away >= FAR_PX:
                self.leap = away
                artifact(self, event, t, out, self.pace, -1)
                self.down = 0
            self.press_t = t
            self.press_x = event.x
            self.press_y = event.y
            self.positions = 0
        elif kind == PRESS:
            self.down = 0
        elif kind == RELEASE:
            hold = t - self.press_t
            if self.down and hold < ZERO_MS and self.leap > 0 and self.pace >= 0 and self.pace < PACE_MS:
                artifact(self, event, t, out, self.pace, hold)
            self.down = 0
        elif kind == CLICK and event.flags & UNTRUSTED and not event.flags & (KEYED | TOUCHED):
            artifact(self, event, t, out, -1, -1)

    @feature(unit="share")
    def act_without_cause(self) -> float:
        """Share of navigations, and of values that begin to change, with no act in the 10 s before."""
        return share(self.uncaused, self.effects)

    @feature(unit="share")
    def simultaneous_acts(self) -> float:
        """Share of presses, clicks and taps in the same millisecond as another on a different target."""
        return share(self.simultaneous, self.body_acts, FEW_ACTS)

    @feature(unit="share")
    def clock_regularity(self) -> float:
        """Share of the gaps between acts that repeat the gap before to the millisecond, of 10 ms to 60 s."""
        return share(self.repeated, self.gaps, FEW_GAPS)

    @feature(unit="share")
    def focus_without_act(self) -> float:
        """Share of focus changes with no press, click, tap or key in the 0.5 s before."""
        return share(self.focuses_alone, self.focuses)

    @feature(unit="share", channel="trust")
    def untrusted_share(self) -> float:
        """Share of acts that the recorder says were not trusted, of those of which it says."""
        return share(self.untrusted, self.said)
