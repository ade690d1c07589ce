"""The page index follows a page through its mutations like a slow model of it, whatever the order of what is added."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_contracts.page_index import Change, PageIndex
from tests.data_contracts.page_edits import as_recorded, edit, grown
from tests.data_contracts.pages import (
    LISTS,
    LONG_AGO,
    Builder,
    Node,
    Shop,
    events_of,
    indexed,
    leaf,
    mutate,
    shop_page,
)
from tests.data_contracts.slow_page import Slow, same, tree


def test_real_mutations_leave_the_page_that_a_slow_model_has(some_recordings: list[Path]) -> None:
    for path in some_recordings:
        index, slow, begun = PageIndex(), Slow(), False
        for number, event in enumerate(events_of(path)):
            data = event["data"]
            if event.get("type") == 2 and isinstance(data.get("node"), dict):
                if begun:
                    same(index, slow)
                index.snapshot(json.dumps(data["node"]).encode(), 0)
                slow, begun = Slow(), True
                slow.add(data["node"])
            elif event.get("type") == 3 and data.get("source") == 0 and begun:
                mutate(index, number, **{key: data.get(key) or [] for key in LISTS})
                slow.mutate(data)
        if begun:
            same(index, slow)


@given(st.integers(0, 2**32))
@example(50_539)  # two that wait for one parent keep their order
@example(2_379)
def test_any_mutations_leave_the_page_that_a_slow_model_has(seed: int) -> None:
    index, slow = indexed(shop_page()), Slow()
    slow.add(shop_page())
    for t, data in enumerate(grown(random.Random(seed), 12)):
        mutate(index, t, **data)
        slow.mutate(data)
        same(index, slow)


@given(st.integers(0, 2**32))
def test_the_order_of_what_is_added_does_not_matter(seed: int) -> None:
    node, chance, page = Shop().node, random.Random(seed), Slow()
    page.add(node)
    indexes = [indexed(node), indexed(node), indexed(node)]
    for t in range(8):
        data = edit(page, chance)
        sent = as_recorded(data["adds"])
        for index, adds in zip(indexes, (sent, sent[::-1], data["adds"]), strict=True):
            mutate(index, t, **{**data, "adds": adds})
            same(index, page)


def page_with_a_box() -> tuple[Node, int, int]:
    """A page with one paragraph in a box, and the ids of the box and of the paragraph."""
    b = Builder()
    paragraph = b.element("p")
    box = b.element("div", {}, paragraph)
    return b.page(box), box["id"], paragraph["id"]


NODE, BOX, PARAGRAPH = page_with_a_box()
ELSEWHERE = NODE["childNodes"][1]["childNodes"][0]["id"]
CHAIN = range(100, 3_100)
EACH_IN_THE_LAST = [(BOX if number == CHAIN[0] else number - 1, None, number) for number in CHAIN]
EACH_AFTER_THE_LAST = [(BOX, None if number == CHAIN[-1] else number + 1, number) for number in CHAIN]


def added(parent: int, following: int | None, number: int) -> dict[str, Any]:
    return {"parentId": parent, "nextId": following, "node": leaf(number)}


@pytest.mark.parametrize("links", [EACH_IN_THE_LAST, EACH_AFTER_THE_LAST], ids=["deep", "wide"])
def test_long_chains_may_come_in_any_order(links: list[tuple[int, int | None, int]]) -> None:
    for order in (links, links[::-1], random.Random(1).sample(links, len(links))):
        index = indexed(NODE)
        mutate(index, 1, adds=[added(*link) for link in order])
        found = tree(index)
        if links is EACH_AFTER_THE_LAST:
            assert found[BOX][2] == [PARAGRAPH, *CHAIN]
        else:
            assert [found[number][2] for number in CHAIN] == [*([number] for number in CHAIN[1:]), []]


@pytest.mark.parametrize(
    ("links", "children"),
    [
        ([(BOX, 102, 101), (BOX, 103, 102), (BOX, None, 103)], [PARAGRAPH, 101, 102, 103]),
        ([(BOX, PARAGRAPH, 101), (BOX, 101, 102)], [102, 101, PARAGRAPH]),
        ([(102, None, 103), (102, None, 104), (BOX, None, 102)], [PARAGRAPH, 102]),
        ([(BOX, 999, 101), (BOX, None, 102)], [PARAGRAPH, 102, 101]),  # its next never comes
        ([(BOX, ELSEWHERE, 101)], [PARAGRAPH, 101]),
        ([(BOX, -1, 101), (BOX, 0, 102)], [PARAGRAPH, 101, 102]),
        ([(BOX, 102, 101), (BOX, 101, 102)], [PARAGRAPH, 102, 101]),  # each waits for the other
    ],
)
def test_a_node_stands_in_front_of_its_next(links: list[Any], children: list[int]) -> None:
    index = indexed(NODE)
    mutate(index, 1, adds=[added(*link) for link in links])
    assert tree(index)[BOX][2] == children
    for parent in {parent for parent, _, _ in links} - {BOX}:
        assert tree(index)[parent][2] == [103, 104]


def test_a_node_that_is_added_again_is_moved() -> None:
    shop = Shop()
    before = shop.index.nodes
    for place in (shop.panel, shop.ticker, shop.dialog):
        again = {"parentId": place["id"], "nextId": None, "node": leaf(shop.button["id"], "button")}
        mutate(shop.index, LONG_AGO, adds=[again])
        assert tree(shop.index)[shop.button["id"]][1] == place["id"]
        assert shop.index.nodes == before - 1  # what was inside it is not there
    below_itself = {"parentId": shop.close["id"], "nextId": None, "node": leaf(shop.dialog["id"], "div")}
    mutate(shop.index, LONG_AGO, adds=[below_itself])
    mutate(shop.index, LONG_AGO, removes=[{"parentId": shop.main["id"], "id": shop.dialog["id"]}])
    assert shop.dialog["id"] not in shop.index


def test_an_add_without_a_parent_counts_and_changes_nothing() -> None:
    index = indexed(shop_page())
    before = tree(index)
    assert mutate(index, 1, adds=[{"parentId": 9_999, "nextId": None, "node": leaf(10_000)}]) == [
        Change(0, 0, 1, 0, 0)
    ]
    assert tree(index) == before
