"""Every recording decodes, and what was counted equals a count made with plain `json`."""

import gzip
import json
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from data_contracts import events as e
from data_contracts.counts import NAMES_KEPT, Counts
from data_contracts.decoder import Decoder, Skipped
from data_contracts.recordings import read


def plain_events(path: Path) -> list[dict]:
    """Events of a recording by plain Python, with an unwrapping of its own."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data.startswith(b'{"segment_id"'):
        data = zlib.decompress(data.split(b"\n", 1)[1])
    value = json.loads(data)
    if isinstance(value, dict):
        if "properties" in value:
            value = value["properties"]["$snapshot_data"]
        else:
            value = value.get("events", [value])
    return [
        json.loads(zlib.decompress(event.encode("latin-1"))) if isinstance(event, str) else event
        for event in value
    ]


def test_counts_of_every_recording_equal_those_of_plain_json(real_recordings, small, tmp_path, shared):
    made = tmp_path / "made.json"
    made.write_text(json.dumps({"events": small}))
    for path in [made, *real_recordings]:
        recording = read(path)
        assert recording.problems == [], path
        decoded = recording.decode()
        events = plain_events(path)
        types = Counter(event["type"] for event in events)
        sources = Counter(event["data"]["source"] for event in events if event["type"] == 3)
        counts = decoded.counts
        assert counts.events == len(events), path
        assert (counts.types, counts.sources) == (types, sources), path
        assert (counts.malformed, counts.unknown_events) == (0, 0), (path, counts.malformed_example)
        assert decoded.rows.size >= len(events) - counts.problems["clock_outlier"] - 1, path
        assert np.all(np.diff(decoded.rows["t"]) >= 0), path


def test_rows_of_every_recording_match_its_interactions(some_recordings, shared):
    """Presses, clicks and inputs by plain `json` are as many as their rows: nothing is lost or made twice."""
    kinds = {0: e.RELEASE, 1: e.PRESS, 2: e.CLICK, 4: e.DOUBLE_CLICK, 7: e.TOUCH_START, 9: e.TOUCH_END}
    for path in some_recordings:
        decoded = read(path).decode()
        if decoded.counts.problems["clock_outlier"] or decoded.counts.problems["rows_dropped"]:
            continue
        data = [event["data"] for event in plain_events(path) if event["type"] == 3]
        expected = Counter(kinds[d["type"]] for d in data if d["source"] == 2 and d["type"] in kinds)
        expected[e.INPUT] = sum(d["source"] == 5 for d in data)
        expected[e.MOVE] = sum(len(d["positions"]) for d in data if d["source"] == 1)
        found = Counter(kind for kind in decoded.rows["kind"].tolist() if kind in expected)
        assert found == +expected, path


def decode(*texts: str | bytes) -> tuple[list, Counts]:
    counts = Counts()
    decoder = Decoder(counts)
    return [decoder.decode(t.encode() if isinstance(t, str) else t) for t in texts], counts


def test_unknown_types_sources_and_fields_are_counted_by_name():
    events, counts = decode(
        '{"type": 99, "timestamp": 5}',
        '{"type": 3, "data": {"source": 77}, "timestamp": 6}',
        '{"type": 4, "data": {"href": "/", "frob": {"a": [1]}}, "timestamp": 7, "nick": 1}',
        '{"type": 3, "timestamp": 8, "data": {"source": 3, "id": 1, "x": 0, "y": 9, "smooth": true}}',
        '{"type": 4, "data": {"href": "/"}, "timestamp": 9, "sessionId": "s", "_sid": 4, "delay": 1}',
    )
    assert events[:2] == [Skipped(5), Skipped(6)]
    assert (events[2].data.href, events[3].data.y, events[4].timestamp) == ("/", 9, 9)
    assert counts.unknown == {
        "type 99": 1,
        "source 77": 1,
        "field $.data.frob": 1,
        "field $.nick": 1,
        "field $.data.smooth": 1,
    }
    assert (counts.unknown_events, counts.malformed, counts.events) == (2, 0, 5)


def test_unknown_names_are_bounded():
    _, counts = decode(*(f'{{"type": {i}, "timestamp": 1}}' for i in range(100, 300)))
    assert (len(counts.unknown), counts.unknown["(other)"]) == (NAMES_KEPT + 1, 200 - NAMES_KEPT)


@pytest.mark.parametrize(
    ("text", "example"),
    [
        (
            '{"type": 3, "data": {"source": 3, "id": 1, "x": "1", "y": 2}, "timestamp": 3}',
            "$.events[1].data.x: Expected `float`, got `str`",
        ),
        (
            '{"type": 3, "data": {"source": 1, "positions": [{"x": 1, "y": null, "id": 3}]}, "timestamp": 3}',
            "$.events[1].data.positions[0].y: Expected `float`, got `null`",
        ),
        ('{"type": 2, "timestamp": 3}', "$.events[1].data: Expected `object`, got `null`"),
        ('{"type": "x, "timestamp": 3}', "$.events[1]: JSON is malformed (byte 14)"),
        ('{"timestamp": 3}', "$.events[1].type: Expected `int`, the type of an event"),
        ("[3]", "$.events[1]: Expected `object`, an event"),
        ('{"type": 3, "data": 7, "timestamp": 3}', "$.events[1].data: Expected `object`, got `int`"),
    ],
)
def test_malformed_events_are_counted_with_the_place_of_the_first(text, example):
    (_, skipped, _), counts = decode('{"type": 0, "data": {}, "timestamp": 1}', text, text)
    assert isinstance(skipped, Skipped)
    assert (counts.malformed, counts.malformed_example) == (2, example)


def test_times_that_are_no_numbers_are_none_and_the_event_stands():
    events, counts = decode(
        *(
            f'{{"type": 4, "data": {{"href": "/"}}, "timestamp": {time}}}'
            for time in ("null", '"2026-01-01"', "{}", "true")
        ),
        '{"type": 4, "data": {"href": "/"}}',
    )
    assert [(event.timestamp, event.data.href) for event in events] == [(None, "/")] * 5
    assert counts.malformed == 0


def test_half_a_surrogate_pair_keeps_the_length_of_a_text():
    text = (
        r'{"type": 3, "data": {"source": 5, "id": 8, "text": "a\ud83d\\ud83d\ud83d\ude00"}, "timestamp": 1}'
    )
    rows = read(text.encode()).decode().rows
    assert rows["value"].tolist() == [len(r"a.\ud83d..")]


def test_a_page_too_deep_for_recursion_is_handed_on_whole():
    node = '{"type":2,"id":2,"tagName":"p","attributes":{},"childNodes":[' * 700 + "]}" * 700
    (snapshot, mutation), counts = decode(
        '{"type": 2, "data": {"node": NODE}, "timestamp": 1}'.replace("NODE", node),
        '{"type": 3, "timestamp": 2, "data": {"source": 0, "texts": [{"id": 4, "value": "x"}],'
        ' "adds": [{"parentId": 9, "nextId": null, "node": NODE}]}}'.replace("NODE", node),
    )
    assert bytes(snapshot.data.node).decode() == node
    assert [(add.parentId, bytes(add.node).decode()) for add in mutation.data.adds] == [(9, node)]
    assert [text.id for text in mutation.data.texts] == [4]
    assert counts.malformed == 0
