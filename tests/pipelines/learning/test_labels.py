"""Labels travel as lines and come back the same; guesses are kept from the head that they train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.errors import WatchworthyError
from data_contracts.labels import Label, from_lines, to_line
from features.moments import CODES
from models.heads.frustration import FRUSTRATION
from models.signal_rates import names
from pipelines.learning.labels import read_labels
from pipelines.learning.training_set import training_set
from pipelines.learning.weak import (
    SAME_EVIDENCE,
    WEIGHT,
    View,
    WeakLabel,
    behind,
    kept_from,
    reports,
    weak_label,
)
from tests.pipelines.learning.made import Made, label, log

TIMES = st.none() | st.integers(0, 2**53)


@st.composite
def labels(draw: st.DrawFn) -> Label:
    begin = draw(TIMES)
    return Label(
        label_id=draw(st.text(min_size=1, max_size=20)),
        session_id=draw(st.text(min_size=1, max_size=20)),
        head=draw(st.sampled_from(["bot", "frustration", "conversion", "churn"])),
        value=draw(st.sampled_from([0, 1])),
        kind=draw(st.sampled_from(["annotation", "goal", "script", "weak"])),
        source=draw(st.text(max_size=20)),
        confidence=draw(st.none() | st.floats(0, 1)),
        from_ms=begin,
        to_ms=None if begin is None else begin + draw(st.integers(0, 10**6)),
        model_seen=draw(st.text(max_size=16)),
        recorded_at_ms=draw(st.integers(0, 2**53)),
        window_closed_ms=draw(TIMES),
        retracted_at_ms=draw(TIMES),
        censored_at_ms=draw(TIMES),
    )


@given(st.lists(labels(), max_size=5))
def test_labels_come_back_the_same(given_labels: list[Label]) -> None:
    lines = b"".join(to_line(one) for one in given_labels).splitlines(keepends=True)
    assert list(from_lines(lines)) == given_labels


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"label_id":"a"}', "session_id"),
        (b'{"label_id":"a","session_id":"s","head":"bot","value":2,"kind":"goal"}', "value"),
        (b'{"label_id":"a","session_id":"s","head":"bot","value":1,"kind":"guess"}', "kind"),
        (
            b'{"label_id":"a","session_id":"s","head":"bot","value":1,"kind":"goal","confidence":1.5}',
            "confidence",
        ),
        (b'{"label_id":"a","session_id":"s","head":"bot","value":1,"kind":"goal","from_ms":5}', "to_ms"),
        (b"not json", "JSON"),
    ],
)
def test_a_line_that_is_no_label_is_named(tmp_path: Path, line: bytes, said: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_bytes(to_line(label("s", 1)) + b"\n" + line)
    with pytest.raises(WatchworthyError, match="label_wrong") as error:
        read_labels(path)
    assert "line 3" in error.value.where
    assert said in error.value.message


@weak_label("frustration", reads=["error_click"])
def failed(view: View) -> int | None:
    """An error came right after an act."""
    return 1 if len(view.signals("error_click")) else None


@weak_label("frustration", reads=["pages"])
def short(view: View) -> int | None:
    """One page is soon left."""
    return 0 if view.feature("pages") <= 2 else None


def test_a_head_is_kept_from_what_its_guesses_read() -> None:
    rage = WeakLabel("hammered", "frustration", ("rage_click",), lambda view: 1)
    gone = behind(rage.reads)
    assert {"no_reaction_share", "unanswered_per_act", "friction_per_act"} <= gone
    assert "errors_after_act" not in gone
    left = set(kept_from(FRUSTRATION, [rage]).features)
    assert left == set(FRUSTRATION.features) - gone
    assert left
    assert behind(["unanswered_per_act"]) == behind(["rage_click", "dead_click"])
    assert behind(["errors_after_act"]) == behind(["error_click"]) >= {"trouble_per_act", "console_errors"}
    assert set(SAME_EVIDENCE) == set(CODES)
    assert {name for some in SAME_EVIDENCE.values() for name in some} <= set(names())
    with pytest.raises(WatchworthyError, match="read everything"):
        kept_from(FRUSTRATION, [WeakLabel("all", "frustration", FRUSTRATION.features, lambda view: 1)])


def test_a_function_that_reads_more_than_it_says_is_refused() -> None:
    sly = WeakLabel("sly", "frustration", ("pages",), lambda view: int(view.feature("clicks") > 3))
    source = Made([log("a", 1)])
    with pytest.raises(WatchworthyError, match="does not say so"):
        training_set(source, "frustration", weak=[sly])
    with pytest.raises(ValueError, match="neither feature nor signal"):
        WeakLabel("odd", "frustration", ("no_such_thing",), lambda view: 1)


def test_guesses_train_weigh_little_and_never_test() -> None:
    names = [f"s{i}" for i in range(12)]
    source = Made(
        [log(name, i) for i, name in enumerate(names)],
        [label(name, i % 2) for i, name in enumerate(names[:4])],
    )
    found = training_set(source, "frustration", weak=[failed, short], allow_leaks=True)
    weak = found["kind"] == "weak"
    assert weak.any()
    assert not found["may_test"][weak].any()
    assert found["may_test"][~weak].all()
    assert found["weight"][weak].max() <= WEIGHT < found["weight"][~weak].min()
    examples = found.examples()
    assert (examples.guessed == weak).all()
    assert np.isnan(examples["margin"]).all()
    assert not {"errors_after_act", "trouble_per_act"} & set(found.head.features)
    assert set(found["session"][~weak].tolist()) == set(names[:4])
    assert {one.name for one in found.functions} == {"failed", "short"}


def test_a_report_counts_coverage_conflicts_and_precision() -> None:
    nan = np.nan
    votes = np.array([[1, 1], [1, 0], [nan, 0], [1, nan], [nan, nan]])
    truth = np.array([1, 0, nan, 1, 1])
    first, second = reports([failed, short], votes, truth)
    assert (first.coverage, first.overlaps, first.conflicts) == (0.6, 0.4, 0.2)
    assert (first.judged, first.precision) == (3, pytest.approx(2 / 3))
    assert first.interval is not None
    assert first.interval[0] < 2 / 3 < first.interval[1]
    assert (second.judged, second.precision) == (2, 1.0)


def test_a_function_that_people_show_to_be_wrong_is_refused() -> None:
    names = [f"s{i}" for i in range(12)]
    liar = WeakLabel("liar", "frustration", ("pages",), lambda view: 1)
    source = Made([log(name, i) for i, name in enumerate(names)], [label(name, 0) for name in names])
    with pytest.raises(WatchworthyError, match="no better than chance") as error:
        training_set(source, "frustration", weak=[liar])
    assert error.value.where == "liar"
