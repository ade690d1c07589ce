"""Calm in place of what is cited: the splice keeps time and page, and cites nothing twice."""

import json

import numpy as np

from data_contracts.events import CLICK, EVENT, MOVE, PAGE
from models.bundle import STARTER, digest_of
from pipelines.training.replacement import Case, _joined, _spliced, summary


def rows(*told: tuple[int, int, int]) -> np.ndarray:
    made = np.zeros(len(told), EVENT)
    for row, (t, kind, page) in zip(made, told, strict=True):
        row["t"], row["kind"], row["page"] = t, kind, page
    return made


def test_a_splice_keeps_time_and_page() -> None:
    events = rows(
        (0, PAGE, 0), (1000, MOVE, 0), (1100, MOVE, 0), (3000, PAGE, 1), (5000, CLICK, 1), (5200, CLICK, 1)
    )
    made = _spliced(events, [((5000, 5400), 900)])
    assert made["t"].tolist() == [0, 1000, 1100, 3000, 5100, 5200]
    assert made["kind"].tolist() == [PAGE, MOVE, MOVE, PAGE, MOVE, MOVE]
    assert made["page"].tolist() == [0, 0, 0, 1, 1, 1]


def test_spans_that_overlap_are_one() -> None:
    assert _joined([(500, 900), (0, 400), (350, 450)]) == [(0, 450), (500, 900)]


def test_the_share_counts_falls_alone() -> None:
    told = summary(
        [Case("a", 2.0, 0.5, True), Case("a", 0.0, 0.1, True), Case("b", 1.0, float("nan"), False)]
    )
    assert (told["cases"], told["fell"], told["spliced"], told["beside"]) == (3, 2, 2, 2)
    assert told["mean_fall"] == 1.0
    assert told["more_than_elsewhere"] == 0.7


def test_what_ships_was_measured_and_fell_more_than_elsewhere() -> None:
    told = json.loads((STARTER / "frustration" / "replacement.json").read_text())
    assert told["digest"] == digest_of(STARTER / "frustration")
    assert told["cases"] >= 20
    assert told["more_interval"][0] > 0
