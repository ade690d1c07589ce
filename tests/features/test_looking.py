"""One look is what folding for good, then on a copy, then reading comes to, to the last byte."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from data_contracts.order import merge
from data_contracts.stream import Stream
from features.catalogue import engine
from features.engine import Engine, duplicate, live
from features.looking import EVIDENCE, Terms
from features.thresholds import thresholds
from tests.features.streams import encoded, stream


@pytest.mark.parametrize("declared", [0, 7])
@pytest.mark.parametrize("plain", [False, True])
def test_a_look_is_two_folds_and_a_read(declared: int, plain: bool) -> None:
    one = Stream()
    one.push(0, encoded(stream(11, acts=60)))
    rows = merge({"0": one.waiting})
    assert rows.size > 100
    ours, other = engine(), Engine(engine().folds[1:])
    if plain:  # as an engine with a fold of a notebook does it
        other.__dict__["_is_ours"] = False
        other.__dict__["_loop"] = ours._loop
    expected, memory = ours.empty(), other.empty()
    before, moments = None, None
    strict = thresholds()
    at = 0
    rng = np.random.default_rng(5)
    while at < rows.size:
        seen = rows[at : at + int(rng.integers(1, 40))]
        page = int(seen["page"][0])
        seen = seen[: int(np.argmax(np.append(seen["page"], page + 1) != page))]
        horizon = int(seen["t"][int(rng.integers(0, seen.size))]) + int(rng.integers(0, 2))
        ready = int(np.count_nonzero(seen["t"] < horizon))
        told = seen.copy()
        told["page"] = 7  # as its stream counts it
        limits = None if rng.random() < 0.5 else strict
        if ready or before is None:
            before = ours.fold(seen[:ready], expected, before, limits)
        copy = duplicate(expected)
        after = live(ours.fold(seen[ready:], copy, before, limits))
        last = int(seen["t"][0]) - 5_000
        terms = Terms(7, page, horizon, 60_000, last)
        refused = [replace(terms, page=8), replace(terms, idle_ms=4_999)]
        assert [other.look(told, one, memory, moments, limits, declared) for one in refused] == [None, None]
        found = other.look(told, terms, memory, moments, limits, declared)
        assert found is not None
        settled, until, moments, look = found
        assert (settled, until) == (ready, int(seen["t"][ready - 1]) if ready else last)
        assert memory.tobytes() == expected.tobytes()
        assert moments.tobytes() == before.tobytes()
        assert look.memory.tobytes() == copy.tobytes()
        assert look.moments.tobytes() == after.tobytes()
        assert look.vector.tobytes() == ours.vector(copy, declared).tobytes()
        assert look.evidence == [int(copy["context"][name][0]) for name in EVIDENCE]
        at += max(ready, 1)
        if not ready:  # go on without what was only shown
            before = ours.fold(rows[at - 1 : at], expected, before, limits)
            moments = other.fold(rows[at - 1 : at], memory, moments, limits)
    assert before is not None
    assert live(before).size > 3
