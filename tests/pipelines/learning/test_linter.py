"""The leakage linter fails on every leak that is planted, and on none of what is clean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER
from models.head import Group, Head, Use
from models.heads.conversion import CONVERSION
from models.heads.frustration import FRUSTRATION
from pipelines.datasets.examples import Examples
from pipelines.learning.linter import held_to, lint
from pipelines.learning.sets import TrainingSet
from pipelines.learning.weak import WeakLabel

N = 120


def clean(head: Head = FRUSTRATION, seed: int = 3) -> TrainingSet:
    """Rows of noise: two sessions of each of sixty visitors."""
    rng = np.random.default_rng(seed)
    visitor = np.array([f"v{i // 2}" for i in range(N)])
    at = 1_000_000 + np.arange(N) * 10
    texts = dict.fromkeys(("visitor", "group", "log"), visitor) | {
        name: np.array([f"{name}{i}" for i in range(N)]) for name in ("session", "digest")
    }
    texts |= {name: np.full(N, "") for name in ("person", "scenario", "family", "label_source")}
    return TrainingSet(
        head,
        rng.random((N, len(head.features))).astype("f4"),
        texts
        | {
            "kind": np.full(N, "annotation"),
            "label": rng.integers(0, 2, N),
            "fold": np.arange(N) // 2 % 5,
            "at_ms": at,
            "started_ms": rng.permutation(at),
            "last_event_ms": at - 1,
            "last_received_ms": at,
            "recorded_at_ms": at,
            "window_closed_ms": np.full(N, -1),
            "may_test": np.ones(N, bool),
            "weight": np.ones(N),
        },
        {"as_of_ms": int(at.max()), "known_at_ms": int(at.max())},
    )


def changed(found: TrainingSet, **columns: np.ndarray) -> TrainingSet:
    return replace(found, columns=found.columns | columns)


def with_feature(found: TrainingSet, values: np.ndarray, place: int = 0) -> TrainingSet:
    x = found.x.copy()
    x[:, place] = values
    return replace(found, x=x)


def one(column: np.ndarray, value: object) -> np.ndarray:
    out = column.copy()
    out[7] = value
    return out


def goal_reader() -> TrainingSet:
    group = Group("X", "Y", (Use("goal_events"),))
    return clean(replace(CONVERSION, groups=(*CONVERSION.groups, group)))


def guessing(found: TrainingSet) -> TrainingSet:
    return replace(found, weak=(WeakLabel("hammered", "frustration", ("rage_click",), lambda view: 1),))


LEAKS: dict[str, tuple[Callable[[TrainingSet], TrainingSet], str, str]] = {
    "a feature that is the label": (
        lambda s: with_feature(s, s["label"] + np.linspace(0, 0.1, N)), "single-feature AUC", "friction_per_act",
    ),
    "an event at the landmark": (
        lambda s: changed(s, last_event_ms=one(s["last_event_ms"], s["at_ms"][7])), "time travel", "session7",
    ),
    "a batch received later": (
        lambda s: changed(s, last_received_ms=one(s["last_received_ms"], 10**12)), "time travel", "session7",
    ),
    "a label recorded later": (
        lambda s: changed(s, recorded_at_ms=one(s["recorded_at_ms"], 10**12)), "time travel", "session7",
    ),
    "a window still open": (
        lambda s: changed(s, window_closed_ms=one(s["window_closed_ms"], 10**12)), "time travel", "session7",
    ),
    "a visitor in two folds": (
        lambda s: changed(s, fold=one(s["fold"], 4)), "duplicates across folds", "v3",
    ),
    "a session under two names": (
        lambda s: changed(s, digest=one(s["digest"], "digest0")), "duplicates across folds", "digest0",
    ),
    "the goal itself": (lambda s: goal_reader(), "label in features", "goal_events"),
    "what a guess reads": (guessing, "label in features", "friction_per_act"),
    "gaps that tell": (
        lambda s: replace(
            with_feature(s, np.where(s["label"] == 1, np.nan, 0.5)), head=replace(s.head, hide_share={}, hide_group=0)
        ),
        "missingness", "the pattern of missing values",
    ),
    "a clock": (lambda s: with_feature(s, s["started_ms"] * 1e-3), "order", "friction_per_act"),
    "a guess that may test": (
        lambda s: changed(s, kind=one(s["kind"].astype("<U16"), "weak")), "weak labels", "session7",
    ),
}  # fmt: skip


def test_noise_is_clean() -> None:
    for seed in range(5):
        found = lint(clean(seed=seed))
        assert not [str(f) for f in found if f.severity == "refuse"]
        held_to(found)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_refused_with_what_where_and_what_to_do(leak: str) -> None:
    plant, check, where = LEAKS[leak]
    found = [f for f in lint(plant(clean())) if f.severity == "refuse"]
    assert check in {f.check for f in found}
    mine = [f for f in found if f.check == check]
    assert where in {f.where for f in mine}
    assert all(f.what and f.do for f in mine)
    with pytest.raises(WatchworthyError, match="leakage") as error:
        held_to(found)
    assert check in error.value.message


def test_gaps_of_a_head_that_is_trained_with_the_same_gaps_are_no_leak() -> None:
    rng = np.random.default_rng(1)
    base = clean()
    x = base.x.copy()
    x[np.ix_((base["label"] == 1) & (rng.random(N) < 0.9), np.arange(x.shape[1]) < 3)] = np.nan
    gaps = replace(base, x=x)
    assert next(f.check for f in lint(replace(gaps, head=replace(gaps.head, hide_share={})))) == "missingness"
    assert not [f for f in lint(gaps) if f.check == "missingness"]


def test_few_groups_prove_no_leak() -> None:
    small = clean().take(np.arange(N) < 16)
    found = lint(with_feature(small, small["label"].astype("f4")))
    assert {f.severity for f in found if f.check == "single-feature AUC"} <= {"note"}


def test_classes_collected_one_after_the_other_are_noted() -> None:
    base = clean()
    (found,) = [
        f for f in lint(changed(base, started_ms=base["label"] * 1000 + np.arange(N))) if f.check == "order"
    ]
    assert found.severity == "note"


@pytest.mark.parametrize("name", ["frustration", "bot"])
def test_the_starters_own_vectors_have_no_feature_that_is_taken_for_the_label(name: str) -> None:
    from models.heads import head
    from pipelines.learning.linter import single_features

    examples = Examples.read(STARTER / name / "vectors.parquet")[0].of("train")
    base = clean(head(name))
    group = np.where(examples["person"] == "", examples["session"], examples["person"])
    found = replace(base, x=examples.x, columns={"label": examples["label"], "group": group})
    assert not [f for f in single_features(found) if f.severity == "refuse"]
