"""A challenger takes the champion's place only if nothing speaks against it, and every decision is on record."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, load, load_head
from models.head import Boosting
from pipelines.datasets.examples import MARGIN
from pipelines.lifecycle import promoting
from pipelines.lifecycle.comparing import compare, evaluate, groups_of
from pipelines.lifecycle.gates import losses, silence, worn_out
from pipelines.lifecycle.held_out import VECTORS, held_out, whole_sessions
from pipelines.lifecycle.ledger import MOST_LOOKS, Entry, Ledger
from pipelines.lifecycle.promoting import Desk
from pipelines.lifecycle.silence import Silent
from pipelines.training import frustration
from pipelines.training.heads import train_head

OURS = STARTER / "frustration"
CRIPPLED = Boosting(rounds=1, leaves=2, learning_rate=0.01, columns=0.05)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The starter's vectors trained on again with another seed, and by a booster of one weak tree."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frustration, "DRAWS", 3)
        patch.setattr(
            frustration, "on_twins", lambda *given: {}
        )  # a measure for the card that decides nothing here
        found["again"] = train_head(
            "frustration", vectors=OURS / VECTORS, out=tmp_path_factory.mktemp("again")
        )
        found["crippled"] = train_head(
            "frustration", vectors=OURS / VECTORS, out=tmp_path_factory.mktemp("crippled"), boosting=CRIPPLED
        )
    return found


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk without silent recordings: they have a test of their own."""
    monkeypatch.setattr(promoting, "recordings", dict)
    return Desk(tmp_path / "data")


def test_a_row_is_judged_only_by_what_had_not_seen_its_group() -> None:
    rows = whole_sessions(OURS / VECTORS)
    said = held_out(OURS, rows)
    np.testing.assert_array_equal(said.margin, rows[MARGIN])
    strangers = whole_sessions(OURS / VECTORS)
    strangers.columns["session"] = np.array([f"other {i}" for i in range(len(strangers))])
    assert np.isnan(held_out(OURS, strangers).margin).all(), "their scenarios were trained on"
    for name in ("group", "person"):
        strangers.columns[name] = np.array([f"stranger {i}" for i in range(len(strangers))])
    fresh = held_out(OURS, strangers)
    np.testing.assert_array_equal(fresh.margin, fresh.trained.model.margins(strangers.x))


def test_a_head_against_itself_differs_by_nothing_and_intervals_hold_the_value() -> None:
    rows = whole_sessions(OURS / VECTORS)
    told = compare("frustration", OURS, OURS, rows, draws=100)
    assert all(one.difference == one.low == one.high == 0 for one in told.measures)
    assert told.rows == len(rows)
    assert told.left_out == 0
    assert len(told.groups) == len(set(groups_of(rows).tolist()))
    assert losses(told) == []
    alone = evaluate("frustration", OURS, rows, draws=100)
    for one in alone.measures:
        assert one.low <= one.value <= one.high or one.name == "ece", one


def test_a_worse_head_is_refused_with_reasons_and_the_champion_stays(
    desk: Desk, trained: dict[str, Path]
) -> None:
    before = desk.champion()
    rows = whole_sessions(OURS / VECTORS)
    told, refused = desk.promote("frustration", trained["crippled"], rows, "a try", champion=OURS, draws=100)
    assert told.measure("log_loss").low > 0, "it is worse beyond doubt"
    assert {one.code for one in refused} == {"loss"}
    assert any("Log-loss" in one.text for one in refused)
    # Each margin is a gate of its own: a difference that may be past it refuses, whatever the other measure says.
    for name, wrong, word in (
        ("auc", {"low": -0.011, "high": 0.05}, "AUC"),
        ("log_loss", {"high": 0.011}, "Log-loss"),
    ):
        best = {"auc": {"low": -0.009, "high": 0.0}, "log_loss": {"low": 0.0, "high": 0.009}}
        for changed, reasons in ((best, []), (best | {name: best[name] | wrong}, [word])):
            measures = tuple(replace(one, **changed.get(one.name, {})) for one in told.measures)
            assert [one.text[: len(word)] for one in losses(replace(told, measures=measures))] == reasons
    assert desk.champion() == before
    (entry,) = desk.ledger.entries()
    assert (entry.kind, entry.granted, entry.why) == ("promote", False, "a try")
    assert entry.groups == told.groups
    assert len(entry.refused) == len(refused)


def test_who_excludes_a_loss_is_promoted_and_the_way_back_is_open(
    desk: Desk, trained: dict[str, Path]
) -> None:
    """The crippled head is the champion here, so that the starter is better beyond doubt."""
    begun = desk.champion()
    rows = whole_sessions(OURS / VECTORS)
    told, refused = desk.promote("frustration", OURS, rows, "better", champion=trained["crippled"], draws=100)
    assert refused == []
    assert told.challenger == load_head(OURS).digest
    shadowed = desk.challenge("frustration", trained["again"], "to look at")
    pointer = desk.shelf.pointer()
    assert pointer is not None
    assert (pointer.champion, pointer.challenger) == (begun, shadowed)
    assert desk.shelf.bundle(shadowed).heads["bot"].digest == load(STARTER).heads["bot"].digest
    granted, none = desk.promote(
        "frustration", trained["again"], rows, "retrained", champion=trained["crippled"], draws=100
    )
    assert none == []
    assert desk.champion() == shadowed != begun
    assert desk.shelf.bundle(shadowed).heads["frustration"].digest == granted.challenger
    pointer = desk.shelf.pointer()
    assert pointer is not None
    assert (pointer.challenger, pointer.before, pointer.why) == (None, (begun,), "retrained")
    assert desk.rollback("a complaint") == begun == desk.champion()
    with pytest.raises(WatchworthyError, match="no champion before"):
        desk.rollback("again")
    kinds = [(one.kind, one.granted) for one in desk.ledger.entries()]
    assert kinds == [("promote", True), ("challenge", True), ("promote", True), ("rollback", True)]


def test_a_head_without_its_own_card_is_refused(desk: Desk, tmp_path: Path) -> None:
    rows = whole_sessions(OURS / VECTORS)
    for change, said in (("gone", "no card"), ("stale", "another model")):
        mine = tmp_path / change
        shutil.copytree(OURS, mine)
        if change == "gone":
            (mine / "card.md").unlink()
        else:
            shutil.copy(STARTER / "bot" / "card.md", mine / "card.md")
        _, refused = desk.promote("frustration", mine, rows, "why not", champion=OURS, draws=50)
        assert [one.code for one in refused] == ["no_card"]
        assert said in refused[0].text


def test_groups_that_judged_ten_times_judge_no_more(desk: Desk) -> None:
    rows = whole_sessions(OURS / VECTORS)
    groups = compare("frustration", OURS, OURS, rows, draws=20).groups
    facts = {"head": "frustration", "at_ms": 1, "champion": "a", "challenger": "b", "bundle": "c", "why": "d"}
    for i in range(MOST_LOOKS - 1):
        desk.ledger.add(Entry(kind="promote", granted=bool(i % 2), groups=groups, **facts))  # type: ignore[arg-type]
    desk.ledger.add(Entry(kind="promote", granted=True, groups=("other",) * 9, **facts))  # type: ignore[arg-type]
    desk.ledger.add(Entry(kind="challenge", granted=True, groups=groups, **facts))  # type: ignore[arg-type]
    assert desk.ledger.looks("frustration", groups) == MOST_LOOKS - 1
    assert desk.ledger.looks("bot", groups) == 0
    _, refused = desk.promote("frustration", OURS, rows, "the tenth", champion=OURS, draws=50)
    assert refused == []
    _, refused = desk.promote("frustration", OURS, rows, "one more", champion=OURS, draws=50)
    assert [one.code for one in refused] == ["judge_worn_out"]
    assert worn_out(MOST_LOOKS - 1) == []


def test_who_is_loud_where_the_champion_is_silent_is_refused() -> None:
    champion = {"a": Silent(), "b": Silent(passed=True), "c": Silent(flagged=True)}
    assert silence("bot", champion, champion) == []
    assert silence("bot", champion, {"a": Silent(), "b": Silent(), "c": Silent()}) == []
    refused = silence("bot", champion, {"a": Silent(True, False), "b": Silent(True, True), "c": Silent()})
    assert [one.text.partition(":")[0] for one in refused] == ["a", "b"]
    assert {one.code for one in refused} == {"loud_on_silence"}


def test_a_ledger_that_is_damaged_is_said_and_where(tmp_path: Path) -> None:
    (tmp_path / "promotions.jsonl").write_text("{}\n")
    with pytest.raises(WatchworthyError, match=r"promotions\.jsonl:1"):
        Ledger(tmp_path).entries()
