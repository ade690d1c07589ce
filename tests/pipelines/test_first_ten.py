"""The report on the first ten: held out as it says, the same by seed, and the card that it wrote is current."""

import csv

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER
from models.card import text
from pipelines.datasets.examples import TRAIN, Examples
from pipelines.training import first_ten as module
from pipelines.training.first_ten import FirstTen, drawn_again, first_ten, gathered, held_out, orders
from pipelines.training.worth_card import definition


@pytest.fixture(scope="module")
def examples():
    return Examples.read(STARTER / "frustration" / "vectors.parquet")[0].of(TRAIN)


def test_no_session_is_scored_by_who_saw_its_scenario_or_its_people(examples, monkeypatch):
    trained = []
    real = module.fitted

    def spy(head, rows, seed):
        trained.append(rows)
        return real(head, rows, seed)

    monkeypatch.setattr(module, "fitted", spy)
    margin = held_out(examples, 5)
    assert np.isfinite(margin).all()
    for name, rows in zip(np.unique(examples["group"]), trained, strict=True):
        own = examples["group"] == name
        people = set(examples["person"][own])
        others = ~own & ~np.isin(examples["person"], list(people))
        assert name not in rows.group
        assert len(rows.y) == others.sum() < (~own).sum()


def test_a_perfect_score_fills_the_ten_and_chance_does_not():
    rng = np.random.default_rng(1)
    p = np.where(np.arange(500) < 10, 0.9, 0.01)
    found = orders(rng.permutation(p), np.zeros(500), np.zeros(500), rng)
    assert set(found) == {"worth", "queue", "signal count", "most clicks", "newest first", "random"}
    assert all(len(set(rows.tolist())) == 10 for rows in found.values())
    found = orders(p, np.zeros(500), np.zeros(500), rng)
    assert (p[found["worth"]] == 0.9).all()
    assert 5 <= (p[found["queue"]] == 0.9).sum() <= 9


def test_scenarios_are_drawn_whole():
    scenario = np.array(["a", "a", "b", "c"])
    kind = np.array([True, True, True, False])
    for seed in range(20):
        rows = drawn_again(scenario, kind, np.random.default_rng(seed)).tolist()
        assert rows.count(0) == rows.count(1)
        assert rows.count(0) + rows.count(2) == 2


def test_the_report_is_the_same_by_seed(examples, monkeypatch, tmp_path):
    signals = examples["all_signals"].astype("f8")
    monkeypatch.setattr(module, "gathered", lambda folder, progress: (examples, signals, 3, 1))
    a, b = (first_ten(tmp_path, 4, fits=1, scenarios_drawn=3) for _ in range(2))
    assert isinstance(a, FirstTen)
    assert a == b
    assert a != first_ten(tmp_path, 5, fits=1, scenarios_drawn=3)
    assert a.struggle["sessions"] + a.calm["sessions"] == len(examples)


def test_a_folder_without_an_index_is_refused(tmp_path):
    with pytest.raises(WatchworthyError, match=r"index\.csv"):
        first_ten(tmp_path, 1)


def test_the_card_on_disk_says_what_runs():
    assert text("worth").startswith(definition() + "## The first ten")


def test_real_recordings_are_gathered_without_automation(shared, tmp_path):
    if shared is None:
        pytest.skip("no recordings beside the repository")
    with (shared / "recordings" / "index.csv").open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        rows = list(reader)
    known = [row for row in rows if row["frustrated"] and row["label"] == "human"][::6]
    bots = [row for row in rows if row["family"] == "scraper"][:2]
    for row in known + bots:
        (tmp_path / row["file"]).symlink_to(shared / "recordings" / row["file"])
    with (tmp_path / "index.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, reader.fieldnames)
        writer.writeheader()
        writer.writerows(known + bots)
    examples, signals, automation, abstained = gathered(tmp_path)
    assert automation == 2
    assert len(examples) + abstained == len(known)
    assert examples["label"].sum() <= sum(row["frustrated"] == "1" for row in known)
    assert signals.max() > signals.min() >= 0
