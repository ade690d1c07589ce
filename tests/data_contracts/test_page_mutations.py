"""The page index follows a page through its mutations like a slow model of it, whatever the order of what is added."""

import json
import random
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from data_contracts.page_index import Change, PageIndex
from tests.data_contracts.page_edits import grown
from tests.data_contracts.pages import (
    LISTS,
    LONG_AGO,
    Builder,
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


def test_parents_may_come_before_or_after_their_children() -> None:
    index = indexed(Builder().page())
    body = next(number for number in range(20) if index.element(number).tag == "body")
    chain = [
        {"parentId": body if i == 0 else 99 + i, "nextId": None, "node": leaf(100 + i)} for i in range(300)
    ]
    for adds in (chain, chain[::-1]):
        index = indexed(Builder().page())
        before = index.nodes
        mutate(index, 1, adds=adds)
        assert index.nodes == before + 300
        assert tree(index)[399][1] == 398


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
