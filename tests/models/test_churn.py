"""Churn on simulated visitors whose truth is known: our labels are unbiased, and the naive ones are not."""

from __future__ import annotations

import numpy as np
import pytest

from models.heads import HEADS, head
from models.heads.churn import CHURN, DAY_MS, DAYS, Stay, outcomes
from models.reason_codes import REASON_CODES
from models.scorer import Scorer
from models.signal_rates import names

N = 4_000
KNOWN_AT = 60 * DAY_MS


def visitors(seed: int, hazard: float) -> tuple[list[Stay], np.ndarray, np.ndarray]:
    """Stays, what truly became of each within the days, and a trait by which returns differ.

    Those with the trait come back in 70 % of cases, the others in 20 %, after an exponential time; visitors withdraw
    at a constant hazard a day, whatever they would have done.
    """
    rng = np.random.default_rng(seed)
    trait = rng.random(N) < 0.5
    at = rng.uniform(0, 59.5, N) * DAY_MS
    wait = np.where(rng.random(N) < np.where(trait, 0.7, 0.2), rng.exponential(4, N), np.inf) * DAY_MS
    gone = rng.exponential(1 / hazard, N) * DAY_MS if hazard else np.full(N, np.inf)
    stays = []
    for t, w, c in zip(at, wait, gone, strict=True):
        seen = t + w <= min(KNOWN_AT, t + c)
        censored = t + c <= KNOWN_AT and w > c
        stays.append(Stay(int(t), int(t + w) if seen else None, int(t + c) if censored else None))
    return stays, wait <= DAYS * DAY_MS, trait


def ours(stays: list[Stay], rows: np.ndarray) -> float:
    found = outcomes(stays, KNOWN_AT)
    weight = found.weight * rows
    return float((weight * (found.label == 1)).sum() / weight.sum())


def as_soon_as_seen(stays: list[Stay], rows: np.ndarray) -> float:
    """A return counts at once, a loss only when the days are over."""
    days = DAYS * DAY_MS
    label = [
        1 if s.next_ms and s.next_ms - s.at_ms <= days else 0 if s.at_ms + days <= KNOWN_AT else -1
        for s in stays
    ]
    told = (np.array(label) >= 0) & rows
    return float((np.array(label)[told] == 1).mean())


def not_back_is_lost(stays: list[Stay], rows: np.ndarray) -> float:
    """Whoever is not back yet, or withdrew, is lost."""
    label = np.array([bool(s.next_ms) and s.next_ms - s.at_ms <= DAYS * DAY_MS for s in stays])
    return float(label[rows].mean())


def without_the_censored(stays: list[Stay], rows: np.ndarray) -> float:
    """Days over, and those who withdrew simply left out."""
    found = outcomes(stays, KNOWN_AT)
    told = (found.label >= 0) & rows
    return float((found.label[told] == 1).mean())


@pytest.mark.parametrize("hazard", [0.0, 0.02, 0.08])
def test_ours_is_unbiased_and_the_naive_rules_are_not(hazard: float) -> None:
    wrong: dict[str, list[float]] = {}
    for seed in range(20):
        stays, truth, trait = visitors(seed, hazard)
        for kind in (trait, ~trait):
            for rule in (ours, as_soon_as_seen, not_back_is_lost, without_the_censored):
                wrong.setdefault(rule.__name__, []).append(rule(stays, kind) - float(truth[kind].mean()))
    bias = {name: np.mean(found) for name, found in wrong.items()}
    error = {name: np.std(found, ddof=1) / len(found) ** 0.5 for name, found in wrong.items()}
    assert abs(bias["ours"]) < 3 * error["ours"] + 0.001, (bias, error)
    assert bias["not_back_is_lost"] < -0.015
    assert bias["not_back_is_lost"] < -5 * error["not_back_is_lost"]
    if hazard == 0:
        assert bias["as_soon_as_seen"] > 5 * error["as_soon_as_seen"]
    if hazard == 0.08:
        assert bias["without_the_censored"] > 5 * error["without_the_censored"]


def test_the_share_of_the_censored_is_told() -> None:
    stays, _, _ = visitors(1, 0.08)
    told = outcomes(stays, KNOWN_AT)
    over = [s for s in stays if s.at_ms + DAYS * DAY_MS <= KNOWN_AT]
    lost = sum(s.censored_at_ms is not None and s.censored_at_ms - s.at_ms < DAYS * DAY_MS for s in over)
    assert told.censored == pytest.approx(lost / len(over))
    assert 0.2 < told.censored < 0.7
    assert outcomes(visitors(1, 0.0)[0], KNOWN_AT).censored == 0
    assert told.weight[told.label < 0].sum() == 0
    assert told.weight.sum() == pytest.approx(len(over), rel=0.05)


def test_it_is_a_head_like_the_others_and_silent_until_it_is_trained() -> None:
    assert head("churn") is CHURN in HEADS
    assert set(CHURN.features) <= set(names())
    assert {group.up for group in CHURN.groups} | {group.down for group in CHURN.groups} <= set(REASON_CODES)
    assert "churn" not in Scorer.starter().bundle.heads
