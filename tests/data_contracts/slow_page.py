"""A slow model of a page to compare the page index with, and the page that an index holds, in the same form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from data_contracts.page_index import PageIndex
from tests.data_contracts.pages import Node

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

    def next(self, number: int) -> int | None:
        """The sibling that comes after a node."""
        siblings = self.children[self.parent[number]]
        return next(iter(siblings[siblings.index(number) + 1 :]), None)

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


def same(index: PageIndex, slow: Slow) -> None:
    """Assert that an index holds the page of the model."""
    assert tree(index) == slow_tree(slow)
    assert index.nodes == len(slow.parent)
    for number in slow.parent:
        assert index.facts(number)[:2] == (slow.control(number), slow.form(number))
