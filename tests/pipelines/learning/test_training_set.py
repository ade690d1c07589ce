"""Training sets: point in time in both senses, weights, groups, provenance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from data_contracts.batches import Batch
from data_contracts.errors import WatchworthyError
from features.log import Log as Log_of
from models.heads.frustration import FRUSTRATION
from pipelines.learning.rows import moments_of
from pipelines.learning.sets import TrainingSet
from pipelines.learning.training_set import ms_of, training_set
from pipelines.workspace.logs import Heard, Log
from tests.features.streams import T0, encoded, stream
from tests.pipelines.learning.made import LATER, Made, label, log

NAMES = tuple("abcdefgh")
LOGS = [log(name, seed) for seed, name in enumerate(NAMES, 1)]
LABELS = [label(name, seed % 2) for seed, name in enumerate(NAMES)]


def made(logs: list[Log], labels: list | None = None, **asked: object) -> TrainingSet:
    source = Made(logs, LABELS if labels is None else labels)
    head = str(asked.pop("head", "frustration"))
    return training_set(source, head, **{"allow_leaks": True} | asked)  # type: ignore[arg-type]


def test_nothing_from_after_the_landmark_is_read() -> None:
    seconds = 20
    labels = [replace_value(one) for one in LABELS]
    plain = made(LOGS, labels, landmarks=[seconds])
    assert len(plain) >= 4
    other = []
    for seed, name in enumerate(NAMES, 1):
        events = stream(seed)
        at = T0 + 1000 * seconds
        later = [event for event in stream(seed + 100, start=at + 5_000) if event["timestamp"] > at]
        kept = [event for event in stream(seed, acts=40) if event["timestamp"] < at]
        assert len(kept) < len(events)
        heard = (Heard(Batch(f"s{seed}", 0, encoded([*kept, *later])), T0 + LATER),)
        other.append(Log(name, heard, "default"))
    changed = made(other, labels, landmarks=[seconds])
    assert changed.x.tobytes() == plain.x.tobytes()
    assert (plain["last_event_ms"] < plain["at_ms"]).all()
    assert not [f for f in plain.findings if f.check == "time travel"]
    assert made(other, labels).x.tobytes() != made(LOGS, labels).x.tobytes()


def test_a_landmark_is_what_the_service_had_then() -> None:
    compared = 0
    for seed in (1, 5, 8):
        whole = log("a", seed, acts=80, cuts=6)
        for moment in moments_of(whole, [5, 20, 45], 30 * 60_000):
            sent = [one.batch for one in whole.before(moment.at_ms).heard]
            live = Log_of("a")
            for batch in sent:
                live.receive(batch)
            assert live.sessions()[-1].vector.tobytes() == moment.looked.vector.tobytes()
            compared += 1
    assert compared >= 6


def replace_value(one):  # calm holds of every moment; a struggle without a span is known only of the whole
    from msgspec.structs import replace as changed

    return changed(one, value=0) if one.value else one


def test_no_batch_received_later_is_read() -> None:
    as_of = T0 + LATER + 1500  # two of four batches
    early = [replace(one, heard=one.heard[:2]) for one in LOGS]
    found = made(LOGS, as_of=as_of, known_at=T0 + 3 * LATER)
    assert found.x.tobytes() == made(early, known_at=T0 + 3 * LATER).x.tobytes()
    assert found["last_received_ms"].max() <= as_of
    assert found.provenance["as_of_ms"] == as_of
    with pytest.raises(WatchworthyError, match="training_refused"):
        made(LOGS, as_of=T0)


def test_only_labels_known_by_then_count() -> None:
    known_at = T0 + 2 * LATER
    late = label("a", 1, source="late", recorded_at_ms=known_at + 1)
    taken_back = label("b", 1, source="back", retracted_at_ms=known_at)
    stands_then = label("c", 0, source="then", retracted_at_ms=known_at + 1)
    open_then = label("d", 1, source="open", window_closed_ms=known_at + 1)
    calm = label("e", 0)
    found = made(LOGS, [late, taken_back, stands_then, open_then, calm], known_at=known_at)
    assert found["session"].tolist() == ["c", "e"]
    assert found.provenance["dropped"]["label_not_known_by_then"] == 3
    everything = made(LOGS, [late, taken_back, stands_then, open_then, calm])
    assert set(everything["session"].tolist()) == {"a", "d", "e"}


def test_a_struggle_of_a_span_is_known_only_after_it() -> None:
    span = label("a", 1, from_ms=5_000, to_ms=12_000)
    found = made([LOGS[0], LOGS[1]], [span, label("b", 0)], landmarks=[10, 20])
    mine = found.take(found["session"] == "a")
    assert mine["landmark_s"].tolist() == [20]
    assert mine["label"].tolist() == [1]
    assert found.provenance["dropped"]["label_of_what_came_later"] == 1


def test_people_who_disagree_say_nothing_and_confidence_weighs() -> None:
    labels = [label("a", 1), label("a", 0, source="bob"), label("b", 1, confidence=0.5), label("c", 0)]
    found = made(LOGS, labels)
    assert found["session"].tolist() == ["b", "c"]
    assert found["weight"].tolist() == [0.5, 1.0]
    assert found.provenance["dropped"]["labels_disagree"] == 1


def test_a_source_that_changes_its_mind_says_what_it_said_last() -> None:
    again = label("a", 0, label_id="again", recorded_at_ms=T0 + 3 * LATER)
    assert made(LOGS, [label("a", 1), again])["label"].tolist() == [0]
    assert made(LOGS, [label("a", 1), again], known_at=T0 + 2 * LATER)["label"].tolist() == [1]


def test_what_the_lottery_drew_stands_for_more() -> None:
    drawn = log("a", 1, lane="slice", drawn=True, propensity=0.05)
    shown = log("b", 2, lane="worth", drawn=False, propensity=0.02)
    found = made([drawn, shown])
    assert found["inclusion_weight"][0] == pytest.approx(20)
    assert np.isnan(found["inclusion_weight"][1])
    assert found["drawn"].tolist() == [True, False]


def test_a_visitor_and_a_copy_stay_on_one_side() -> None:
    mine = [replace(one, visitor="v") for one in LOGS[:3]]
    copy = replace(LOGS[3], name="copy")
    found = made([*mine, *LOGS[3:], copy], [*LABELS, label("copy", 1)])
    group = dict(zip(found["session"].tolist(), found["group"].tolist(), strict=True))
    fold = dict(zip(found["session"].tolist(), found["fold"].tolist(), strict=True))
    assert group["a"] == group["b"] == group["c"] != group["d"]
    assert group["d"] == group["copy"]
    assert fold["d"] == fold["copy"]
    assert not [f for f in found.findings if f.check == "duplicates across folds"]


def test_a_goal_counts_once_its_window_is_closed() -> None:
    events = stream(1, acts=40)
    goal_at = events[len(events) // 2]["timestamp"]
    goal = {"type": 5, "data": {"tag": "ww.goal", "payload": {"name": "order"}}, "timestamp": goal_at}
    at = events.index(next(e for e in events if e["timestamp"] >= goal_at))
    sold = Log(
        "a", (Heard(Batch("s", 0, encoded([*events[:at], goal, *events[at:]])), T0 + 200_000),), "default"
    )
    found = made([sold, LOGS[1]], [], head="conversion", landmarks=[5, 15], known_at=T0 + 24 * LATER)
    mine = found.take(found["session"] == "a")
    assert mine["label"].tolist() == [1] * len(mine)
    assert len(mine) == sum(T0 + 1000 * s <= goal_at for s in (5, 15))
    assert (mine["window_closed_ms"] <= T0 + 24 * LATER).all()
    with pytest.raises(WatchworthyError, match="window_still_open"):
        made([sold], [], head="conversion", landmarks=[5], known_at=T0 + 60_000)


def test_it_says_what_it_was_made_of() -> None:
    found = made(LOGS, known_at=datetime.fromtimestamp((T0 + 9 * LATER) / 1000, UTC))
    told = found.provenance
    assert told["digest"] == found.digest
    assert told["by_kind"] == {"annotation": {"1": 4, "0": 4}}
    assert list(told["features"]) == list(FRUSTRATION.features)
    assert told["known_at_ms"] == T0 + 9 * LATER
    assert found.take(np.arange(len(found)) > 0).digest != found.digest
    examples = found.examples()
    assert len(examples) == len(found)
    assert examples.names == found.head.features
    assert set(found.frame().columns) >= {*found.head.features, "label", "session", "inclusion_weight"}
    with pytest.raises(ValueError, match="time zone"):
        ms_of(datetime(2030, 1, 1))
