"""Strokes: movements of the pointer between rests, each measured as one reach of a hand."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.compiled import also_compiled, compiled
from data_contracts.events import MOVE, PAGE
from features.fold import NEVER, Array, Fold, deviation, feature, share, small, variation, zeros
from features.pointer import REST_MS, THIN_MS, is_mouse

POSITIONS: Final = 6  # fewer show no course: a stroke of 300 to 600 ms has 6 to 12
SMOOTH_POSITIONS: Final = 8  # fewer show no spectrum
SMOOTH_MOST: Final = 33  # positions, some 1.6 s: tones half a hertz apart do not show longer ripples
TONES: Final = 16  # half hertz steps up to 8 Hz; positions every 50 ms show up to 10 Hz
TONE_HZ: Final = 0.5
DIP: Final = 0.6  # speed falls below this part of a peak, and rises again as much, before the next peak
FITTS_STROKES: Final = 8  # fewer support no line
FITTS_SPREAD: Final = 0.1  # bits squared; distances more alike support none either


@compiled
def begin(self: Any, t: int, x: float, y: float) -> None:
    """Begin a stroke at its first position."""
    self.start_t = t
    self.start_x = x
    self.start_y = y
    self.positions = 1
    self.length = 0.0
    self.peak = 0.0
    self.peak_t = t
    self.extreme = 0.0
    self.falling = 0
    self.peaks = 0
    self.sounded = 0.0
    self.real[:] = 0
    self.imaginary[:] = 0


@compiled
def extend(self: Any, t: int, gap: int, length: float) -> None:
    """Add a move of ``length`` px that took ``gap`` ms up to ``t``."""
    self.positions += 1
    self.length += length
    speed = length * 1000 / gap
    middle = t - 0.5 * gap
    if speed > self.peak:
        self.peak = speed
        self.peak_t = middle
    if self.falling:
        if speed < self.extreme:
            self.extreme = speed
        elif speed * DIP > self.extreme:
            self.falling = 0
            self.extreme = speed
    elif speed > self.extreme:
        self.extreme = speed
    elif speed < self.extreme * DIP:
        self.falling = 1
        self.extreme = speed
        self.peaks += 1
    if self.positions > SMOOTH_MOST:
        return
    self.sounded += length
    # Fourier transform of speed over time, one move at a time: its integral over a move is the move's length.
    phase = -2 * math.pi * TONE_HZ * (middle - self.start_t) / 1000
    turn_x = math.cos(phase)
    turn_y = math.sin(phase)
    twice_x = turn_x * turn_x - turn_y * turn_y
    twice_y = 2 * turn_x * turn_y
    odd_x = length * turn_x
    odd_y = length * turn_y
    even_x = length * twice_x
    even_y = length * twice_y
    for i in range(0, TONES, 2):
        self.real[i] += odd_x
        self.imaginary[i] += odd_y
        self.real[i + 1] += even_x
        self.imaginary[i + 1] += even_y
        odd_x, odd_y = odd_x * twice_x - odd_y * twice_y, odd_x * twice_y + odd_y * twice_x
        even_x, even_y = even_x * twice_x - even_y * twice_y, even_x * twice_y + even_y * twice_x


@compiled
def arc_length(self: Any) -> float:
    """Length of the curve that the amplitude spectrum draws, both axes scaled to 1, with the sign of the paper."""
    before = 1.0
    arc = 0.0
    for i in range(TONES):
        amplitude = math.sqrt(self.real[i] ** 2 + self.imaginary[i] ** 2) / self.sounded
        arc -= math.sqrt((amplitude - before) ** 2 + 1 / TONES**2)
        before = amplitude
    return arc


@compiled
def finish(self: Any) -> None:
    """Count the stroke that has come to rest."""
    if self.positions == 0:
        return
    self.count += 1
    if self.positions >= POSITIONS and self.length > 0:
        seconds = (self.t - self.start_t) / 1000
        chord = math.sqrt((self.x - self.start_x) ** 2 + (self.y - self.start_y) ** 2)
        straight = min(chord / self.length, 1.0)
        self.measured += 1
        self.seconds_sum += seconds
        self.seconds_squares += seconds * seconds
        self.chord_sum += chord
        self.straight_sum += straight
        self.straight_squares += straight * straight
        self.peak_sum += (self.peak_t - self.start_t) / (self.t - self.start_t)
        self.peaks_sum += self.peaks + (0 if self.falling else 1)
        if chord >= 1:
            bits = math.log2(chord)
            self.fitts += 1
            self.bits_sum += bits
            self.bits_squares += bits * bits
            self.bits_seconds += bits * seconds
            self.fitts_seconds += seconds
            self.fitts_squares += seconds * seconds
        if self.positions >= SMOOTH_POSITIONS:
            self.smooth += 1
            self.smooth_sum += arc_length(self)
    self.positions = 0


@also_compiled
def line(state: Any) -> tuple[float, float]:
    """Slope in s/bit and standard deviation in s of the residuals of the least squares line through the strokes."""
    n = state.fitts
    if n < FITTS_STROKES:
        return math.nan, math.nan
    spread = state.bits_squares - state.bits_sum**2 / n
    if spread < FITTS_SPREAD * n:
        return math.nan, math.nan
    together = state.bits_seconds - state.bits_sum * state.fitts_seconds / n
    total = state.fitts_squares - state.fitts_seconds**2 / n
    return together / spread, math.sqrt(max(total - together**2 / spread, 0.0) / (n - 2))


class Strokes(Fold):
    """Pointer movements between rests of 250 ms or more, of one position per 45 ms at most."""

    t: int = NEVER
    start_t: int = 0
    length: float = 0.0
    peak_t: float = 0.0
    seconds_sum: float = 0.0
    seconds_squares: float = 0.0
    chord_sum: float = 0.0
    straight_sum: float = 0.0
    straight_squares: float = 0.0
    peak_sum: float = 0.0
    smooth_sum: float = 0.0
    bits_sum: float = 0.0
    bits_squares: float = 0.0
    bits_seconds: float = 0.0
    fitts_seconds: float = 0.0
    fitts_squares: float = 0.0
    x: Any = np.float32(math.nan)
    y: Any = np.float32(math.nan)
    positions: Any = np.int32(0)  # of the stroke that goes on; 0 when none does
    start_x: Any = np.float32(0)
    start_y: Any = np.float32(0)
    sounded: Any = np.float32(0)  # the part of it that the spectrum has
    peak: Any = np.float32(0)
    extreme: Any = np.float32(0)  # highest speed of the rise, or lowest of the fall
    falling: Any = np.int32(0)
    peaks: Any = np.int32(0)
    real: Array = zeros("f4", TONES)
    imaginary: Array = zeros("f4", TONES)
    count: Any = np.int32(0)
    measured: Any = np.int32(0)
    peaks_sum: Any = np.int32(0)
    smooth: Any = np.int32(0)
    fitts: int = small(0)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        t = now.t
        if self.positions > 0 and t - self.t >= REST_MS:
            finish(self)
        if event.kind == PAGE:
            finish(self)
            self.t = NEVER
            return
        if event.kind != MOVE or not is_mouse(event, now):
            return
        gap = t - self.t
        if gap < THIN_MS:
            return
        dx = float(event.x) - self.x
        dy = float(event.y) - self.y
        if dx == 0 and dy == 0:
            return  # it stands still
        self.t = t
        self.x = event.x
        self.y = event.y
        if self.positions == 0:
            begin(self, t, event.x, event.y)
        else:
            extend(self, t, gap, math.sqrt(dx * dx + dy * dy))

    @feature(unit="strokes", channel="pointer")
    def strokes(self) -> float:
        """Pointer movements between rests of 250 ms or more, once they have come to rest."""
        return float(self.count)

    @feature(unit="s", channel="pointer")
    def stroke_duration_mean(self) -> float:
        """Mean duration of the strokes of 6 or more positions."""
        return share(self.seconds_sum, self.measured)

    @feature(channel="pointer")
    def stroke_duration_cv(self) -> float:
        """Coefficient of variation of the duration of strokes of 6 or more positions."""
        return variation(self.measured, self.seconds_sum, self.seconds_squares)

    @feature(unit="px", channel="pointer")
    def stroke_distance_mean(self) -> float:
        """Mean distance from start to end of the strokes of 6 or more positions."""
        return share(self.chord_sum, self.measured)

    @feature(unit="share", channel="pointer")
    def pointer_straightness_mean(self) -> float:
        """Mean of chord / path over strokes of 6 or more positions."""
        return share(self.straight_sum, self.measured)

    @feature(unit="share", channel="pointer")
    def pointer_straightness_sd(self) -> float:
        """Standard deviation of chord / path over strokes of 6 or more positions."""
        return deviation(self.measured, self.straight_sum, self.straight_squares)

    @feature(unit="share", channel="pointer")
    def stroke_peak_position(self) -> float:
        """When, within a stroke of 6 or more positions, its peak speed falls (people: early; minimum-jerk: middle)."""
        return share(self.peak_sum, self.measured)

    @feature(low=1, channel="pointer", source="after Meyer et al. 1988")
    def stroke_submovements(self) -> float:
        """Mean number of speed peaks per stroke of 6 or more positions, parted by falls of 40 % and more."""
        return share(self.peaks_sum, self.measured)

    @feature(
        low=-1 - TONES,
        high=-1,
        channel="pointer",
        source="Balasubramanian et al. 2012",
    )
    def pointer_smoothness(self) -> float:
        """Spectral arc length of speed up to 8 Hz, mean over strokes of 8 or more positions; nearer 0 is smoother."""
        return share(self.smooth_sum, self.smooth)

    @feature(unit="s/bit", low=-math.inf, channel="pointer", source="after Fitts 1954")
    def fitts_slope(self) -> float:
        """Slope of movement time against log2 of distance over strokes of 6 or more positions; NaN under 8 of them."""
        return line(self)[0]

    @feature(unit="s", channel="pointer", source="after Fitts 1954")
    def fitts_residual(self) -> float:
        """Spread of movement time about its line against log2 of distance; NaN under 8 strokes."""
        return line(self)[1]
