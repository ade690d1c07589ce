"""Reactions: whether and how soon the page answers what a visitor presses."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.events import (
    BLUR,
    CANVAS,
    CHANGE,
    CHECKED,
    CLICK,
    CLIPBOARD,
    CONTEXT_MENU,
    DOWNLOAD,
    FOCUS,
    INPUT,
    IS_LINK,
    IS_SUBMIT,
    LOAD,
    MEDIA,
    PAGE,
    PRESS,
    REQUEST,
    SCROLL,
    SELECTION,
    STYLE,
    SUBMIT,
    TAP,
    VISIBILITY,
)
from features.context import ACT_CLICK
from features.fold import NEVER, Array, Fold, feature, share, small, zeros
from features.histograms import octave_quantile
from features.moments import DEAD_CLICK, NO_MOMENT, RAGE_CLICK, SETTLED, SLOW_RESPONSE, Signal
from features.rage import end_run
from features.sources import ANSWER_MS, SOURCES, find_source, forget_sources, is_answer, own_change
from features.waiting import (
    FREE,
    FRESH_PAGE_MS,
    OPEN,
    PRESSES,
    SAID,
    SLOW_END_MS,
    UNANSWERED,
    UNKNOWN,
    WAIT_BINS,
    WAIT_LOW_MS,
    WAITS_AN_OCTAVE,
    answered,
    changes,
    clicks,
    closes,
    late_answer,
    newest_press,
    opens,
    outdone,
)

SCROLL_MS: Final = 400  # later scrolling is the visitor's own,
STILL_SCROLL_MS: Final = 1_200  # unless the pointer has rested since the press
RESTS_MS: Final = 150  # a press is over by then, and so is the trembling of it
LEAVE_MS: Final = 1_000  # a tab that opens takes the focus within a second
MENU_MS: Final = 300  # a context menu follows its press so soon


class Reactions(Fold):
    """Presses that wait for an answer, and what became of them."""

    at: Array = zeros("i8", PRESSES)
    wait: Array = zeros("i4", PRESSES)
    control: Array = zeros("i4", PRESSES)
    page: Array = zeros("i4", PRESSES)
    flags: Array = zeros("u4", PRESSES)
    moment: Array = zeros("i4", PRESSES) - 1
    state: Array = zeros("u1", PRESSES)
    clicked: Array = zeros("u1", PRESSES)
    again: Array = zeros("u1", PRESSES)
    busy: Array = zeros("u1", PRESSES)
    held: Array = zeros("u1", PRESSES)  # a wave began while the button was held, and is still there
    after: Array = zeros("u1", PRESSES * SOURCES)
    source: Array = zeros("i8", SOURCES)
    source_at: Array = zeros("i8", SOURCES)
    source_own_at: Array = zeros("i8", SOURCES)
    source_since: Array = zeros("i4", SOURCES)
    source_own: Array = zeros("i4", SOURCES)
    beat_low: Array = zeros("u2", SOURCES)  # shortest and longest interval of a source, ms
    beat_high: Array = zeros("u2", SOURCES)
    beats: Array = zeros("u1", SOURCES)
    quiet_ms: int = 0
    last_open: int = NEVER
    waits: Array = zeros("u2", WAIT_BINS)
    answers: int = small(0)
    slow_answers: int = small(0)
    unanswered: int = small(0)
    repeats: int = small(0)
    longest_run: int = small(0)
    dead_run: int = small(0)
    focus: int = small(0)
    tries: int = small(0)
    run: int = small(0)
    run_start: int = NEVER
    run_at: int = NEVER
    since_start: int = NEVER
    since: int = small(0)  # presses of the run that came after its last answer
    run_x: Any = np.float32(0)
    run_y: Any = np.float32(0)
    run_spot: int = small(0)
    run_page: int = small(-1)
    run_radius: Any = np.float32(0)
    rage: int = small(NO_MOMENT)
    toggles: int = small(0)
    state_a: Any = np.uint32(0)
    state_b: Any = np.uint32(0)
    state_last: Any = np.uint32(0)

    signals = (
        Signal(
            RAGE_CLICK,
            "Three or more presses on one spot, each within a second of the one before, and none was answered, or none "
            "any more since the first changed the button's own state; or all that they did was to switch one state to "
            "and fro.",
            "carousels and steppers that answer, calculators, games, selecting text by double and triple click, "
            "media keys",
            ("presses", "span_s", "radius_px", "toggles"),
            ("$rageclick", "ui.multiClick", "click_rage", "tap_rage"),
            "ours; thresholds of PostHog, Sentry, Datadog, OpenReplay, Amplitude and Highlight as presets",
        ),
        Signal(
            DEAD_CLICK,
            "A click on a control, or on what looks like one, and nothing that it could have caused happened.",
            "downloads, print, copy buttons, players, consent banners, a click that selects text, a button that says "
            "that it opens a menu and never whether it is open",
            ("waited_s",),
            ("$dead_click", "ui.slowClickDetected", "dead_click"),
            "ours; windows of PostHog, Sentry, Datadog, OpenReplay and Amplitude as presets",
        ),
        Signal(
            SLOW_RESPONSE,
            "The first answer to a press came after more than a second; or what it began ended only 1 s to 7 s later.",
            "anything that is already called a dead click",
            ("wait_s",),
            ("ui.slowClickDetected", "slow_click"),
            "ours, after Sentry's slow click",
        ),
    )

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        if t - now.gap - self.last_open > ANSWER_MS:
            self.quiet_ms += now.gap
        for i in range(PRESSES):
            if self.state[i] != FREE:
                closes(self, i, t, out)
        if self.run > 0 and t - self.run_at > ANSWER_MS:
            end_run(self, SETTLED, out)

        if kind == CHANGE:
            key = event.target * 2 + (1 if event.detail else 0)  # a state and a content are two sources
            changes(self, key, event.control, event.detail, event.flags, event.page, now, out)
        elif kind == STYLE or kind == CANVAS:
            changes(self, -event.target * 2 - 2, 0, 0, 0, event.page, now, out)
        elif kind == PRESS or kind == TAP or (kind == CLICK and (now.act == ACT_CLICK or now.tapped)):
            opens(self, event, now, out)
        elif kind == CLICK:
            clicks(self, t)
        elif kind == CONTEXT_MENU:
            for i in range(PRESSES):
                if self.state[i] == OPEN and t - self.at[i] <= MENU_MS:
                    self.state[i] = UNKNOWN
                    end_run(self, SETTLED, out)
        elif kind == PAGE or (kind == LOAD and t - now.page_t > FRESH_PAGE_MS):
            for i in range(PRESSES):
                if self.state[i] != FREE and t - self.at[i] <= SLOW_END_MS and not outdone(self, i):
                    if self.state[i] == OPEN:
                        answered(self, i, t, 0, out)
                    elif self.state[i] == UNANSWERED or self.flags[i] & (IS_LINK | IS_SUBMIT):
                        late_answer(self, i, t, out)
                    if self.moment[i] == NO_MOMENT:
                        self.moment[i] = SAID  # what comes after this page, this press did not begin
            if kind == PAGE:
                forget_sources(self)
        elif kind == REQUEST:
            begun = t if math.isnan(event.value) else t - int(event.value)
            slot = find_source(self, -(int(event.detail) * 2 + 1))
            owned = False
            for i in range(PRESSES):
                if self.state[i] != FREE and 0 <= begun - self.at[i] <= ANSWER_MS:
                    owned = True
                    if is_answer(self, slot, i, self.at[i], t):
                        if self.state[i] == OPEN:
                            answered(self, i, t, 0, out)
                        else:
                            late_answer(self, i, t, out)
            if not owned:
                own_change(self, slot, begun)
            self.source_at[slot] = t
        elif (
            kind == FOCUS
            or kind == INPUT
            or kind == SCROLL
            or kind == VISIBILITY
            or kind == MEDIA
            or kind == DOWNLOAD
            or kind == CLIPBOARD
            or kind == SUBMIT
            or (kind == SELECTION and event.value > 0)
        ):
            newest = newest_press(self)
            typed = kind == INPUT and event.target == self.focus
            for i in range(PRESSES):
                waited = t - self.at[i]
                still = now.move_t - self.at[i] <= RESTS_MS
                patience = STILL_SCROLL_MS if still else SCROLL_MS
                if self.state[i] == OPEN and waited <= ANSWER_MS:
                    own = event.control == self.control[i] or event.target == self.control[i]
                    no = (
                        # A dead button takes the focus too; what the newest press did, no earlier one did.
                        (kind == FOCUS and (own or i != newest))
                        or (kind == INPUT and typed and not own)
                        or (kind == SCROLL and (waited > patience or i != newest))
                        or (kind == SELECTION and i != newest)
                        or (kind == VISIBILITY and (event.value > 0 or waited > LEAVE_MS))
                    )
                    if not no:
                        # A box that is ticked and unticked is switched to and fro like any other state.
                        ticked = kind == INPUT and math.isnan(event.value)
                        state = 2 if ticked and event.flags & CHECKED else 1 if ticked else 0
                        answered(self, i, t, state, out)
        if kind == FOCUS:
            self.focus = event.target
        elif kind == BLUR or kind == PAGE:
            self.focus = 0

    @feature(unit="acts", channel="presses", sighted=True)
    def retries(self) -> float:
        """Presses repeated on one control within 10 s whose earlier try had no reaction."""
        return self.repeats

    @feature(unit="share", channel="presses", sighted=True)
    def retry_share(self) -> float:
        """Share of the presses on controls that repeat an earlier one which had no reaction."""
        return share(min(self.repeats, self.tries), self.tries)

    @feature(unit="s", channel="presses", sighted=True, high=10.0)
    def reaction_time_median(self) -> float:
        """Median time from a press on a control to its first reaction, from a histogram of three bins an octave."""
        return octave_quantile(self.waits, 0.5, WAIT_LOW_MS, WAITS_AN_OCTAVE) / 1e3

    @feature(unit="share", channel="presses", sighted=True)
    def no_reaction_share(self) -> float:
        """Share of the clicks on controls that nothing answered; clicks whose effect cannot be seen do not count."""
        return share(self.unanswered, self.unanswered + self.answers)

    @feature(unit="share", channel="presses", sighted=True)
    def slow_reaction_share(self) -> float:
        """Share of the answered clicks whose first reaction took more than a second."""
        return share(self.slow_answers, self.answers)

    @feature(unit="share", channel="presses", sighted=True)
    def unanswered_run_share(self) -> float:
        """Share of the presses on controls that belong to the longest run of presses nothing answered."""
        return share(self.longest_run, self.tries)
