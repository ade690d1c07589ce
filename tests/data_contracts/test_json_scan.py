import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.errors import WatchworthyError
from data_contracts.json_scan import Break, Scan
from data_contracts.plain_json import BAD
from data_contracts.scrub import scrub_and_cut

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


def pieces(text: bytes) -> list[bytes]:
    return [text[begin:end] for begin, end in Scan(text).elements(0)]


@given(st.lists(VALUES), st.sampled_from([None, 2]), st.booleans())
def test_elements_are_those_of_json(values, indent, ascii_only):
    text = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert [json.loads(piece) for piece in pieces(text)] == values


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), VALUES))
def test_members_are_those_of_json(values):
    text = json.dumps(values).encode()
    scan = Scan(text)
    members = {key: json.loads(text[begin : scan.skip(begin)]) for key, begin in scan.members(0)}
    assert members == values
    assert scan.end == len(text)


@given(st.lists(VALUES, max_size=6), st.data())
def test_a_damaged_text_is_judged_as_json_judges_it(values, data):
    text = bytearray(json.dumps(values).encode())
    at = data.draw(st.integers(0, len(text) - 1))
    how = data.draw(st.sampled_from(["cut", "replace", "drop"]))
    if how == "cut":
        del text[at:]
    elif how == "replace":
        text[at] = data.draw(st.sampled_from(b'{}[],:"\\019etx \x02'))
    else:
        del text[at]
    text = bytes(text)
    try:
        json.loads(text, parse_constant=lambda name: 1 / 0)
        sound = True
    except (ValueError, ZeroDivisionError):
        sound = False
    broken = None
    try:
        end = Scan(text).skip(Scan(text).skip_space(0))
    except Break as caught:
        broken = caught
    assert (broken is None and end == len(text.rstrip())) == sound
    if broken is not None:
        assert 0 <= broken.at <= len(text)
        assert not broken.cut or broken.at == len(text)


def test_what_came_before_a_break_is_given_first():
    text = b'[{"a": 1}, 2, {"b": nul}, 4]'
    elements = Scan(text).elements(0)
    assert [text[slice(*next(elements))] for _ in range(2)] == [b'{"a": 1}', b"2"]
    with pytest.raises(Break) as caught:
        next(elements)
    assert (caught.value.at, caught.value.cut) == (text.index(b"}, 4"), False)


def test_many_elements_are_found_in_several_calls():
    text = json.dumps(list(range(20_000))).encode()
    assert [int(piece) for piece in pieces(text)] == list(range(20_000))
    lines = "\n".join(map(str, range(20_000))).encode()
    assert [int(lines[begin:end]) for begin, end in Scan(lines).documents(0)] == list(range(20_000))


def test_a_member_that_was_walked_is_not_walked_again():
    text = b'{"a": [1, 2], "b": {"c": [3]}, "d": 4}'
    scan = Scan(text)
    seen = []
    for key, begin in scan.members(0):
        seen.append(key)
        if key == "a":
            list(scan.elements(begin))
        elif key == "b":
            seen += [inner for inner, _ in scan.members(begin)]
    assert seen == ["a", "b", "c", "d"]


def test_depth_is_bounded_and_memory_is_not_needed_for_it():
    text = b"[" * 50 + b"]" * 50
    assert Scan(text, depth=50).skip(0) == 100
    with pytest.raises(WatchworthyError, match="input_too_deep"):
        Scan(text, depth=49).skip(0)


STAMPED = b'{"type":3,"data":{},"timestamp":%d}'


@pytest.mark.parametrize(
    ("text", "times"),
    [
        (b"[" + b",".join(STAMPED % t for t in (5, 9, 7)) + b"]", (5, 7, 9)),
        (b"[ " + STAMPED % 5 + b" ,\n" + STAMPED % 6 + b" ] \n", (5, 6, 6)),
        (b"[" + b",".join([STAMPED % 5] * 5) + b"]", None),
        (b"[]", None),
        (b"", None),
        (b" [" + STAMPED % 5 + b"]", None),
        (STAMPED % 5, None),
        (b"[" + STAMPED % 5, None),
        (b"[" + STAMPED % 5 + b"]]", None),
        (b"[" + STAMPED % 5 + b",]", None),
        (b'["' + STAMPED % 5 + b'"]', None),
        (b'[{"timestamp":5,"type":3}]', None),
        (b'[{"data":[[[[]]]],"timestamp":5}]', None),
    ],
)
def test_an_array_of_events_is_cut_in_one_go_as_the_scan_cuts_it(
    text: bytes, times: tuple[int, int, int] | None
) -> None:
    spans = np.empty((4, 2), np.int64)
    _, count, *found = scrub_and_cut(bytearray(text), 3, spans)
    if times is None:
        assert count == BAD
    else:
        assert tuple(found) == times
        assert spans[:count].tolist() == Scan(text, 3).spans(0, 4).tolist()
