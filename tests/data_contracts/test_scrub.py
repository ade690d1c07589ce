"""The scrub of generated events, wrapped, packed or damaged, against the scrub in plain Python."""

import json
import random
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.compression import Budget
from data_contracts.errors import WatchworthyError
from data_contracts.formats import contents
from data_contracts.json_scan import Break, Scan
from data_contracts.limits import LIMITS
from data_contracts.scrub import SCRUB_VERSION, Scrubbed, scrub, scrub_event
from data_contracts.turns import text_length
from tests.data_contracts.conftest import Recorded, incremental, latin, posthog_cv, to_json
from tests.data_contracts.plain_scrub import event
from tests.data_contracts.scrub_places import EMAIL, FIELDS, SECRET, mutation
from tests.data_contracts.test_scrub_texts import TEXTS

# Generated events

NUMBERS = st.integers(-(10**6), 10**18)
ATTRIBUTE_VALUES = st.dictionaries(
    st.sampled_from(
        ["value", "rr_value", "id", "class", "href", "title", "alt", "data-x", "data-testid", "d", "src"]
    ),
    TEXTS,
    max_size=4,
)
TYPES = st.sampled_from(
    [{}, {"type": "text"}, {"type": "password"}, {"type": "Button"}, {"type": "range"}, {"type": ""}]
)
FACTS = st.builds(lambda kind, values: {**values, **kind}, TYPES, ATTRIBUTE_VALUES)
WORDS = st.builds(lambda text, number: {"type": 3, "textContent": text, "id": number}, TEXTS, NUMBERS)


def tag(name: str, facts: object, children: object) -> dict[str, object]:
    return {"type": 2, "tagName": name, "attributes": facts, "childNodes": children, "id": 7}


NODES = st.recursive(
    WORDS
    | st.builds(tag, st.sampled_from(["textarea", "TEXTAREA"]), FACTS, st.lists(WORDS, max_size=2))
    | st.builds(tag, st.sampled_from(["input", "select"]), FACTS, st.just([])),
    lambda inner: st.builds(
        tag, st.sampled_from(["div", "button", "option"]), FACTS, st.lists(inner, max_size=3)
    ),
    max_leaves=6,
)
ANYTHING = st.recursive(
    TEXTS | NUMBERS | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "url", "value", "text", "password", "user_token", "key", "card number"]),
            inner,
        )
    ),
    max_leaves=6,
)
STYLE = st.just({"style": {"color": EMAIL}})
DATA = st.one_of(
    st.builds(lambda text: {"source": 5, "id": 3, "text": text, "isChecked": False}, TEXTS),
    st.builds(lambda node: {"node": node, "initialOffset": {"left": 0, "top": 0}}, NODES),
    st.builds(lambda node: {"source": 0, "adds": [{"parentId": 4, "nextId": None, "node": node}]}, NODES),
    st.builds(
        lambda facts, text: {
            "source": 0,
            "attributes": [{"id": 4, "attributes": facts}],
            "texts": [{"id": 5, "value": text}],
            "removes": [],
        },
        FACTS | STYLE,
        TEXTS,
    ),
    st.builds(lambda text: {"href": text, "width": 1, "height": 2}, TEXTS),
    st.builds(lambda payload: {"tag": EMAIL, "payload": payload}, ANYTHING),
    st.builds(lambda rule: {"source": 8, "id": 4, "adds": [{"rule": rule, "index": 0}]}, TEXTS),
    st.builds(lambda trace: {"plugin": "rrweb/console@1", "payload": {"level": "log", "trace": [trace]}}, TEXTS),
    st.builds(lambda value: {"source": 9, "args": [value], "property": "fillText"}, ANYTHING),
)  # fmt: skip
EVENTS = st.builds(
    lambda data, extra: {"type": 3, "data": data, "timestamp": 1_750_000_000_000, **extra},
    DATA,
    st.just({}) | st.builds(lambda text: {"sessionId": text, "note": text}, TEXTS),
)


def shuffled(value: object, order: random.Random) -> object:
    """The same JSON with the members of every object in another order."""
    if isinstance(value, dict):
        members = [(key, shuffled(one, order)) for key, one in value.items()]
        order.shuffle(members)
        return dict(members)
    return [shuffled(one, order) for one in value] if isinstance(value, list) else value


@given(
    st.lists(EVENTS, max_size=3), st.sampled_from([None, 1]), st.booleans(), st.integers(0, 99), st.booleans()
)
def test_events_are_scrubbed_as_in_plain_python(events, indent, ascii_only, seed, lines):
    if seed:
        events = shuffled(events, random.Random(seed))
    dumped = [json.dumps(one, indent=indent, ensure_ascii=ascii_only) for one in events]
    before = ("\n".join(dumped) if lines else "[" + ",".join(dumped) + "]").encode()
    text = bytearray(before)
    done = scrub(text)
    assert done.walked
    assert len(text) == len(before)
    after = [json.loads(bytes(text[slice(*span)])) for span in spans(text, lines)]
    assert after == [event(one) for one in events]
    assert (text != before) == (sum(done[1:]) > 0)
    once = bytes(text)
    assert scrub(text) == Scrubbed(True)
    assert text == once


def spans(text: bytearray, lines: bool) -> list[tuple[int, int]]:
    scan = Scan(bytes(text))
    return list(scan.documents(0) if lines else scan.elements(0))


@given(st.binary(max_size=24), st.booleans())
def test_bytes_that_are_no_text_keep_their_length_and_tell_nothing(raw, cut):
    inner = bytes(byte for byte in raw if byte >= 32 and byte not in b'"\\') + (b"\xf0\x9f" if cut else b"")
    text = bytearray(b'[{"type":3,"data":{"source":5,"id":1,"text":"' + inner + b'"},"timestamp":1}]')
    before = bytes(text)
    assert scrub(text).walked
    after = bytes(text[45 : 45 + len(inner)])
    assert text_length(b'"' + after + b'"') == text_length(b'"' + inner + b'"')
    assert len(text) == len(before)
    assert sound(after) == sound(inner)
    assert set(after) <= set("*·•🞄".encode() + b"\xc0\xff")
    assert scrub(text) == Scrubbed(True)


def sound(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


# Wrappers and packing


def with_secrets(events: Recorded) -> Recorded:
    texts = [{"id": 14, "value": f"mail {EMAIL}"}]
    change = mutation(texts=texts, attributes=[], removes=[], adds=[])
    last = events[-1]["timestamp"]
    return [*events, {**change, "timestamp": last + 1}, incremental(last + 2, 5, id=8, text=SECRET)]


def told(events: list[bytes]) -> list[object]:
    return [
        {k: v for k, v in json.loads(bytes(one)).items() if k not in ("v", "cv", "windowId")}
        for one in events
    ]


def test_events_in_a_plain_wrapper_are_scrubbed(small, wrap):
    events = with_secrets(small)
    text = bytearray(wrap(events))
    done = scrub(text)
    if done.walked and not done.packed:
        batches, problems = contents(bytes(text))
        assert not problems
        assert told([one for batch in batches for one in batch.events]) == [event(one) for one in events]
    else:  # then it says so, and what is packed is as it was
        assert contents(bytes(text)).batches


def test_a_packed_event_is_unpacked_and_scrubbed(small):
    budget = Budget(LIMITS)
    for one in with_secrets(small):
        packed = to_json(latin(zlib.compress(to_json({**one, "v": "v1"}).encode()))).encode()
        for text in (
            packed,
            to_json(to_json(one)).encode(),
            to_json(posthog_cv(one)).encode(),
            to_json(one).encode(),
        ):
            after = scrub_event(text, budget)
            assert told([after]) == [event(one)]
            assert scrub(bytearray(b"[" + after + b"]")) == Scrubbed(True)


def test_what_is_packed_is_counted_and_left(small):
    for packed in (
        [latin(zlib.compress(to_json(one).encode())) for one in small],
        [to_json(one) for one in small],
    ):
        before = to_json(packed).encode()
        text = bytearray(before)
        assert scrub(text) == Scrubbed(True, packed=len(small))
        assert text == before
    packed = [posthog_cv(one) for one in with_secrets(small)]
    text = bytearray(to_json(packed).encode())
    strings = sum(isinstance(one["data"], str) or isinstance(one["data"].get("texts"), str) for one in packed)
    fields = sum(
        isinstance(one["data"], dict) and isinstance(one["data"].get("attributes"), str) for one in packed
    )
    assert scrub(text).packed == strings + fields > 4
    assert [one for one in json.loads(text) if "cv" in one] == [one for one in packed if "cv" in one]


# What is not JSON


def test_bytes_cannot_be_masked_in_place():
    with pytest.raises(TypeError, match="writable"):
        scrub(b"[]")


def test_any_writable_buffer_will_do():
    before = to_json([incremental(1, 5, id=3, text=SECRET)]).encode()
    for text in (
        bytearray(before),
        memoryview(bytearray(before)),
        np.frombuffer(bytearray(before), np.uint8),
    ):
        assert scrub(text).inputs == 1
        assert SECRET.encode() not in bytes(text)
    assert scrub(bytearray()) == scrub(bytearray(b" \n")) == Scrubbed(True)
    assert SCRUB_VERSION == 1


@given(st.lists(EVENTS, min_size=1, max_size=2), st.data())
def test_it_walks_what_is_json_and_nothing_else(events, data):
    text = bytearray(json.dumps(events).encode())
    at = data.draw(st.integers(0, len(text) - 1))
    how = data.draw(st.sampled_from(["cut", "replace", "drop"]))
    if how == "cut":
        del text[at:]
    elif how == "replace":
        text[at] = data.draw(st.sampled_from(b'{}[],:"\\019etx. \x02'))
    else:
        del text[at]
    try:
        list(Scan(bytes(text)).documents(0))
        walkable = True
    except (Break, WatchworthyError):
        walkable = False
    length = len(text)
    assert scrub(text).walked == walkable
    assert len(text) == length


def test_what_comes_before_a_break_is_masked():
    events = [place(SECRET) for place in FIELDS.values()]
    whole = to_json(events).encode()
    for at in range(1, len(whole)):
        text = bytearray(whole[:at])
        assert not scrub(text).walked
        spoken = text.find(SECRET.encode() + b'"')
        assert spoken < 0, bytes(text[spoken - 40 : spoken + 40])
