"""Typing: the rhythm of inputs within one field, and how they change its length."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import INPUT, IS_CHOICE, IS_FIELD, NOT_USER_TRIGGERED, PAGE, SIGHTED
from features.fold import FOREVER, Array, Fold, entropy, feature, share, small, variation, zeros
from features.histograms import octave_bin, put

PAUSE_MS: Final = 5_000  # a longer time between two inputs is a pause, not a rhythm
PASTE_CHARS: Final = 3  # more at once than a key or a composed character gives

FIELDS: Final = 4  # fields whose length is remembered, the latest used

INTERVAL_BINS: Final = 16
INTERVAL_LOW_MS: Final = 20.0  # two bins an octave, up to 5 s
INTERVALS_PER_OCTAVE: Final = 2


@compiled
def is_text(event: Any) -> bool:
    """Whether an INPUT row is about text: its value is a length, and its field no choice."""
    if math.isnan(event.value) or event.flags & (IS_CHOICE | NOT_USER_TRIGGERED):
        return False
    return bool(event.flags & IS_FIELD != 0 or event.flags & SIGHTED == 0)


@compiled
def length_before(self: Any, target: int, length: float) -> float:
    """Length that a field had, -1 if it was not met on this page; remembers its new one, latest field first."""
    place = FIELDS - 1
    before = -1.0
    for i in range(FIELDS):
        if self.targets[i] == target:
            place = i
            before = self.lengths[i]
            break
    for i in range(place, 0, -1):
        self.targets[i] = self.targets[i - 1]
        self.lengths[i] = self.lengths[i - 1]
    self.targets[0] = target
    self.lengths[0] = length
    return before


class Keys(Fold):
    """Intervals between inputs of one field, corrections and pastes."""

    texts: Any = np.int32(0)
    shorter: Any = np.int32(0)
    pasted: Any = np.int32(0)
    intervals: Any = np.int32(0)
    chars: Any = np.int32(0)  # typed, each with an interval before it
    last_t: int = small(-1)
    total: float = 0.0  # s
    squares: float = 0.0
    typing: float = 0.0  # s in which the chars were typed
    last: Any = np.int32(0)  # field of the last input
    page: Any = np.int32(-1)
    targets: Array = zeros("i4", FIELDS)
    lengths: Array = zeros("f4", FIELDS)
    bins: Array = zeros("u2", INTERVAL_BINS)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        if event.kind == PAGE or (event.kind == INPUT and event.page != self.page):
            self.page = event.page
            self.last = 0
            self.targets[:] = 0
        if event.kind != INPUT or event.target == 0 or not is_text(event):
            return
        before = length_before(self, event.target, event.value)
        if before == event.value:
            return  # the same change told again
        change = event.value - max(before, 0.0)
        self.texts += 1
        self.shorter += 1 if change < 0 else 0
        self.pasted += 1 if change > PASTE_CHARS else 0
        t = min(now.t, FOREVER)
        gap = t - self.last_t
        if event.target == self.last and gap <= PAUSE_MS:
            seconds = gap / 1_000.0
            self.intervals += 1
            self.total += seconds
            self.squares += seconds * seconds
            put(self.bins, octave_bin(gap, INTERVAL_LOW_MS, INTERVALS_PER_OCTAVE, INTERVAL_BINS), 1)
            if 0 < change <= PASTE_CHARS:
                self.chars += int(change)
                self.typing += seconds
        self.last = event.target
        self.last_t = t

    @feature(unit="s", high=PAUSE_MS / 1_000, channel="input")
    def key_interval_mean(self) -> float:
        """Mean time between successive inputs of one field; over 5 s is a pause and does not count."""
        return share(self.total, self.intervals)

    @feature(channel="input")
    def key_interval_cv(self) -> float:
        """Coefficient of variation of the time between successive inputs of one field."""
        return variation(self.intervals, self.total, self.squares)

    @feature(unit="bits", high=math.log2(INTERVAL_BINS), channel="input")
    def key_interval_entropy(self) -> float:
        """Shannon entropy of the time between successive inputs over 16 bins, two to a doubling from 20 ms."""
        return entropy(self.bins) if self.intervals >= 5 else math.nan

    @feature(unit="chars/s", channel="input")
    def typing_speed(self) -> float:
        """Characters typed one after another, per second between them."""
        return self.chars / self.typing if self.chars >= 3 and self.typing > 0 else math.nan

    @feature(unit="share", channel="input")
    def corrections(self) -> float:
        """Share of text inputs that shorten the value."""
        return share(self.shorter, self.texts)

    @feature(unit="share", channel="input")
    def pastes(self) -> float:
        """Share of text inputs that lengthen the value by more than 3 characters at once; autofill is one."""
        return share(self.pasted, self.texts)
