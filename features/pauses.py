"""Hesitation and dwell: rests before an act, time over a target, and the rhythm of acts."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import BLUR, DRAG, FOCUS, GOAL, MOVE, PAGE, SCROLL, SELECTION, TOUCH_MOVE
from features.context import ACT_NONE, ACT_PRESS
from features.fold import (
    FOREVER,
    NEVER,
    Array,
    Fold,
    deviation,
    entropy,
    feature,
    share,
    small,
    variation,
    zeros,
)
from features.histograms import octave_bin, octave_quantile, put
from features.moments import (
    HESITATION,
    IDLE_EXIT,
    NO_MOMENT,
    PROVISIONAL,
    SETTLED,
    WITHDRAWN,
    Signal,
    change_state,
    emit,
)
from features.pointer import TOUCH_MS

REST_LOW_MS: Final = 1_000  # a shorter rest is aiming
REST_HIGH_MS: Final = 15_000  # a longer one is absence
SIGNAL_REST_MS: Final = 2_000
REACH_MS: Final = 1_000  # movement within the control between the rest and the press
DWELL_MS: Final = 200  # shorter is passing over
ACTIVE_MS: Final = 2_000
EXIT_MS: Final = 30_000
EXIT_FULL_MS: Final = 120_000  # a rest of two minutes is an exit of severity 1

GAP_BINS: Final = 32
GAP_LOW_MS: Final = 16.0  # two bins an octave: from 16 ms to 17 minutes
GAPS_PER_OCTAVE: Final = 2


@compiled
def close_dwell(self: Any, since: int, t: int) -> None:
    """Count the dwell over a target that began at ``since``."""
    if t - since >= DWELL_MS and since > NEVER:
        seconds = (t - since) / 1_000.0
        self.dwells += 1
        self.dwell_total += seconds
        self.dwell_squares += seconds * seconds
        self.dwell_longest = max(self.dwell_longest, seconds)


@compiled
def watch_exit(self: Any, event: Any, now: Any, moved: bool, out: Any) -> None:
    """Report a rest that may be the end, take it back when the visitor goes on."""
    rest = now.t - self.active_t
    if moved or event.kind == GOAL:
        change_state(out, self.exit_moment, WITHDRAWN)
        self.exit_moment = NO_MOMENT
        self.exit_said = 0
    elif now.acts > 0 and rest >= EXIT_MS and now.goals == 0:
        if not self.exit_said:
            self.exit_said = 1
            self.exit_moment = emit(
                out, IDLE_EXIT, PROVISIONAL, self.active_t, now.t, self.acted_page, self.acted_on, 0.0
            )
        if self.exit_moment >= 0:
            moment = out.moments[self.exit_moment]
            moment.end = now.t
            moment.evidence[0] = rest / 1_000.0
            moment.severity = min(rest / EXIT_FULL_MS, 1.0)


class Pauses(Fold):
    """Rests before acts, dwell per target, gaps between acts."""

    # A hesitation is as severe as it is long, against the longest that counts.
    signals = (
        Signal(
            HESITATION,
            text="The pointer rests on a control for 2 to 15 s, and then the control is pressed.",
            silent_on="Reading: scrolling or selecting since the pointer came there; a second press on the spot.",
            evidence=("rest_s",),
            aliases=("hesitation",),
        ),
        Signal(
            IDLE_EXIT,
            text="Nothing for 30 s or more, and then the session ends before a goal; withdrawn if the visitor goes on.",
            silent_on="Sessions whose goal was reached; visitors who come back.",
            evidence=("rest_s",),
            aliases=("session abandonment", "idle timeout"),
        ),
    )

    hesitations_: Any = np.int32(0)
    hover_presses: Any = np.int32(0)
    dwells: Any = np.int32(0)
    gaps: Any = np.int32(0)
    over: Any = np.int32(0)  # control or target under the pointer
    over_page: Any = np.int32(-1)
    waits_on: Any = np.int32(0)  # control that the pointer came to, 0 once it is pressed or the page scrolls
    focused: Any = np.int32(0)
    acted_on: Any = np.int32(0)
    acted_page: Any = np.int32(-1)
    exit_moment: Any = np.int32(NO_MOMENT)
    exit_said: Any = np.int32(0)
    rested: Any = np.int32(0)  # ms of the rest before the movement that may be a reach
    hesitation_longest: Any = np.float32(0)
    dwell_longest: Any = np.float32(0)
    hesitation_total: float = 0.0  # all totals are in s
    hover_total: float = 0.0
    dwell_total: float = 0.0
    dwell_squares: float = 0.0
    gap_total: float = 0.0
    gap_squares: float = 0.0
    over_t: int = NEVER
    focus_t: int = NEVER
    still_t: int = NEVER  # since when nothing has been done
    reach_t: int = NEVER
    press_t: int = NEVER
    active_t: int = NEVER
    active_ms: int = small(0)
    idle_ms: int = small(0)
    first_t: int = small(-1)
    last_t: int = small(0)
    gap_bins: Array = zeros("u2", GAP_BINS)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        act = now.act
        self.last_t = min(t, FOREVER)
        if self.active_t > NEVER:
            active = max(min(t, self.active_t + ACTIVE_MS) - (t - now.gap), 0)
            self.active_ms = min(self.active_ms + active, FOREVER)
        idle = t - max(self.active_t, 0)
        if idle > self.idle_ms:
            self.idle_ms = min(idle, FOREVER)
        moved = kind == MOVE or kind == TOUCH_MOVE or kind == SCROLL or kind == DRAG or act != ACT_NONE
        if idle >= EXIT_MS or kind == GOAL or self.exit_said:
            watch_exit(self, event, now, moved, out)
        if moved:
            self.active_t = t

        if act != ACT_NONE:
            if now.act_t > NEVER:
                gap = (t - now.act_t) / 1_000.0
                self.gaps += 1
                self.gap_total += gap
                self.gap_squares += gap * gap
                put(self.gap_bins, octave_bin(t - now.act_t, GAP_LOW_MS, GAPS_PER_OCTAVE, GAP_BINS), 1)
            else:
                self.first_t = min(t, FOREVER)
            self.acted_on = event.control if event.control != 0 else event.target
            self.acted_page = event.page

        if kind == MOVE:
            place = event.control if event.control != 0 else event.target
            if place != self.over or event.page != self.over_page:
                close_dwell(self, self.over_t, t)
                self.over = place
                self.over_page = event.page
                self.over_t = t
                self.waits_on = event.control
                self.rested = 0
            elif self.waits_on != event.control:
                self.waits_on = event.control  # first movement after a scroll
                self.rested = 0
            elif t - self.still_t >= REST_LOW_MS:
                self.rested = t - self.still_t
                self.reach_t = t
            self.still_t = t
            return
        if kind == FOCUS or kind == BLUR:
            close_dwell(self, self.focus_t, t)
            self.focused = event.target
            self.focus_t = t if kind == FOCUS else NEVER
            return
        if act == ACT_PRESS and t - now.touch_t > TOUCH_MS:
            if now.move_t > self.press_t and now.move_t >= now.page_t:
                self.hover_presses += 1
                self.hover_total += (t - now.move_t) / 1_000.0
            self.press_t = t
            if self.waits_on != 0 and event.control == self.waits_on and event.page == self.over_page:
                rest = t - self.still_t
                if rest < REST_LOW_MS and self.rested > 0 and t - self.reach_t <= REACH_MS:
                    rest = self.rested
                if REST_LOW_MS <= rest <= REST_HIGH_MS:
                    seconds = rest / 1_000.0
                    self.hesitations_ += 1
                    self.hesitation_total += seconds
                    self.hesitation_longest = max(self.hesitation_longest, seconds)
                    if rest >= SIGNAL_REST_MS:
                        emit(
                            out,
                            HESITATION,
                            SETTLED,
                            t - rest,
                            t,
                            event.page,
                            event.control,
                            rest / REST_HIGH_MS,
                            seconds,
                        )
            self.waits_on = 0
            self.rested = 0
        if kind == PAGE:
            close_dwell(self, self.over_t, t)
            close_dwell(self, self.focus_t, t)
            self.over = 0
            self.over_t = NEVER
            self.focus_t = NEVER
            self.waits_on = 0
        elif kind == SCROLL or (kind == SELECTION and event.value > 0):
            self.waits_on = 0
        if moved:
            self.still_t = t

    @feature(unit="hesitations", channel="pointer", sighted=True)
    def hesitations(self) -> float:
        """Presses of a control on which the pointer had rested for 1 to 15 s, or moved by under 1 s since."""
        return float(self.hesitations_)

    @feature(unit="s", low=1, high=15, channel="pointer", sighted=True)
    def hesitation_mean(self) -> float:
        """Mean rest of the hesitations."""
        return share(self.hesitation_total, self.hesitations_)

    @feature(unit="s", low=1, high=15, channel="pointer", sighted=True)
    def hesitation_max(self) -> float:
        """Longest rest of the hesitations."""
        return float(self.hesitation_longest) if self.hesitations_ else math.nan

    @feature(unit="s", channel="pointer")
    def hover_before_click_mean(self) -> float:
        """Time from the last pointer movement to the press, over presses that movement preceded."""
        return share(self.hover_total, self.hover_presses)

    @feature(unit="s", low=0.2)
    def dwell_mean(self) -> float:
        """Mean stay of pointer or focus on one target, of those of at least 200 ms."""
        return share(self.dwell_total, self.dwells)

    @feature(unit="s", low=0.2)
    def dwell_max(self) -> float:
        """Longest stay of pointer or focus on one target."""
        return float(self.dwell_longest) if self.dwells else math.nan

    @feature()
    def dwell_cv(self) -> float:
        """Coefficient of variation of the stays on a target."""
        return variation(self.dwells, self.dwell_total, self.dwell_squares)

    @feature(unit="s")
    def act_gap_mean(self) -> float:
        """Mean time between one act and the next."""
        return share(self.gap_total, self.gaps)

    @feature(unit="s")
    def act_gap_p50(self) -> float:
        """Median time between acts, from a histogram with two bins to a doubling."""
        return octave_quantile(self.gap_bins, 0.5, GAP_LOW_MS, GAPS_PER_OCTAVE) / 1_000

    @feature(unit="s")
    def act_gap_p90(self) -> float:
        """Ninth decile of the time between acts, from a histogram with two bins to a doubling."""
        return octave_quantile(self.gap_bins, 0.9, GAP_LOW_MS, GAPS_PER_OCTAVE) / 1_000

    @feature(unit="bits", high=math.log2(GAP_BINS))
    def act_gap_entropy(self) -> float:
        """Shannon entropy of the gaps between acts over 32 bins, two to a doubling from 16 ms."""
        return entropy(self.gap_bins) if self.gaps >= 3 else math.nan

    @feature(low=-1, high=1, source="Goh and Barabási 2008")
    def burstiness(self) -> float:
        """(sd - mean) / (sd + mean) of the gaps between acts: -1 for a metronome, 0 for chance, 1 for bursts."""
        if self.gaps < 3 or self.gap_total <= 0:
            return math.nan
        mean = self.gap_total / self.gaps
        spread = deviation(self.gaps, self.gap_total, self.gap_squares)
        return float((spread - mean) / (spread + mean))

    @feature(unit="s")
    def time_to_first_act(self) -> float:
        """Time from the start of the session to the first act."""
        return self.first_t / 1_000 if self.first_t >= 0 else math.nan

    @feature(unit="share")
    def active_share(self) -> float:
        """Share of the time with an act or a movement in the 2 s before."""
        return share(self.active_ms, self.last_t)

    @feature(unit="s")
    def idle_longest(self) -> float:
        """Longest time without act or movement."""
        return self.idle_ms / 1_000

    @feature(unit="s")
    def duration(self) -> float:
        """Time from the first event of the session to the last."""
        return self.last_t / 1_000
