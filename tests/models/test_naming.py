"""Elements without a name of their own are told apart by their place, as far as the recording knows it."""

from __future__ import annotations

import json

from data_contracts.batches import MAIN, Batch
from data_contracts.order import IDLE_MS
from features.log import sessions_of
from models.naming import called


def element(number: int, tag: str, *children: dict[str, object], **attributes: str) -> dict[str, object]:
    return {"type": 2, "id": number, "tagName": tag, "attributes": attributes, "childNodes": list(children)}


def test_the_second_of_two_nameless_buttons_is_called_so() -> None:
    form = element(
        4, "form", element(5, "button"), element(6, "button"), **{"aria-label": "checkout", "id": "checkout"}
    )
    aside = element(7, "div", element(8, "button"), element(9, "button", id="apply"))
    tree = {"type": 0, "id": 1, "childNodes": [element(2, "html", element(3, "body", form, aside))]}
    events = [
        {"type": 4, "timestamp": 1_000, "data": {"href": "https://a.example/", "width": 900, "height": 700}},
        {"type": 2, "timestamp": 1_001, "data": {"node": tree, "initialOffset": {"top": 0, "left": 0}}},
    ]
    batch = Batch(MAIN, 0, [json.dumps(event).encode() for event in events])
    session = sessions_of([batch], "one", None, IDLE_MS)[0]
    names = [called(session.element(0, node)) for node in (5, 6, 8)]
    assert names[:2] == ["first button in form #checkout", "second button in form #checkout"]
    assert names == [called(session.element(0, node, brief=True)) for node in (5, 6, 8)]
    full, brief = session.element(0, 9), session.element(0, 9, brief=True)
    assert (full.selector, brief.selector) == ("#apply", ""), "it has a name of its own, so nothing counts it"
    assert called(full) == called(brief) == "button #apply"
    assert names[2] == session.element(0, 8).name, "alone below its parent: there is nothing to count"
