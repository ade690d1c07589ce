"""Scrolling: how far, how evenly, and how often back and forth."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import DRAG, MOVE, PAGE, RESIZE, SCROLL, TOUCH_MOVE, WINDOW
from features.context import ACT_NONE, ACT_SCROLL, SCROLL_REST_MS
from features.fold import FOREVER, NEVER, Array, Fold, feature, share, small, variation, zeros
from features.histograms import octave_bin, octave_quantile, put
from features.moments import NO_MOMENT, SCROLL_HUNT, SETTLED, Signal, emit

REVERSAL_PX: Final = 100.0
HUNT_REVERSALS: Final = 3
HUNT_MS: Final = 10_000
HUNT_FULL: Final = 8  # reversals of a hunt of severity 1
USUAL_HEIGHT: Final = 720.0  # px, until the page says how high its viewport is

SPEED_BINS: Final = 24
SPEED_LOW: Final = 16.0  # px/s; two bins an octave, up to 65,536
SPEEDS_PER_OCTAVE: Final = 2
POINTED_MS: Final = 10_000  # a hand on the wheel moves the pointer, or pressed what led to this page
FEW_MS: Final = 5_000  # before anything is counted per minute


@compiled
def turned_back(sense: Array, farthest: Array, i: int, place: float, least: float) -> bool:
    """Whether the scroller in slot ``i`` has just turned back by ``least`` px from where it was farthest."""
    if sense[i] == 0:
        if abs(place - farthest[i]) >= least:
            sense[i] = 1 if place > farthest[i] else -1
            farthest[i] = place
        return False
    ahead = (place - farthest[i]) * sense[i]
    if ahead > 0:
        farthest[i] = place
    elif ahead <= -least:
        sense[i] = -sense[i]
        farthest[i] = place
        return True
    return False


@compiled
def hunt(self: Any, event: Any, t: int, out: Any) -> None:
    """Count one more turn of over a viewport; report or extend a hunt."""
    if self.hunt_moment != NO_MOMENT and t - self.turns[HUNT_REVERSALS - 1] <= HUNT_MS:
        self.hunt_turns += 1
        moment = out.moments[self.hunt_moment]
        moment.end = t
        moment.severity = min(self.hunt_turns / HUNT_FULL, 1.0)
        moment.evidence[0] = self.hunt_turns
    else:
        self.hunt_moment = NO_MOMENT
    for i in range(HUNT_REVERSALS - 1):
        self.turns[i] = self.turns[i + 1]
    self.turns[HUNT_REVERSALS - 1] = t
    first = self.turns[0]
    if self.hunt_moment == NO_MOMENT and first > self.act_t and t - first <= HUNT_MS:
        self.hunt_turns = HUNT_REVERSALS
        self.hunt_moment = emit(
            out,
            SCROLL_HUNT,
            SETTLED,
            first,
            t,
            event.page,
            0 if event.flags & WINDOW else event.target,
            HUNT_REVERSALS / HUNT_FULL,
            HUNT_REVERSALS,
            self.height,
        )


class Scrolling(Fold):
    """Distance, depth, direction and steps of scrolling, of the page and of one element in it."""

    # Severity: reversals over 8.
    signals = (
        Signal(
            SCROLL_HUNT,
            text="Three or more reversals of over one viewport within 10 s without an act.",
            silent_on="Scrolling with acts between; short steps back while reading.",
            evidence=("reversals", "viewport_height_px"),
            aliases=("excessive scrolling", "random scrolling"),
        ),
    )

    starts: Any = np.int32(0)
    blind_starts: Any = np.int32(0)
    steps: Any = np.int32(0)
    repeats: Any = np.int32(0)
    reversals: Any = np.int32(0)
    page: Any = np.int32(-1)
    element: Any = np.int32(0)  # the scroller other than the page, of slot 1
    hunt_moment: Any = np.int32(NO_MOMENT)
    hunt_turns: Any = np.int32(0)
    step_before: Any = np.float32(-1)
    depth: Any = np.float32(0)
    height: Any = np.float32(USUAL_HEIGHT)
    distance: float = 0.0
    squares: float = 0.0
    pointed_t: int = NEVER  # last pointer position, press or touch
    act_t: int = NEVER  # last act other than scrolling
    last_t: int = small(0)
    x: Array = zeros("f4", 2)  # slot 0: the page; slot 1: an element
    y: Array = zeros("f4", 2)
    sense: Array = zeros("i4", 2)  # direction for turns of 100 px
    farthest: Array = zeros("f4", 2)
    wide_sense: Array = zeros("i4", 2)  # direction for turns of a viewport
    wide_farthest: Array = zeros("f4", 2)
    at: Array = zeros("i8", 2)
    turns: Array = np.full(HUNT_REVERSALS, NEVER, "i8")
    speeds: Array = zeros("u2", SPEED_BINS)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        self.last_t = min(t, FOREVER)
        if kind == MOVE or kind == DRAG or kind == TOUCH_MOVE:
            self.pointed_t = t
            return
        if now.act != ACT_NONE and now.act != ACT_SCROLL:
            self.act_t = t
            self.hunt_moment = NO_MOMENT
            if kind != PAGE:
                self.pointed_t = t
        if kind == PAGE:
            self.page = event.page
            self.element = 0
            for i in range(2):
                self.x[i] = 0.0
                self.y[i] = 0.0
                self.sense[i] = 0
                self.farthest[i] = 0.0
                self.wide_sense[i] = 0
                self.wide_farthest[i] = 0.0
                self.at[i] = NEVER
        if (kind == PAGE or kind == RESIZE) and event.y > 0:
            self.height = event.y
        if kind != SCROLL or math.isnan(event.x) or math.isnan(event.y):
            return

        if now.act == ACT_SCROLL:
            self.starts += 1
            self.blind_starts += 1 if t - self.pointed_t > POINTED_MS else 0
        i = 0
        if not event.flags & WINDOW:
            i = 1
            if event.target != self.element or event.page != self.page:
                self.element = event.target
                self.x[i] = 0.0
                self.y[i] = 0.0
                self.sense[i] = 0
                self.farthest[i] = 0.0
                self.wide_sense[i] = 0
                self.wide_farthest[i] = 0.0
                self.at[i] = NEVER
        elif event.y > self.depth:
            self.depth = event.y
        size = abs(event.x - self.x[i]) + abs(event.y - self.y[i])
        self.x[i] = event.x
        self.y[i] = event.y
        if size > 0:
            self.steps += 1
            self.distance += size
            self.squares += size * size
            self.repeats += 1 if size == self.step_before else 0
            self.step_before = size
            gap = t - self.at[i]
            if 0 < gap <= SCROLL_REST_MS:
                put(
                    self.speeds, octave_bin(size * 1_000.0 / gap, SPEED_LOW, SPEEDS_PER_OCTAVE, SPEED_BINS), 1
                )
        self.at[i] = t
        if turned_back(self.sense, self.farthest, i, event.y, REVERSAL_PX):
            self.reversals += 1
        if turned_back(self.wide_sense, self.wide_farthest, i, event.y, self.height):
            hunt(self, event, t, out)

    @feature(unit="scrolls", channel="scroll")
    def scrolls(self) -> float:
        """Times that scrolling began after half a second without."""
        return float(self.starts)

    @feature(unit="px", channel="scroll")
    def scroll_distance(self) -> float:
        """Length of all scrolling, to and fro."""
        return self.distance

    @feature(unit="px", channel="scroll")
    def scroll_depth(self) -> float:
        """Farthest offset from the top that a page was scrolled to."""
        return float(self.depth)

    @feature(unit="1/min", channel="scroll")
    def scroll_reversals(self) -> float:
        """Changes of the direction of scrolling by at least 100 px, per minute of the session."""
        return self.reversals * 60_000 / self.last_t if self.last_t >= FEW_MS else math.nan

    @feature(unit="px/s", channel="scroll")
    def scroll_speed_p95(self) -> float:
        """95th percentile of the speed from one scroll position to the next, from a log histogram."""
        return octave_quantile(self.speeds, 0.95, SPEED_LOW, SPEEDS_PER_OCTAVE)

    @feature(channel="scroll")
    def scroll_step_cv(self) -> float:
        """Coefficient of variation of the steps from one scroll position to the next."""
        return variation(self.steps, self.distance, self.squares)

    @feature(unit="share", channel="scroll")
    def scroll_step_repeat(self) -> float:
        """Share of scroll steps of exactly the size of the step before."""
        return share(self.repeats, self.steps - 1, 3)

    @feature(unit="share", channel="scroll")
    def scroll_without_pointer(self) -> float:
        """Share of the scrolls that began in a page view with no pointer position, press or key input before."""
        return share(self.blind_starts, self.starts)
