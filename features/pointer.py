"""How the pointer moves: path, speed, directions, and where over the page."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import CLICK, DRAG, IS_SURFACE, MOVE, PAGE, PRESS, RELEASE, RESIZE
from features.fold import NEVER, Array, Fold, entropy, feature, share, variation, zeros
from features.histograms import octave_bin, octave_quantile, put
from features.moments import NO_MOMENT, POINTER_THRASH, SETTLED, Report, Signal, emit

REST_MS: Final = 250  # a rest so long ends a stroke
PAUSE_MS: Final = 2_000  # a longer rest is no pause within a movement
THIN_MS: Final = 45  # rrweb keeps a position per 50 ms: a denser recorder is thinned to the same, less jitter
TOUCH_MS: Final = 1_000  # mouse events so soon after a touch are the browser's imitation of a mouse
LARGEST_PX: Final = 1e6  # no screen is larger: what lies beyond is no place
TURN_PX: Final = 3.0  # shorter moves have no direction: whole pixels allow them eight
AXIS_PX: Final = 4.0  # shorter moves lie on an axis by rounding alone
REVERSAL_PX: Final = 20.0  # less is a tremor, or the end of a reach
THRASH_PX: Final = 60.0  # people who look around reverse by less, those told to thrash by 80 and more
SECTORS: Final = 16  # directions and turning angles are told apart by 22.5 degrees
GRID: Final = 8
SPEED_LOW: Final = 16.0  # px/s; the slowest move of one pixel in 50 ms has 20
SPEED_BINS: Final = 24  # two an octave: up to 65,536 px/s
TIME_UNIT_MS: Final = 10  # of the time over the grid
THRASH_SLOTS: Final = 8  # the window of a thrash is kept in so many parts
FEW_STEPS: Final = 6  # under so many moves a mean or an entropy says nothing of a hand
FEW_MS: Final = 250  # of movement, before anything is counted per second
FEW_PX: Final = 50  # of movement, before turning is counted per length


@compiled
def is_place(event: Any) -> bool:
    """Whether a row says where it happened."""
    return bool(abs(event.x) < LARGEST_PX and abs(event.y) < LARGEST_PX)


@compiled
def is_mouse(event: Any, now: Any) -> bool:
    """Whether a pointer row comes from a mouse and not from the imitation of one after a touch."""
    return now.t - now.touch_t > TOUCH_MS and is_place(event)


@compiled
def sector(angle: float) -> int:
    """Sector of an angle in radians; the axes lie in the middle of theirs."""
    return math.floor(angle * (SECTORS / (2 * math.pi)) + 0.5) & (SECTORS - 1)


@compiled
def flip(sense: Array, turned: Array, axis: int, place: float) -> float:
    """Length in px of the run on an axis that has just ended by turning back ``REVERSAL_PX``, or 0."""
    way = sense[axis]
    back = turned[axis] - place
    if way == 0:
        if abs(back) >= REVERSAL_PX:
            sense[axis] = 1 if back < 0 else -1
            turned[axis] = place
    elif back * way < 0:
        turned[axis] = place
    elif back * way >= REVERSAL_PX:
        run = float(abs(turned[axis] - turned[axis + 2]))
        sense[axis] = -way
        turned[axis + 2] = turned[axis]
        turned[axis] = place
        return run
    return 0.0


@compiled
def start_runs(self: Any, event: Any) -> None:
    """Begin to look for reversals from here."""
    self.sense[:] = 0
    for i in range(4):
        self.turned[i] = event.x if i % 2 == 0 else event.y


@compiled
def shift_slots(flips: Array, paths: Array, before: int, slot: int) -> None:
    """Empty the slots of a sliding window that time has passed by since slot number ``before``."""
    for passed in range(max(before + 1, slot - THRASH_SLOTS + 1), slot + 1):
        part = passed % THRASH_SLOTS
        flips[part] = 0
        flips[part + THRASH_SLOTS] = 0
        paths[part] = 0.0


@compiled
def most_flips(flips: Array) -> int:
    """Reversals in the window on the axis that has more."""
    across = 0
    down = 0
    for part in range(THRASH_SLOTS):
        across += flips[part]
        down += flips[part + THRASH_SLOTS]
    return max(across, down)


@compiled
def full_slots(paths: Array, slot: int) -> int:
    """How many of the slots up to ``slot`` the movement fills without a gap."""
    count = 1
    while count < THRASH_SLOTS and paths[(slot - count) % THRASH_SLOTS] > 0:
        count += 1
    return count


@compiled
def prolong(out: Report, index: int, end: int, severity: float, first: float, second: float) -> None:
    """Let a moment written before go on; does nothing for ``NO_MOMENT``."""
    if index >= 0:
        moment = out.moments[index]
        moment.end = end
        moment.severity = max(moment.severity, severity)
        moment.evidence[0] = max(moment.evidence[0], first)
        moment.evidence[1] = max(moment.evidence[1], second)


class Pointer(Fold):
    """The movement of the mouse pointer, of one position per 45 ms at most."""

    signals = (
        Signal(
            POINTER_THRASH,
            "The pointer is thrown back and forth on one axis by 60 px and more, many times within 2 s, with no press.",
            "dragging, drawing, and moving over a canvas, a map or a player",
            ("reversals", "path_px"),
            ("thrashed_cursor", "mouse_thrashing"),
            "after Amplitude's thrashed cursor, the count fitted to one position per 50 ms",
        ),
    )

    t: int = NEVER  # last position that was used; NEVER after a new page
    raw_t: int = NEVER
    interval_sum: float = 0.0
    interval_squares: float = 0.0
    path: float = 0.0
    speed_sum: float = 0.0
    speed_squares: float = 0.0
    moving_ms: int = 0
    turn_sum: float = 0.0
    turn_path: float = 0.0
    pause_ms: int = 0
    slot: int = 0
    x: Any = np.float32(math.nan)
    y: Any = np.float32(math.nan)
    width: Any = np.float32(0)
    height: Any = np.float32(0)
    angle: Any = np.float32(math.nan)  # of the move before
    speed: Any = np.float32(-1)  # of the move before; -1 after a rest
    turned: Array = zeros("f4", 4)  # farthest place of the run on each axis, then where it began
    moves: Any = np.int32(0)
    intervals: Any = np.int32(0)
    steps: Any = np.int32(0)  # moves between two rests
    flips: Any = np.int32(0)
    reversals: Any = np.int32(0)
    long_moves: Any = np.int32(0)
    on_axis: Any = np.int32(0)
    pauses: Any = np.int32(0)
    directions: Array = zeros("f4", SECTORS)
    thrash_path: Array = zeros("f4", THRASH_SLOTS)
    thrash: Any = np.int32(NO_MOMENT)  # the moment that still goes on
    speeds: Array = zeros("u2", SPEED_BINS)
    turns: Array = zeros("u2", SECTORS)
    cells: Array = zeros("u2", GRID * GRID)
    trend: Any = np.int8(0)  # sign of the last acceleration
    held: Any = np.int8(0)  # a button is down
    sense: Array = zeros("i1", 2)  # sign of the run on each axis
    thrash_flips: Array = zeros("u1", 2 * THRASH_SLOTS)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        if kind == PAGE or kind == RESIZE:
            if is_place(event) and event.x > 0 and event.y > 0:
                self.width = event.x
                self.height = event.y
            if kind == PAGE:
                self.t = NEVER
                self.raw_t = NEVER
                self.held = 0
            return
        if kind != MOVE:
            if kind == PRESS or kind == DRAG:
                self.held = 1
                self.thrash = NO_MOMENT
                self.thrash_flips[:] = 0
                self.thrash_path[:] = 0
            elif kind == RELEASE or kind == CLICK:
                self.held = 0
            return
        if not is_mouse(event, now):
            return

        t = now.t
        gap = t - self.raw_t
        self.raw_t = t
        if gap < REST_MS:
            self.intervals += 1
            self.interval_sum += gap
            self.interval_squares += gap * gap
        gap = t - self.t
        if gap < THIN_MS:
            return
        self.moves += 1
        dx = float(event.x) - self.x
        dy = float(event.y) - self.y
        if dx == 0 and dy == 0:
            return  # it stands still
        first = math.isnan(self.x)
        if self.t != NEVER and self.width > 0:
            column = min(max(int(self.x / self.width * GRID), 0), GRID - 1)
            line = min(max(int(self.y / self.height * GRID), 0), GRID - 1)
            put(self.cells, line * GRID + column, min(gap, PAUSE_MS) // TIME_UNIT_MS)
        rested = gap >= REST_MS
        if rested and self.t != NEVER and gap <= PAUSE_MS:
            self.pauses += 1
            self.pause_ms += gap
        self.t = t
        self.x = event.x
        self.y = event.y
        if first:
            start_runs(self, event)
            return

        length = math.sqrt(dx * dx + dy * dy)
        self.path += length
        if length >= AXIS_PX:
            self.long_moves += 1
            if dx == 0 or dy == 0:
                self.on_axis += 1
        angle = math.atan2(dy, dx)
        self.directions[sector(angle)] += length
        if rested:
            self.speed = -1
            self.trend = 0
            self.angle = math.nan
            start_runs(self, event)
            return
        self.moving_ms += gap
        speed = length * 1000 / gap
        self.steps += 1
        self.speed_sum += speed
        self.speed_squares += speed * speed
        put(self.speeds, octave_bin(speed, SPEED_LOW, 2, SPEED_BINS), 1)
        if self.speed >= 0 and speed != self.speed:
            trend = 1 if speed > self.speed else -1
            if trend == -self.trend:
                self.flips += 1
            self.trend = trend
        self.speed = speed
        if length >= TURN_PX:
            if not math.isnan(self.angle):
                turn = angle - self.angle
                turn -= 2 * math.pi * math.floor(turn / (2 * math.pi) + 0.5)
                put(self.turns, sector(turn), 1)
                self.turn_sum += abs(turn)
                self.turn_path += length
            self.angle = angle

        across = flip(self.sense, self.turned, 0, event.x)
        down = flip(self.sense, self.turned, 1, event.y)
        if across > 0:
            self.reversals += 1
        if down > 0:
            self.reversals += 1
        limits = out.thresholds[0]
        width = max(limits.thrash_window_ms // THRASH_SLOTS, 1)
        slot = t // width
        if slot != self.slot:
            shift_slots(self.thrash_flips, self.thrash_path, self.slot, slot)
            self.slot = slot
        if self.held or event.flags & IS_SURFACE:
            return
        part = slot % THRASH_SLOTS
        self.thrash_path[part] += length
        if across >= THRASH_PX:
            self.thrash_flips[part] += 1
        if down >= THRASH_PX:
            self.thrash_flips[part + THRASH_SLOTS] += 1
        if across < THRASH_PX and down < THRASH_PX:
            return
        found = most_flips(self.thrash_flips)
        length = 0.0
        for i in range(THRASH_SLOTS):
            length += self.thrash_path[i]
        if found < limits.thrash_reversals or length < limits.thrash_path_px:
            self.thrash = NO_MOMENT
            return
        severity = min(found / (2.0 * limits.thrash_reversals), 1.0)
        if self.thrash == NO_MOMENT:
            begun = (slot - full_slots(self.thrash_path, slot) + 1) * width
            self.thrash = emit(
                out, POINTER_THRASH, SETTLED, begun, t, event.page, event.target, severity, found, length
            )
        else:
            prolong(out, self.thrash, t, severity, found, length)

    @feature(unit="moves", channel="pointer")
    def pointer_moves(self) -> float:
        """Pointer positions seen, at most one per 45 ms."""
        return float(self.moves)

    @feature(unit="px", channel="pointer")
    def pointer_path(self) -> float:
        """Length of the whole path."""
        return float(self.path)

    @feature(unit="px/s", channel="pointer")
    def pointer_speed_mean(self) -> float:
        """Mean speed over the moves between two rests."""
        return share(self.speed_sum, self.steps, FEW_STEPS)

    @feature(channel="pointer")
    def pointer_speed_cv(self) -> float:
        """Coefficient of variation of the speed of moves."""
        return variation(self.steps, self.speed_sum, self.speed_squares, FEW_STEPS)

    @feature(unit="px/s", channel="pointer")
    def pointer_speed_p95(self) -> float:
        """95th percentile of the speed of moves, from a fixed logarithmic histogram."""
        if self.steps < FEW_STEPS:
            return math.nan
        return octave_quantile(self.speeds, 0.95, SPEED_LOW, 2)

    @feature(unit="1/s", channel="pointer")
    def pointer_acceleration_flips(self) -> float:
        """Sign changes of acceleration per second of movement."""
        return share(self.flips * 1000, self.moving_ms, FEW_MS)

    @feature(unit="bits", high=4, channel="pointer")
    def cursor_entropy(self) -> float:
        """Shannon entropy of 16 movement directions, weighted by length."""
        return entropy(self.directions.astype("f8")) if self.moves >= FEW_STEPS else math.nan

    @feature(unit="bits", high=4, channel="pointer")
    def turn_entropy(self) -> float:
        """Shannon entropy of 16 turning angles between successive moves of at least 3 px."""
        return entropy(self.turns) if self.turns.sum() >= FEW_STEPS else math.nan

    @feature(unit="bits", high=6, channel="pointer")
    def pointer_region_entropy(self) -> float:
        """Shannon entropy of time over an 8x8 grid of the viewport, at most 2 s a rest."""
        return entropy(self.cells) if self.moves >= FEW_STEPS else math.nan

    @feature(unit="rad/px", high=math.pi / TURN_PX, channel="pointer")
    def pointer_curvature(self) -> float:
        """Absolute turning per length, over moves of at least 3 px."""
        return share(self.turn_sum, self.turn_path, FEW_PX)

    @feature(unit="share", channel="pointer")
    def pointer_axis_share(self) -> float:
        """Share of moves of at least 4 px that are exactly horizontal or vertical."""
        return share(self.on_axis, self.long_moves, FEW_STEPS)

    @feature(channel="pointer")
    def pointer_pauses(self) -> float:
        """Rests of 0.25 s to 2 s between two moves on one page."""
        return float(self.pauses)

    @feature(unit="s", low=REST_MS / 1000, high=PAUSE_MS / 1000, channel="pointer")
    def pointer_pause_mean(self) -> float:
        """Mean length of the rests of 0.25 s to 2 s."""
        return share(self.pause_ms / 1000, self.pauses)

    @feature(unit="1/s", channel="pointer")
    def pointer_reversals(self) -> float:
        """Horizontal or vertical reversals of at least 20 px within a stroke, per second of movement."""
        return share(self.reversals * 1000, self.moving_ms, FEW_MS)

    @feature(channel="pointer")
    def pointer_sampling_cv(self) -> float:
        """Coefficient of variation of the time between positions of one stroke; it measures the recorder."""
        return variation(self.intervals, self.interval_sum, self.interval_squares, FEW_STEPS)
