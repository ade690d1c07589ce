"""What every fold needs to know of the present moment: stream time, the act, the page, what can be seen."""

from __future__ import annotations

import math
from typing import Any, Final

from data_contracts.events import (
    BLUR,
    CHANNELS,
    CLICK,
    FOCUS,
    GOAL,
    INPUT,
    KEYED,
    LOAD,
    LOST,
    MOVE,
    NOT_UNDERSTOOD,
    NOT_USER_TRIGGERED,
    PAGE,
    PINCH,
    PRESS,
    ROTATE,
    SCROLL,
    SIGHTED,
    STATUS,
    SWIPE,
    TAP,
    TOUCH_END,
    TOUCH_MOVE,
    TOUCH_START,
    TRUSTED,
    UNTRUSTED,
    VISIBILITY,
)
from features.fold import NEVER, Fold, feature, share, small

PRESS_TO_CLICK_MS: Final = 5_000  # a click so long after a press is still that press's click
ECHO_MS: Final = 50  # a label's click is followed by its field's
SCROLL_REST_MS: Final = 500  # recorders send a scroll every 100 ms; after such a rest a new one begins

ACT_NONE: Final = 0
ACT_PRESS: Final = 1
ACT_CLICK: Final = 2  # without a press: keyboard, script, assistive technology
ACT_TAP: Final = 3
ACT_INPUT: Final = 4
ACT_SCROLL: Final = 5
ACT_PAGE: Final = 6

CHANNEL_TRUST: Final = CHANNELS.index("trust")


class Context(Fold):
    """Stream time, the present act, the present page; moved before every other fold."""

    start: int = -1  # ms since the epoch of the first row
    t: int = 0  # ms from the start of the session: the clock of every fold
    gap: int = 0  # ms since the row before
    rows: int = 0
    channels: int = 0  # bit i: CHANNELS[i] was seen
    act: int = small(ACT_NONE)  # what this row is
    acts: int = 0
    act_t: int = NEVER  # when the act before this row was
    press_open: int = small(0)  # a press waits for its click
    press_t: int = NEVER
    touch_t: int = NEVER
    tapped: int = small(0)  # this row is the click of a touch
    click_t: int = NEVER  # last click
    scroll_t: int = NEVER
    page: int = -1
    page_t: int = 0  # when the page view began
    pages: int = 0
    move_t: int = NEVER  # last pointer position
    sighted: int = small(0)
    opening: int = small(1)  # the page has just begun
    opening_ms: int = small(0)
    sighted_ms: int = 0
    blind_ms: int = 0
    acts_sighted: int = 0
    hidden: int = small(0)
    goals: int = small(0)
    focus: int = small(0)  # node that has the focus; 0 where none is known to
    unknown: int = small(0)  # events that were not understood
    positions: int = 0

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event; ``now`` is this very memory."""
        kind = event.kind
        if self.start < 0:
            self.start = event.t
        t = event.t - self.start
        self.gap = t - self.t
        if self.act != ACT_NONE:
            self.act_t = self.t
        self.t = t
        self.rows += 1
        sees = 1 if event.flags & SIGHTED and kind != LOST else 0
        opens = kind == PAGE or kind == LOAD
        if self.opening:
            # A page that opens has no snapshot for some milliseconds: what follows tells whether it gets one.
            self.opening_ms += self.gap
        elif self.sighted:
            self.sighted_ms += self.gap
        else:
            self.blind_ms += self.gap
        if not opens:
            if sees:
                self.sighted_ms += self.opening_ms
            else:
                self.blind_ms += self.opening_ms
            self.opening_ms = 0
            self.sighted = sees
        self.opening = 1 if opens else 0
        if event.flags & (TRUSTED | UNTRUSTED):
            self.channels |= 1 << CHANNEL_TRUST

        act = ACT_NONE
        self.tapped = 0
        if kind == MOVE:
            self.move_t = t
            self.positions += 1
        elif kind == PRESS:
            act = ACT_PRESS
            self.press_open = 1
            self.press_t = t
        elif kind == CLICK:
            waited = self.press_open == 1 and t - self.press_t <= PRESS_TO_CLICK_MS
            touched = t - self.touch_t <= PRESS_TO_CLICK_MS
            echo = t - self.click_t <= ECHO_MS and event.flags & KEYED == 0
            if touched:
                self.tapped = 1
                self.touch_t = NEVER
            elif not waited and not echo:
                act = ACT_CLICK
            self.press_open = 0
            self.click_t = t
        elif kind == TOUCH_START or kind == TAP:
            act = ACT_TAP
            self.touch_t = t
        elif kind == TOUCH_MOVE or kind == TOUCH_END:
            self.touch_t = t
        elif kind == INPUT:
            # A field that fills while another has the focus is filled by a script, as a calculator's display is.
            by_script = event.flags & NOT_USER_TRIGGERED or (self.focus != 0 and self.focus != event.target)
            if not by_script and not math.isnan(event.value):
                act = ACT_INPUT
        elif kind == FOCUS:
            self.focus = event.target
        elif kind == BLUR:
            self.focus = 0
        elif kind == STATUS:
            if event.value == NOT_UNDERSTOOD:
                self.unknown += 1
        elif kind == SCROLL:
            if t - self.scroll_t > SCROLL_REST_MS:
                act = ACT_SCROLL
            self.scroll_t = t
        elif kind == SWIPE or kind == PINCH or kind == ROTATE:
            act = ACT_TAP
        elif kind == PAGE:
            if self.pages > 0:
                act = ACT_PAGE
            self.pages += 1
            self.page_t = t
            self.focus = 0
        elif kind == VISIBILITY:
            self.hidden = 0 if event.value > 0 else 1
        elif kind == GOAL:
            self.goals += 1
        self.page = event.page
        self.act = act
        if act != ACT_NONE:
            self.acts += 1
            if self.sighted:
                self.acts_sighted += 1

    @feature(unit="share")
    def blind_share(self) -> float:
        """Share of the time without a snapshot or after a lost batch."""
        return share(self.blind_ms, self.blind_ms + self.sighted_ms)

    @feature(unit="share")
    def unknown_share(self) -> float:
        """Share of the rows that stand for an event which was not understood."""
        return share(self.unknown, self.rows)
