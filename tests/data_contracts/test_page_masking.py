"""No text of a page changes what the page index says: masked or translated, it stays the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from data_contracts.page_index import PageIndex
from tests.data_contracts.pages import LISTS, Node, events_of, mutate, shop_page
from tests.data_contracts.slow_page import tree

TEXT_ATTRIBUTES = (
    *("aria-label", "title", "alt", "placeholder", "value", "lang", "content", "label", "aria-description"),
    *("summary", "aria-placeholder", "aria-roledescription", "aria-valuetext", "data-original-title"),
)


def masked(node: Node, change: Any) -> Node:
    """The node with every text replaced, also those in attributes and in the language of the page."""
    node = dict(node)
    if "textContent" in node:
        node["textContent"] = change(node["textContent"])
    if "attributes" in node:
        node["attributes"] = {
            name: change(value) if name in TEXT_ATTRIBUTES and isinstance(value, str) else value
            for name, value in node["attributes"].items()
        }
    if "childNodes" in node:
        node["childNodes"] = [masked(child, change) for child in node["childNodes"]]
    return node


def translated(words: str) -> str:
    return "".join(chr(0x4E00 + ord(letter) % 999) for letter in words) + ("!" if words else "")


@pytest.mark.parametrize("change", [lambda words: "*" * len(words), translated], ids=["masked", "translated"])
def test_no_text_changes_anything(change: Any, some_recordings: list[Path]) -> None:
    for path in [None, *some_recordings[::4]]:
        plain, other = PageIndex(), PageIndex()
        recorded = events_of(path) if path else [{"type": 2, "data": {"node": shop_page()}}]
        for number, event in enumerate(recorded):
            data = event["data"]
            if event.get("type") == 2 and isinstance(data.get("node"), dict):
                plain.snapshot(json.dumps(data["node"]).encode(), 0)
                other.snapshot(json.dumps(masked(data["node"], change)).encode(), 0)
                for node in tree(plain):
                    assert plain.facts(node) == other.facts(node)
                    assert plain.element(node) == other.element(node)
            elif event.get("type") == 3 and data.get("source") == 0:
                lists = {key: data.get(key) or [] for key in LISTS}
                adds = [{**add, "node": masked(add["node"], change)} for add in lists["adds"]]
                values = [
                    {**entry, "attributes": masked({"attributes": entry["attributes"]}, change)["attributes"]}
                    for entry in lists["attributes"]
                ]
                expected = mutate(plain, number * 500, **lists)
                assert expected == mutate(
                    other, number * 500, **{**lists, "adds": adds, "attributes": values}
                )
        for node in tree(plain):
            assert plain.facts(node) == other.facts(node)
            assert plain.element(node) == other.element(node)
