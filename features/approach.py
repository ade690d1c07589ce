"""How the pointer comes to a press: the movement that leads to it, or the lack of one."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from data_contracts.compiled import compiled
from data_contracts.events import CLICK, KEYED, LOST, MOVE, PAGE, PRESS, SCROLL, TOUCH_START, TOUCHED
from features.fold import NEVER, Array, Fold, feature, share, zeros
from features.pointer import REST_MS, THIN_MS, TURN_PX, is_mouse, is_place

FAR_PX: Final = 100.0  # a hand does not cover this between two positions unseen
ELSEWHERE_PX: Final = 10.0  # a hand at rest trembles by less
ABSENT_MS: Final = 2_000  # without a position before a press
LAST_MS: Final = 200  # of the approach, in which a hand slows down
MOVES: Final = 5  # moves of 45 ms and more that cover the last 200 ms
APPROACH_POSITIONS: Final = 3
STROKE_POSITIONS: Final = 6
FEW_JUMPS: Final = 2  # presses
FEW_TELEPORTS: Final = 5  # presses


@compiled
def distance(x: float, y: float, other_x: float, other_y: float) -> float:
    """Distance in px; NaN if a place is not known."""
    return math.sqrt((x - other_x) ** 2 + (y - other_y) ** 2)


@compiled
def last_speed(self: Any, event: Any, gap: int) -> float:
    """Speed in px/s over the last 200 ms before a press ``gap`` ms after the last position."""
    length = distance(self.x, self.y, event.x, event.y)
    if gap >= LAST_MS:
        return length * 1000 / gap
    covered = gap
    for i in range(MOVES):
        taken = self.gaps[i]
        if taken == 0:
            break
        part = min(taken, LAST_MS - covered)
        length += self.lengths[i] * part / taken
        covered += part
        if covered >= LAST_MS:
            break
    return length * 1000 / max(covered, 1)


class Approach(Fold):
    """The stroke before a press, and presses that no stroke explains."""

    t: int = NEVER  # last position used, of one per 45 ms at most
    x: Any = np.float32(math.nan)
    y: Any = np.float32(math.nan)
    seen_x: Any = np.float32(math.nan)  # where the pointer is, by the last position or press of all
    seen_y: Any = np.float32(math.nan)
    before_x: Any = np.float32(math.nan)  # where the stroke before ended
    before_y: Any = np.float32(math.nan)
    positions: Any = np.int32(0)  # of the stroke, those used; 0 when none has begun on this page
    peak: Any = np.float32(0)
    dx: Any = np.float32(0)  # last move of at least 3 px
    dy: Any = np.float32(0)
    lengths: Array = zeros("f4", MOVES)  # last moves, newest first
    gaps: Array = zeros("i2", MOVES)
    turned: Any = np.int8(0)  # whether the last turn exceeded 90 degrees
    turns: Any = np.int8(0)  # whether there was a turn
    pressed: Any = np.int8(0)  # whether the stroke has had its press
    moved: Any = np.int8(0)  # since the last click
    clean: Any = np.int8(0)  # nothing since the last position that could have hidden a movement
    placed: Any = np.int8(0)  # this page has sent positions
    touched: Any = np.int8(0)  # presses now come from a touch
    click_x: Any = np.float32(math.nan)
    click_y: Any = np.float32(math.nan)

    far: Any = np.int32(0)
    jumps: Any = np.int32(0)
    plain: Any = np.int32(0)
    teleports: Any = np.int32(0)
    elsewhere: Any = np.int32(0)
    unmoved: Any = np.int32(0)
    approaches: Any = np.int32(0)
    approach_sum: float = 0.0
    reaches: Any = np.int32(0)
    overshot: Any = np.int32(0)

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        kind = event.kind
        t = now.t
        if kind == MOVE:
            if not is_mouse(event, now):
                return
            self.clean = 1
            self.placed = 1
            self.touched = 0
            if event.x == self.seen_x and event.y == self.seen_y:
                return
            self.moved = 1
            gap = t - self.t
            if self.positions == 0 or gap >= REST_MS:
                self.before_x = self.seen_x
                self.before_y = self.seen_y
                self.positions = 0
                self.pressed = 0
                self.peak = 0
                self.turns = 0
                self.turned = 0
                self.dx = 0
                self.dy = 0
                self.gaps[:] = 0
            self.seen_x = event.x
            self.seen_y = event.y
            if self.positions > 0:
                if gap < THIN_MS:
                    return
                dx = float(event.x) - self.x
                dy = float(event.y) - self.y
                length = math.sqrt(dx * dx + dy * dy)
                self.peak = max(self.peak, length * 1000 / gap)
                for i in range(MOVES - 1, 0, -1):
                    self.lengths[i] = self.lengths[i - 1]
                    self.gaps[i] = self.gaps[i - 1]
                self.lengths[0] = length
                self.gaps[0] = min(gap, LAST_MS * 100)
                if length >= TURN_PX:
                    if self.dx != 0 or self.dy != 0:
                        self.turns = 1
                        self.turned = 1 if dx * self.dx + dy * self.dy < 0 else 0
                    self.dx = dx
                    self.dy = dy
            self.positions += 1
            self.t = t
            self.x = event.x
            self.y = event.y
        elif kind == PRESS:
            if not is_mouse(event, now):
                return
            self.touched = 0
            if self.clean and self.placed and now.sighted:
                self.plain += 1
                leap = distance(self.seen_x, self.seen_y, event.x, event.y)
                if t - now.move_t >= ABSENT_MS and leap > FAR_PX:
                    self.teleports += 1
            if self.positions > 0 and not self.pressed:
                self.pressed = 1
                if distance(self.before_x, self.before_y, event.x, event.y) > FAR_PX:
                    self.far += 1
                    if self.positions == 1:
                        self.jumps += 1
                if self.positions >= APPROACH_POSITIONS:
                    self.approaches += 1
                    self.approach_sum += min(last_speed(self, event, t - self.t) / self.peak, 1.0)
                if self.positions >= STROKE_POSITIONS:
                    dx = float(event.x) - self.x
                    dy = float(event.y) - self.y
                    turned = self.turned
                    if dx * dx + dy * dy >= TURN_PX * TURN_PX:
                        turned = 1 if dx * self.dx + dy * self.dy < 0 else 0
                    self.reaches += 1
                    self.overshot += turned
            self.seen_x = event.x
            self.seen_y = event.y
        elif kind == CLICK:
            if event.flags & KEYED:
                self.clean = 0
            elif not self.touched and not event.flags & TOUCHED and is_place(event):
                if distance(self.click_x, self.click_y, event.x, event.y) > ELSEWHERE_PX:
                    self.elsewhere += 1
                    if not self.moved:
                        self.unmoved += 1
                self.click_x = event.x
                self.click_y = event.y
                self.moved = 0
        elif kind == SCROLL or kind == LOST:
            self.clean = 0
        elif kind == TOUCH_START:
            self.clean = 0
            self.touched = 1
        elif kind == PAGE:
            self.clean = 0
            self.placed = 0
            self.positions = 0

    @feature(unit="share", channel="presses")
    def pointer_jumps(self) -> float:
        """Share of mouse presses over 100 px from where the stroke before ended whose own stroke has one position only.

        NaN under 2 such presses. Gaze and voice pointers jump too: never alone a verdict.
        """
        return share(self.jumps, self.far, FEW_JUMPS)

    @feature(unit="share", channel="presses")
    def pointer_teleports(self) -> float:
        """Share of mouse presses over 100 px from the last position, when none came for 2 s.

        Of presses on pages that send positions, with no scroll, blind span, touch, keyboard click or new page in
        between; NaN under 5 of them.
        """
        return share(self.teleports, self.plain, FEW_TELEPORTS)

    @feature(unit="share", channel="presses")
    def click_without_movement(self) -> float:
        """Share of clicks with no pointer movement since the previous click over 10 px away."""
        return share(self.unmoved, self.elsewhere)

    @feature(unit="share", channel="presses")
    def approach_slowdown(self) -> float:
        """Speed over the last 200 ms before a press over the stroke's peak speed; strokes of 3 or more positions."""
        return share(self.approach_sum, self.approaches)

    @feature(unit="share", channel="presses")
    def overshoots(self) -> float:
        """Share of strokes of 6 or more positions ending in a press whose last turn exceeds 90 degrees."""
        return share(self.overshot, self.reaches)
