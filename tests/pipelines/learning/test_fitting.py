"""A head from a training set: guesses train, and nothing that is measured or calibrated rests on one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.trees import read
from pipelines.learning import fitting
from pipelines.learning.fitting import fit_set
from pipelines.learning.sets import TrainingSet
from tests.pipelines.learning.test_linter import N, changed, clean, with_feature


def learnable(weak: np.ndarray, drawn: np.ndarray) -> TrainingSet:
    """Rows whose first feature says the label; ``weak`` are guesses, ``drawn`` the lottery's."""
    base = clean(seed=8)
    rng = np.random.default_rng(2)
    label = np.repeat(rng.integers(0, 2, N // 2), 2)
    return changed(
        with_feature(base, label + rng.normal(0, 0.6, N)),
        label=label, kind=np.where(weak, "weak", "annotation"), may_test=~weak, weight=np.where(weak, 0.2, 1.0),
        drawn=drawn, inclusion_weight=np.where(drawn, 1 / 0.1, np.nan),
    )  # fmt: skip


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows calibrated."""
    rows: list[int] = []
    real = fitting.choose

    def spy(margin: Any, *rest: Any) -> Any:
        rows.append(len(margin))
        return real(margin, *rest)

    monkeypatch.setattr(fitting, "choose", spy)
    return rows


def test_guesses_never_test_nor_calibrate(seen: list[int]) -> None:
    weak = np.arange(N) % 4 >= 2
    found = fit_set(learnable(weak, np.zeros(N, bool)))
    assert seen == [int((~weak).sum())]
    held = found.measures["held_out"]
    assert held["n_positive"] + held["n_negative"] == (~weak).sum()
    assert held["auc_interval"][0] > 0.6
    assert found.measures["calibrated"]["basis"] == "every label that may test"


def test_guesses_train(seen: list[int]) -> None:
    weak = np.arange(N) % 4 >= 2
    whole = learnable(weak, np.zeros(N, bool))
    rng = np.random.default_rng(1)
    other = changed(whole, label=np.where(weak, rng.integers(0, 2, N), whole["label"]))
    assert fit_set(whole).model != fit_set(other).model
    heavier = changed(whole, weight=np.ones(N))
    x = whole.x[0]
    margins = [read(fit_set(one).model).margin(x) for one in (whole, heavier)]
    assert margins[0] != margins[1]


def test_the_lottery_calibrates_once_it_weighs_enough(seen: list[int]) -> None:
    weak = np.zeros(N, bool)
    few, enough = np.arange(N) < 20, np.arange(N) < 60
    assert fit_set(learnable(weak, few)).measures["calibrated"]["basis"] == "every label that may test"
    told = fit_set(learnable(weak, enough)).measures["calibrated"]
    assert (told["basis"], told["rows"], told["slice_weighs_as"]) == ("random slice", 60, 60)
    assert seen == [N, 60]


def test_too_few_labels_are_refused() -> None:
    weak = np.arange(N) >= 8
    with pytest.raises(WatchworthyError, match="it takes 6 each"):
        fit_set(replace(learnable(weak, np.zeros(N, bool))))
