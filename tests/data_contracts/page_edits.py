"""Mutations of a page at random: such as a recorder sends, and such as nobody would."""

import random
from typing import Any

from tests.data_contracts.pages import Node, shop_page
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
