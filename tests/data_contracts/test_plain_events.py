"""The compiled way turns events into the very bytes that the reference makes of them, or leaves them to it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts import plain_turns as plain
from data_contracts.batches import Cut
from data_contracts.recordings import read
from data_contracts.stream import Stream
from tests.data_contracts.test_stream import SNAPSHOT, T


class Reference(Stream):
    """A stream that takes every event the long way."""

    def _run(self, text: Any, spans: Any, first: int) -> int:
        return first


class Counted(Stream):
    """A stream that counts the events that it took the compiled way."""

    plain = 0

    def _run(self, text: Any, spans: Any, first: int) -> int:
        at = super()._run(text, spans, first)
        self.plain += at - first
        return at


def told(stream: Stream) -> tuple[Any, ...]:
    """All that can be known of a stream."""
    rows = np.concatenate([stream.take_settled(), stream.pending()])
    counts = stream.counts
    met = (counts.events, counts.types, counts.sources, counts.unknown, counts.malformed, counts.problems)
    return rows.tobytes(), met, counts.malformed_example, stream.elements, stream.channels, stream.latest


def both(batches: list[list[bytes]]) -> Counted:
    """Send the same batches both ways, and compare after each."""
    quick, slow = Counted(), Reference()
    for seq, events in enumerate(batches):
        quick.push(seq, events)
        slow.push(seq, events)
    assert told(quick) == told(slow)
    return quick


def test_recordings_of_every_recorder_turn_into_the_same_bytes(some_recordings: list[Path]) -> None:
    events = plain_ones = 0
    for path in some_recordings:
        streams: dict[str, tuple[Counted, Reference]] = {}
        for batch in read(path).batches:
            pair = streams.setdefault(batch.stream, (Counted(), Reference()))
            for stream in pair:
                if batch.seq > stream.next_seq:
                    stream.lose(batch.seq)
                stream.push(batch.seq, batch.events)
        for quick, slow in streams.values():
            assert told(quick) == told(slow), path
            events += quick.counts.events
            plain_ones += quick.plain
    assert plain_ones > 0.4 * events


WHOLE = st.integers(-3, 30) | st.integers(-(2**62), 2**62)
NUMBER = WHOLE | st.floats(-2000, 2000) | st.sampled_from(
    [0.1, 123.33333587646484, 16777217, 16777216.999999998, 33554433.0, 1e300, -0.0, 5e-7, 0.30000001192092896]
)  # fmt: skip
ODD = st.none() | st.booleans() | st.text(max_size=3) | st.just([]) | st.just({})
LATER = st.integers(T, T + 20_000)
LEAPING = st.integers(T - 90_000, T + 90_000) | st.just(T + 3_000_000) | st.floats(T - 9, T + 9) | ODD
TIME = st.integers(0, 19).flatmap(lambda n: LEAPING if n == 0 else LATER)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly such values, sometimes something else."""
    return st.integers(0, 39).flatmap(lambda n: ODD if n == 0 else NUMBER if n == 1 else values)


NODE = some(st.integers(0, 6))
POSITION = st.fixed_dictionaries(
    {"x": some(NUMBER), "y": some(NUMBER)},
    optional={"id": NODE, "timeOffset": some(NUMBER.filter(lambda n: abs(n) < 5_000)), "more": ODD},
)
RANGE = st.fixed_dictionaries(
    {name: some(st.integers(0, 4)) for name in ("start", "startOffset", "end", "endOffset")}
)
TRUST = {"isTrusted": some(st.booleans())}
DATA = st.one_of(
    st.fixed_dictionaries(
        {"source": st.sampled_from([1, 6, 12]), "positions": some(st.lists(POSITION, max_size=4))},
        optional=TRUST | {"extra": ODD},
    ),
    st.fixed_dictionaries(
        {"source": st.just(2), "type": some(st.integers(0, 11))},
        optional=TRUST
        | {"id": NODE, "x": some(NUMBER), "y": some(NUMBER), "pointerType": some(st.integers(-1, 3))},
    ),
    st.fixed_dictionaries({"source": st.just(3), "id": NODE, "x": NUMBER, "y": NUMBER}, optional=TRUST),
    st.fixed_dictionaries(
        {"source": st.just(5), "id": NODE},
        optional=TRUST
        | {
            "text": some(st.text(max_size=5)),
            "isChecked": some(st.booleans()),
            "userTriggered": st.booleans(),
        },
    ),
    st.fixed_dictionaries({"source": st.just(14), "ranges": some(st.lists(RANGE, max_size=3))}),
    st.fixed_dictionaries({"source": some(st.sampled_from([*range(-1, 19)]))}),
)
EVENT = st.fixed_dictionaries(
    {"type": some(st.just(3)), "data": some(DATA), "timestamp": TIME},
    optional={"delay": WHOLE, "sessionId": st.text("ab-é", max_size=4)},
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> list[bytes]:
    """Events as text: members in any order, with or without spaces, escaped or not, cut short now and then."""
    found = []
    for event in draw(st.lists(EVENT, max_size=8)):
        names = draw(st.permutations(list(event)))
        spaced = draw(st.booleans())
        text = json.dumps(
            {name: event[name] for name in names},
            ensure_ascii=draw(st.booleans()),
            indent=1 if spaced else None,
            separators=None if spaced else (",", ":"),
        ).encode("utf-8", "surrogatepass")
        if draw(st.integers(0, 15)) == 0:
            at = draw(st.integers(0, len(text)))
            text = (
                text[:at]
                + draw(st.sampled_from([b"", b'"', b"}", b",", b"\\", b"\xff", b" "]))
                + text[at + 1 :]
            )
        found.append(text)
    return found


PAGE = json.loads(json.dumps(SNAPSHOT))
BODY = PAGE["data"]["node"]["childNodes"][0]["childNodes"][0]["childNodes"]
BODY += [
    {"type": 2, "id": 5, "tagName": "select", "attributes": {"name": "size"}, "childNodes": []},
    {"type": 2, "id": 6, "tagName": "input", "attributes": {"type": "checkbox"}, "childNodes": []},
]
OPENING = [
    json.dumps({"type": 4, "data": {"href": "/", "width": 9, "height": 9}, "timestamp": T}).encode(),
    json.dumps(PAGE | {"timestamp": T}).encode(),
]


@given(st.booleans(), st.lists(texts(), max_size=4))
def test_odd_events_turn_into_the_same_bytes(sighted: bool, batches: list[list[bytes]]) -> None:
    both([OPENING if sighted else OPENING[:1], *batches])


@pytest.mark.parametrize(
    "data",
    [
        {"source": 2, "type": 1, "id": 4, "x": 1.5, "y": 2},
        {"source": 1, "positions": [{"x": 123.33333587646484, "y": 2, "id": 4, "timeOffset": -50}]},
        {"source": 5, "id": 5, "text": 'a\u00e9\\n"', "isChecked": False},
        {"source": 3, "id": 1, "x": 0, "y": 300.5},
        {"source": 14, "ranges": [{"start": 4, "startOffset": 0, "end": 4, "endOffset": 2}]},
    ],
)
def test_what_browsers_write_is_plain(data: dict[str, Any]) -> None:
    text = json.dumps({"type": 3, "data": data, "timestamp": T + 1}).encode()
    assert both([OPENING, [text]]).plain == 1


def test_more_rows_than_the_room_holds_are_turned_in_turns() -> None:
    one = {"source": 1, "positions": [{"x": n, "y": n, "id": 4, "timeOffset": -n} for n in range(200)]}
    text = json.dumps({"type": 3, "data": one, "timestamp": T + 1}).encode()
    assert both([OPENING, [text] * (3 * plain.ROOM_ROWS // 200)]).counts.events > 10


def test_events_cut_out_of_a_text_are_a_sequence() -> None:
    cut = Cut.of([b"one", b"", b"three"])
    assert list(cut) == [b"one", b"", b"three"] == cut
    assert cut[1:] == [b"", b"three"]
    assert bytes(cut[-1]) == b"three"
    assert cut != [b"one"]
    assert (len(cut), cut.size) == (3, 8)
