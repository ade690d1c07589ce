"""In each place of an event the scrub masks what it must, however it is written, and leaves the rest."""

import json

import pytest

from data_contracts.lexicon import ATTRIBUTES, STATE_ATTRIBUTES
from data_contracts.scrub import Scrubbed, scrub
from data_contracts.scrub_words import LEFT_ATTRIBUTES
from tests.data_contracts.conftest import incremental, to_json
from tests.data_contracts.scrub_places import CARD, EMAIL, FIELDS, SECRET, TEXT_PLACES, element, snapshot

WRITTEN = {
    "plain": lambda one: to_json(one),
    "ascii": lambda one: json.dumps(one),
    "slashes": lambda one: to_json(one).replace("/", "\\/"),
    "escaped": lambda one: (
        to_json(one).replace("4111", "\\u0034111").replace("@", "\\u0040").replace("r2", "\\u00722")
    ),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("place", FIELDS.values(), ids=FIELDS)
def test_a_field_is_masked_whatever_it_holds(place, write):
    text = bytearray(write([place(f"{SECRET} ä€😀\n{CARD}")]).encode())
    done = scrub(text)
    assert done.walked
    assert done.inputs + done.secrets == 1
    left = json.dumps(json.loads(text), ensure_ascii=False)
    assert not any(one in left for one in (SECRET, "hunt", CARD, "1111", "ä", "€", "😀"))
    assert scrub(text) == Scrubbed(True)


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("place", TEXT_PLACES.values(), ids=TEXT_PLACES)
def test_a_text_keeps_all_but_what_is_masked(place, write):
    said = f"/x?lang=de&token={SECRET} paid {CARD} mail {EMAIL} öä"
    text = bytearray(write([place(said)]).encode())
    done = scrub(text)
    here = 2 if said in json.dumps(place(said), ensure_ascii=False).replace(said, "", 1) else 1
    assert done == Scrubbed(True, cards=here, emails=here, secrets=here)
    masked = (
        said.replace(SECRET, "*******")
        .replace("1111", "****")
        .replace("4****", "****")
        .replace("4111", "****")
    )
    assert json.loads(text) == [place(masked.replace(EMAIL, "*" * len(EMAIL)))]


@pytest.mark.parametrize("name", sorted(LEFT_ATTRIBUTES - {"type"}))
def test_what_names_and_draws_an_element_is_left(name):
    before = to_json([snapshot({**element("p"), "attributes": {name: f"{CARD} {EMAIL} ?token=a"}})]).encode()
    text = bytearray(before)
    assert scrub(text) == Scrubbed(True)
    assert text == before


def test_what_facts_stand_on_is_left():
    assert {*ATTRIBUTES[1:], *STATE_ATTRIBUTES} <= LEFT_ATTRIBUTES


@pytest.mark.parametrize("kind", ["button", "submit", "reset", "checkbox", "radio", "image", "RADIO"])
def test_what_the_page_wrote_on_a_control_is_left(kind):
    first = {"type": kind, "value": "Pay now"}
    for facts in (first, dict(reversed(first.items()))):
        text = bytearray(to_json([snapshot({**element("input"), "attributes": facts})]).encode())
        before = bytes(text)
        assert scrub(text) == Scrubbed(True)
        assert text == before


@pytest.mark.parametrize("text", ["*******", "•••", "**••", "\\u2022\\u002A", "", "🞄·"])
def test_what_is_masked_already_is_left(text):
    before = f'[{{"type":3,"data":{{"source":5,"id":1,"text":"{text}"}},"timestamp":1}}]'.encode()
    after = bytearray(before)
    assert scrub(after) == Scrubbed(True)
    assert after == before


def test_a_style_sheet_is_left():
    sheet = {
        **element("style"),
        "childNodes": [{"type": 3, "textContent": f"a{{content:'{EMAIL}'}}", "id": 5}],
    }
    rule = incremental(1, 8, adds=[{"rule": f"a{{content:'{EMAIL}'}}"}], replace=EMAIL)
    text = bytearray(to_json([snapshot(sheet), rule]).encode())
    assert scrub(text) == Scrubbed(True)
