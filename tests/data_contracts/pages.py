"""Pages for tests: small ones built by hand, and real ones read plainly."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from data_contracts.page_index import Change, PageIndex

Node = dict[str, Any]

LISTS = ("texts", "attributes", "removes", "adds")
LONG_AGO = 1_000_000  # ms: the presses and changes of these tests happen well after the snapshot


class Builder:
    """Makes rrweb nodes with ids that count up."""

    def __init__(self) -> None:
        self.last = 0

    def node(self, **facts: Any) -> Node:
        self.last += 1
        return {**facts, "id": self.last}

    def element(self, tag: str, attributes: dict[str, Any] | None = None, *children: Node | str) -> Node:
        nodes = [self.text(child) if isinstance(child, str) else child for child in children]
        return self.node(type=2, tagName=tag, attributes=attributes or {}, childNodes=nodes)

    def text(self, content: str) -> Node:
        return self.node(type=3, textContent=content)

    def page(self, *children: Node | str) -> Node:
        head = self.element("head", {}, self.element("title", {}, "A shop"))
        html = self.element("html", {"lang": "en"}, head, self.element("body", {}, *children))
        return self.node(type=0, childNodes=[self.node(type=1, name="html", publicId="", systemId=""), html])


def indexed(node: Node, max_nodes: int = 65_536) -> PageIndex:
    """A page index of one snapshot."""
    index = PageIndex(max_nodes)
    index.snapshot(json.dumps(node).encode(), 0)
    return index


def mutation(
    texts: Any = (), attributes: Any = (), removes: Any = (), adds: Any = ()
) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """The four lists of a mutation from rrweb's own dicts, values and nodes as raw JSON."""
    return (
        [SimpleNamespace(id=text["id"]) for text in texts],
        [
            SimpleNamespace(
                id=change["id"],
                attributes={name: raw(value) for name, value in change["attributes"].items()},
            )
            for change in attributes
        ],
        [SimpleNamespace(parentId=removal["parentId"], id=removal["id"]) for removal in removes],
        [
            SimpleNamespace(parentId=add["parentId"], nextId=add.get("nextId"), node=raw(add["node"]))
            for add in adds
        ],
    )


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def mutate(index: PageIndex, t: int, **lists: Any) -> list[Change]:
    return index.mutate(*mutation(**lists), t)


def events_of(path: Path) -> list[dict[str, Any]]:
    """Events of a recording in one of the plain wrappers; none of one that is packed."""
    data = path.read_bytes()
    try:
        read = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except ValueError:
        return []
    if isinstance(read, dict):
        read = read.get("events") or read.get("rrweb_data") or []
    return [event for event in read if isinstance(event, dict) and isinstance(event.get("data"), dict)]


def snapshots_of(paths: list[Path]) -> Iterator[Node]:
    """Every full snapshot of these recordings, and one of a page of our own."""
    yield shop_page()
    for path in paths:
        for event in events_of(path):
            if event.get("type") == 2 and isinstance(event["data"].get("node"), dict):
                yield event["data"]["node"]


def shop_page() -> Node:
    """A page with one of everything."""
    b = Builder()
    items = [
        b.element(
            "li",
            {"class": "card"},
            b.element("a", {"href": f"/product?id={i}"}, b.element("img", {"alt": "A hat", "src": "/i.png"})),
            b.element("span", {"class": "price"}, "12.00 €"),
            b.element("button", {"class": "btn btn-primary", "title": "Put into the cart"}, "Add"),
        )
        for i in range(5)
    ]
    form = b.element(
        "form",
        {"id": "checkout"},
        b.element("label", {"for": "email"}, "E-mail"),
        b.element(
            "input", {"id": "email", "type": "email", "name": "email", "placeholder": "you@example.com"}
        ),
        b.element(
            "label", {}, b.element("input", {"type": "checkbox", "name": "terms", "value": "yes"}), "I agree"
        ),
        b.element("input", {"type": "password", "name": "password", "value": "secret"}),
        b.element("select", {"name": "size"}, b.element("option", {"value": "s"}, "Small")),
        b.element("textarea", {"name": "note", "placeholder": "A note"}, "none"),
        b.element("button", {"data-testid": "pay", "aria-label": "Pay now"}, b.element("span", {}, "Pay")),
    )
    frame = b.element("iframe", {"title": "Help", "src": "/help"})
    frame["childNodes"] = [
        b.node(
            type=0, rootId=1, childNodes=[b.element("html", {}, b.element("body", {}, b.element("button")))]
        )
    ]
    return b.page(
        b.element("header", {}, b.element("nav", {}, b.element("a", {"href": "/"}, "Home"))),
        b.element("div", {"id": "cookie-banner"}, b.element("button", {"class": "accept"}, "Accept")),
        b.element("main", {"id": "app"}, b.element("ul", {"class": "grid"}, *items), form, frame),
        b.element("div", {"role": "status", "aria-live": "polite"}, ""),
        b.element("details", {}, b.element("summary", {}, "More"), b.element("p", {}, "Less")),
        b.element("x-map", {"class": "leaflet-map"}, b.element("canvas")),
    )


def leaf(number: int, tag: str = "i", **attributes: Any) -> Node:
    return {"type": 2, "tagName": tag, "attributes": attributes, "childNodes": [], "id": number}


def text(number: int, content: str = "x") -> Node:
    return {"type": 3, "textContent": content, "id": number}


class Shop:
    """A page with a ticker, a tab, a disclosure, a dialog and a form, and the ids of each."""

    def __init__(self) -> None:
        b = Builder()
        e = b.element
        self.label = b.text("12:00")
        self.ticker = e("div", {"class": "clock"}, e("span", {}, self.label))
        self.icon = e("i", {"class": "icon"})
        self.button = e("button", {"id": "add"}, self.icon)
        self.summary = e("summary", {}, "More")
        self.details = e("details", {}, self.summary, e("p", {}, "Words"))
        self.tab = e("button", {"role": "tab", "aria-controls": "panel"})
        self.inner = e("p", {}, "Panel")
        self.panel = e("div", {"id": "panel"}, self.inner)
        self.check = e("input", {"type": "checkbox", "id": "agree"})
        self.wrap = e("label", {"class": "choice"}, self.check)
        self.pointing = e("label", {"for": "agree"}, "I agree")
        self.close = e("button", {"class": "x"})
        self.dialog = e("div", {"role": "dialog"}, self.close)
        self.alert = e("div", {"role": "status"}, "")
        self.error = e("p", {"class": "field-error", "style": "display: none"}, "Wrong")
        self.field = e("input", {"name": "email"})
        self.cells = [e("li", {}, str(i)) for i in range(80)]
        self.list = e("ul", {"class": "dressed-btn"}, *self.cells)
        parts = (self.ticker, self.button, self.details, self.tab, self.panel, self.wrap, self.pointing)
        more = (self.dialog, self.alert, self.error, self.field, self.list)
        self.main = e("main", {}, *parts, *more)
        self.node = b.page(self.main)
        self.index = indexed(self.node)

    def texts(self, node: Node, t: int = LONG_AGO) -> Change:
        (change,) = mutate(self.index, t, texts=[{"id": node["id"]}])
        return change

    def attribute(self, node: Node, name: str, value: Any, t: int = LONG_AGO) -> Change:
        (change,) = mutate(self.index, t, attributes=[{"id": node["id"], "attributes": {name: value}}])
        return change

    def owner_of_text(self, pressed: Node, changed: Node, wait: int = 100) -> int:
        self.index.press(pressed["id"], LONG_AGO)
        return self.texts(changed, LONG_AGO + wait).owner
