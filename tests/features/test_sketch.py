"""A path that is replayed shifted, scaled and with jitter is found again; another path is not."""

import numpy as np
import numpy.typing as npt
import pytest

from data_contracts.events import EVENT, MOVE, PAGE, SIGHTED
from features.catalogue import FOLDS
from features.engine import Engine
from features.sketch import (
    EMPTY,
    FEWEST_SHARED,
    KEPT,
    LAST_SECOND,
    SECOND_BITS,
    Sketch,
    keep,
    match,
    sketch_of,
)

Rows = npt.NDArray[np.void]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine((Sketch,))


def path(seed: int, strokes: int = 70, start: int = 0) -> tuple[npt.NDArray[np.float64], ...]:
    """Times in ms and places in px of strokes with rests between them, sampled every 50 ms."""
    rng = np.random.default_rng(seed)
    t, x, y = [0.0], [400.0], [400.0]
    for _ in range(strokes):
        steps = int(np.exp(rng.uniform(np.log(4), np.log(40))))
        way, far = rng.uniform(0, 2 * np.pi), rng.uniform(60, 400)
        t.append(t[-1] + rng.uniform(400, 1500))
        x.append(x[-1])
        y.append(y[-1])
        for _ in range(steps):
            t.append(t[-1] + 50)
            x.append(x[-1] + far / steps * np.cos(way))
            y.append(y[-1] + far / steps * np.sin(way))
    return np.array(t) + start, np.array(x), np.array(y)


def rows_of(t: npt.NDArray[np.float64], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Rows:
    rows = np.zeros(len(t) + 1, EVENT)
    rows["flags"], rows["kind"] = SIGHTED, MOVE
    rows["t"][1:], rows["x"][1:], rows["y"][1:] = 1_700_000_000_000 + t.astype("i8"), np.round(x), np.round(y)
    rows["t"][0], rows["kind"][0], rows["x"][0], rows["y"][0] = 1_700_000_000_000, PAGE, 1280, 800
    return rows


def sketched(engine: Engine, rows: Rows) -> npt.NDArray[np.uint32]:
    memory = engine.empty()
    engine.fold(rows, memory)
    return sketch_of(memory)


def test_a_shifted_path_has_the_same_sketch_and_a_scaled_one_shares_most(engine: Engine) -> None:
    t, x, y = path(1)
    before = sketched(engine, rows_of(t, x, y))
    assert len(before) == KEPT
    assert before.tolist() == sketched(engine, rows_of(t, x + 300, y - 100)).tolist()
    for scale in (0.7, 0.85, 1.3):  # what trembles under 60 px is not a swing, at any scale
        assert match(before, sketched(engine, rows_of(t, scale * x, scale * y))).shared > FEWEST_SHARED


@pytest.mark.parametrize("phase", [7, 13, 25, 38, 49])
def test_the_phase_of_the_recorder_changes_little(engine: Engine, phase: int) -> None:
    found = []
    for seed in range(12):
        t, x, y = path(seed)
        at = np.arange(t[0] + phase, t[-1], 50.0)  # a browser looks every 50 ms, wherever the hand is
        there = rows_of(at, np.interp(at, t, x), np.interp(at, t, y))
        found.append(match(sketched(engine, rows_of(t, x, y)), sketched(engine, there)).shared)
    assert sum(shared >= FEWEST_SHARED for shared in found) >= 11


def test_a_replay_is_found_with_the_moment_in_either_session(engine: Engine) -> None:
    rng = np.random.default_rng(2)
    found = 0
    for seed in range(20):
        t, x, y = path(seed)
        late = 30_000
        noisy = np.maximum.accumulate(t + late + rng.normal(0, 6, len(t)))
        here = sketched(engine, rows_of(t, x, y))
        there = sketched(
            engine,
            rows_of(noisy, 0.9 * x + rng.normal(0, 1.5, len(x)), 0.9 * y + rng.normal(0, 1.5, len(y))),
        )
        told = match(here, there)
        if told.shared >= FEWEST_SHARED:
            found += 1
            assert abs(told.there_s - told.here_s - late / 1000) <= 2
    assert found >= 17


def test_paths_of_their_own_are_no_twins(engine: Engine) -> None:
    all_of = [sketched(engine, rows_of(*path(seed))) for seed in range(60)]
    shared = [match(a, b).shared for i, a in enumerate(all_of) for b in all_of[:i]]
    assert max(shared) < FEWEST_SHARED


def test_shared_runs_at_different_distances_in_time_do_not_add_up() -> None:
    def word(told: int, second: int) -> int:
        return (told << SECOND_BITS) | second

    here = np.array([word(i, 10 * i) for i in range(8)], "u4")
    there = np.array([word(i, 37 * i) for i in range(8)], "u4")
    assert match(here, there).shared == 1
    assert match(here, here).shared == 8
    assert match(here, np.zeros(0, "u4")) == (0, 0, 0)


def test_the_lowest_hashes_are_kept_in_order_each_once() -> None:
    rng = np.random.default_rng(3)
    words = rng.integers(0, 2**32 - 1, 500).tolist()
    kept = np.full(KEPT, EMPTY, "u4")
    for word in words:
        keep(kept, word)
    first = {}
    for word in words:
        first.setdefault(word >> SECOND_BITS, word)
    assert kept.tolist() == [first[told] for told in sorted(first)[:KEPT]]
    assert kept.nbytes == 64
    keep(kept, (int(kept[3]) & ~LAST_SECOND) | 9)
    assert kept.tolist() == [first[told] for told in sorted(first)[:KEPT]]


def test_a_further_fold_changes_no_other_features_digest() -> None:
    without = Engine([fold for fold in FOLDS if fold is not Sketch])
    assert [(f.name, f.digest) for f in without.features] == [
        (f.name, f.digest) for f in Engine(FOLDS).features
    ]
