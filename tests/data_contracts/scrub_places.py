"""Where texts stand in events: in fields, whose values are masked whatever they hold, and elsewhere."""

import json

from tests.data_contracts.conftest import incremental

CARD, EMAIL, SECRET = "4111 1111 1111 1111", "joe@shop.example", "hunter2"


def element(name: str, **attributes: str) -> dict[str, object]:
    named = {key.strip("_").replace("_", "-"): value for key, value in attributes.items()}
    return {"type": 2, "tagName": name, "attributes": named, "childNodes": [], "id": 9}


def snapshot(node: object) -> dict[str, object]:
    return {"type": 2, "data": {"node": {"type": 0, "childNodes": [node], "id": 1}}, "timestamp": 1}


def mutation(**lists: object) -> dict[str, object]:
    return incremental(1, 0, **lists)


def custom(payload: object) -> dict[str, object]:
    return {"type": 5, "data": {"tag": "t", "payload": payload}, "timestamp": 1}


def plugin(name: str, payload: object) -> dict[str, object]:
    return {"type": 6, "data": {"plugin": name, "payload": payload}, "timestamp": 1}


FIELDS = {
    "typed": lambda text: incremental(1, 5, id=3, text=text),
    "input": lambda text: snapshot(element("input", value=text, type="text")),
    "input without a type": lambda text: snapshot(element("input", value=text)),
    "hidden input": lambda text: snapshot(element("input", type="hidden", value=text)),
    "range": lambda text: snapshot(element("input", type="range", value=text)),
    "textarea": lambda text: snapshot(element("textarea", value=text)),
    "select": lambda text: snapshot(element("select", value=text)),
    "added input": lambda text: mutation(adds=[{"parentId": 1, "node": element("input", value=text)}]),
    "changed value": lambda text: mutation(attributes=[{"id": 4, "attributes": {"value": text}}]),
    "content of a textarea": lambda text: snapshot(
        {**element("textarea"), "childNodes": [{"type": 3, "textContent": text, "id": 5}]}
    ),
    "member of a payload": lambda text: custom({"user": {"password": text}}),
    "header": lambda text: plugin("rrweb/network@1", {"requests": [{"requestHeaders": {"Cookie": text}}]}),
}
TEXT_PLACES = {
    "text": lambda text: snapshot({"type": 3, "textContent": text, "id": 5}),
    "changed text": lambda text: mutation(texts=[{"id": 5, "value": text}]),
    "title": lambda text: snapshot(element("p", title=text)),
    "value of a button": lambda text: snapshot(element("input", value=text, type="button")),
    "value of an option": lambda text: snapshot(element("option", value=text)),
    "changed attribute": lambda text: mutation(attributes=[{"id": 4, "attributes": {"aria-label": text}}]),
    "address": lambda text: {"type": 4, "data": {"href": text, "width": 1, "height": 1}, "timestamp": 1},
    "custom event": lambda text: custom(text),
    "deep in a custom event": lambda text: custom({"a": [{"b": text}]}),
    "console": lambda text: plugin("rrweb/console@1", {"level": "log", "payload": [json.dumps(text)]}),
    "line of a script": lambda text: plugin("rrweb/console@1", {"level": "log", "trace": [text]}),
    "request": lambda text: plugin("rrweb/network@1", {"requests": [{"name": text, "status": 200}]}),
    "console of 1.x": lambda text: incremental(1, 11, level="log", payload=[text], trace=[text]),
    "canvas": lambda text: incremental(1, 9, id=4, commands=[{"property": "fillText", "args": [text, 1, 2]}]),
    "unknown type": lambda text: {"type": 77, "data": {"x": text}, "timestamp": 1},
    "act": lambda text: {"type": "page", "href": text, "t": 1},
}
