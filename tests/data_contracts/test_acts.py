"""Acts of sources without a DOM become the same rows."""

import json
import math

import msgspec
import pytest

from data_contracts import events as e
from data_contracts.acts import ACTS, Acts, element_id
from data_contracts.events import CHANNELS, KINDS
from data_contracts.recordings import read

T = 1_750_000_000_000
SESSION = [
    {"type": "screen", "t": T, "name": "Basket", "width": 390, "height": 844},
    {"type": "tap", "t": T + 100, "x": 20, "y": 30, "element": "pay", "control": True, "hold": 80},
    {"type": "tap", "t": T + 200, "x": 20, "y": 30, "element": "logo", "control": False},
    {"type": "swipe", "t": T + 300, "x": 20, "y": 30, "distance": 240, "duration": 180},
    {"type": "pinch", "t": T + 900, "scale": 1.5},
    {"type": "rotate", "t": T + 1_000, "degrees": 90},
    {"type": "background", "t": T + 1_100},
    {"type": "foreground", "t": T + 9_000},
    {"type": "input", "t": T + 9_100, "element": "code", "length": 6, "secret": True, "form": "card"},
    {"type": "input", "t": T + 9_200, "element": "terms", "checked": True},
    {"type": "click", "t": T + 9_300, "element": "pay", "by": "keyboard"},
    {"type": "scroll", "t": T + 9_400, "y": 500},
    {"type": "submit", "t": T + 9_500, "form": "card"},
    {"type": "request", "t": T + 9_900, "duration": 400, "status": 503, "address": "/pay?x=1"},
    {"type": "error", "t": T + 9_901, "name": "pay"},
    {"type": "page", "t": T + 9_950, "href": "https://shop.example/thanks"},
    {"type": "goal", "t": T + 9_960, "name": "paid"},
]

# What answered a tap is not in the contract, so it is unknown.
UNTOLD = e.SIGHTED | e.UNSEEN_EFFECT
TOLD = UNTOLD | e.KNOWN


def decoded(acts: list[dict], **more: object):
    return read(json.dumps({"source": "ios", "acts": acts, **more}).encode()).decode()


def test_each_act_has_its_row():
    rows = decoded(SESSION).rows
    assert [KINDS[kind] for kind in rows["kind"].tolist()] == [
        "page",
        "tap",
        "tap",
        "swipe",
        "touch_end",
        "pinch",
        "rotate",
        "visibility",
        "visibility",
        "input",
        "input",
        "click",
        "scroll",
        "submit",
        "request",
        "console",
        "page",
        "goal",
    ]
    by_kind = {kind: rows[rows["kind"] == kind] for kind in set(rows["kind"].tolist())}
    assert by_kind[e.TAP]["target"].tolist() == [element_id("pay"), element_id("logo")]
    assert by_kind[e.TAP]["control"].tolist() == [element_id("pay"), 0]
    assert by_kind[e.TAP]["flags"].tolist() == [TOLD | e.IS_CONTROL, TOLD]
    assert by_kind[e.TAP]["value"][0] == 80
    assert (by_kind[e.SWIPE]["t"][0], by_kind[e.TOUCH_END]["t"][0]) == (T + 300, T + 480)
    assert by_kind[e.VISIBILITY]["value"].tolist() == [0, 1]
    assert by_kind[e.INPUT]["value"][0] == 6
    assert math.isnan(by_kind[e.INPUT]["value"][1])
    assert by_kind[e.INPUT]["flags"].tolist() == [
        UNTOLD | e.IS_SECRET | e.IS_FIELD,
        UNTOLD | e.IS_CHOICE | e.CHECKED,
    ]
    assert by_kind[e.CLICK]["flags"][0] == UNTOLD | e.KEYED
    assert by_kind[e.SCROLL]["flags"][0] == UNTOLD | e.WINDOW
    assert by_kind[e.SUBMIT]["form"][0] == by_kind[e.INPUT]["form"][0] == element_id("card")
    assert by_kind[e.PAGE]["page"].tolist() == [0, 1]


def test_a_source_of_acts_says_what_it_cannot_see():
    (stream,) = decoded(SESSION).streams.values()
    channels = {CHANNELS[i] for i in range(len(CHANNELS)) if stream.channels >> i & 1}
    assert "acts" in channels
    assert "page" not in channels
    assert stream.elements[0, element_id("pay")].name == "pay"
    assert [page.address for page in stream.pages] == ["Basket", "https://shop.example/thanks"]


def test_one_act_a_line_and_batches_give_the_same_rows(same):
    whole = decoded(SESSION).rows
    lines = "\n".join(map(json.dumps, SESSION)).encode()
    assert same(read(lines).decode().rows, whole)
    batches = [{"stream": "a", "seq": i, "acts": SESSION[6 * i : 6 * i + 6]} for i in (2, 0, 1)]
    assert same(read("\n".join(map(json.dumps, batches)).encode()).decode().rows, whole)


def test_names_are_the_same_elements_everywhere():
    assert element_id("pay") == element_id("pay")
    assert 0 < element_id("pay") < 2**31
    assert element_id("") == 0


@pytest.mark.parametrize(
    ("act", "unknown", "malformed"),
    [
        ({"type": "wink", "t": T}, {"act wink": 1}, ""),
        ({"type": "tap", "t": T, "force": 3}, {"field $.force": 1}, ""),
        ({"type": "tap", "t": "noon"}, {}, "$.events[0]: Expected"),
        ({"type": "tap"}, {}, "$.events[0]: Object missing required field `t`"),
        ({"type": "tap", "t": T, "hold": -1}, {}, "$.events[0].hold: Expected `float` >= 0.0"),
    ],
)
def test_what_does_not_fit_is_counted(act, unknown, malformed):
    counts = decoded([act]).counts
    assert counts.unknown == unknown
    assert counts.malformed_example.startswith(malformed)
    assert bool(counts.malformed) == bool(malformed)


def test_the_contract_takes_its_own_example():
    document = {"source": "ios", "acts": SESSION}
    acts = msgspec.convert(document, Acts)
    assert {type(act) for act in acts.acts} == set(ACTS)
    assert decoded(SESSION).counts.acts.total() == len(SESSION)
