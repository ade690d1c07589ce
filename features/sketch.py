"""A sketch of the pointer's path, by which a path that was replayed in another session is found again.

Each stroke is told by its direction, in eighths of a turn, and by its duration, in octaves; so neither a shift of the
path nor another scale changes it, and little does the phase in which a recorder samples. Runs of three strokes are
hashed, and the sixteen lowest hashes of a session are kept, each with the second at which its run began: sessions
that share a path share hashes, and at one and the same distance in time.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled
from data_contracts.events import MOVE, PAGE
from features.fold import FOREVER, Array, Fold
from features.pointer import REST_MS, THIN_MS, is_mouse

KEPT: Final = 16  # hashes: 64 bytes
EMPTY: Final = 0xFFFFFFFF
SECOND_BITS: Final = 12
LAST_SECOND: Final = (1 << SECOND_BITS) - 1  # runs that begin later, after 68 minutes, stand at it
DIRECTIONS: Final = 8
LEAST_MS: Final = 50
MOST_OCTAVES: Final = 15
LEAST_PX: Final = 30.0  # of a shorter stroke jitter decides the direction
LEAST_POSITIONS: Final = 3
TIMED: Final = 128  # codes of a stroke: direction and octave
DRIFT_S: Final = 2  # what shared runs may drift apart: seconds are whole, and a thief's clock jitters
FEWEST_SHARED: Final = 4
"""Shared runs at one distance in time from which a path counts as replayed; measured on people, see the card."""


@compiled
def keep(hashes: Array, word: int) -> None:
    """Put a word among the lowest, by hash; of one hash the first stays."""
    told = word >> SECOND_BITS
    place = KEPT
    for i in range(KEPT):
        if hashes[i] == EMPTY or (hashes[i] >> SECOND_BITS) >= told:
            place = i
            break
    if place == KEPT or (hashes[place] != EMPTY and (hashes[place] >> SECOND_BITS) == told):
        return
    for i in range(KEPT - 1, place, -1):
        hashes[i] = hashes[i - 1]
    hashes[place] = word


@compiled
def finish_stroke(self: Any) -> None:
    """Tell the stroke that has come to rest, and keep the run of three that it ends."""
    positions = self.positions
    self.positions = 0
    dx = float(self.x) - self.start_x
    dy = float(self.y) - self.start_y
    if positions < LEAST_POSITIONS or dx * dx + dy * dy < LEAST_PX * LEAST_PX:
        return
    way = math.floor(math.atan2(dy, dx) * (DIRECTIONS / (2 * math.pi)) + 0.5) & (DIRECTIONS - 1)
    lasted = max(self.t - self.start_t, LEAST_MS)
    octave = min(int(math.log2(lasted / LEAST_MS)), MOST_OCTAVES)
    told = way * (MOST_OCTAVES + 1) + octave
    second = min(self.start_t // 1000, LAST_SECOND)
    if self.runs >= 2:
        run = (self.before * TIMED + self.last) * TIMED + told
        mixed = (run * 2654435761) & EMPTY
        mixed = ((mixed ^ (mixed >> 15)) * 2246822519) & EMPTY
        keep(self.hashes, (mixed & ~LAST_SECOND) | self.before_s)
    self.before = self.last
    self.before_s = self.last_s
    self.last = told
    self.last_s = second
    self.runs = min(self.runs + 1, 2)


class Sketch(Fold):
    """The lowest hashes of runs of three strokes."""

    hashes: Array = np.full(KEPT, EMPTY, "u4")
    t: Any = np.int32(-1)  # last position; -1 where there is none on this page
    start_t: Any = np.int32(0)
    x: Any = np.float32(0)
    y: Any = np.float32(0)
    start_x: Any = np.float32(0)
    start_y: Any = np.float32(0)
    before_s: Any = np.uint16(0)
    last_s: Any = np.uint16(0)
    before: Any = np.uint8(0)  # the strokes before
    last: Any = np.uint8(0)
    runs: Any = np.uint8(0)  # strokes before, up to 2
    positions: Any = np.uint8(0)  # of the stroke that goes on

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        if event.kind == PAGE:
            finish_stroke(self)
            self.t = -1
            return
        if event.kind != MOVE or not is_mouse(event, now):
            return
        t = min(now.t, FOREVER)
        if self.t >= 0:
            gap = t - self.t
            if gap < THIN_MS or (event.x == self.x and event.y == self.y):
                return
            if gap >= REST_MS:
                finish_stroke(self)
        if self.positions == 0:
            self.start_t = t
            self.start_x = event.x
            self.start_y = event.y
        self.positions = min(self.positions + 1, LEAST_POSITIONS)
        self.t = t
        self.x = event.x
        self.y = event.y


class Match(NamedTuple):
    """What two sketches share: how many runs at one distance in time, and when the first began, in s, in each."""

    shared: int
    here_s: int
    there_s: int


def sketch_of(memory: npt.NDArray[np.void]) -> npt.NDArray[np.uint32]:
    """The hashes of a session's memory, u4[n], without the empty places."""
    words = [int(word) for word in memory["sketch"]["hashes"][0] if int(word) != EMPTY]
    return np.array(words, "u4")


def match(here: npt.NDArray[np.uint32], there: npt.NDArray[np.uint32]) -> Match:
    """Compare two sketches.

    >>> word = lambda told, second: (told << 12) | second
    >>> one = np.array([word(5, 10), word(7, 20), word(9, 30)], "u4")
    >>> match(one, np.array([word(5, 40), word(7, 50), word(9, 900)], "u4"))
    Match(shared=2, here_s=10, there_s=40)
    """
    _, i, j = np.intersect1d(here >> SECOND_BITS, there >> SECOND_BITS, return_indices=True)
    if not len(i):
        return Match(0, 0, 0)
    a, b = (here[i] & LAST_SECOND).astype("i8"), (there[j] & LAST_SECOND).astype("i8")
    apart = b - a
    order = np.argsort(apart, kind="stable")
    upto = np.searchsorted(apart[order], apart[order] + DRIFT_S, "right")
    best = int(np.argmax(upto - np.arange(len(order))))
    inside = order[best : upto[best]]
    return Match(len(inside), int(a[inside].min()), int(b[inside].min()))
