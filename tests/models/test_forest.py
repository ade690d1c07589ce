"""One walk over every head's trees gives the bits of the vector, the rates and the margins one by one."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from data_contracts.recordings import read
from features.catalogue import engine
from features.log import sessions_of
from features.moments import MOMENT, PROVISIONAL, SETTLED, WITHDRAWN
from features.session import Session
from models.bundle import load
from models.calibration import Calibration
from models.forest import Forest
from models.heads.bot import BOT
from models.signal_rates import extended, names
from models.standing import HEADLINED, names_of, standing
from models.trees import Trees

POINTER = [use.name for group in BOT.groups if group.hidden_together == "pointer" for use in group.uses]


def sessions(paths: list[Path]) -> Iterator[Session]:
    for path in paths:
        try:
            yield from sessions_of(read(path).batches, "x")
        except WatchworthyError:
            continue


def starters() -> dict[str, Trees]:
    return {name: head.model for name, head in load().heads.items() if isinstance(head.model, Trees)}


def test_real_sessions_read_the_same_bits(some_recordings: list[Path]) -> None:
    trees = starters()
    forest = Forest(trees, POINTER)
    columns = {name: [names().index(one) for one in model.names] for name, model in trees.items()}
    with_moments, with_pointer = 0, set()
    for session in sessions(some_recordings):
        with_moments += bool(session.moments.size)
        for moments in (session.moments, session.moments[:0]):
            for acts in (0, 1, session.coverage.acts):
                look = forest.look(session.vector, moments, acts)
                values = extended(session.vector, moments, acts)
                assert look.values.tobytes() == values.tobytes()
                assert look.margins == [model.margin(values[columns[name]]) for name, model in trees.items()]
                assert look.watched == bool(
                    (~np.isnan(values[[names().index(one) for one in POINTER]])).any()
                )
                with_pointer.add(look.watched)
    assert with_moments > 10
    assert with_pointer == {True, False}


def test_what_is_missing_goes_its_own_way_in_each_tree() -> None:
    trees = starters()
    forest = Forest(trees)
    rng = np.random.default_rng(4)
    for _ in range(200):
        vector = rng.normal(0, 2, len(engine().names)).astype("f4") ** 2
        vector[rng.random(vector.size) < rng.random()] = np.nan
        moments = np.zeros(rng.integers(0, 9), MOMENT)
        moments["code"] = rng.integers(0, 19, moments.size)
        moments["state"] = rng.integers(0, 3, moments.size)
        moments["severity"] = rng.random(moments.size)
        values = extended(vector, moments, 12)
        look = forest.look(vector, moments, 12)
        assert look.values.tobytes() == values.tobytes()
        for said, model in zip(look.margins, trees.values(), strict=True):
            assert said == model.margin(values[[names().index(one) for one in model.names]])


@pytest.mark.parametrize(
    "curve",
    [
        Calibration("sigmoid", (0.7,), -0.2),
        Calibration("beta", (0.9, 0.0), 0.1),
        Calibration("beta", (0.7, 3.0), -0.2),
    ],
)
def test_its_probabilities_are_those_of_the_calibration_to_the_last_bit(curve: Calibration) -> None:
    trees = starters()
    rates = dict(zip(trees, (0.05, 0.3), strict=False))
    forest = Forest(trees, curves={name: (curve, rate) for name, rate in rates.items()})
    rng = np.random.default_rng(9)
    found = set()
    for _ in range(500):
        vector = rng.normal(0, 2, len(engine().names)).astype("f4") ** 2
        vector[rng.random(vector.size) < rng.random()] = np.nan
        look = forest.look(vector, np.zeros(0, MOMENT), 12)
        expected = [
            curve.probability(margin, rate) for margin, rate in zip(look.margins, rates.values(), strict=True)
        ]
        assert look.chances == expected
        found.update(expected)
    assert len(found) > 150


def test_what_stands_is_told_with_the_look() -> None:
    vector, moments = np.ones(len(engine().names), "f4"), np.zeros(3, MOMENT)
    moments["code"], moments["state"] = (18, 0, 4), (SETTLED, WITHDRAWN, PROVISIONAL)
    bits = Forest({}).look(vector, moments, 5).standing
    assert bits == standing(moments, WITHDRAWN) == 1 << 18 | 1 << 4
    assert names_of(bits) == ("error_shown", "automation_artifact")
    assert bits & HEADLINED == 1 << 4, "signs of automation have no headline"


def test_a_forest_without_trees_still_extends() -> None:
    vector = np.ones(len(engine().names), "f4")
    look = Forest({}).look(vector, np.zeros(0, MOMENT), 5)
    assert (look.margins, look.watched) == ([], False)
    assert look.values.tobytes() == extended(vector, np.zeros(0, MOMENT), 5).tobytes()
