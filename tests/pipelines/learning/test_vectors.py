"""A training set becomes vectors that the trainer takes, and a head comes out of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, load_head
from pipelines.datasets.examples import Examples
from pipelines.learning.training_set import training_set
from pipelines.learning.vectors import write_vectors
from pipelines.training import frustration
from pipelines.training.heads import train_head
from tests.pipelines.learning.made import Made, label, log

NAMES = [f"s{i}" for i in range(10)]
SOURCE = Made(
    [log(name, i) for i, name in enumerate(NAMES)], [label(name, i % 2) for i, name in enumerate(NAMES)]
)


def test_vectors_train_a_head_beside_the_starters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = training_set(SOURCE, "frustration", allow_leaks=True)
    path = tmp_path / "mine.parquet"
    made = write_vectors(found, path, with_starter=True)
    read, told = Examples.read(path)
    starter = Examples.read(STARTER / "frustration" / "vectors.parquet")[0]
    assert len(read) == len(made) == len(starter) + len(found)
    mine = read.take(read["source"] == "site")
    assert np.array_equal(mine.x, found.x, equal_nan=True)
    assert mine["label"].tolist() == found["label"].tolist()
    assert mine["group"].tolist() == found["group"].tolist()
    assert told["training_set"]["digest"] == found.digest
    monkeypatch.setattr(frustration, "DRAWS", 1)
    monkeypatch.setattr(frustration, "DRAWS_KEPT", 1)
    folder = train_head("frustration", out=tmp_path, vectors=path)
    assert load_head(folder).digest != load_head(STARTER / "frustration").digest
    assert "card.md" in {one.name for one in folder.iterdir()}


def test_a_set_without_a_label_of_anybodys_is_refused(tmp_path: Path) -> None:
    guesses = training_set(SOURCE, "frustration", allow_leaks=True)
    guesses["kind"][:] = "weak"
    with pytest.raises(WatchworthyError, match="may test"):
        write_vectors(guesses, tmp_path / "x.parquet")


def test_a_sites_automation_is_held_out_as_one_family(tmp_path: Path) -> None:
    source = Made(
        [log(name, i) for i, name in enumerate(NAMES)],
        [label(name, i % 2, head="bot") for i, name in enumerate(NAMES)],
    )
    made = write_vectors(training_set(source, "bot", allow_leaks=True), tmp_path / "x.parquet")
    one = made["label"] == 1
    assert set(made["group"][one].tolist()) == {"site"}
    assert len(set(made["group"][~one].tolist())) == (~one).sum() > 2
