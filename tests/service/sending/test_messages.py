"""Messages keep to their contract, and say of a decision what is new in it."""

import msgspec
import pytest

from data_contracts.messages import FIELDS, KINDS, DecisionWritten, Message
from service.sending.messages import message_id, of_decision, outgoing

WRITTEN = DecisionWritten(
    session_id="s", site="default", visitor="ada", decision_id="de_1", verdict="automation", bot=0.9
)


@pytest.mark.parametrize(
    "one", of_decision(msgspec.structs.replace(WRITTEN, flagged=True), 1), ids=lambda one: one.topic
)
def test_a_message_is_what_its_contract_says(one) -> None:  # type: ignore[no-untyped-def]
    message = msgspec.json.decode(one.body, type=Message)
    assert (type(message.data).topic, message.timestamp) == (one.topic, "1970-01-01T00:00:00.001Z")
    told = msgspec.json.decode(one.body)["data"]
    assert set(told) == set(FIELDS[one.topic]), "what is not known is there, as null"
    assert (told["session_id"], told["visitor"], told["decision_id"]) == ("s", "ada", "de_1")


def test_the_contract_knows_each_topic_once() -> None:
    assert len({kind.topic for kind in KINDS}) == len(KINDS) == 5


@pytest.mark.parametrize(
    ("before", "was_flagged", "flagged", "topics"),
    [
        ("automation", False, False, ["decision.written"]),
        ("undetermined", False, False, ["decision.written", "verdict.changed"]),
        ("automation", False, True, ["decision.written", "flag.raised"]),
        ("automation", True, True, ["decision.written"]),
        ("automation", True, False, ["decision.written"]),
    ],
)
def test_only_what_is_new_is_said(before, was_flagged, flagged, topics) -> None:  # type: ignore[no-untyped-def]
    written = msgspec.structs.replace(WRITTEN, flagged=flagged)
    assert [one.topic for one in of_decision(written, 1, before, was_flagged)] == topics


def test_an_id_is_of_its_own_or_of_what_it_tells_of() -> None:
    assert outgoing(WRITTEN, 1).id != outgoing(WRITTEN, 1).id
    assert (
        outgoing(WRITTEN, 1, "de_1").id
        == outgoing(WRITTEN, 2, "de_1").id
        == message_id("decision.written", "de_1")
    )
    assert message_id("decision.written", "de_1") != message_id("flag.raised", "de_1")
    assert "." not in message_id("a.b", "c.d")
