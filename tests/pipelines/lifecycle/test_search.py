"""A search stays within its budget and is judged on groups that it never saw."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER
from models.head import Boosting
from models.heads.bot import BOT
from pipelines.datasets.examples import TRAIN, Examples
from pipelines.training.fit import Rows, balanced
from pipelines.training.search import search

SHORT = replace(BOT, boosting=Boosting(rounds=5, leaves=3, learning_rate=0.02))


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Every third session of the shipped traces."""
    examples, _ = Examples.read(STARTER / "bot" / "vectors.parquet")
    used = examples.of(TRAIN)
    used = used.take(np.flatnonzero(used["source"] == "traces")[::3])
    weight = balanced(used["label"], used["group"], used["source"])
    return Rows(used.x, used["label"], weight, used["group"])


@pytest.mark.skipif(find_spec("optuna") is None, reason="Optuna is not installed")
@pytest.mark.filterwarnings("default")
def test_a_search_tries_the_heads_own_first_and_says_whether_it_did_better(rows: Rows) -> None:
    steps: list[int] = []
    found = search(SHORT, rows, 300, most=3, seed=1, progress=lambda: steps.append(1))
    assert len(found.trials) == len(steps) == 3
    assert found.trials[0].boosting == SHORT.boosting
    assert min(one.loss for one in found.trials) == next(
        one.loss for one in found.trials if one.boosting == found.best
    )
    assert found.best != SHORT.boosting, "five tiny trees are easy to beat"
    loss = next(one for one in found.set_aside if one.name == "log_loss")
    assert loss.low <= loss.difference <= loss.high
    assert found.is_better is (loss.high < 0)


@pytest.mark.skipif(find_spec("optuna") is None, reason="Optuna is not installed")
@pytest.mark.filterwarnings("default")
def test_few_groups_are_refused(rows: Rows) -> None:
    few = rows.take(
        np.isin(rows.group, [*np.unique(rows.group[rows.y == 1])[:3], *np.unique(rows.group)[:40]])
    )
    one = few.take(np.isin(few.group, np.unique(few.group[few.y == 1])[:3]) | (few.y == 0))
    with pytest.raises(WatchworthyError, match="takes 12 of each class; here are 3"):
        search(SHORT, one, 1)
