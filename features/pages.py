"""Pages: how long they hold, and the ways back and round through them."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import (
    CHANGE,
    FOCUS,
    GOAL,
    INPUT,
    IS_ALERT,
    IS_CHOICE,
    IS_FIELD,
    IS_MESSAGE,
    IS_PRICE,
    MOVE,
    PAGE,
    PRESS,
    SELECTION,
    TAP,
    VISIBILITY,
)
from features.fold import FOREVER, NEVER, Array, Fold, feature, share, small, variation, zeros
from features.histograms import octave_bin, octave_quantile, put
from features.moments import (
    NO_MOMENT,
    PAGE_LOOP,
    PAGE_PINGPONG,
    PROVISIONAL,
    RELOAD,
    SETTLED,
    TAB_LEAVE,
    Signal,
    change_state,
    emit,
)
from features.scrolling import FEW_MS
from features.submits import is_submit
from features.trouble import is_failure

BACK_MS: Final = 10_000
REDIRECT_MS: Final = 500  # a page that goes so soon was not seen: a redirect
TRAIL: Final = 8  # twice the longest cycle
CYCLE: Final = 4
LOOP_MS: Final = 60_000  # a loop walked twice in less is hurried
BUSY_MS: Final = 3_000
AWAY_MS: Final = 30_000
STAY_MS: Final = 10_000  # a stay so long after a way back says that it led somewhere

SEEN_WORDS: Final = 16  # 512 bits tell a new address from one met before
DWELL_BINS: Final = 24
DWELL_LOW_MS: Final = 250.0  # two bins an octave, up to 17 minutes
DWELLS_PER_OCTAVE: Final = 2

# What the visitor was busy with when the tab was hidden; evidence of a tab_leave.
PRICE: Final = 1
ERROR: Final = 2
FORM: Final = 3


@compiled
def cycle_length(trail: Array, size: int) -> int:
    """Length of the cycle of at most 4 pages that the trail has just walked twice, or 0."""
    for length in range(2, CYCLE + 1):
        if size < 2 * length:
            return 0
        same = True
        distinct = False
        for i in range(length):
            page = trail[size - 1 - i]
            same = same and page == trail[size - 1 - i - length] and page != 0
            distinct = distinct or page != trail[size - 1]
        if same and distinct:
            return length
    return 0


@compiled
def judge_way_back(self: Any, event: Any, t: int, out: Any) -> None:
    """Settle the last ping-pong: milder if the way led on to a new page, a long stay or a goal."""
    stayed = t - self.page_t > STAY_MS
    fresh = event.kind == PAGE and event.detail != self.trail[self.size - 2]
    if stayed or fresh or event.kind == GOAL:
        out.moments[self.back_moment].severity *= 0.5
    change_state(out, self.back_moment, SETTLED)
    self.back_moment = NO_MOMENT


@compiled
def walk(self: Any, event: Any, t: int, out: Any) -> None:
    """Add a page to the trail; report ways back, loops and reloads."""
    address = event.detail
    size = self.size
    before = self.trail[size - 1] if size > 0 else 0
    stay = t - self.page_t
    if size > 0 and address == before and address != 0:
        if stay <= BACK_MS and t - self.submit_t > BACK_MS:
            self.reloads_ += 1
            self.reload_run = self.reload_run + 1 if t - self.reload_t <= BACK_MS else 1
            self.reload_t = t
            emit(
                out,
                RELOAD,
                SETTLED,
                self.page_t,
                t,
                event.page,
                0,
                0.2 + 0.2 * self.reload_run,
                stay / 1_000.0,
            )
        return
    if size >= 2 and address == self.trail[size - 2] and address != 0 and REDIRECT_MS <= stay <= BACK_MS:
        self.pingpongs += 1
        again = size >= 3 and self.trail[size - 3] == before
        severity = 0.7 - 0.5 * stay / BACK_MS + (0.3 if again else 0.0)
        self.back_moment = emit(
            out, PAGE_PINGPONG, PROVISIONAL, self.page_t, t, event.page, 0, severity, stay / 1_000.0
        )
    if size == TRAIL:
        for i in range(TRAIL - 1):
            self.trail[i] = self.trail[i + 1]
            self.began[i] = self.began[i + 1]
        size = TRAIL - 1
    self.trail[size] = address
    self.began[size] = min(t, FOREVER)
    size += 1
    self.since_loop += 1
    length = cycle_length(self.trail, size)
    if length > 0 and self.since_loop >= length:  # each further walk round counts once more
        self.since_loop = 0
        self.loops += 1
        began = self.began[size - 2 * length]
        severity = 0.8 if t - began <= LOOP_MS else 0.4
        emit(out, PAGE_LOOP, SETTLED, began, t, event.page, 0, severity, length, (t - began) / 1_000.0)
    self.size = size


@compiled
def is_new_address(seen: Array, address: int) -> bool:
    """Whether an address was not met before in the session; remembers it."""
    bit = (address ^ (address >> 16)) % (SEEN_WORDS * 32)
    mask = 1 << (bit & 31)
    if seen[bit >> 5] & mask:
        return False
    seen[bit >> 5] = seen[bit >> 5] | mask
    return True


@compiled
def watch_tab(self: Any, event: Any, t: int, out: Any) -> None:
    """Follow the tab out of sight and back; a page that opens as it goes was its unloading."""
    kind = event.kind
    gone = t - self.hidden_t
    back = kind == PAGE or (kind == VISIBILITY and event.value > 0)
    if not self.left_counted and (gone > BUSY_MS or (back and kind != PAGE)):
        self.left_counted = 1
        self.leaves += 1
    if gone >= AWAY_MS and self.busy_with != 0:
        severity = 0.7 if self.busy_with == ERROR else 0.4
        emit(
            out, TAB_LEAVE, SETTLED, self.hidden_t, t, event.page, 0, severity, gone / 1_000.0, self.busy_with
        )
        self.busy_with = 0
    if back:
        self.hidden_ms = min(self.hidden_ms + (gone if kind != PAGE or gone > BUSY_MS else 0), FOREVER)
        self.hidden_t = NEVER


class Pages(Fold):
    """Stays on pages, ways back, loops, reloads, and the tab out of sight."""

    # Severity. Way back: 0.7 at once to 0.2 after 10 s, 0.3 more on the way to and fro; halved by what follows: it
    # is the short stays that tell a visitor who is lost from one who compares. Loop: 0.8, or
    # 0.4 when it took over a minute. Reload: 0.4, and 0.2 for each one more in a row. Tab: 0.4, 0.7 after an error.
    signals = (
        Signal(
            PAGE_PINGPONG,
            text="From page A to B and back to A within 10 s; milder if a new page, a long stay or a goal follows.",
            silent_on="Redirects; galleries and results opened one after another are halved.",
            evidence=("stay_s",),
            aliases=("quick back", "u-turn"),
        ),
        Signal(
            PAGE_LOOP,
            text="The same cycle of two to four pages is walked twice.",
            silent_on="Lists from which a different page is opened each time.",
            evidence=("cycle_pages", "walks_s"),
            aliases=("looping", "page loop"),
        ),
        Signal(
            RELOAD,
            text="The same address is opened again within 10 s.",
            silent_on="Forms that come back to their own page.",
            evidence=("stay_s",),
            aliases=("refresh rage",),
        ),
        Signal(
            TAB_LEAVE,
            text="The tab goes out of sight within 3 s of a price, an error or a form, for 30 s or more.",
            silent_on="Pages that unload; tabs left while nothing was being done.",
            evidence=("away_s", "busy_with_price_1_error_2_form_3"),
            aliases=("tab switch",),
        ),
    )

    dwell_total: float = 0.0  # s
    dwell_squares: float = 0.0
    dwell_least: float = math.inf
    dwell_most: float = 0.0
    page_t: int = NEVER
    reload_t: int = NEVER
    submit_t: int = NEVER
    hidden_t: int = NEVER
    price_t: int = NEVER
    error_t: int = NEVER
    form_t: int = NEVER
    pages_: Any = np.int32(0)
    distinct: Any = np.int32(0)
    dwells: Any = np.int32(0)
    pingpongs: Any = np.int32(0)
    loops: Any = np.int32(0)
    reloads_: Any = np.int32(0)
    reload_run: Any = np.int32(0)
    leaves: Any = np.int32(0)
    goals: Any = np.int32(0)
    size: Any = np.int32(0)  # of the trail
    since_loop: Any = np.int32(0)  # pages since a loop was counted
    back_moment: Any = np.int32(NO_MOMENT)
    left_counted: Any = np.int32(0)
    busy_with: Any = np.int32(0)
    hidden_ms: int = small(0)
    last_t: int = small(0)
    trail: Array = zeros("u4", TRAIL)
    began: Array = zeros("i4", TRAIL)
    seen: Array = zeros("u4", SEEN_WORDS)
    dwell_bins: Array = zeros("u2", DWELL_BINS)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        self.last_t = min(t, FOREVER)
        if self.hidden_t > NEVER:
            watch_tab(self, event, t, out)
        if self.back_moment != NO_MOMENT and (kind == PAGE or kind == GOAL or t - self.page_t > STAY_MS):
            judge_way_back(self, event, t, out)
        if kind == MOVE or kind == PRESS or kind == TAP or kind == SELECTION:
            if event.flags & IS_PRICE:
                self.price_t = t
            if kind != MOVE and event.flags & (IS_FIELD | IS_CHOICE):
                self.form_t = t
        elif kind == PAGE:
            if self.page_t > NEVER:
                seconds = (t - self.page_t) / 1_000.0
                self.dwells += 1
                self.dwell_total += seconds
                self.dwell_squares += seconds * seconds
                self.dwell_least = min(self.dwell_least, seconds)
                self.dwell_most = max(self.dwell_most, seconds)
                put(
                    self.dwell_bins,
                    octave_bin(t - self.page_t, DWELL_LOW_MS, DWELLS_PER_OCTAVE, DWELL_BINS),
                    1,
                )
            walk(self, event, t, out)
            self.pages_ += 1
            self.distinct += 1 if is_new_address(self.seen, event.detail) else 0
            self.page_t = t
        elif kind == INPUT or (kind == FOCUS and event.flags & (IS_FIELD | IS_CHOICE)):
            self.form_t = t
        elif kind == VISIBILITY:
            if event.value == 0 and self.hidden_t <= NEVER:
                self.hidden_t = t
                self.left_counted = 0
                self.busy_with = 0
                if t - self.error_t <= BUSY_MS:
                    self.busy_with = ERROR
                elif t - self.form_t <= BUSY_MS:
                    self.busy_with = FORM
                elif t - self.price_t <= BUSY_MS:
                    self.busy_with = PRICE
        elif kind == GOAL:
            self.goals += 1
        elif is_submit(event):
            self.submit_t = t
        elif is_failure(event) or (kind == CHANGE and event.flags & IS_MESSAGE):
            if event.flags & IS_ALERT or kind != CHANGE:
                self.error_t = t
            self.submit_t = NEVER  # answered in place: the same page again is no part of the answer

    @feature(unit="pages")
    def pages(self) -> float:
        """Page views."""
        return float(self.pages_)

    @feature(unit="1/min")
    def pages_per_minute(self) -> float:
        """Page views per minute of the session."""
        return self.pages_ * 60_000 / self.last_t if self.last_t >= FEW_MS else math.nan

    @feature(unit="share")
    def distinct_page_share(self) -> float:
        """Distinct addresses over page views; two addresses are taken for one in 1 of 512 pairs."""
        return share(self.distinct, self.pages_)

    @feature(unit="s")
    def page_dwell_mean(self) -> float:
        """Mean time on a page, over pages that were left."""
        return share(self.dwell_total, self.dwells)

    @feature(unit="s")
    def page_dwell_median(self) -> float:
        """Median time on a page that was left, from a histogram with two bins to a doubling."""
        median = octave_quantile(self.dwell_bins, 0.5, DWELL_LOW_MS, DWELLS_PER_OCTAVE) / 1_000
        return min(max(median, self.dwell_least), self.dwell_most) if self.dwells else math.nan

    @feature()
    def page_dwell_cv(self) -> float:
        """Coefficient of variation of the time on a page."""
        return variation(self.dwells, self.dwell_total, self.dwell_squares)

    @feature(unit="s")
    def page_dwell_min(self) -> float:
        """Shortest time on a page that was left."""
        return self.dwell_least if self.dwells else math.nan

    @feature(unit="returns")
    def page_pingpongs(self) -> float:
        """Ways from a page A to B and back to A after 0.5 to 10 s."""
        return float(self.pingpongs)

    @feature(unit="loops")
    def page_loops(self) -> float:
        """Cycles of two to four pages walked twice in a row; each further walk counts once more."""
        return float(self.loops)

    @feature(unit="reloads")
    def reloads(self) -> float:
        """Page views of the same address as the one before, within 10 s; not after a submit."""
        return float(self.reloads_)

    @feature(unit="share", channel="visibility")
    def hidden_share(self) -> float:
        """Share of the time with the tab out of sight."""
        hidden = self.hidden_ms + (self.last_t - self.hidden_t if self.hidden_t > NEVER else 0)
        return share(hidden, self.last_t)

    @feature(unit="leaves", channel="visibility")
    def tab_leaves(self) -> float:
        """Times that the tab went out of sight, and not because its page unloaded."""
        return float(self.leaves)

    @feature(unit="stage")
    def funnel_stage(self) -> float:
        """Farthest stage of the site's own funnel; NaN while the site has declared none."""
        return math.nan

    @feature(unit="s")
    def funnel_stage_age(self) -> float:
        """Time since the farthest stage of the funnel was reached; NaN while the site has declared none."""
        return math.nan

    @feature(unit="steps")
    def funnel_regressions(self) -> float:
        """Steps back in the site's own funnel; NaN while the site has declared none."""
        return math.nan

    @feature(unit="goals", channel="goals")
    def goal_events(self) -> float:
        """Goals of the site reached; never seen by the conversion head."""
        return float(self.goals)
