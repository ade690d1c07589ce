"""Horizons: an abstention catches nobody, small cells stay blank, people count once."""

import numpy as np
import pytest

from data_contracts.events import EVENT, MOVE, PAGE
from models.operating_points import exact_interval
from pipelines.datasets.evasion import TRICKS, tricked
from pipelines.datasets.examples import AT, BASELINE, MARGIN, NUMBERS, TEXTS, Examples
from pipelines.datasets.horizons import cohort
from pipelines.datasets.traces import Trace
from pipelines.training.alive import FEWEST, cohorts, horizons
from pipelines.training.evaluate import alike


def examples(rows: list[dict[str, object]]) -> Examples:
    columns = {name: np.array([str(row.get(name, "")) for row in rows]) for name in TEXTS}
    columns |= {
        name: np.array([int(str(row.get(name, 0))) for row in rows], "i8") for name in (*NUMBERS, *BASELINE)
    }
    columns[MARGIN] = np.array([float(str(row["margin"])) for row in rows])
    return Examples(("a",), np.zeros((len(rows), 1), "f4"), columns)


def row(margin: float, label: int, n: int, **more: object) -> dict[str, object]:
    told = {"use": AT, "source": "lab", "family": "tool" if label else "human", "session": f"{label}{n}"}
    return told | {
        "label": label, "margin": margin, "answered": 1, "positions": 90, "acts": 9, "at_s": 10,
        "person": "" if label else f"p{n % 30}", "recorder": "rrweb", "cohort": "mouse",
    } | more  # fmt: skip


def test_abstentions_and_thin_evidence_are_not_caught() -> None:
    rows = [row(5.0, 1, n) for n in range(20)]
    rows += [row(5.0, 1, 20 + n, answered=0) for n in range(10)]
    rows += [row(5.0, 1, 30 + n, positions=20, acts=4) for n in range(10)]
    rows += [row(-2.0, 0, n) for n in range(30)]
    of = examples(rows)
    tool, people = horizons(of, of[MARGIN], 1.0)[::-1]
    assert (tool["family"], tool["n"], tool["caught"]) == ("tool", 40, 0.5)
    assert tool["caught_interval"] == exact_interval(20, 40)
    assert tool["auc"] == pytest.approx(0.75), "an abstention stands below every person"
    assert (people["people"], people["caught"]) == (30, 0.0)


def test_a_person_counts_once_and_small_cells_stay_blank() -> None:
    rows = [row(3.0, 0, 0, session=f"s{n}") for n in range(5)] + [row(-2.0, 0, n) for n in range(30)]
    rows += [row(5.0, 1, n) for n in range(FEWEST - 1)]
    of = examples(rows)
    found = {cell["family"]: cell for cell in horizons(of, of[MARGIN], 1.0)}
    assert found["people"]["caught"] == pytest.approx(1 / 30)
    assert "caught" not in found["tool"]
    told = {
        (cell["cohort"], cell["label"]): cell
        for cell in cohorts(examples([r | {"at_s": 0} for r in rows]), of[MARGIN], 1.0)
    }
    assert told["mouse", 0]["people"] == 30
    assert told["touch", 0]["n"] == 0


def test_what_is_moved_with_is_read_off_the_rows() -> None:
    rows = np.zeros(3, EVENT)
    rows["kind"] = PAGE, MOVE, MOVE
    assert [cohort(rows, False), cohort(rows, True), cohort(rows[:1], False)] == ["mouse", "zoom", "keyboard"]


def test_tricks_leave_a_trace_in_order_and_its_presses_whole() -> None:
    rng = np.random.default_rng(1)
    n = 400
    kind = np.where(np.arange(n) % 40 == 39, 2, 1).astype("u1")
    trace = Trace(
        "x", "s", "", "linear", np.arange(n) * 16, rng.random(n).astype("f4") * 900, np.ones(n, "f4"), kind
    )
    for trick in TRICKS:
        made = tricked(trace, trick, 3)
        assert (np.diff(made.t) >= 0).all(), trick.name
        assert (made.kind == 2).sum() == (kind == 2).sum()
        assert len(made.t) == len(made.x) == len(made.kind)
    assert (tricked(trace, TRICKS[0], 3).x == trace.x).all()
    assert len(tricked(trace, next(t for t in TRICKS if t.overshoot == 0.8), 3).t) > n


def test_people_of_two_recorders_are_told_apart_only_beyond_luck() -> None:
    people = [row(-2.0, 0, n, recorder="one") for n in range(20)]
    few = [*people, *(row(5.0 if n == 0 else -2.0, 0, n, person=f"q{n}", recorder="two") for n in range(20))]
    found = alike(examples(few), examples(few)[MARGIN], 1.0, ("recorder",))
    assert found["compared"] == 2
    assert found["alike"]
    most = [*people, *(row(5.0 if n < 10 else -2.0, 0, n, person=f"q{n}", recorder="two") for n in range(20))]
    found = alike(examples(most), examples(most)[MARGIN], 1.0, ("recorder",))
    assert not found["alike"]
    assert alike(examples(people), examples(people)[MARGIN], 1.0, ("recorder",)) == {}
