"""The page index has the page that rrweb's own player builds of the same recording, in a real browser."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.data_contracts.page_edits import as_recorded, edit
from tests.data_contracts.pages import Builder, Node, Shop, indexed, leaf, mutate
from tests.data_contracts.slow_page import Slow, tree

DRAWS = 20
EVENTS = 6
PLAY = """events => {
  const player = new rrweb.Replayer(events, {showWarning: false, mouseTail: false});
  player.pause(events.at(-1).timestamp - events[0].timestamp);
  const mirror = player.getMirror();
  const page = {};
  const walk = (node, parent) => {
    const known = [...node.childNodes].filter(child => mirror.getId(child) > 0);
    page[mirror.getId(node)] = [parent, known.map(child => mirror.getId(child))];
    known.forEach(child => walk(child, mirror.getId(node)));
  };
  walk(player.iframe.contentDocument, 0);
  player.destroy();
  return page;
}"""


@pytest.fixture(scope="module")
def player(tools: dict[str, Path], browser: Browser) -> Iterator[Page]:
    """A browser tab that has rrweb."""
    tab = browser.new_page()
    tab.add_script_tag(path=tools["rrweb"] / "rrweb" / "dist" / "rrweb.umd.min.cjs")
    yield tab
    tab.close()


def played(tab: Page, node: Node, mutations: list[dict[str, Any]]) -> dict[int, tuple[int, list[int]]]:
    """Of every node that the player has at the end: its parent's id, and its children's in order."""
    data = [{"source": 0, "texts": [], "attributes": [], "removes": [], **lists} for lists in mutations]
    events = [
        {"type": 4, "data": {"href": "http://shop.example/", "width": 800, "height": 600}},
        {"type": 2, "data": {"node": node, "initialOffset": {"top": 0, "left": 0}}},
        *({"type": 3, "data": each} for each in data),
        {"type": 5, "data": {"tag": "end", "payload": {}}},
    ]
    page = tab.evaluate(PLAY, [{**event, "timestamp": 1_000 + i} for i, event in enumerate(events)])
    return {int(number): (parent, children) for number, (parent, children) in page.items()}


def held(node: Node, mutations: list[dict[str, Any]]) -> dict[int, tuple[int, list[int]]]:
    """The same of every node that a page index has."""
    index = indexed(node)
    for t, lists in enumerate(mutations):
        mutate(index, t, **lists)
    return {number: (parent, children) for number, (_, parent, children) in tree(index).items()}


@pytest.mark.needs("chromium", "rrweb")
def test_the_index_has_the_page_that_the_player_builds(player: Page) -> None:
    node = Shop().node
    for seed in range(DRAWS):
        page, chance = Slow(), random.Random(seed)
        page.add(node)
        mutations = [edit(page, chance) for _ in range(EVENTS)]
        mutations = [{**data, "adds": as_recorded(data["adds"])} for data in mutations]
        assert held(node, mutations) == played(player, node, mutations)


@pytest.mark.needs("chromium", "rrweb")
def test_what_waits_stands_where_the_player_puts_it(player: Page) -> None:
    b = Builder()
    paragraph = b.element("p")
    box = b.element("div", {}, paragraph)
    node = b.page(box)
    in_box = {"parentId": box["id"], "nextId": None}
    in_paragraph = {"parentId": paragraph["id"], "nextId": None}
    moved = {
        "removes": [{"parentId": box["id"], "id": paragraph["id"]}],
        "adds": [
            {**in_paragraph, "node": leaf(101)},
            {**in_paragraph, "node": leaf(102)},
            {**in_box, "node": leaf(paragraph["id"], "p")},
        ],
    }
    later = {
        "adds": [
            {**in_box, "nextId": 202, "node": leaf(201)},
            {**in_box, "nextId": 203, "node": leaf(202)},
            {**in_box, "node": leaf(203)},
        ]
    }
    for mutations in ([moved], [later], [moved, later]):
        assert held(node, mutations) == played(player, node, mutations)
