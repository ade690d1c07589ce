"""A stream's rows are a function of its events, however they were cut into batches."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts import events as e
from data_contracts.events import CHANNELS
from data_contracts.order import merge
from data_contracts.recordings import read
from data_contracts.stream import ROWS_PER_SECOND, Stream

T = 1_750_000_000_000
SNAPSHOT = {
    "type": 2,
    "data": {"node": {"type": 0, "id": 1, "childNodes": [
        {"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [
            {"type": 2, "id": 3, "tagName": "body", "attributes": {}, "childNodes": [
                {"type": 2, "id": 4, "tagName": "button", "attributes": {"id": "b"}, "childNodes": []}]}]}]}},
}  # fmt: skip


def texts(events: list[dict]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


def rows_of(events: list[dict], *, stream: Stream | None = None) -> np.ndarray:
    stream = stream or Stream()
    stream.push(0, texts(events))
    return np.concatenate([stream.take_settled(), stream.waiting])


def fields(rows: np.ndarray, *names: str) -> list:
    return rows[list(names)].tolist()


def meta(t: int | None, href: str) -> dict:
    return {"type": 4, "data": {"href": href, "width": 800, "height": 600}, "timestamp": t}


def load(t: int, complete: bool = True) -> dict:
    return {"type": int(complete), "data": {}, "timestamp": t}


def move(t: int, *offsets: int, node: int = 4) -> dict:
    positions = [{"x": 1, "y": 2, "id": node, "timeOffset": offset} for offset in offsets]
    return {"type": 3, "data": {"source": 1, "positions": positions}, "timestamp": t}


def act(t: int, kind: int, **data: object) -> dict:
    return {"type": 3, "data": {"source": 2, "type": kind, "id": 4, **data}, "timestamp": t}


def custom(t: int, tag: str, **payload: object) -> dict:
    return {"type": 5, "data": {"tag": tag, "payload": payload}, "timestamp": t}


# Cutting


def cut_into(events: list[dict], sizes: list[int], take: list[bool]) -> tuple[np.ndarray, Stream]:
    """Push events in batches of these sizes, taking what has settled after some of them."""
    stream, taken, rest = Stream(), [], texts(events)
    seq = 0
    while rest:
        size = max(1, sizes[seq % len(sizes)])
        stream.push(seq, rest[:size])
        rest = rest[size:]
        if take[seq % len(take)]:
            before = stream.take_settled()
            assert before.size == 0 or before["t"].max() <= stream.clock.latest - 1_000
            taken.append(before)
        seq += 1
    rows = np.concatenate([*taken, stream.take_settled(), stream.waiting])
    assert np.all(np.diff(rows["t"]) >= 0)
    return rows, stream


EVENT_LISTS = st.lists(
    st.one_of(
        st.builds(
            move,
            st.integers(T, T + 5_000),
            st.integers(-900, 100),
            st.integers(-900, 0),
            node=st.integers(-1, 5),
        ),
        st.builds(act, st.integers(T, T + 9_000), st.integers(0, 11), x=st.floats(-9, 900), y=st.integers()),
        st.builds(act, st.sampled_from([None, "x", T - 10**9, T + 10**9, 253_402_300_799_000]), st.just(2)),
        st.builds(meta, st.integers(T, T + 9_000), st.sampled_from(["/a", "/b", "/a#x"])),
        st.builds(load, st.integers(T, T + 9_000), st.booleans()),
        st.builds(lambda t: {**SNAPSHOT, "timestamp": t}, st.integers(T, T + 9_000) | st.none()),
        st.builds(custom, st.integers(T, T + 9_000), st.sampled_from(["ww.page", "ww.tick", "mine"])),
        st.just({"type": 42, "timestamp": T}),
        st.just({"type": 3, "timestamp": T + 4_000, "data": {"source": 4, "width": "x"}}),
    ),
    max_size=25,
)


@given(EVENT_LISTS, st.lists(st.integers(1, 6), min_size=1), st.lists(st.booleans(), min_size=1))
def test_cutting_does_not_matter(events, sizes, take):
    whole = Stream()
    rows = rows_of(events, stream=whole)
    parts, stream = cut_into(events, sizes, take)
    for name in rows.dtype.names:
        assert rows[name].tobytes() == parts[name].tobytes(), name
    assert (stream.counts, stream.channels) == (whole.counts, whole.channels)
    assert (stream.pages, stream.elements) == (whole.pages, whole.elements)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_cutting_real_recordings_does_not_matter(some_recordings, shared, small, size):
    for path in [None, *some_recordings[:: 1 if size == 7 else 6]]:
        batches = read(path).batches if path else read(json.dumps(small).encode()).batches
        for batch in batches:
            whole, parts = Stream(), Stream()
            whole.push(0, batch.events)
            for seq, at in enumerate(range(0, len(batch.events), size)):
                parts.push(seq, batch.events[at : at + size])
            one, other = whole.waiting, parts.waiting
            assert all(one[name].tobytes() == other[name].tobytes() for name in one.dtype.names), path


@given(st.permutations([("a", 0), ("a", 1), ("b", 0), ("b", 1), ("c", 0)]), st.data())
def test_streams_merge_the_same_in_whatever_order_they_came(arrival, data):
    events = {name: data.draw(EVENT_LISTS) for name in "abc"}
    due: dict[str, dict[int, list[bytes]]] = {name: {} for name in "abc"}
    streams = {name: Stream(name) for name in "abc"}
    for name, seq in arrival:
        half = len(events[name]) // 2
        due[name][seq] = texts(events[name][half:] if seq else events[name][:half] if name != "c" else [])
        while (following := streams[name].next_seq) in due[name]:  # a late batch is waited for
            streams[name].push(following, due[name].pop(following))
    merged = merge({name: stream.waiting for name, stream in streams.items()})
    expected = {
        name: rows_of(given if name != "c" else [], stream=Stream(name)) for name, given in events.items()
    }
    again = merge(dict(reversed(expected.items())))
    assert all(merged[name].tobytes() == again[name].tobytes() for name in merged.dtype.names)


def test_batches_are_taken_in_order_only():
    stream = Stream("tab")
    stream.push(0, [])
    for seq in (0, 2):
        with pytest.raises(ValueError, match="number 1 is due"):
            stream.push(seq, [])


# Time


def test_positions_are_put_where_they_happened():
    rows = rows_of([act(T, 1), act(T + 300, 0), move(T + 500, -450, -400, 0)])
    assert fields(rows, "t", "kind") == [
        (T, e.PRESS),
        (T + 50, e.MOVE),
        (T + 100, e.MOVE),
        (T + 300, e.RELEASE),
        (T + 500, e.MOVE),
    ]


def test_no_row_lies_more_than_a_second_before_the_latest_event():
    rows = rows_of([act(T, 1), act(T + 5_000, 0), move(T + 5_000, -4_000, -1_000), act(T + 100, 2)])
    assert fields(rows, "t", "kind") == [
        (T, e.PRESS),
        (T + 4_000, e.MOVE),
        (T + 4_000, e.MOVE),
        (T + 4_000, e.CLICK),
        (T + 5_000, e.RELEASE),
    ]
    assert ((rows["flags"] & e.MOVED_IN_TIME) > 0).tolist() == [False, True, False, True, False]


def test_positions_from_the_future_happened_when_they_were_sent():
    assert rows_of([act(T, 1), move(T + 10, 10**9)])["t"].tolist() == [T, T + 10]


def test_what_waits_to_be_confirmed_is_not_pending():
    stream = Stream()
    stream.push(0, texts([act(T, 1), act(T + 10**8, 0)]))
    assert stream.waiting["kind"].tolist() == [e.PRESS]
    stream.push(1, texts([act(T + 10**8 + 5, 2)]))
    assert stream.waiting["kind"].tolist() == [e.PRESS, e.RELEASE, e.CLICK]


def test_a_snapshot_without_a_time_still_feeds_the_page_index():
    stream = Stream()
    rows = rows_of([{**SNAPSHOT, "timestamp": None}, act(T, 2, x=1, y=1)], stream=stream)
    assert fields(rows, "t", "kind") == [(T, e.SNAPSHOT), (T, e.CLICK)]
    assert rows["control"][1] == 4
    assert stream.counts.problems["no_timestamp"] == 1
    assert rows_of([{**SNAPSHOT, "timestamp": "now"}])["kind"].tolist() == [e.SNAPSHOT]


def test_rows_are_bounded_per_second_of_stream_time():
    many = [move(T, *[0] * 700) for _ in range(5)]
    mixed = [event for part in many for event in (part, act(T, 1))]
    for events, written in ((many, 5 * 700), (mixed, 5 * 701)):
        stream = Stream()
        rows = rows_of([*events, act(T + 2_000, 0)], stream=stream)
        assert rows.size == ROWS_PER_SECOND + 1
        assert stream.counts.problems["rows_dropped"] == written - ROWS_PER_SECOND


# Gaps


def test_a_gap_is_a_row_and_blinds_until_the_next_snapshot():
    stream = Stream()
    click = act(T + 5, 2, x=1, y=1)
    stream.push(0, texts([{**SNAPSHOT, "timestamp": T}, click]))
    stream.lose()
    stream.push(2, texts([click, {**SNAPSHOT, "timestamp": T + 9}, act(T + 10, 2)]))
    rows = stream.waiting
    assert rows["kind"].tolist() == [e.SNAPSHOT, e.CLICK, e.LOST, e.CLICK, e.SNAPSHOT, e.CLICK]
    assert (rows["flags"] & e.SIGHTED).tolist() == [1, 1, 0, 0, 1, 1]
    assert rows["control"].tolist() == [0, 4, 0, 0, 0, 4]


# Pages


@pytest.mark.parametrize(
    ("events", "addresses"),
    [
        ([meta(T, "/a"), meta(T + 1, "/a")], ["/a"]),  # a checkout
        ([meta(T, "/a"), meta(T + 1, "/b")], ["/a", "/b"]),
        ([meta(T, "/a"), meta(T + 1, "/a#part")], ["/a", "/a#part"]),
        ([meta(T, "/a"), load(T + 1, False), load(T + 2), meta(T + 3, "/a")], ["/a", "/a"]),  # a reload
        ([meta(T, "/a"), load(T + 2), meta(T + 3, "/a")], ["/a", "/a"]),
        # recording from DOMContentLoaded on: the load belongs to the page that is already there
        ([load(T, False), meta(T + 1, "/a"), load(T + 2), meta(T + 3, "/a")], ["/a"]),
        ([load(T, False), load(T), meta(T, "/a"), meta(T, "/a")], ["/a"]),
        ([meta(T, "/a"), custom(T + 1, "ww.page", href="/b"), meta(T + 2, "/b")], ["/a", "/b"]),
        ([meta(T, "/a"), custom(T + 1, "$pageview", href="/a")], ["/a"]),
    ],
)
def test_page_views_begin_where_they_do(events, addresses):
    stream = Stream()
    rows = rows_of(events, stream=stream)
    assert [page.address for page in stream.pages] == addresses
    opened = rows[rows["kind"] == e.PAGE]
    assert opened["value"].tolist() == opened["page"].tolist() == list(range(len(addresses)))


def test_rows_before_the_first_page_view_have_none():
    rows = rows_of([act(T, 1), meta(T + 1, "/a"), act(T + 2, 0)])
    assert fields(rows, "kind", "page") == [(e.PRESS, -1), (e.PAGE, 0), (e.RELEASE, 0)]


def test_fragments_tell_pages_apart_only_as_routes():
    digests = rows_of([meta(T, "/a"), meta(T, "/a#x"), meta(T, "/a#/x"), meta(T, "/a#/y")])["detail"]
    assert digests[0] == digests[1]
    assert len(set(digests.tolist())) == 3


# Rows


def test_the_small_recording_row_by_row(small):
    stream = Stream()
    rows = rows_of(small, stream=stream)
    told = rows[rows["kind"] != e.MOVE]
    names = [e.KINDS[kind] for kind in told["kind"].tolist()]
    assert names == [
        "load",
        "load",
        "page",
        "snapshot",
        "press",
        "release",
        "click",
        "change",
        "change",
        "focus",
        "input",
        "input",
        "input",
        "input",
        "input",
        "input",
        "click",
        "scroll",
        "selection",
        "console",
        "goal",
        "load",
        "load",
        "page",
        "snapshot",
        "touch_start",
        "touch_end",
        "resize",
    ]
    inputs = told[told["kind"] == e.INPUT]
    assert inputs["value"][:4].tolist() == [1, 3, 4, 5]  # UTF-16 code units of ä 😀 " \
    assert np.isnan(inputs["value"][4])
    assert inputs["flags"][4] & e.CHECKED
    assert inputs["value"][5] == len("large")
    clicks = told[told["kind"] == e.CLICK]
    assert [bool(flags & e.MOUSED) for flags in clicks["flags"]] == [True, False]
    assert [bool(flags & e.KEYED) for flags in clicks["flags"]] == [False, True]
    assert clicks["control"].tolist() == [5, 11]
    assert clicks["form"].tolist() == [0, 7]
    assert told[told["kind"] == e.SCROLL]["flags"][0] & e.WINDOW
    (line,) = told[told["kind"] == e.CONSOLE]
    assert line["value"] == 3
    assert {(0, 5), (0, 8), (0, 11), (1, 5)} <= stream.elements.keys()
    assert stream.elements[0, 5].tag == "button"
    channels = {CHANNELS[i] for i in range(16) if stream.channels >> i & 1}
    assert channels == {
        *("pointer", "presses", "input", "scroll", "page", "console", "goals", "selection", "touch")
    }


def test_masking_changes_no_row(small):
    def mask(value: object) -> object:
        if isinstance(value, dict):
            return {
                key: "*" * len(inner.encode("utf-16-le")[::2])
                if key in ("textContent", "value", "text") and isinstance(inner, str)
                else mask(inner)
                for key, inner in value.items()
            }
        return [mask(inner) for inner in value] if isinstance(value, list) else value

    one, other = rows_of(small), rows_of(mask(small))
    assert all(one[name].tobytes() == other[name].tobytes() for name in one.dtype.names)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"source": 7, "type": 2, "id": 4, "currentTime": 1.5}, (e.MEDIA, 4, 2.0)),
        ({"source": 14, "ranges": [{"start": 4, "startOffset": 1, "end": 4, "endOffset": 1}]},
         (e.SELECTION, 4, 0.0)),
        ({"source": 14, "ranges": []}, (e.SELECTION, 0, 0.0)),
        ({"source": 8, "id": 4, "adds": [{"rule": "a{}"}]}, (e.STYLE, 4, None)),
        ({"source": 13, "styleId": 3, "index": [0], "set": {}}, (e.STYLE, 0, None)),
        ({"source": 15, "id": 1, "styleIds": []}, (e.STYLE, 1, None)),
        ({"source": 10, "family": "x"}, (e.STYLE, 0, None)),
        ({"source": 9, "id": 4, "type": 0, "commands": []}, (e.CANVAS, 4, None)),
        ({"source": 11, "level": "warn", "trace": ["a"], "payload": []}, (e.CONSOLE, 0, 2.0)),
        ({"source": 16, "define": {"name": "x-y"}}, (e.STATUS, 0, 0.0)),
        ({"source": 2, "type": 5, "id": -1}, (e.FOCUS, 0, None)),
        ({"source": 2, "type": 7, "id": 2**40}, (e.TOUCH_START, 0, None)),
        ({"source": 2, "type": 77, "id": 4}, (e.STATUS, 0, 0.0)),
        ({"source": 6, "positions": [{"x": 1, "y": 1, "id": 4, "timeOffset": 0}]}, (e.TOUCH_MOVE, 4, None)),
        ({"source": 12, "positions": [{"x": 1, "y": 1, "id": 4}]}, (e.DRAG, 4, None)),
        ({"source": 3, "id": 4, "x": 1e300, "y": 0}, (e.STATUS, 0, e.NOT_UNDERSTOOD)),
    ],
)  # fmt: skip
def test_each_source_has_its_row(data, expected):
    stream = Stream()
    (row,) = rows_of([{"type": 3, "data": data, "timestamp": T}], stream=stream)
    value = None if np.isnan(row["value"]) else float(row["value"])
    assert (row["kind"], row["target"], value) == expected
    assert stream.counts.malformed == (1 if data.get("x") == 1e300 else 0)


def test_what_the_recorder_says_of_trust_is_kept():
    rows = rows_of([act(T, 2, isTrusted=True), act(T, 2, isTrusted=False), act(T, 2)])
    assert (rows["flags"] & (e.TRUSTED | e.UNTRUSTED)).tolist() == [e.TRUSTED, e.UNTRUSTED, 0]
    trigger = {"type": 3, "timestamp": T, "data": {"source": 5, "id": 4, "text": "a", "userTriggered": False}}
    assert rows_of([trigger])["flags"][0] & e.NOT_USER_TRIGGERED


def test_every_event_advances_time():
    rows = rows_of([{"type": 99, "timestamp": T}, {"type": 7, "data": {}, "timestamp": T + 5}])
    assert fields(rows, "t", "kind", "value") == [
        (T, e.STATUS, e.NOT_UNDERSTOOD),
        (T + 5, e.STATUS, 0.0),
    ]


def test_a_mutation_makes_few_rows():
    adds = [
        {"parentId": 3, "nextId": None, "node": {"type": 2, "id": 100 + i, "tagName": "p", "attributes": {}}}
        for i in range(40)
    ]
    texts_ = [{"id": 100 + i, "value": "x"} for i in range(40)]
    events = [
        {**SNAPSHOT, "timestamp": T},
        {"type": 3, "timestamp": T + 1, "data": {"source": 0, "texts": [], "adds": adds}},
        {"type": 3, "timestamp": T + 2, "data": {"source": 0, "texts": texts_}},
    ]
    rows = rows_of(events)
    changes = rows[rows["kind"] == e.CHANGE]
    assert changes[changes["t"] == T + 1]["value"].sum() == 40
    last = changes[changes["t"] == T + 2]
    assert 1 <= last.size <= 16
    assert last["value"].sum() == 40
