"""A sketch of the pointer's path, by which a path that was replayed in another session is found again.

Along each axis a path turns back now and then; from one turning point to the next lies a swing. Where a path turns
back does not depend on when a recorder looks, and how much longer or shorter one swing is than the swing before
depends on no shift and no scale. So four swings in a row, told by the three ratios of their lengths, are hashed, and
the sixteen lowest hashes of a session are kept, each with the second at which its first swing began: sessions that
share a path share hashes, and at one and the same distance in time.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled
from data_contracts.events import MOVE, PAGE
from features.fold import Array, Fold, zeros
from features.pointer import is_mouse

KEPT: Final = 16  # hashes: 64 bytes
EMPTY: Final = 0xFFFFFFFF
SECOND_BITS: Final = 12
LAST_SECOND: Final = (1 << SECOND_BITS) - 1  # runs that begin later, after 68 minutes, stand at it
LEAST_PX: Final = 60.0  # a path that turns back by less trembles
STEPS_PER_OCTAVE: Final = 4 / 3  # of the ratio of two swings
MOST_STEPS: Final = 7
CODE_BITS: Final = 4
RATIOS: Final = 3  # in a run, of four swings between five turning points
DRIFT_S: Final = 4  # what shared runs may drift apart: seconds are whole, and a thief's clock jitters
FEWEST_SHARED: Final = 5
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
def turn(self: Any, axis: int) -> None:
    """Take in that the path has turned back along an axis, at its farthest place; keep the run that this ends."""
    length = abs(float(self.farthest[axis]) - float(self.turned[axis]))
    turns = int(self.turns[axis])
    if turns >= 2:
        steps = math.floor(math.log2(length / self.swing[axis]) * STEPS_PER_OCTAVE + 0.5)
        code = min(max(steps, -MOST_STEPS), MOST_STEPS) + MOST_STEPS
        self.codes[axis] = (int(self.codes[axis]) << CODE_BITS | code) & ((1 << RATIOS * CODE_BITS) - 1)
    first = axis * (RATIOS + 1)
    if turns > RATIOS:
        run = (int(self.codes[axis]) << 2 | axis << 1 | (1 if self.sense[axis] > 0 else 0)) + 1
        mixed = (run * 2654435761) & EMPTY
        mixed = ((mixed ^ (mixed >> 15)) * 2246822519) & EMPTY
        keep(self.hashes, (mixed & ~LAST_SECOND) | int(self.seconds[first]))
    for i in range(RATIOS):
        self.seconds[first + i] = self.seconds[first + i + 1]
    self.seconds[first + RATIOS] = self.farthest_s[axis]
    self.turned[axis] = self.farthest[axis]
    self.swing[axis] = length
    self.turns[axis] = min(turns + 1, RATIOS + 1)


class Sketch(Fold):
    """The lowest hashes of runs of four swings along an axis."""

    hashes: Array = np.full(KEPT, EMPTY, "u4")
    # Of either axis, x and y:
    farthest: Array = zeros("f4", 2)  # farthest place since it turned back, and when that was
    turned: Array = zeros("f4", 2)  # where it last turned back
    swing: Array = zeros("f4", 2)  # length of the swing before
    farthest_s: Array = zeros("u2", 2)
    seconds: Array = zeros("u2", 2 * (RATIOS + 1))  # when the last turning points were
    codes: Array = zeros("u2", 2)  # ratios of the last swings
    turns: Array = zeros("u1", 2)  # turning points so far, up to 4
    sense: Array = zeros("i1", 2)  # 1 or -1; 0 where it has not gone far enough yet
    begun: Any = np.int8(0)  # a place on this page is known

    def step(self, event: Any, now: Any, out: Any) -> None:
        """Move past one event."""
        if event.kind == PAGE:
            self.begun = 0
            return
        if event.kind != MOVE or not is_mouse(event, now):
            return
        second = min(now.t // 1000, LAST_SECOND)
        for axis in range(2):
            place = event.x if axis == 0 else event.y
            if not self.begun:
                self.sense[axis] = 0
                self.turns[axis] = 0
                self.farthest[axis] = place
                continue
            ahead = place - self.farthest[axis]
            if self.sense[axis] == 0:
                if abs(ahead) < LEAST_PX:
                    continue
                self.sense[axis] = 1 if ahead > 0 else -1
            elif ahead * self.sense[axis] <= 0:
                if abs(ahead) < LEAST_PX:
                    continue
                turn(self, axis)
                self.sense[axis] = -self.sense[axis]
            self.farthest[axis] = place
            self.farthest_s[axis] = second
        self.begun = 1


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
    """Compare two sketches, u4[n] and u4[m], as ``sketch_of`` gives them.

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
