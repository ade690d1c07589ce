"""Calm in place of what is cited: the splice keeps time and page, and cites nothing twice."""

import json

import numpy as np
import pytest

from data_contracts.events import CLICK, EVENT, MOVE, PAGE
from features.moments import DEAD_CLICK, MOMENT
from models.bundle import STARTER, digest_of
from models.trees import read
from pipelines.datasets.examples import Looked
from pipelines.training.cited import measured
from pipelines.training.replacement import Case, _joined, _made_by, _spliced, summary
from pipelines.traps.corpus import traps


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
    assert told["share"] >= 0.95


def test_a_calm_span_makes_no_signal_where_it_is_put_nor_beside_it() -> None:
    def look(*told: tuple[int, int]) -> Looked:
        moments = np.zeros(len(told), MOMENT)
        for one, (start, end) in zip(moments, told, strict=True):
            one["code"], one["start"], one["end"] = DEAD_CLICK, start, end
        return Looked(30_000, np.zeros(1, "f4"), 0, 0, 0, False, moments)

    before = [(5000, 7500, 0.5), (20_000, 22_500, 0.5)]
    gone, signals = [(5000, 7500)], ("dead_click",)
    assert not _made_by(gone, before, signals, look((20_000, 22_500)))
    assert _made_by(gone, before, signals, look((7000, 9500), (20_000, 22_500))), "in the span itself"
    assert _made_by(gone, before, signals, look((12_000, 14_500), (20_000, 22_500))), "where there was none"


def test_the_seconds_cited_on_traps_were_counted_for_the_head_that_ships() -> None:
    folder = STARTER / "frustration"
    told = json.loads((folder / "cited.json").read_text())
    assert told["digest"] == digest_of(folder)
    first = told["first"][0]
    assert first["k"] == 1
    assert first["right"] / first["cited"] == pytest.approx(first["precision"], abs=1e-6)
    again = measured(read((folder / "model.txt").read_text()), traps("hostile"))
    assert again["traps"] == 20
    assert sum(one["cited"] for one in again["first"][:1]) == 20 - again["silent"] - again["uncited"]
