"""Every trace goes through one instrument: one viewport, whole pixels, rrweb's own sampling."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.events import CLICK, EVENT, MOVE, PAGE, PRESS, RELEASE
from pipelines.datasets.recordings import person
from pipelines.datasets.traces import HEIGHT, THROTTLE_MS, WIDTH, Trace, recorded, throttled, window


@st.composite
def traces(draw):
    n = draw(st.integers(1, 80))
    gaps = draw(st.lists(st.integers(0, 120), min_size=n, max_size=n))
    spot = st.floats(-50, 5000, width=32)
    return Trace(
        "drawn",
        draw(st.text(max_size=3)),
        "p",
        "human",
        np.cumsum(gaps).astype("i8"),
        np.array(draw(st.lists(spot, min_size=n, max_size=n)), "f4"),
        np.array(draw(st.lists(spot, min_size=n, max_size=n)), "f4"),
        np.array(draw(st.lists(st.sampled_from([MOVE, MOVE, PRESS, RELEASE]), min_size=n, max_size=n)), "u1"),
    )


@given(traces(), st.integers(0, 3))
def test_one_instrument(trace, seed):
    rows = recorded(trace, seed)
    assert rows.dtype == EVENT
    assert rows["kind"][0] == PAGE
    body = rows[1:]
    assert (np.diff(rows["t"]) >= 0).all()
    assert (body["x"] == np.round(body["x"])).all()
    assert ((body["x"] >= 0) & (body["x"] <= WIDTH) & (body["y"] >= 0) & (body["y"] <= HEIGHT)).all()
    moves = body["t"][body["kind"] == MOVE]
    assert (np.diff(moves) >= THROTTLE_MS).all()
    for kind in (PRESS, RELEASE):
        assert (body["kind"] == kind).sum() == (trace.kind == kind).sum()
    assert (body["kind"] == CLICK).sum() <= (trace.kind == RELEASE).sum()
    assert np.array_equal(rows, recorded(trace, seed))


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=200))
def test_the_throttle_is_rrwebs(times):
    t = np.sort(np.array(times))
    last, expected = -(10**9), []
    for now in t.tolist():
        passes = now - last >= THROTTLE_MS
        expected.append(passes)
        last = now if passes else last
    assert throttled(t).tolist() == expected


def test_a_window_holds_its_part():
    trace = Trace(
        "d", "s", "p", "human", np.arange(0, 1000, 100), *[np.zeros(10, "f4")] * 2, np.full(10, MOVE, "u1")
    )
    assert window(trace, 200, 500).t.tolist() == [200, 300, 400]


def test_one_person_however_numbered():
    assert {person(name) for name in ("user62", "user62.1", "user62.2")} == {"user62"}
