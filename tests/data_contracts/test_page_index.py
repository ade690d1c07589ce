"""The page index: what it knows of a node, what it knows after a loss, and that it stays within its bounds."""

import json

import msgspec
import pytest

from data_contracts import events
from data_contracts.events import KNOWN, SIGHTED
from data_contracts.page_index import Change, PageIndex
from tests.data_contracts.pages import LONG_AGO, Builder, Shop, indexed, leaf, mutate, mutation, shop_page
from tests.data_contracts.slow_page import Slow


def test_a_loss_makes_it_blind_until_the_next_snapshot() -> None:
    shop = Shop()
    index = shop.index
    assert index.facts(shop.button["id"])[2] & SIGHTED
    index.lose()
    assert not index.sighted
    assert index.facts(shop.button["id"]) == (0, 0, 0)
    assert mutate(index, 0, texts=[{"id": 1}, {"id": 2}]) == [Change(0, 0, 2, 0, 0)]
    assert mutate(index, 0) == []
    assert index.element(shop.button["id"]).tag == ""
    index.press(shop.button["id"], 0)
    index.snapshot(json.dumps(shop.node).encode(), 0)
    assert index.sighted
    assert index.facts(shop.button["id"])[0] == shop.button["id"]


def test_an_index_knows_nothing_before_its_first_snapshot() -> None:
    index = PageIndex()
    assert not index.sighted
    assert index.facts(1) == (0, 0, 0)
    assert not index.is_window(1)


@pytest.mark.parametrize("number", [0, -1, -2, 9_999, 2**31 - 1, 2**40, -(2**40)])
def test_an_unknown_node_has_no_facts(number: int) -> None:
    index = indexed(shop_page())
    assert index.facts(number) == (0, 0, SIGHTED)
    assert index.element(number).selector == ""
    assert mutate(index, 0, texts=[{"id": number}]) == [Change(0, 0, 1, 0, 0)]
    index.press(number, 0)


def test_window_is_the_page_and_not_a_frame() -> None:
    node = shop_page()
    index = indexed(node)
    slow = Slow()
    slow.add(node)
    window = {number for number in slow.parent if index.is_window(number)}
    named = {(slow.type[number], slow.tag[number]) for number in window}
    assert named == {(0, ""), (2, "html"), (2, "body")}
    assert len(window) == 3


def test_a_frame_is_unseen_until_its_document_comes() -> None:
    b = Builder()
    frame = b.element("iframe", {"src": "/pay"})
    index = indexed(b.page(frame))
    assert index.facts(frame["id"])[2] & events.UNSEEN_EFFECT
    inner = {"type": 0, "id": 50, "childNodes": [{**leaf(51, "html"), "childNodes": [leaf(52, "button")]}]}
    mutate(index, 1, adds=[{"parentId": frame["id"], "nextId": None, "node": inner}])
    assert not index.facts(frame["id"])[2] & (events.UNSEEN_EFFECT | events.IS_SURFACE)
    control, form, flags = index.facts(52)
    assert (control, form) == (52, 0)
    assert flags & events.RECORDED_FRAME
    assert not index.is_window(51)


def test_memory_stays_bounded_over_a_million_adds_and_removes() -> None:
    index = indexed(Builder().page(), 2_048)
    body = next(number for number in range(20) if index.element(number).tag == "body")
    batch = 1_000
    rounds = 1_000
    largest = 0
    first = 0
    for turn in range(rounds):
        begin = 100 + turn * batch
        adds = [
            (body, 0, b'{"type":2,"tagName":"b","attributes":{"id":"n%d","class":"a b"},"id":%d}' % (i, i))
            for i in range(begin, begin + batch)
        ]
        index.mutate(
            [], [], [], [Add(parent, after, msgspec.Raw(node)) for parent, after, node in adds], turn
        )
        assert index.nodes <= 2_048
        if turn:
            index.mutate([], [], [Gone(body, i) for i in range(begin - batch, begin)], [], turn)
        largest = max(largest, index.nbytes)
        first = first or index.nbytes
    assert index.dropped == 0
    assert largest <= 2_048 * (64 + 64 + 16) + 4_096
    last = 100 + rounds * batch - 1
    assert index.element(last).tag == "b"
    assert index.facts(last)[2] & KNOWN


class Add(msgspec.Struct):
    """One of ``adds``, as a decoder makes it."""

    parentId: int
    nextId: int | None
    node: msgspec.Raw


class Gone(msgspec.Struct):
    """One of ``removes``."""

    parentId: int
    id: int


def test_a_page_that_grows_past_its_bound_counts_what_it_leaves_out() -> None:
    index = indexed(Builder().page(), 64)
    body = next(number for number in range(20) if index.element(number).tag == "body")
    before = index.nodes
    adds = [{"parentId": body, "nextId": None, "node": leaf(100 + i)} for i in range(100)]
    mutate(index, 1, adds=adds)
    assert (index.nodes, index.dropped, index.overflow) == (64, 36 + before, True)
    assert index.facts(199) == (0, 0, 0)
    mutate(index, 2, removes=[{"parentId": body, "id": 100}])
    mutate(index, 3, adds=[{"parentId": body, "nextId": None, "node": leaf(300)}])
    assert index.facts(300)[2] & KNOWN


def test_names_are_kept_within_their_bound() -> None:
    index = indexed(Builder().page(), 64)
    body = next(number for number in range(20) if index.element(number).tag == "body")
    for turn in range(2_000):
        value = f"name-{'x' * (turn % 150)}"
        mutate(index, turn, attributes=[{"id": body, "attributes": {"data-testid": value}}])
    assert index.nbytes < 64 * (56 + 16 + 64) + 2_048
    assert value in index.element(body).name


def test_lists_need_not_be_lists() -> None:
    shop = Shop()
    texts, attributes, _, adds = mutation(texts=[{"id": shop.label["id"]}])
    assert len(shop.index.mutate(iter(texts), tuple(attributes), (), iter(adds), LONG_AGO)) == 1
