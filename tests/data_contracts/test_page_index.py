"""The page index follows a page like a slow model of it, says where changes come from, and stays within bounds."""

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_contracts import events
from data_contracts.events import IS_ALERT, IS_MESSAGE, KNOWN, NEW_PAGE, SIGHTED
from data_contracts.page_index import Change, PageIndex
from tests.data_contracts.pages import (
    Builder,
    Node,
    Slow,
    events_of,
    indexed,
    mutate,
    mutation,
    shop_page,
    slow_tree,
    tree,
)

LONG_AGO = 1_000_000  # ms: the presses and changes of these tests happen well after the snapshot

ALERT = IS_MESSAGE | IS_ALERT


def same(index: PageIndex, slow: Slow) -> None:
    assert tree(index) == slow_tree(slow)
    assert index.nodes == len(slow.parent)
    for number in slow.parent:
        assert index.facts(number)[:2] == (slow.control(number), slow.form(number))


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


LISTS = ("texts", "attributes", "removes", "adds")


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


def leaf(number: int, tag: str = "i", **attributes: Any) -> Node:
    return {"type": 2, "tagName": tag, "attributes": attributes, "childNodes": [], "id": number}


def text(number: int, content: str = "x") -> Node:
    return {"type": 3, "textContent": content, "id": number}


class Shop:
    """A page with a ticker, a tab, a disclosure, a dialog and a form, and the ids of each."""

    def __init__(self) -> None:
        b = Builder()
        e = b.element
        self.label = b.text("12:00")
        self.ticker = e("div", {"class": "clock"}, e("span", {}, self.label))
        self.icon = e("i", {"class": "icon"})
        self.button = e("button", {"id": "add"}, self.icon)
        self.summary = e("summary", {}, "More")
        self.details = e("details", {}, self.summary, e("p", {}, "Words"))
        self.tab = e("button", {"role": "tab", "aria-controls": "panel"})
        self.inner = e("p", {}, "Panel")
        self.panel = e("div", {"id": "panel"}, self.inner)
        self.check = e("input", {"type": "checkbox", "id": "agree"})
        self.wrap = e("label", {"class": "choice"}, self.check)
        self.pointing = e("label", {"for": "agree"}, "I agree")
        self.close = e("button", {"class": "x"})
        self.dialog = e("div", {"role": "dialog"}, self.close)
        self.alert = e("div", {"role": "status"}, "")
        self.error = e("p", {"class": "field-error", "style": "display: none"}, "Wrong")
        self.field = e("input", {"name": "email"})
        self.cells = [e("li", {}, str(i)) for i in range(80)]
        self.list = e("ul", {"class": "dressed-btn"}, *self.cells)
        parts = (self.ticker, self.button, self.details, self.tab, self.panel, self.wrap, self.pointing)
        more = (self.dialog, self.alert, self.error, self.field, self.list)
        self.main = e("main", {}, *parts, *more)
        self.node = b.page(self.main)
        self.index = indexed(self.node)

    def texts(self, node: Node, t: int = LONG_AGO) -> Change:
        (change,) = mutate(self.index, t, texts=[{"id": node["id"]}])
        return change

    def attribute(self, node: Node, name: str, value: Any, t: int = LONG_AGO) -> Change:
        (change,) = mutate(self.index, t, attributes=[{"id": node["id"], "attributes": {name: value}}])
        return change

    def owner_of_text(self, pressed: Node, changed: Node, wait: int = 100) -> int:
        self.index.press(pressed["id"], LONG_AGO)
        return self.texts(changed, LONG_AGO + wait).owner


def test_the_source_of_a_text_is_its_element() -> None:
    shop = Shop()
    assert shop.texts(shop.label).source == shop.ticker["childNodes"][0]["id"]


def test_a_ticker_that_rebuilds_its_inside_is_one_source() -> None:
    shop = Shop()
    old = shop.ticker["childNodes"][0]["id"]
    box = shop.ticker["id"]
    for second in range(20):
        new = 5_000 + 2 * second
        inside = {**leaf(new, "b"), "childNodes": [text(new + 1)]}
        (change,) = mutate(
            shop.index,
            LONG_AGO + 1_000 * second,
            removes=[{"parentId": box, "id": old}],
            adds=[{"parentId": box, "nextId": None, "node": inside}],
        )
        assert change == Change(box, 0, 2, 0, 0)
        (change,) = mutate(shop.index, LONG_AGO + 1_000 * second + 500, texts=[{"id": new + 1}])
        assert change.source == box
        old = new
    (change,) = mutate(shop.index, LONG_AGO + 30_000, texts=[{"id": old + 1}])
    assert change.source == old  # it has stood long enough to speak for itself


def test_changes_of_one_source_are_counted_together() -> None:
    shop = Shop()
    changes = mutate(
        shop.index,
        LONG_AGO,
        texts=[{"id": shop.label["id"]}, {"id": shop.label["id"]}],
        attributes=[{"id": shop.button["id"], "attributes": {"class": "x", "title": "y"}}],
    )
    assert [(change.source, change.count) for change in changes] == [
        (shop.ticker["childNodes"][0]["id"], 2),
        (shop.button["id"], 2),
    ]


def test_a_change_inside_a_pressed_control_is_its_own() -> None:
    shop = Shop()
    shop.index.press(shop.icon["id"], LONG_AGO)
    assert shop.attribute(shop.icon, "class", "spinner", LONG_AGO + 50).owner == shop.button["id"]
    assert shop.attribute(shop.button, "disabled", "", LONG_AGO + 50).owner == shop.button["id"]
    assert shop.texts(shop.label, LONG_AGO + 50).owner == 0


def test_a_press_is_remembered_for_ten_seconds_and_not_before_it() -> None:
    shop = Shop()
    assert shop.owner_of_text(shop.button, shop.icon, 10_000) == shop.button["id"]
    assert shop.owner_of_text(shop.button, shop.icon, 10_001) == 0
    assert shop.owner_of_text(shop.button, shop.icon, -1) == 0


def test_the_last_eight_presses_are_remembered() -> None:
    shop = Shop()
    shop.index.press(shop.button["id"], LONG_AGO)
    others = (shop.summary, shop.tab, shop.check, shop.wrap, shop.pointing, shop.close, shop.field)
    for other in others:
        shop.index.press(other["id"], LONG_AGO)
    assert shop.texts(shop.icon, LONG_AGO + 1).owner == shop.button["id"]
    shop.index.press(shop.ticker["id"], LONG_AGO)
    assert shop.texts(shop.icon, LONG_AGO + 1).owner == 0


def test_a_control_owns_what_it_speaks_for() -> None:
    shop = Shop()
    shop.index.press(shop.summary["id"], LONG_AGO)
    assert shop.attribute(shop.details, "open", "", LONG_AGO + 1).owner == shop.summary["id"]
    assert shop.owner_of_text(shop.tab, shop.inner) == shop.tab["id"]
    assert shop.owner_of_text(shop.check, shop.wrap) == shop.check["id"]
    shop = Shop()
    shop.index.press(shop.pointing["id"], LONG_AGO)
    assert shop.attribute(shop.check, "checked", "", LONG_AGO + 1).owner == shop.pointing["id"]


def test_a_control_owns_that_it_goes() -> None:
    shop = Shop()
    shop.index.press(shop.close["id"], LONG_AGO)
    gone = [{"parentId": shop.main["id"], "id": shop.dialog["id"]}]
    (change,) = mutate(shop.index, LONG_AGO + 10, removes=gone)
    assert (change.source, change.owner) == (shop.main["id"], shop.close["id"])
    assert shop.close["id"] not in shop.index


def test_a_control_that_is_rebuilt_all_the_time_does_not() -> None:
    shop = Shop()
    box = shop.ticker["id"]
    mutate(shop.index, LONG_AGO, adds=[{"parentId": box, "nextId": None, "node": leaf(7_000, "button")}])
    shop.index.press(7_000, LONG_AGO + 500)
    (change,) = mutate(shop.index, LONG_AGO + 1_000, removes=[{"parentId": box, "id": 7_000}])
    assert (change.source, change.owner) == (box, 0)


def test_a_press_on_no_control_owns_a_small_area_and_never_the_page() -> None:
    shop = Shop()
    assert shop.owner_of_text(shop.ticker, shop.label) == shop.ticker["id"]
    shop = Shop()
    assert shop.owner_of_text(shop.list, shop.cells[0]) == 0
    body = next(number for number in range(1, 300) if shop.index.element(number).tag == "body")
    shop.index.press(body, LONG_AGO)
    assert shop.texts(shop.label, LONG_AGO + 1).owner == 0


def test_a_moved_control_still_owns_its_inside() -> None:
    shop = Shop()
    shop.index.press(shop.button["id"], LONG_AGO)
    moved = {"parentId": shop.main["id"], "id": shop.button["id"]}
    again = {"parentId": shop.panel["id"], "nextId": None, "node": leaf(shop.button["id"], "button")}
    mutate(shop.index, LONG_AGO + 10, removes=[moved], adds=[again])
    assert shop.attribute(shop.button, "class", "x", LONG_AGO + 20).owner == shop.button["id"]


def test_detail_tells_states_apart_and_nothing_else() -> None:
    shop = Shop()
    on, off = shop.attribute(shop.button, "class", "on"), shop.attribute(shop.button, "class", "off")
    assert on.detail
    assert off.detail not in (0, on.detail)
    assert shop.attribute(shop.button, "class", "on").detail == on.detail
    assert shop.attribute(shop.icon, "class", "on").detail == on.detail
    assert shop.attribute(shop.button, "data-state", "on").detail not in (0, on.detail)
    for name in ("title", "aria-label", "placeholder", "value", "alt", "src", "data-count"):
        assert shop.attribute(shop.button, name, "on").detail == 0
    both = [{"id": shop.button["id"], "attributes": {"class": "on", "style": None}}]
    assert all(change.detail == 0 for change in mutate(shop.index, LONG_AGO, attributes=both))
    one = [{"id": shop.button["id"], "attributes": {"class": "on"}}]
    both_kinds = mutate(shop.index, LONG_AGO, attributes=one, texts=[{"id": shop.label["id"]}])
    assert all(change.detail == 0 for change in both_kinds)


def test_messages_are_noticed() -> None:
    shop = Shop()
    assert shop.texts(shop.alert).flags == IS_MESSAGE  # a status warns of nothing
    assert shop.attribute(shop.field, "aria-invalid", "false").flags == 0
    assert shop.attribute(shop.field, "aria-invalid", "true").flags == ALERT
    assert shop.attribute(shop.field, "aria-invalid", "true").flags == 0  # it was already
    assert shop.attribute(shop.field, "class", "input is-invalid").flags == ALERT
    assert shop.attribute(shop.error, "style", {"color": "red"}).flags == 0
    assert shop.attribute(shop.error, "style", {"display": False}).flags == ALERT
    assert shop.attribute(shop.error, "hidden", "").flags == 0
    assert shop.attribute(shop.error, "hidden", None).flags == ALERT
    assert shop.attribute(shop.button, "class", "btn btn-danger").flags == 0
    assert shop.texts(shop.label).flags == 0


@pytest.mark.parametrize(
    ("node", "flags"),
    [
        (leaf(900, "div", role="alert"), ALERT),
        (leaf(900, "div", role="status"), 0),  # an empty region waits for its first message
        ({**leaf(900, "div", role="status"), "childNodes": [text(901)]}, IS_MESSAGE),
        ({**leaf(900, "div", role="status"), "childNodes": [text(901, "")]}, 0),
        (leaf(900, "p", **{"class": "form__error"}), ALERT),
        (leaf(900, "p", **{"class": "form__error", "hidden": ""}), 0),
        (leaf(900, "button", **{"class": "btn btn-danger"}), 0),
        (leaf(900, "p", **{"class": "terror"}), 0),
    ],
)
def test_what_is_added_may_be_a_message(node: Node, flags: int) -> None:
    shop = Shop()
    (change,) = mutate(
        shop.index, LONG_AGO, adds=[{"parentId": shop.panel["id"], "nextId": None, "node": node}]
    )
    assert change.flags == flags


def test_a_text_that_comes_into_a_live_region_is_a_message() -> None:
    shop = Shop()
    add = [{"parentId": shop.alert["id"], "nextId": None, "node": text(900)}]
    assert mutate(shop.index, LONG_AGO, adds=add)[0].flags == IS_MESSAGE
    removal = [{"parentId": shop.alert["id"], "id": 900}]
    assert mutate(shop.index, LONG_AGO, removes=removal)[0].flags == 0


def view(number: int, size: int) -> Node:
    return {**leaf(number, "section"), "childNodes": [leaf(number + 1 + i, "p") for i in range(size)]}


def test_a_view_that_takes_the_place_of_another_is_a_new_page() -> None:
    shop = Shop()
    parts = [{"parentId": shop.main["id"], "id": child["id"]} for child in shop.main["childNodes"]]
    add = [{"parentId": shop.main["id"], "nextId": None, "node": view(2_000, 60)}]
    (change,) = mutate(shop.index, LONG_AGO, removes=parts, adds=add)
    assert change.flags & NEW_PAGE
    # ... also when it leaves in one event and the next comes a moment later
    gone = [{"parentId": shop.main["id"], "id": 2_000}]
    assert not mutate(shop.index, LONG_AGO + 10, removes=gone)[0].flags & NEW_PAGE
    add = [{"parentId": shop.main["id"], "nextId": None, "node": view(3_000, 60)}]
    assert mutate(shop.index, LONG_AGO + 200, adds=add)[0].flags & NEW_PAGE
    add = [{"parentId": shop.main["id"], "nextId": None, "node": view(4_000, 60)}]
    assert not mutate(shop.index, LONG_AGO + 300, adds=add)[0].flags & NEW_PAGE


def test_a_list_that_is_sorted_is_no_new_page() -> None:
    shop = Shop()
    cells = [{"parentId": shop.list["id"], "id": cell["id"]} for cell in shop.cells]
    again = [
        {"parentId": shop.list["id"], "nextId": None, "node": leaf(cell["id"], "li")} for cell in shop.cells
    ]
    assert not any(
        change.flags & NEW_PAGE for change in mutate(shop.index, LONG_AGO, removes=cells, adds=again[::-1])
    )


def test_a_small_part_that_is_replaced_is_no_new_page() -> None:
    shop = Shop()
    gone = [{"parentId": shop.main["id"], "id": shop.panel["id"]}]
    add = [{"parentId": shop.main["id"], "nextId": None, "node": view(2_000, 60)}]
    assert not mutate(shop.index, LONG_AGO, removes=gone, adds=add)[0].flags & NEW_PAGE


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


TEXT_ATTRIBUTES = (
    *("aria-label", "title", "alt", "placeholder", "value", "lang", "content", "label", "aria-description"),
    *("summary", "aria-placeholder", "aria-roledescription", "aria-valuetext", "data-original-title"),
)


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
