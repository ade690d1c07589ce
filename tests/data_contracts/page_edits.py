"""Mutations of a page at random: such as a recorder sends, and such as nobody would."""

import random
from typing import Any

from tests.data_contracts.pages import Node, leaf, shop_page, text
from tests.data_contracts.slow_page import Slow


def grown(chance: random.Random, steps: int) -> list[dict[str, Any]]:
    """Mutations of ``shop_page`` that add, move, take out and alter at random, sometimes what is not there."""
    slow = Slow()
    slow.add(shop_page())
    fresh = 1_000
    result = []
    for _ in range(steps):
        known = [number for number, kind in slow.type.items() if kind == 2]
        removes, adds = [], []
        for number in chance.sample(known, min(len(known), chance.choice([0, 0, 1, 1, 2]))):
            if slow.tag[number] not in ("html", "body", "main"):
                removes.append({"parentId": slow.parent[number], "id": number})
                if chance.random() < 0.4:  # moved
                    kept = {"type": 2, "tagName": slow.tag[number], "attributes": {}, "childNodes": []}
                    adds.append(
                        {"parentId": chance.choice(known), "nextId": None, "node": {**kept, "id": number}}
                    )
        for _ in range(chance.choice([0, 1, 3])):
            fresh += 1
            node: Node = {
                "type": 2,
                "tagName": chance.choice(["a", "button", "div", "label", "form"]),
                "id": fresh,
            }
            node["attributes"] = chance.choice([{}, {"href": "#"}, {"role": "tab"}, {"class": "x"}])
            node["childNodes"] = []
            if chance.random() < 0.3:
                fresh += 1
                node["childNodes"] = [{"type": 3, "textContent": "new", "id": fresh}]
            parent = chance.choice([*known, fresh - 3])
            following = chance.choice([None, *slow.children.get(parent, [])])
            adds.append({"parentId": parent, "nextId": following, "node": node})
        if chance.random() < 0.3:
            adds.reverse()
        changed = {
            "role": chance.choice(["button", None]),
            "tabindex": "0",
            "href": chance.choice(["/", None]),
        }
        attributes = [{"id": chance.choice([*known, 77_777]), "attributes": changed}] * chance.choice([0, 1])
        data = {"texts": [], "attributes": attributes, "removes": removes, "adds": adds}
        slow.mutate(data)
        result.append(data)
    return result


FIXED = ("", "html", "head", "title", "body", "main")  # tags, and what has none
BOXES = ("body", "main", "div", "form", "p", "ul", "li")  # a label is searched for its field only so far


def edit(page: Slow, chance: random.Random) -> dict[str, Any]:
    """Change a page at random; the mutation that a recorder would send of it, its ``adds`` in no order."""
    removes, coming = [], []
    for _ in range(chance.choice([0, 1, 1, 2, 3])):
        loose = [number for number, tag in page.tag.items() if tag not in FIXED]
        if loose:
            number = chance.choice(loose)
            removes.append({"parentId": page.parent[number], "id": number})
            if chance.random() < 0.6:  # moved
                coming.append(inside(page, number))
            page.remove(number)
    fresh = max(999, *page.parent, *(number for node in coming for number in ids_of(node)))
    for number in range(fresh + 1, fresh + 1 + chance.choice([0, 1, 2, 4])):
        coming.append(leaf(number, chance.choice(["div", "form", "p", "button"])))
    chance.shuffle(coming)
    came: list[int] = []
    for node in coming:
        parent = chance.choice([number for number, tag in page.tag.items() if tag in BOXES])
        page.add(node, parent, chance.choice([None, *page.children[parent]]))
        came += ids_of(node)
    chance.shuffle(came)
    adds = [
        {
            "parentId": page.parent[number],
            "nextId": page.next(number),
            "node": {**inside(page, number), "childNodes": []},
        }
        for number in came
    ]
    return {"texts": [], "attributes": [], "removes": removes, "adds": adds}


def as_recorded(adds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same ``adds`` with parents and next siblings first, as recorders send them."""
    waiting = {add["node"]["id"]: add for add in adds}
    result: list[dict[str, Any]] = []

    def send(add: dict[str, Any]) -> None:
        for link in ("parentId", "nextId"):
            if add[link] in waiting:
                send(waiting.pop(add[link]))
        result.append(add)

    while waiting:
        send(waiting.pop(next(iter(waiting))))
    return result


def inside(page: Slow, number: int) -> Node:
    """A node of the page with all below it."""
    if page.type[number] != 2:
        return text(number)
    children = [inside(page, child) for child in page.children[number]]
    return {**leaf(number, page.tag[number], **page.attributes[number]), "childNodes": children}


def ids_of(node: Node) -> list[int]:
    return [node["id"], *(number for child in node.get("childNodes", ()) for number in ids_of(child))]
