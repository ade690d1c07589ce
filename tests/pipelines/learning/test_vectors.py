"""A training set becomes vectors that the trainer takes, and a head comes out of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, load, load_head
from models.heads.frustration import FRUSTRATION
from models.scorer import Scorer
from pipelines.datasets.examples import Examples
from pipelines.learning.site_head import train_set
from pipelines.learning.training_set import training_set
from pipelines.learning.vectors import read_set, write_vectors
from pipelines.learning.weak import behind, weak_label
from pipelines.learning.weak_files import functions_in
from pipelines.lifecycle.held_out import whole_sessions
from pipelines.readings import reading
from pipelines.training import frustration
from pipelines.training.heads import train_head
from tests.pipelines.learning.made import Made, label, log
from tests.pipelines.learning.test_labels import failed

SAMPLE = Path(__file__).resolve().parents[3] / "samples" / "struggling-dead-coupon.json.gz"
NAMES = [f"s{i}" for i in range(10)]
SOURCE = Made(
    [log(name, i) for i, name in enumerate(NAMES)], [label(name, i % 2) for i, name in enumerate(NAMES)]
)


@weak_label("frustration", reads=["pages"])
def moved(view):
    """Somebody gets about."""
    return int(view.feature("pages") < 3)


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
    monkeypatch.setattr(frustration, "on_twins", lambda *given: {})  # a measure for the card
    folder = train_head("frustration", out=tmp_path, vectors=path)
    assert load_head(folder).digest != load_head(STARTER / "frustration").digest
    assert "card.md" in {one.name for one in folder.iterdir()}


def test_guesses_train_beside_the_starter_and_are_in_no_number(tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    source = Made([log(name, i) for i, name in enumerate(NAMES)], [])
    found = training_set(source, "frustration", weak=[failed, moved], allow_leaks=True)
    assert set(found["kind"].tolist()) == {"weak"}
    write_vectors(found, path, with_starter=True)
    with pytest.raises(WatchworthyError, match="guesses, which may only train"):
        train_head("frustration", out=tmp_path, vectors=path)
    again = read_set(path, "frustration")
    assert again is not None
    assert again.head.features == found.head.features != FRUSTRATION.features
    folder = train_set(again, tmp_path)
    kept = Examples.read(folder / "vectors.parquet")[0]
    assert kept.guessed.sum() == len(found)
    assert np.isnan(kept["margin"][kept.guessed]).all()
    assert not np.isnan(kept["margin"][~kept.guessed]).any()
    assert not whole_sessions(folder / "vectors.parquet").guessed.any(), "nor is anything promoted on them"
    told = json.loads((folder / "measures.json").read_text())
    assert told["held_out"]["n_positive"] + told["held_out"]["n_negative"] == (~kept.guessed).sum()
    assert told["calibrated"]["rows"] == (~kept.guessed).sum()
    assert load_head(folder).points == ()
    assert f"{len(found)} further rows bear guesses" in (folder / "card.md").read_text("utf-8")
    # What they read is nowhere in the model, and the head speaks without it.
    assert not behind([*failed.reads, *moved.reads]) & set(load_head(folder).model.names)
    (session,) = reading(str(SAMPLE)).sessions
    said = Scorer(load(tmp_path)).say(FRUSTRATION, session.vector, session.coverage, session.moments)
    assert said.block["eligible"]
    assert said.reasons


def test_vectors_that_hold_what_their_guesses_read_are_refused(tmp_path: Path) -> None:
    found = training_set(SOURCE, "frustration", weak=[failed], allow_leaks=True)
    wide = replace(found, head=FRUSTRATION, x=np.zeros((len(found), len(FRUSTRATION.features)), "f4"))
    write_vectors(wide, tmp_path / "wide.parquet")
    rows, facts = Examples.read(tmp_path / "wide.parquet")
    rows.columns["kind"][:1] = "weak"
    rows.write(tmp_path / "wide.parquet", facts)
    with pytest.raises(WatchworthyError, match="guesses stand on"):
        read_set(tmp_path / "wide.parquet", "frustration")
    with pytest.raises(WatchworthyError, match="of the head 'frustration', not of 'bot'"):
        read_set(tmp_path / "wide.parquet", "bot")


def test_functions_of_a_file_are_those_that_guess_for_the_head(tmp_path: Path) -> None:
    path = tmp_path / "guesses.py"
    path.write_text(
        "from pipelines.learning.weak import weak_label\n"
        "@weak_label('frustration', reads=['reload'])\n"
        "def reloaded(view):\n    return 1 if len(view.signals('reload')) else None\n"
        "@weak_label('bot', reads=['pages'])\n"
        "def other(view):\n    return None\n"
    )
    assert [one.name for one in functions_in(path, "frustration")] == ["reloaded"]
    with pytest.raises(WatchworthyError, match="no function that guesses labels of 'conversion'"):
        functions_in(path, "conversion")
    path.write_text("1 / 0\n")
    with pytest.raises(WatchworthyError, match="ZeroDivisionError"):
        functions_in(path, "frustration")


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
