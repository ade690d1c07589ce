"""The verbs of the data scientist over a store that a service has filled: monitor, backfill, compare on labels."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path

import msgspec
import pytest

from data_contracts.annotations import Annotation
from data_contracts.assessments import OperatingPoint
from data_contracts.batches import Batch
from data_contracts.errors import WatchworthyError
from data_contracts.recordings import read
from models.bundle import STARTER, Bundle, load, load_head
from models.card import write as write_card
from models.heads.frustration import FRUSTRATION
from pipelines import backfill as backfilling
from pipelines.backfill import backfill, results
from pipelines.datasets.examples import Examples
from pipelines.lifecycle import promoting, silence
from pipelines.lifecycle.ledger import Ledger
from pipelines.lifecycle.moved import moved
from pipelines.lifecycle.people import counted, on_labels
from pipelines.lifecycle.watching import watch
from pipelines.store.annotating import annotate
from pipelines.store.shelf import Shelf
from pipelines.store.store import Store
from service.live.closing import close_ended
from service.verbs import learn, monitor
from tests.service.live_store import SAMPLES, Served

DAY_MS = 86_400_000
EPOCH_MS = 1_767_571_200_000


def events(name: str, at_ms: int) -> list[bytes]:
    """The events of a sample, as if they had happened at another time."""
    told = [
        json.loads(bytes(one))
        for batch in read(str(SAMPLES / f"{name}.json.gz")).batches
        for one in batch.events
    ]
    shift = at_ms - min(one["timestamp"] for one in told)
    return [json.dumps(one | {"timestamp": one["timestamp"] + shift}).encode() for one in told]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten days ago everybody was calm; this week everybody is automation or struggles."""
    folder = tmp_path_factory.mktemp("filled") / "data"
    names = sorted(path.name.partition(".")[0] for path in SAMPLES.glob("*.json.gz"))
    calm = [name for name in names if name.startswith("calm-")]
    rest = [name for name in names if not name.startswith("calm-")]

    async def scenario() -> None:
        async with Served(folder) as one:
            for when, days, those in (("before", 0, calm), ("now", 9, rest)):
                for copy in range(2):
                    for i, name in enumerate(those):
                        at_ms = EPOCH_MS + days * DAY_MS + 60_000 * i + copy
                        batch = Batch("p", 0, events(name, at_ms))
                        answer = await one.send(batch, f"{when}-{copy}-{name}", end=True)
                        assert answer.status_code == 200, answer.text
            await close_ended(one.service.reception)
            for number, (session, label) in enumerate(
                (("now-0-struggling-dead-coupon", "struggle"), ("before-0-calm-buy", "calm"))
            ):
                made = Annotation(
                    annotation_id=f"an_{number}",
                    session_id=session,
                    label=label,
                    reason="watched",  # type: ignore[arg-type]
                )
                one.service.store.write(lambda db: annotate(db, "default", session, made, None), ()).result()  # noqa: B023

    asyncio.run(scenario())
    return folder


def test_the_monitor_finds_what_moved_and_a_second_look_raises_it(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms = EPOCH_MS + 10 * DAY_MS
    monkeypatch.setattr(monitor, "watch", lambda store, site, days: watch(store, site, days, now_ms))
    report = tmp_path / "monitor.html"
    for look in range(2):
        assert monitor.run(filled, "default", 5, report, tmp_path / "told.json") == 0
        told = json.loads((tmp_path / "told.json").read_text())
        assert {one["name"] for one in told["scores"] if one["drifted"]} >= {"bot"}
        assert ("Alarm" in capsys.readouterr().out) == (look == 1)
    with Store.open(filled) as store:
        sent = store.read(
            lambda db: db.execute("SELECT body FROM outbox WHERE topic = 'alert.fired'").fetchall()
        )
    alarms = [json.loads(body)["data"] for (body,) in sent]
    assert "drift bot" in {one["key"] for one in alarms}
    assert {(one["alert"], one["count"], one["of"]) for one in alarms} == {("model-monitor", 2, 2)}
    page = report.read_text()
    assert page.count("data:image/png;base64,") == 3
    assert "label more" in page, "no random slice was labelled, and that is said"
    assert re.search(r"bot<td class=n>\d+ %", page)


def test_too_few_sessions_are_said(filled: Path) -> None:
    with Store.open(filled) as store, pytest.raises(WatchworthyError, match="takes 20 sessions on each side"):
        watch(store, "default", 0.1, EPOCH_MS + 10 * DAY_MS)


def test_a_backfill_that_breaks_off_goes_on_and_says_what_live_said(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfilling, "CHUNK", 20)
    digest, steps = load(STARTER).digest, 0

    def break_off(what: str, many: int) -> None:
        nonlocal steps
        steps += not what
        if steps == 30:
            raise KeyboardInterrupt

    with Store.open(filled) as store:
        with pytest.raises(KeyboardInterrupt):
            backfill(store, "default", STARTER, tmp_path, 1, break_off)
        assert results(tmp_path, digest).num_rows == 20, "the chunk that broke off is not there in part"
        done, unreadable = backfill(store, "default", STARTER, tmp_path, 1)
        table = results(tmp_path, digest).to_pylist()
        assert (done, unreadable) == (len(table) - 20, 0)
        assert backfill(store, "default", STARTER, tmp_path, 1) == (0, 0)
        assert len({row["session_id"] for row in table}) == len(table) == 56
        for row in table:
            card = store.card("default", row["session_id"])
            assert card is not None
            assert (row["bot"], row["frustration"], row["verdict"]) == (
                card.bot,
                card.frustration,
                card.verdict,
            )


def test_sessions_that_people_labelled_are_fixed_or_regressed_each_with_its_link(
    filled: Path, tmp_path: Path
) -> None:
    shutil.copytree(STARTER / "frustration", tmp_path / "frustration")
    path = tmp_path / "frustration" / "head.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_rate": 0.001}))
    starter = Bundle({"frustration": load_head(STARTER / "frustration")})
    timid = Bundle({"frustration": load_head(tmp_path / "frustration")})
    with Store.open(filled) as store:
        rows = on_labels(store, "default", "frustration", starter, timid, "https://watch.example/")
        back = on_labels(store, "default", "frustration", timid, starter)
    assert {row.session: row.outcome for row in rows} == {
        "now-0-struggling-dead-coupon": "regressed",
        "before-0-calm-buy": "kept",
    }
    assert counted(back) == {"fixed": 1, "still_wrong": 0, "kept": 1, "regressed": 0}
    assert {row.link for row in rows} == {f"https://watch.example/sessions/{row.session}" for row in rows}


def test_a_promotion_by_command_listens_to_silent_recordings_and_moves_the_pointer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learn, "_registry", lambda data_dir: None)
    mine, data = tmp_path / "mine" / "frustration", tmp_path / "data"
    shutil.copytree(STARTER / "frustration", mine)
    every = silence.recordings()
    kinds = {kind: [name for name in every if name.startswith(kind)] for kind in ("trap", "sample")}
    assert len(kinds["trap"]) >= 50
    assert len(kinds["sample"]) >= 12
    few = {
        name: every[name] for names in kinds.values() for name in names[::8]
    }  # each takes its time to fold
    monkeypatch.setattr(promoting, "recordings", lambda: few)
    assert learn.run_promote("frustration", str(STARTER), "nothing lost", None, data, False) == 0
    assert "Promoted" in capsys.readouterr().out
    assert Shelf(data).pointer() is not None
    point = OperatingPoint(
        name="fpr_5", threshold=-9.0, fpr_upper=0.05, confidence=0.95, n_people=59, basis="held_out"
    )
    (mine / "operating_points.json").write_bytes(msgspec.json.encode([point]))
    write_card(mine)
    assert learn.run_promote("frustration", str(mine.parent), "too eager", None, data, False) == 1
    said = capsys.readouterr().out
    assert "loud_on_silence" in said
    assert "sample calm-" in said
    assert [one.granted for one in Ledger(data).entries()] == [True, False]


def test_the_unit_of_the_monitor_is_a_visitor(filled: Path, tmp_path: Path) -> None:
    """The same sessions, those of this week all of one visitor: one person is no evidence that people have changed."""
    folder = tmp_path / "data"
    shutil.copytree(filled, folder)
    now_ms = EPOCH_MS + 10 * DAY_MS
    with Store.open(folder) as store:
        each = watch(store, "default", 5, now_ms)
        store.write(
            lambda db: db.execute("UPDATE session_tallies SET visitor = 'one' WHERE name LIKE 'now-%'"), ()
        ).result()
        told = watch(store, "default", 5, now_ms)
    assert each.moved
    assert (each.visitors_now, each.visitors_before) == (each.now, each.before)
    assert (told.visitors_now, told.now) == (1, each.now)
    assert [one.effect for one in told.features] == [one.effect for one in each.features]
    assert told.moved == []


def test_the_drift_of_a_run_is_of_what_the_service_has_seen(filled: Path, tmp_path: Path) -> None:
    examples = Examples.read(STARTER / "frustration" / "vectors.parquet")[0]
    found, words = moved(FRUSTRATION, examples, filled)
    assert words == "56 sessions that the service has seen beside the negatives it was trained on"
    assert {one.name for one in found} == set(FRUSTRATION.features)
    _, words = moved(FRUSTRATION, examples, tmp_path)
    assert words.startswith("Two training sources: ")
