"""A search stays within its budget and is judged on groups that it never saw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, load_head
from models.head import Boosting
from models.heads.bot import BOT
from pipelines.datasets.examples import TRAIN, Examples
from pipelines.lifecycle.measuring import Paired
from pipelines.training import frustration
from pipelines.training.fit import Rows, balanced
from pipelines.training.heads import train_head
from pipelines.training.search import Search, read_settings, search, write_settings

SHORT = replace(BOT, boosting=Boosting(rounds=5, leaves=3, learning_rate=0.02))


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Every third session of the shipped traces."""
    examples, _ = Examples.read(STARTER / "bot" / "vectors.parquet")
    used = examples.of(TRAIN)
    used = used.take(np.flatnonzero(used["source"] == "traces")[::3])
    weight = balanced(used["label"], used["group"], used["source"])
    return Rows(used.x, used["label"], weight, used["group"])


@pytest.mark.needs("optuna")
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


@pytest.mark.needs("optuna")
@pytest.mark.filterwarnings("default")
def test_few_groups_are_refused(rows: Rows) -> None:
    few = rows.take(
        np.isin(rows.group, [*np.unique(rows.group[rows.y == 1])[:3], *np.unique(rows.group)[:40]])
    )
    one = few.take(np.isin(few.group, np.unique(few.group[few.y == 1])[:3]) | (few.y == 0))
    with pytest.raises(WatchworthyError, match="takes 12 of each class; here are 3"):
        search(SHORT, one, 1)


def test_what_a_search_writes_is_what_training_takes(tmp_path: Path) -> None:
    found = Search(
        Boosting(rounds=7, leaves=3, learning_rate=0.1, least_rows=9, ridge=1.0, bagging=0.9, columns=0.5),
        (),
        (Paired("log_loss", 0.4, 0.3, -0.1, -0.2, -0.01),),
    )
    path = tmp_path / "best.json"
    write_settings(path, "frustration", found)
    assert read_settings(path, "frustration") == found.best
    vectors = STARTER / "frustration" / "vectors.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frustration, "DRAWS", 1)
        patch.setattr(frustration, "on_twins", lambda *given: {})  # a measure for the card
        folder = train_head(
            "frustration", out=tmp_path, vectors=vectors, boosting=read_settings(path, "frustration")
        )
    trained = load_head(folder)
    assert trained.facts["trained"]["boosting"]["rounds"] == 7
    assert (folder / "model.txt").read_text().count("Tree=") == 7
    path.write_text('{"rounds": 40}')
    assert read_settings(path, "bot") == replace(BOT.boosting, rounds=40)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"head": "bot", "boosting": {}}', "of the head 'bot'"),
        ('{"leafs": 3}', "leafs"),
        ('{"rounds": 1.5}', "rounds"),
        ('{"bagging": 0}', "bagging"),
        ("[]", "no settings"),
        ("{", "no settings"),
    ],
)
def test_what_are_no_settings_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(WatchworthyError, match=said):
        read_settings(path, "frustration")
