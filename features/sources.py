"""Sources of change: what ticks by itself, and what moved because somebody pressed.

A *source* is the place that a change comes from (an element, a style sheet, a polled address). While no press
waits for an answer, its changes are its own; what it does after a press is an answer if it had been silent for
5 s, if it now does more than its own rate explains (exact conditional test of two Poisson rates, Przyborowski
and Wilenski 1940), or if it kept a beat and now comes off it.
"""

from __future__ import annotations

import math
from typing import Any, Final

from data_contracts.compiled import compiled

SOURCES: Final = 8  # sources remembered at once; the longest silent one gives way
SILENT_MS: Final = 5_000
ANSWER_MS: Final = 2_500  # an answer comes within this time of the press
SIGNIFICANT: Final = 0.01
TICKS: Final = 3  # changes of its own by which a source is known to tick
BEATS: Final = 3  # intervals of its own by which its beat is known
UNEVEN: Final = 2.5  # its longest interval over its shortest, if there is a beat at all
OFF_BEAT: Final = 0.6  # of its shortest interval: what comes sooner is not of its own clock
LONGEST_BEAT_MS: Final = 65_535


@compiled
def rate_exceeds(after: int, before: int, after_ms: float, before_ms: float) -> bool:
    """Whether ``after`` events in ``after_ms`` exceed the rate of ``before`` events in ``before_ms``.

    Under equal rates, ``after`` is binomial in ``before + after`` trials with p = after_ms / (both); true if
    the upper tail is under 0.01.
    """
    n = after + before
    p = after_ms / (after_ms + before_ms)
    term = math.exp(n * math.log1p(-p))
    below = 0.0
    for k in range(after):
        below += term
        term *= (n - k) / (k + 1.0) * p / (1.0 - p)
    return 1.0 - below < SIGNIFICANT


@compiled
def find_source(self: Any, key: int) -> int:
    """Slot of the source ``key``, or of a new one in place of that which was silent longest."""
    oldest = 0
    for i in range(SOURCES):
        if self.source[i] == key:
            return i
        if self.source_at[i] < self.source_at[oldest]:
            oldest = i
    self.source[oldest] = key
    self.source_own[oldest] = 0
    self.source_since[oldest] = self.quiet_ms
    self.source_own_at[oldest] = -SILENT_MS - 1
    forget_beat(self, oldest)
    for j in range(len(self.after) // SOURCES):
        self.after[j * SOURCES + oldest] = 0
    return oldest


@compiled
def forget_beat(self: Any, slot: int) -> None:
    """Let a source have no beat."""
    self.beats[slot] = 0
    self.beat_low[slot] = LONGEST_BEAT_MS
    self.beat_high[slot] = 0


@compiled
def forget_sources(self: Any) -> None:
    """Forget every source: a new page has sources of its own."""
    self.quiet_ms = 0
    for i in range(SOURCES):
        self.source[i] = 0
        self.source_at[i] = 0
        self.source_own[i] = 0
        self.source_own_at[i] = 0
        self.source_since[i] = 0
        forget_beat(self, i)
    for i in range(len(self.after)):
        self.after[i] = 0


@compiled
def own_change(self: Any, slot: int, t: int) -> None:
    """Count a change that no press can have caused."""
    if self.source_own[slot] == 0:
        self.source_since[slot] = self.quiet_ms
    elif self.source_own_at[slot] == self.source_at[slot]:
        gap = min(t - self.source_own_at[slot], LONGEST_BEAT_MS)
        self.beat_low[slot] = min(self.beat_low[slot], gap)
        self.beat_high[slot] = max(self.beat_high[slot], gap)
        self.beats[slot] = min(self.beats[slot] + 1, BEATS)
    self.source_own[slot] += 1
    self.source_own_at[slot] = t


@compiled
def is_answer(self: Any, slot: int, press: int, pressed_at: int, t: int) -> bool:
    """Whether the change just seen from ``slot`` answers the press in slot ``press``."""
    index = press * SOURCES + slot
    if self.after[index] < 250:
        self.after[index] += 1
    if self.source_own[slot] == 0 or pressed_at - self.source_own_at[slot] > SILENT_MS:
        return True
    # The first change of a ticker opens its clock; the intervals after it give its rate.
    before = self.source_own[slot] - 1
    before_ms = max(self.quiet_ms - self.source_since[slot], 1)
    return off_beat(self, slot, t) or rate_exceeds(self.after[index], before, ANSWER_MS, before_ms)


@compiled
def ticks(self: Any, slot: int, pressed_at: int) -> bool:
    """Whether a source had been changing by itself when a press came."""
    return bool(self.source_own[slot] >= TICKS and pressed_at - self.source_own_at[slot] <= SILENT_MS)


@compiled
def off_beat(self: Any, slot: int, t: int) -> bool:
    """Whether a source that keeps a beat of its own has now changed too soon for it."""
    low = self.beat_low[slot]
    kept = self.beats[slot] >= BEATS and self.beat_high[slot] <= UNEVEN * low
    return bool(kept and t - self.source_at[slot] < OFF_BEAT * low)
