"""The compiled scan of a snapshot reads what Python's own JSON reads, and survives what is no snapshot."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.events import KNOWN, SIGHTED
from data_contracts.page_index import PageIndex
from data_contracts.snapshot_scan import DEEPEST
from tests.data_contracts.pages import Node, indexed, shop_page, snapshots_of
from tests.data_contracts.slow_page import Slow, slow_tree, tree

# Ids count up within a tree, so the strategy draws everything but them.
TEXTS = st.text(max_size=12) | st.sampled_from(['"', "\\", '\\"}]', "{", "]}", "\u2028", "🙂", "*****"])
NAMES = st.sampled_from(
    ["class", "id", "href", "style", "type", "role", "title", "data-x", "childNodes", "disabled", "for"]
)
VALUES = TEXTS | st.booleans() | st.none() | st.integers(-5, 99) | st.just({"display": ["none", "important"]})
TAGS = st.sampled_from(["div", "a", "button", "input", "label", "form", "iframe", "x-y", "DIV", "svg"])
LEAVES = st.builds(lambda text: {"type": 3, "textContent": text}, TEXTS) | st.just(
    {"type": 5, "textContent": "x"}
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda tag, attributes, children: {
            "type": 2,
            "tagName": tag,
            "attributes": attributes,
            "childNodes": children,
        },
        TAGS,
        st.dictionaries(NAMES, VALUES, max_size=4),
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


def numbered(node: Node, count: list[int]) -> Node:
    """The tree with ids."""
    count[0] += 1
    node = {**node, "id": count[0]}
    if "childNodes" in node:
        node["childNodes"] = [numbered(child, count) for child in node["childNodes"]]
    return node


def written(value: Any, chance: random.Random, escapes: bool, is_node: bool = True) -> str:
    """JSON with the keys of nodes in any order, any white space, and (or not) needless escapes in values."""
    space = lambda: chance.choice(["", "", " ", "\n\t", "\r "])  # noqa: E731
    if isinstance(value, dict):
        items = list(value.items())
        if is_node:
            chance.shuffle(items)
        inner = [
            f"{space()}{json.dumps(key)}{space()}:{space()}"
            + written(entry, chance, escapes, is_node and key == "childNodes")
            for key, entry in items
        ]
        return "{" + ",".join(inner) + space() + "}"
    if isinstance(value, list):
        return (
            "["
            + ",".join(space() + written(entry, chance, escapes, is_node) for entry in value)
            + space()
            + "]"
        )
    return json.dumps(value, ensure_ascii=escapes)


@given(TREES, st.integers(0, 2**32), st.booleans())
def test_any_order_of_keys_and_any_white_space_give_the_same_tree(
    tree_: Node, seed: int, escapes: bool
) -> None:
    node = numbered(tree_, [0])
    text = written(node, random.Random(seed), escapes)
    assert json.loads(text) == node
    index = PageIndex()
    slow = Slow()
    slow.add(node)
    assert index.snapshot(text.encode(errors="surrogatepass"), 0) == len(slow.parent)
    assert tree(index) == slow_tree(slow)
    plain = indexed(node)
    for number in slow.parent:
        assert index.facts(number) == plain.facts(number)
        assert index.facts(number)[:2] == (slow.control(number), slow.form(number))
        assert index.element(number) == plain.element(number)


@pytest.mark.parametrize("name", [*"abceipqsu", "À", "é", "日本"])
def test_a_class_of_one_letter_says_nothing(name: str) -> None:
    node = {"type": 2, "tagName": "div", "attributes": {"class": name}, "childNodes": [], "id": 2}
    for escapes in (True, False):
        index = PageIndex()
        index.snapshot(
            json.dumps({"type": 0, "childNodes": [node], "id": 1}, ensure_ascii=escapes).encode(), 0
        )
        assert index.facts(2) == (0, 0, SIGHTED | KNOWN)


def test_every_snapshot_gives_the_tree_that_json_gives(real_recordings: list[Path]) -> None:
    for node in snapshots_of(real_recordings[::3]):
        slow = Slow()
        slow.add(node)
        index = PageIndex()
        assert index.snapshot(json.dumps(node, separators=(",", ":")).encode(), 0) == len(slow.parent)
        assert tree(index) == slow_tree(slow)
        for number in slow.parent:
            assert index.facts(number)[:2] == (slow.control(number), slow.form(number))


def test_every_tag_is_read_back(some_recordings: list[Path]) -> None:
    for node in snapshots_of(some_recordings[::3]):
        slow = Slow()
        slow.add(node)
        index = indexed(node)
        for number, tag in slow.tag.items():
            if slow.type[number] == 2:
                assert index.element(number).tag == tag


def test_a_memory_view_reads_like_bytes() -> None:
    text = json.dumps(shop_page()).encode()
    one, other = PageIndex(), PageIndex()
    assert one.snapshot(text, 0) == other.snapshot(memoryview(bytearray(text)), 0)
    assert tree(one) == tree(other)


def test_every_break_is_noticed() -> None:
    text = json.dumps(shop_page()).encode()
    index = PageIndex()
    for end in range(len(text)):
        assert index.snapshot(text[:end], 0) == 0
        assert not index.sighted
    assert index.snapshot(text, 0) > 0
    assert index.sighted


@given(
    st.binary(max_size=60)
    | st.text(alphabet='{}[]",:\\ \n"idtypechildNodes0123', max_size=80).map(str.encode)
)
def test_no_bytes_make_it_fail(text: bytes) -> None:
    index = PageIndex(8)
    index.snapshot(text, 0)
    index.snapshot(b'{"type":2,"childNodes":[' + text + b'],"id":1}', 0)
    index.snapshot(b'{"type":2,"attributes":{' + text + b'},"id":1}', 0)
    index.facts(1)


def nested(depth: int) -> bytes:
    return b'{"type":2,"tagName":"div","childNodes":[' * depth + b'],"id":1}' * depth


def test_a_deep_page_is_read_and_a_bomb_is_refused() -> None:
    index = PageIndex()
    assert index.snapshot(nested(DEEPEST), 0) == DEEPEST
    assert not index.too_deep
    assert index.snapshot(nested(DEEPEST + 1), 0) == 0
    assert index.too_deep
    assert not index.sighted
    assert index.snapshot(nested(3), 0) == 3
    assert not index.too_deep


def test_values_may_be_nested_without_end() -> None:
    deep = b"[" * 200_000 + b"]" * 200_000
    index = PageIndex()
    text = b'{"type":2,"tagName":"a","odd":%s,"attributes":{"x":%s,"href":"/"},"id":1}' % (deep, deep)
    assert index.snapshot(text, 0) == 1
    assert index.facts(1)[0] == 1


@pytest.mark.parametrize("most", [1, 2, 7, 40])
def test_nodes_beyond_the_bound_are_counted(most: int) -> None:
    node = shop_page()
    slow = Slow()
    slow.add(node)
    index = indexed(node, most)
    assert index.nodes == most
    assert index.dropped == len(slow.parent) - most
    assert index.overflow
    missing = [number for number in slow.parent if number not in index]
    assert len(missing) == index.dropped
    assert all(index.facts(number) == (0, 0, 0) for number in missing)
