"""Where a change of the page comes from, who owns it, and what it is: a message, a state, another view."""

import pytest

from data_contracts.events import BARE, COMMON, GONE, IS_ALERT, IS_MESSAGE, NEW_PAGE, UNSEEN, UNSEEN_EFFECT
from data_contracts.page_index import Change
from tests.data_contracts.pages import LONG_AGO, Node, Shop, leaf, mutate, text

ALERT = IS_MESSAGE | IS_ALERT


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

    def says(change: Change) -> int:
        return change.flags & ALERT

    assert says(shop.texts(shop.alert)) == IS_MESSAGE  # a status warns of nothing
    assert says(shop.attribute(shop.field, "aria-invalid", "false")) == 0
    assert says(shop.attribute(shop.field, "aria-invalid", "true")) == ALERT
    assert says(shop.attribute(shop.field, "aria-invalid", "true")) == 0  # it was already
    assert says(shop.attribute(shop.field, "class", "input is-invalid")) == ALERT
    assert says(shop.attribute(shop.error, "style", {"color": "red"})) == 0
    assert says(shop.attribute(shop.error, "style", {"display": False})) == ALERT
    assert says(shop.attribute(shop.error, "hidden", "")) == 0
    assert says(shop.attribute(shop.error, "hidden", None)) == ALERT
    assert says(shop.attribute(shop.button, "class", "btn btn-danger")) == 0
    assert says(shop.texts(shop.label)) == 0


@pytest.mark.parametrize(
    ("node", "flags"),
    [
        (leaf(900, "div", role="alert"), ALERT),
        (leaf(900, "div", role="status"), 0),  # an empty region waits for its first message
        ({**leaf(900, "div", role="status"), "childNodes": [text(901)]}, IS_MESSAGE),
        ({**leaf(900, "div", role="status"), "childNodes": [text(901, "")]}, IS_MESSAGE),  # it may be masked
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
    assert change.flags & ALERT == flags


def test_a_text_that_comes_into_a_live_region_is_a_message() -> None:
    shop = Shop()
    add = [{"parentId": shop.alert["id"], "nextId": None, "node": text(900)}]
    assert mutate(shop.index, LONG_AGO, adds=add)[0].flags == IS_MESSAGE
    removal = [{"parentId": shop.alert["id"], "id": 900}]
    assert mutate(shop.index, LONG_AGO, removes=removal)[0].flags == GONE


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


@pytest.mark.parametrize(
    ("node", "flags"),
    [
        (leaf(900, "img", width="1", height="1", src="/p.gif"), UNSEEN),
        (leaf(900, "img", width="1", height="400"), 0),
        (leaf(900, "iframe", style="width:0;display:none"), UNSEEN),
        (leaf(900, "div", hidden=""), UNSEEN | BARE),
        (leaf(900, "script", src="/t.js"), UNSEEN),
        ({"type": 5, "textContent": "", "id": 900}, UNSEEN),
        (leaf(900, "span", **{"class": "wave"}), BARE),
        ({**leaf(900, "div"), "childNodes": [leaf(901, "span")]}, BARE),
        ({**leaf(900, "div"), "childNodes": [text(901, "")]}, 0),
        ({**leaf(900, "div"), "childNodes": [leaf(901, "svg")]}, 0),
        (leaf(900, "span", role="status"), 0),
        (leaf(900, "button"), 0),
        (text(900), 0),
    ],
)
def test_what_comes_and_goes_is_looked_at(node: Node, flags: int) -> None:
    shop = Shop()
    add = [{"parentId": shop.panel["id"], "nextId": None, "node": node}]
    assert mutate(shop.index, LONG_AGO, adds=add)[0].flags & COMMON == flags
    gone = [{"parentId": shop.panel["id"], "id": 900}]
    assert mutate(shop.index, LONG_AGO + 600, removes=gone)[0].flags & COMMON == flags | GONE
    mutate(shop.index, LONG_AGO, adds=add)
    (old,) = mutate(shop.index, LONG_AGO + 6_000, removes=gone)
    assert old.flags & COMMON == flags & ~BARE | GONE  # what has stood a while is missed when it goes


def test_changes_told_as_one_have_in_common_what_all_of_them_have() -> None:
    shop = Shop()
    wave, pixel = leaf(900, "span"), leaf(901, "img", width="1", height="1")
    adds = [{"parentId": shop.panel["id"], "nextId": None, "node": node} for node in (wave, pixel)]
    assert mutate(shop.index, LONG_AGO, adds=adds)[0].flags & COMMON == 0
    removes = [{"parentId": shop.panel["id"], "id": node["id"]} for node in (wave, pixel)]
    assert mutate(shop.index, LONG_AGO, removes=removes)[0].flags & COMMON == GONE
    again = [{"parentId": shop.panel["id"], "nextId": None, "node": leaf(902, "span")}]
    mutate(shop.index, LONG_AGO, adds=again)
    swapped = mutate(shop.index, LONG_AGO, removes=[{"parentId": shop.panel["id"], "id": 902}], adds=again)
    assert [change.flags & COMMON for change in swapped] == [BARE]


def test_an_element_that_appears_is_seen_and_one_that_stays_hidden_is_not() -> None:
    shop = Shop()
    assert shop.attribute(shop.panel, "style", "display: none").flags & UNSEEN == 0
    assert shop.attribute(shop.panel, "data-step", "2").flags & UNSEEN
    assert shop.attribute(shop.panel, "style", "color: red").flags & UNSEEN == 0


def test_a_menu_whose_state_nobody_tells_may_open_by_style_alone() -> None:
    shop = Shop()
    flags = shop.index.facts(shop.button["id"])[2]
    assert not flags & UNSEEN_EFFECT
    shop.attribute(shop.button, "aria-haspopup", "true")
    assert shop.index.facts(shop.button["id"])[2] == flags | UNSEEN_EFFECT
    shop.attribute(shop.button, "aria-expanded", "false")
    assert shop.index.facts(shop.button["id"])[2] == flags
