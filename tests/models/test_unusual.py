"""The unusual score: scikit-learn's own numbers from plain arrays, and nothing where there is too little."""

import json

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest as Fitter

from models.bundle import STARTER
from models.card import digest_in, text
from models.scorer import Scorer
from models.signal_rates import names
from models.unusual import FEATURES, FOLDER, LEAST_SEEN, IsolationForest, digest_of, load
from pipelines.datasets.examples import Examples
from pipelines.training.unusual import fit, from_trees


@pytest.fixture(scope="module")
def shipped() -> IsolationForest:
    forest = load(STARTER)
    assert forest is not None, "Features were redefined: fit it again."
    return forest


def test_plain_arrays_score_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(0, 1, (300, 6)).astype("f4")
    fitter = Fitter(n_estimators=40, max_samples=64, random_state=1).fit(x)
    forest = from_trees([one.tree_ for one in fitter.estimators_], np.zeros(6, "f4"), 64)
    probe = np.concatenate([x[:50], rng.normal(0, 6, (50, 6)).astype("f4")])
    assert forest.scores(probe) == pytest.approx(-fitter.score_samples(probe), abs=1e-9)


def test_what_is_missing_stands_at_the_median() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(3, 1, (200, 5)).astype("f4")
    forest = fit(x, 1)
    gone, usual = x[:20].copy(), x[:20].copy()
    gone[:, 2], usual[:, 2] = np.nan, forest.usual[2]
    assert forest.scores(gone).tolist() == forest.scores(usual).tolist()
    assert forest.scores(np.full((1, 5), 40, "f4"))[0] > forest.scores(x).max()


def test_too_little_is_not_judged(shipped: IsolationForest) -> None:
    values = np.full(len(names()), np.nan, "f4")
    assert shipped.score(values, 50) is None
    values[[names().index(name) for name in FEATURES[:LEAST_SEEN]]] = 1.0
    score = shipped.score(values, 50)
    assert score is not None
    assert 0 < score < 1
    assert shipped.score(values, 2) is None


def test_the_card_and_the_measures_are_of_the_forest_that_ships() -> None:
    digest = digest_of(STARTER / FOLDER)
    assert digest_in(text("unusual")) == digest
    assert json.loads((STARTER / FOLDER / "measures.json").read_text())["digest"] == digest
    forest = Scorer.starter().forest
    assert forest is not None
    assert forest.digest == digest


def test_the_shipped_vectors_give_the_shipped_forest(shipped: IsolationForest) -> None:
    examples, told = Examples.read(STARTER / FOLDER / "vectors.parquet")
    again = fit(examples.x[examples["label"] == 0], told["seed"])
    for name in ("feature", "threshold", "left", "right", "depth", "usual"):
        assert (getattr(again, name) == getattr(shipped, name)).all(), name
    assert {len(person) for person in examples["person"].tolist() if person} <= {12}
