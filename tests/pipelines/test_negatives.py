"""A site's own people give its operating points; who they are must be said."""

import json
from itertools import islice

import pytest

from data_contracts.errors import WatchworthyError
from models.bundle import load_head
from models.card import digest_in
from pipelines.simulated.shop import simulated_history
from pipelines.training.negatives import negatives, persons


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("people")
    for i, one in enumerate(islice(simulated_history(sessions=60, seed=3), 60)):
        (out / f"p{i % 30}_{i}.json").write_text(json.dumps(one.events))
    return out


def test_points_are_held_out_and_counted_in_people(folder, tmp_path):
    done = negatives([folder], tmp_path, pattern=r"^(p\d+)_")
    assert done.people <= 30
    assert done.sessions == 60
    point = {p.name: p for p in done.points}
    assert point["fpr_10"].basis == "held_out"
    assert point["fpr_10"].n_people == done.people
    assert point["fpr_1"].people_needed == 299 - done.people
    head = load_head(tmp_path / "bot")
    assert head.points == done.points
    assert digest_in((tmp_path / "bot" / "card.md").read_text()) == head.digest


def test_it_must_be_said_who_is_who(folder, tmp_path):
    files = [str(path) for path in sorted(folder.iterdir())]
    for arguments in ({}, {"pattern": "p"}, {"pattern": "^(q)"}):
        with pytest.raises(WatchworthyError):
            negatives([folder], tmp_path, **arguments)
    table = tmp_path / "people.csv"
    table.write_text("file,person\n" + "".join(f"{path.rsplit('/', 1)[1]},one\n" for path in files))
    assert set(persons(files, table, None).values()) == {"one"}
    table.write_text("name,who\n")
    with pytest.raises(WatchworthyError, match="columns file and person"):
        persons(files, table, None)
    with pytest.raises(WatchworthyError, match="no table"):
        persons(files, tmp_path / "none.csv", None)
