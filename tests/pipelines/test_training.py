"""Training is deterministic, hides what is missing, and refuses what it cannot carry."""

import numpy as np
import pytest

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER
from models.heads.bot import BOT
from models.heads.frustration import FRUSTRATION
from pipelines.datasets.examples import TAUGHT, Examples
from pipelines.training.bot import SHARES
from pipelines.training.fit import Rows, balanced, fitted, group_folds, mask_only_auc, paired
from pipelines.training.heads import SEED, digest_of, train_head

HEADS = {"bot": (BOT, SHARES), "frustration": (FRUSTRATION, None)}


@pytest.fixture(scope="module", params=["bot", "frustration"])
def shipped(request):
    head, shares = HEADS[request.param]
    folder = STARTER / request.param
    examples, told = Examples.read(folder / "vectors.parquet")
    training = examples.of(*TAUGHT)
    weight = balanced(training["label"], training["group"], training["source"], shares)
    rows = Rows(training.x, training["label"], weight, training["group"])
    return head, rows, examples, told, folder


def test_the_shipped_vectors_give_the_shipped_model_bit_for_bit(shipped):
    head, rows, _, told, folder = shipped
    assert fitted(head, rows, told["seed"]) == (folder / "model.txt").read_text()


def test_what_is_missing_says_nothing_as_it_is_trained_on(shipped):
    head, rows, *_ = shipped
    found = [mask_only_auc(head, rows, seed, folds=3) for seed in (1, 2, 3)]
    assert np.mean(found) <= 0.55


def test_pairing_gives_both_classes_the_same_pattern(shipped):
    head, rows, *_ = shipped
    many = paired(head, rows, 5, draws=20)
    hidden = np.isnan(many.x)
    shares = [np.average(hidden[many.y == v], axis=0, weights=many.weight[many.y == v]) for v in (0, 1)]
    assert np.abs(shares[0] - shares[1]).max() < 0.05
    untouched = ~hidden
    assert (many.x[untouched] == np.tile(rows.x, (20, 1))[untouched]).all()


def test_no_events_and_no_names_ship(shipped):
    _, _, examples, told, _ = shipped
    assert told["seed"] == SEED
    assert {len(person) for person in examples["person"].tolist() if person} == {12}
    assert not any("user" in name for name in np.unique(examples["person"]).tolist())


def test_groups_of_equal_weight_in_every_class_and_source(shipped):
    _, rows, examples, _, _ = shipped
    training = examples.of(*TAUGHT)
    for source in np.unique(training["source"]):
        for label in (0, 1):
            own = (training["source"] == source) & (rows.y == label)
            sums = [rows.weight[own & (rows.group == g)].sum() for g in np.unique(rows.group[own])]
            assert np.allclose(sums, sums[0])
    assert rows.weight[rows.y == 0].sum() == pytest.approx(rows.weight[rows.y == 1].sum())


def test_no_group_is_in_two_folds(shipped):
    _, rows, *_ = shipped
    fold = group_folds(rows.group, rows.y, 3, np.random.default_rng(0))
    for group in np.unique(rows.group):
        assert len(np.unique(fold[rows.group == group])) == 1


def test_vectors_survive_the_file(tmp_path, shipped):
    _, _, examples, told, _ = shipped
    examples.write(tmp_path / "v.parquet", told)
    again, facts = Examples.read(tmp_path / "v.parquet")
    assert digest_of(again) == digest_of(examples)
    assert facts == told
    assert np.array_equal(again["margin"], examples["margin"], equal_nan=True)


def test_what_cannot_be_trained_is_refused(tmp_path):
    with pytest.raises(WatchworthyError, match="Name a folder"):
        train_head("bot", out=tmp_path)
    with pytest.raises(WatchworthyError, match="no folder"):
        train_head("bot", tmp_path / "nothing", tmp_path)
    with pytest.raises(WatchworthyError, match="recordings"):
        train_head("frustration", tmp_path, tmp_path)
    with pytest.raises(ValueError, match="choose one of"):
        train_head("luck", tmp_path, tmp_path)
    with pytest.raises(WatchworthyError, match="own goals"):
        train_head("conversion", tmp_path, tmp_path)


@pytest.mark.parametrize("name", ["bot", "frustration"])
def test_a_whole_second_run_writes_the_same_head(tmp_path, name):
    train_head(name, vectors=STARTER / name / "vectors.parquet", out=tmp_path)
    for file in ("model.txt", "refits.txt", "calibration.json", "operating_points.json", "head.json"):
        assert (tmp_path / name / file).read_bytes() == (STARTER / name / file).read_bytes()
