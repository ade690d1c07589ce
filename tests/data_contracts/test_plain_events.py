"""The compiled way turns events into the very bytes that the reference makes of them, or leaves them to it."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts import events as e
from data_contracts import plain_turns as plain
from data_contracts.batches import Cut
from data_contracts.recordings import read
from data_contracts.stream import Stream
from tests.data_contracts.page_edits import grown
from tests.data_contracts.pages import leaf, shop_page
from tests.data_contracts.test_stream import SNAPSHOT, T


class Reference(Stream):
    """A stream that takes every event the long way."""

    def _run(self, text: Any, spans: Any, first: int) -> int:
        return first


class Counted(Stream):
    """A stream that counts the events that it took the compiled way."""

    plain = 0
    rows: e.Events

    def _run(self, text: Any, spans: Any, first: int) -> int:
        at = super()._run(text, spans, first)
        self.plain += at - first
        return at


def told(stream: Stream) -> tuple[Any, ...]:
    """All that can be known of a stream."""
    rows = np.concatenate([stream.take_settled(), stream.waiting])
    counts = stream.counts
    met = (counts.events, counts.types, counts.sources, counts.unknown, counts.malformed, counts.problems)
    page = stream.index.freeze()
    return (
        rows.tobytes(),
        met,
        counts.malformed_example,
        stream.elements,
        stream.channels,
        stream.clock.latest,
        page,
    )


def both(batches: list[list[bytes]]) -> Counted:
    """Send the same batches both ways, and compare after each."""
    quick, slow = Counted(), Reference()
    for seq, events in enumerate(batches):
        quick.push(seq, events)
        slow.push(seq, events)
    seen = told(quick)
    assert seen == told(slow)
    quick.rows = np.frombuffer(seen[0], e.EVENT)
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
ID = some(st.integers(0, 12))
LEAF = st.fixed_dictionaries(
    {
        "type": st.sampled_from([2, 2, 2, 3]),
        "tagName": st.sampled_from(["div", "p", "main", "form", "button", "my-element"]),
        "attributes": st.sampled_from(
            [{}, {"id": "pay"}, {"class": "error"}, {"role": "alert"}, {"name": "a", "data-testid": "b"}, {"x": 1}]
        ),
        "textContent": st.text("ab{ü", max_size=3),
        "childNodes": st.just([]),
        "id": ID,
    },
    optional={"odd": ODD},
)  # fmt: skip
GROWN = LEAF | st.tuples(LEAF, st.lists(LEAF, max_size=25)).map(lambda t: {**t[0], "childNodes": t[1]})
VALUE = st.one_of(
    st.sampled_from(["error", "is-hidden", "btn", "display: none", "true", "", 0, {"display": "none"}]),
    st.sampled_from([None, False, True]),
    st.text(max_size=4),
    st.dictionaries(st.sampled_from(["color", "cursor"]), st.sampled_from(["pointer", False, ["red", ""]])),
)  # fmt: skip
NAMED = st.dictionaries(
    st.sampled_from(
        ["class", "style", "id", "name", "href", "checked", "open", "aria-expanded", "data-state", "hidden", "ü", ""]
    ),
    VALUE,
    max_size=3,
)  # fmt: skip
TEXT = st.fixed_dictionaries({"id": ID, "value": some(st.text(max_size=3))})
ATTRIBUTES = st.fixed_dictionaries({"id": ID, "attributes": some(NAMED)})
REMOVAL = st.fixed_dictionaries({"parentId": ID, "id": ID}, optional={"isShadow": st.booleans()})
ADDITION = st.fixed_dictionaries(
    {"parentId": ID, "nextId": some(st.none() | ID), "node": some(GROWN)},
    optional={"previousId": st.none() | ID},
)
MUTATION = st.fixed_dictionaries(
    {"source": st.just(0)},
    optional={
        "texts": some(st.lists(TEXT, max_size=4)),
        "attributes": some(st.lists(ATTRIBUTES, max_size=4)),
        "removes": some(st.lists(REMOVAL, max_size=4)),
        "adds": some(st.lists(ADDITION, max_size=6)),
        "isAttachIframe": ODD,
    },
)
DATA = st.one_of(
    MUTATION,
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
MUTATING = st.fixed_dictionaries({"type": st.just(3), "data": MUTATION, "timestamp": TIME})


@st.composite
def texts(draw: st.DrawFn, event: st.SearchStrategy[dict[str, Any]] = EVENT) -> list[bytes]:
    """Events as text: members in any order, with or without spaces, escaped or not, cut short now and then."""
    found = []
    for one in draw(st.lists(event, max_size=8)):
        names = draw(st.permutations(list(one)))
        spaced = draw(st.booleans())
        text = json.dumps(
            {name: one[name] for name in names},
            ensure_ascii=draw(st.booleans()),
            indent=1 if spaced else None,
            separators=None if spaced else (",", ":"),
        ).encode("utf-8", "surrogatepass")
        if draw(st.integers(0, 15)) == 0:
            at = draw(st.integers(0, len(text)))
            text = (
                text[:at]
                + draw(st.sampled_from([b"", b'"', b"}", b",", b"\\", b"\xff", b" ", b"\\ud83d", b"{"]))
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


LONG = {"type": 3, "id": 99, "textContent": 5_000 * "-"}
ROOMY = [
    json.dumps(
        {"type": 3, "data": {"source": 0, "adds": [{"parentId": 3, "node": LONG}]}, "timestamp": T}
    ).encode()
]
"""Makes the page move to larger arrays, which the reference alone does."""


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
        {
            "source": 0,
            "texts": [{"id": 4, "value": "größer"}],
            "attributes": [],
            "removes": [],
            "adds": [],
        },
        {"source": 0, "attributes": [{"id": 4, "attributes": {"class": "a", "style": {"color": False}}}]},
        {"source": 0, "attributes": [{"id": 4, "attributes": {"aria-expanded": "true"}}]},
        {
            "source": 0,
            "removes": [{"parentId": 3, "id": 4}],
            "adds": [{"parentId": 3, "nextId": None, "node": {"type": 3, "textContent": "ü", "id": 40}}],
        },
    ],
)
def test_what_browsers_write_is_plain(data: dict[str, Any]) -> None:
    text = json.dumps({"type": 3, "data": data, "timestamp": T + 1}).encode()
    assert both([OPENING, ROOMY, [text]]).plain == 1


@given(st.lists(texts(MUTATING), max_size=6))
def test_odd_mutations_turn_into_the_same_bytes(batches: list[list[bytes]]) -> None:
    both([OPENING, ROOMY, *batches])


def plain_text(t: int, **data: Any) -> bytes:
    return json.dumps(
        {"type": 3, "data": data, "timestamp": t}, separators=(",", ":"), ensure_ascii=False
    ).encode()


def test_mutations_that_grow_and_replace_a_page_turn_into_the_same_bytes() -> None:
    chance = random.Random(5)
    shop = {"type": 2, "data": {"node": shop_page()}, "timestamp": T}
    texts = [plain_text(T + 400 * i, source=0, **data) for i, data in enumerate(grown(chance, 300))]
    presses = [
        plain_text(T + 400 * i + 1, source=2, type=1, id=chance.randrange(1, 60), x=1, y=2)
        for i in range(300)
    ]
    mixed = [text for pair in zip(texts, presses, strict=True) for text in pair]
    stream = both([[OPENING[0], json.dumps(shop).encode()], *(mixed[i : i + 7] for i in range(0, 600, 7))])
    assert stream.plain > 550


def test_a_view_that_is_replaced_is_so_the_compiled_way() -> None:
    def view(first: int) -> list[dict[str, Any]]:
        return [
            {"parentId": 3, "nextId": None, "node": leaf(n, "p")} for n in range(first, first + 30)
        ]  # fmt: skip

    gone = [{"parentId": 3, "id": n} for n in [4, 5, 6, *range(100, 130)]]
    again = [{"parentId": 3, "id": n} for n in range(200, 230)]
    stream = both(
        [
            OPENING,
            ROOMY,
            [plain_text(T + 1_000, source=0, adds=view(100))],
            [plain_text(T + 3_000, source=0, removes=gone)],
            [plain_text(T + 3_500, source=0, adds=view(200), texts=[{"id": 3, "value": ""}])],
            [plain_text(T + 9_000, source=0, removes=again, adds=view(200))],
        ]
    )  # fmt: skip
    rows = stream.rows
    assert [bool(row["flags"] & e.NEW_PAGE) for row in rows[rows["kind"] == e.CHANGE]][-2:] == [True, False]
    assert stream.plain == 3


def test_a_view_that_left_is_remembered_by_a_thawed_stream() -> None:
    node = {"parentId": 3, "node": {**leaf(50, "p"), "childNodes": [leaf(n, "p") for n in range(51, 90)]}}
    stream = Counted(names=False)
    batches = [
        [*OPENING, *ROOMY],
        [plain_text(T + 1_000, source=0, adds=[node])],
        [plain_text(T + 3_000, source=0, removes=[{"parentId": 3, "id": 50}])],
    ]
    for seq, events in enumerate(batches):
        stream.push(seq, events)
    frozen = stream.freeze()
    assert frozen is not None
    thawed = Stream.thaw(frozen)
    for one in (stream, thawed):
        one.push(3, [plain_text(T + 3_500, source=0, adds=[node])])
    seen = told(stream)
    assert told(thawed) == seen
    assert np.frombuffer(seen[0], e.EVENT)["flags"][-1] & e.NEW_PAGE
    assert stream.index.freeze() == thawed.index.freeze()


def test_many_sources_end_in_one_row_the_compiled_way() -> None:
    boxes = [{"parentId": 3, "nextId": None, "node": leaf(n, "p")} for n in range(100, 140)]
    stream = both(
        [
            OPENING,
            ROOMY,
            [plain_text(T, source=0, adds=boxes)],
            [plain_text(T + 9_000, source=0, texts=[{"id": n, "value": "x"} for n in range(100, 140)])],
        ]
    )
    rows = stream.rows
    changes = rows[(rows["kind"] == e.CHANGE) & (rows["t"] == T + 9_000)]
    assert changes["value"].tolist() == [1] * 15 + [25]
    assert stream.plain == 1


def test_names_are_those_of_the_page_at_the_time_of_the_act() -> None:
    stream = both(
        [
            OPENING,
            [
                plain_text(T + 1, source=2, type=1, id=4, x=1, y=2),
                plain_text(T + 2, source=0, attributes=[{"id": 4, "attributes": {"id": "later"}}]),
                plain_text(T + 3, source=2, type=2, id=4, x=1, y=2),
                plain_text(T + 4, source=0, removes=[{"parentId": 3, "id": 4}]),
                plain_text(T + 5, source=2, type=0, id=4, x=1, y=2),
            ],
        ]
    )
    assert stream.elements[0, 4].name == "button #b"


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
