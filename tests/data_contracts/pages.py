"""Pages for tests: small ones built by hand, real ones read plainly, and a slow model of a page to compare with."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from data_contracts.page_index import Change, PageIndex

Node = dict[str, Any]


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


FIELD_TAGS = ("input", "select", "textarea")
CONTROL_ROLES = (
    *("button", "link", "checkbox", "radio", "switch", "tab", "menuitem", "menuitemcheckbox"),
    *("menuitemradio", "option", "slider", "spinbutton", "textbox", "combobox", "searchbox", "treeitem"),
)


@dataclass
class Slow:
    """A page as dicts, written from the format's description and from nothing else."""

    type: dict[int, int] = field(default_factory=dict)
    tag: dict[int, str] = field(default_factory=dict)
    attributes: dict[int, dict[str, Any]] = field(default_factory=dict)
    parent: dict[int, int] = field(default_factory=dict)
    children: dict[int, list[int]] = field(default_factory=dict)

    def add(self, node: Node, parent: int = 0, following: int | None = None) -> None:
        stack = [(node, parent, following)]
        while stack:
            node, parent, following = stack.pop()
            number = node["id"]
            self.type[number] = node["type"]
            self.tag[number] = node.get("tagName", "").lower()
            self.attributes[number] = dict(node.get("attributes") or {})
            self.parent[number] = parent
            self.children[number] = []
            siblings = self.children.setdefault(parent, [])
            siblings.insert(siblings.index(following) if following in siblings else len(siblings), number)
            stack += [(child, number, None) for child in reversed(node.get("childNodes") or [])]

    def remove(self, number: int) -> None:
        if number not in self.parent:
            return
        self.children[self.parent[number]].remove(number)
        stack = [number]
        while stack:
            number = stack.pop()
            stack += self.children.pop(number)
            for facts in (self.type, self.tag, self.attributes, self.parent):
                del facts[number]  # type: ignore[attr-defined]

    def put(self, add: dict[str, Any], waits_for_next: bool = True) -> bool:
        """Add one of ``adds`` if its parent is there and, where that counts, the sibling that comes after it."""
        following = add.get("nextId") or 0
        if add["parentId"] not in self.parent:
            return False
        if waits_for_next and following > 0 and following not in self.parent:
            return False
        self.add(add["node"], add["parentId"], following)
        return True

    def mutate(self, data: dict[str, Any]) -> None:
        for removal in data.get("removes") or []:
            self.remove(removal["id"])
        late = [add for add in data.get("adds") or [] if not self.put(add)]
        for waits_for_next in (True, False):
            ready, late = late[::-1], []
            while ready:
                add = ready.pop()
                if self.put(add, waits_for_next):
                    ready += late[::-1]
                    late = []
                else:
                    late.append(add)
        for change in data.get("attributes") or []:
            if change["id"] in self.parent:
                self.attributes[change["id"]].update(change["attributes"])

    def has(self, number: int, name: str) -> bool:
        value = self.attributes[number].get(name)
        return value is not None and value is not False

    def word(self, number: int, name: str) -> str:
        value = self.attributes[number].get(name)
        return (str(value).split() or [""])[0].lower() if self.has(number, name) else ""

    def is_control(self, number: int) -> bool:
        if self.type[number] != 2:
            return False
        tag = self.tag[number]
        if tag in ("a", "area"):
            own = self.has(number, "href") or self.has(number, "xlink:href")
        elif tag == "input":
            own = self.word(number, "type") != "hidden"
        elif tag == "label":
            own = self.has(number, "for") or any(
                self.tag[below] in FIELD_TAGS and self.is_control(below) for below in self.below(number)
            )
        elif tag in ("audio", "video"):
            own = self.has(number, "controls")
        else:
            own = tag in ("button", "select", "textarea", "summary", "option")
        editable = self.has(number, "contenteditable") and self.word(number, "contenteditable") != "false"
        return own or editable or self.word(number, "role") in CONTROL_ROLES

    def below(self, number: int) -> Iterator[int]:
        for child in self.children[number]:
            yield child
            yield from self.below(child)

    def above(self, number: int) -> Iterator[int]:
        """The node and what lies above it in its own document."""
        while number:
            yield number
            if self.type[number] == 0:
                break
            number = self.parent[number]

    def control(self, number: int) -> int:
        return next((up for up in self.above(number) if self.is_control(up)), 0)

    def form(self, number: int) -> int:
        return next((up for up in self.above(number) if self.tag[up] == "form"), 0)


def tree(index: PageIndex) -> dict[int, tuple[int, int, list[int]]]:
    """Of every node of an index: its type, its parent's id, and its children's in order."""
    nodes, used = index._nodes, int(index._state[0])
    ids = nodes["id"].tolist()
    result: dict[int, tuple[int, int, list[int]]] = {}
    for row in range(used):
        if ids[row] <= 0:
            continue
        children = []
        child = int(nodes["last"][row])
        while child >= 0:
            children.append(ids[child])
            child = int(nodes["before"][child])
        up = int(nodes["parent"][row])
        result[ids[row]] = (int(nodes["type"][row]), ids[up] if up >= 0 else 0, children[::-1])
    return result


def slow_tree(page: Slow) -> dict[int, tuple[int, int, list[int]]]:
    return {number: (page.type[number], page.parent[number], page.children[number]) for number in page.parent}
