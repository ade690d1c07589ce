"""What a recorder may add is taken out of the rows and of the channels, and nothing else is."""

import numpy as np

from data_contracts.events import CHANNELS, CLICK, CONSOLE, EVENT, IS_CONTROL, REQUEST, TICK, TRUSTED
from models.bundle import STARTER
from pipelines.datasets.examples import LESS, TAUGHT, TRAIN, Examples
from pipelines.datasets.hiding import ADDED, TRUST, drawn, less

BITS = {name: 1 << i for i, name in enumerate(CHANNELS)}


def rows() -> np.ndarray:
    made = np.zeros(4, EVENT)
    made["kind"] = CLICK, CONSOLE, REQUEST, TICK
    made["flags"][0] = TRUSTED | IS_CONTROL
    return made


def test_what_is_hidden_is_gone_and_no_longer_declared() -> None:
    every = sum(BITS.values())
    kept, channels = less(rows(), every, frozenset({"console", "ticks", TRUST}))
    assert kept["kind"].tolist() == [CLICK, REQUEST]
    assert kept["flags"][0] == IS_CONTROL
    assert channels == every & ~BITS["console"] & ~BITS[TRUST]
    assert rows()["flags"][0] & TRUSTED, "the rows that were given stay as they were"


def test_each_goes_from_half_of_the_sessions_on_its_own() -> None:
    told = [drawn(7, f"s{n}") for n in range(400)]
    assert told == [drawn(7, f"s{n}") for n in range(400)]
    for name in (*ADDED, TRUST):
        assert 150 < sum(name in one for one in told) < 250
    both = sum({"console", "network"} <= one for one in told)
    assert 60 < both < 140


def test_the_starter_learned_from_lesser_recorders_and_was_judged_without_them() -> None:
    examples, _ = Examples.read(STARTER / "frustration" / "vectors.parquet")
    assert (examples["use"] == LESS).sum() > 50
    whole = examples.of(TRAIN)
    assert set(examples.of(LESS)["session"].tolist()) <= set(whole["session"].tolist())
    taught = examples.of(*TAUGHT)
    fold = dict(zip(taught["group"].tolist(), taught["fold"].tolist(), strict=True))
    assert all(fold[g] == f for g, f in zip(taught["group"].tolist(), taught["fold"].tolist(), strict=True))
