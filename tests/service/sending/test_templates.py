"""Templates hold placeholders and nothing else; what could not be filled is refused when it is made."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.errors import WatchworthyError
from pipelines.store.store import Store
from service.sending.templates import check, fill
from tests.service.sending.receiver import Receiver
from tests.service.sending.sender import flag, send, sent_until, states, webhook

CAPTURE = {
    "api_key": "phc_1",
    "event": "watchworthy {type}",
    "distinct_id": "{visitor}",
    "properties": {
        "worth": "{worth}",
        "issue": "{issue}",
        "said": "{{{headline}}}",
        "list": [1, "{session_id}"],
    },
    "timestamp": "{timestamp}",
    "uuid": "{id}",
}


def test_scores_reach_a_collector_in_its_own_shape_and_signed(store: Store) -> None:
    with Receiver() as receiver:
        one, theirs = webhook(store, receiver.url, fields=CAPTURE)
        message = flag(visitor="ada", issue='rage "x" {y}', headline="h")
        send(store, 0, message)
        sent_until(store, lambda: states(store, one) == ["sent"])
    (came,) = receiver.came
    assert came.verified(theirs.secret) == {
        "api_key": "phc_1",
        "event": "watchworthy flag.raised",
        "distinct_id": "ada",
        "properties": {"worth": 0.5, "issue": 'rage "x" {y}', "said": "{h}", "list": [1, "s"]},
        "timestamp": json.loads(message.body)["timestamp"],
        "uuid": message.id,
    }


def test_the_key_of_a_collector_does_not_lie_open_on_the_disk(store: Store) -> None:
    one, theirs = webhook(store, "http://127.0.0.1:9/token-of-theirs", fields=CAPTURE)
    held = b"".join(path.read_bytes() for path in store.folder.glob("store.db*"))
    assert one.name.encode() in held
    assert b"token-of-theirs" not in held
    assert b"phc_1" not in held
    assert theirs.secret.removeprefix("whsec_").encode() not in held


@pytest.mark.parametrize(
    ("fields", "topics", "said"),
    [
        ({}, ["flag.raised"], "empty"),
        ({"a": "{bot}"}, ["flag.raised"], "no field of flag.raised"),
        ({"a": {"b": ["{visitor}", "{session_id.x}"]}}, ["flag.raised"], r"\$\.a\.b\[1\]"),
        ({"a": "{session_id}"}, ["flag.raised", "alert.fired"], "no field of alert.fired"),
        ({"a": "{__class__}"}, ["flag.raised"], "no field"),
        ({"a": "{worth!r}"}, ["flag.raised"], "no field"),
        ({"a": "{worth:>9999999}"}, ["flag.raised"], "no field"),
        ({"a": "{}"}, ["flag.raised"], "no field"),
        ({"a": "}"}, ["flag.raised"], "brace"),
        ({"a": "{worth"}, ["flag.raised"], "brace"),
        ({"a": "x" * 9_000}, ["flag.raised"], "longer"),
        ({"a": "{worth}" * 300}, ["flag.raised"], "placeholders"),
        ({"a": [[[[[[[[[1]]]]]]]]]}, ["flag.raised"], "deeper"),
        ({"a": "\ud800"}, ["flag.raised"], "cannot be written"),
    ],
)
def test_what_could_not_be_filled_is_refused(fields: dict[str, Any], topics: list[str], said: str) -> None:
    with pytest.raises(WatchworthyError, match=said) as refused:
        check(fields, topics)
    assert refused.value.code == "webhook_wrong"


def test_what_is_not_known_is_null_and_inside_a_text_nothing() -> None:
    body = msgspec.json.encode({"type": "flag.raised", "data": {"worth": None}})
    assert fill({"a": "{worth}", "b": "<{worth}{issue}>"}, "m", body) == b'{"a":null,"b":"<>"}'


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["{worth}", "{x", "{{}}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_what_is_not_refused_can_be_filled(fields: dict[str, Any]) -> None:
    body = msgspec.json.encode({"type": "flag.raised", "data": {"worth": 0.25}})
    try:
        check(fields, ["flag.raised"])
    except WatchworthyError:
        return
    assert set(json.loads(fill(fields, "m", body))) == set(fields)


@given(st.text())
def test_what_a_page_says_is_never_read_as_a_template(said: str) -> None:
    body = msgspec.json.encode({"type": "flag.raised", "data": {"headline": said, "issue": "{worth}"}})
    made = json.loads(fill({"a": "{headline}", "b": "-{headline}{issue}"}, "m", body))
    assert made["a"] == said
    assert made["b"] == f"-{said}{{worth}}"
