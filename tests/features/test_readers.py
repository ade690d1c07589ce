"""Compiled reads against the same reads in plain Python, and a notebook's reads that Numba cannot compile."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.events import CHANNELS, CLICK, EVENT
from data_contracts.recordings import read
from features.catalogue import engine
from features.clicks import Clicks
from features.engine import Engine
from features.fold import Fold, _entropy, entropy, feature, zeros
from features.histograms import _octave_quantile, octave_quantile
from features.log import sessions_of
from pipelines.readings import recut

EVERY = (1 << len(CHANNELS)) - 1
ULPS = 1
"""NumPy sums a histogram's shares in another order and has logarithms of its own; one bit of float32 at most shows."""


def plain(engine: Engine, memory: np.ndarray, declared: int) -> np.ndarray:
    """The vector, each feature read by its own method in Python."""
    context = memory["context"][0]
    seen = int(context["channels"]) | declared
    sighted = context["acts_sighted"] > 0 or context["sighted_ms"] > 0
    values = np.full(len(engine.features), np.nan, "f4")
    states = {fold.family(): fold.reader()(*memory[fold.family()][0].item()) for fold in engine.folds}
    for i, one in enumerate(engine.features):
        heard = one.channel is None or seen >> CHANNELS.index(one.channel) & 1
        if heard and (sighted or not one.sighted):
            values[i] = one.read(states[one.family])
    return values


def apart(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """How many float32 numbers lie between two, element by element; NaN is next to NaN alone."""
    assert ours.dtype == theirs.dtype == np.float32
    bits = [
        np.where(np.isnan(one), np.float32(np.inf), one + np.float32(0)).view("i4").astype("i8")
        for one in (ours, theirs)
    ]
    ordered = [np.where(b < 0, -(b & 0x7FFFFFFF), b) for b in bits]
    return np.abs(ordered[0] - ordered[1])


def agree(engine: Engine, memory: np.ndarray, declared: int) -> None:
    ours, theirs = engine.vector(memory, declared), plain(engine, memory, declared)
    far = np.flatnonzero(apart(ours, theirs) > ULPS)
    assert not far.size, {engine.names[i]: (ours[i], theirs[i]) for i in far}


def test_compiled_reads_are_the_plain_ones(some_recordings: list[Path]) -> None:
    seen = np.zeros(len(engine().names), bool)
    for i, path in enumerate(some_recordings):
        batches = read(path).batches
        for part in (batches, recut(batches, 3, np.random.default_rng(i))[:1]):
            for session in sessions_of(part, "x"):
                for declared in (0, EVERY, 1 << i % len(CHANNELS)):
                    agree(engine(), session.memory, declared)
                seen |= ~np.isnan(session.vector)
    assert seen.sum() > 80


@given(st.lists(st.integers(0, 65_535), min_size=1, max_size=64))
def test_what_is_compiled_in_other_words_gives_the_same(counts: list[int]) -> None:
    cells = np.array(counts, "u2")
    for share in (0.5, 0.9, 0.95):
        assert same(_octave_quantile(cells, share, 16.0, 2), octave_quantile(cells, share, 16.0, 2))
    assert same(_entropy(cells), entropy(cells))
    assert same(_entropy(cells.astype("f8") / 3), entropy(cells.astype("f8") / 3))


def same(ours: float, theirs: float) -> bool:
    return bool(apart(np.array([ours], "f4"), np.array([theirs], "f4"))[0] <= ULPS)


class Notebook(Fold):
    """As someone might write it in a cell."""

    count: int = 0
    last: Any = np.float32(0)
    by_third: np.ndarray = zeros("u2", 3)

    def step(self, event: Any, now: Any, out: Any) -> None:
        if event.kind == CLICK:
            self.by_third[self.count % 3] += 1
            self.count += 1
            self.last = event.x

    @feature(unit="clicks", channel="presses")
    def notebook_clicks(self) -> float:
        """Numba compiles this."""
        return float(self.count)

    @feature(channel="presses")
    def notebook_thirds(self) -> float:
        """Numba knows no such text."""
        return float(len({f"{n:03d}" for n in self.by_third.tolist()}))

    @feature(unit="px", low=-math.inf)
    def notebook_last(self) -> float:
        """A number or nothing: Numba compiles it, to no number."""
        return self.last * 3 if self.count else None  # type: ignore[return-value]

    @feature(unit="px", channel="console")
    def notebook_hidden(self) -> float:
        """Nobody hears the console here, so this is never read."""
        raise AssertionError(f"{self.count}")


class Constant(Fold):
    """A fold whose read needs nothing of its memory."""

    count: int = 0

    def step(self, event: Any, now: Any, out: Any) -> None:
        self.count += 1

    @feature()
    def constant(self) -> float:
        """Always the same."""
        return 7.0


class Strange(Constant):
    """A fold with not one read that Numba compiles."""

    count: int = 0

    @feature()
    def strange(self) -> float:
        """A count by way of its text."""
        return float(f"{self.count}")


@cache
def notebook() -> Engine:
    return Engine((Clicks, Notebook, Constant, Strange))


def test_a_notebooks_reads_are_compiled_or_stay_plain() -> None:
    engine = notebook()
    events = np.zeros(4, EVENT)
    events["kind"], events["x"], events["t"] = CLICK, 1.1, 1_000_000 + 700 * np.arange(4)
    memory = engine.empty()
    engine.fold(events, memory)
    presses = 1 << CHANNELS.index("presses")
    values = dict(zip(engine.names, engine.vector(memory, presses).tolist(), strict=True))
    assert values["notebook_clicks"] == values["clicks"] == 4
    assert values["notebook_thirds"] == 2
    assert values["notebook_last"] == np.float32(float(np.float32(1.1)) * 3)
    assert math.isnan(values["notebook_hidden"])
    assert values["constant"] == 7
    assert values["strange"] == 4
    memory["context"]["channels"] = 0
    assert np.isnan(engine.vector(memory)[engine.names.index("notebook_thirds")])
