"""What an element is and what it is called, from its tag, role and attributes alone."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from data_contracts import events as e
from data_contracts.elements import Element
from data_contracts.page_index import PageIndex
from tests.data_contracts.pages import Builder, Node, indexed, raw, shop_page, snapshots_of
from tests.data_contracts.slow_page import Slow

SAYS = {
    name: getattr(e, name)
    for name in (
        *("IS_CONTROL", "LOOKS_CONTROL", "IS_LINK", "IS_FIELD", "IS_CHOICE", "IS_SUBMIT", "IS_SEARCH"),
        *("IS_SECRET", "IS_DISABLED", "UNSEEN_EFFECT", "IS_SURFACE", "IS_PRICE", "IS_CONSENT", "IS_COPY"),
        "RECORDED_FRAME",
    )
}


def said(flags: int) -> str:
    """Flags as words, without those that only say that the node is known."""
    assert flags & e.SIGHTED
    assert flags & e.KNOWN
    return " ".join(sorted(name for name, flag in SAYS.items() if flags & flag))


def facts(*chain: tuple[str, dict[str, Any]]) -> str:
    """What is said of the innermost of nested elements."""
    b = Builder()
    node: Node | None = None
    innermost = 0
    for tag, attributes in reversed(chain):
        node = b.element(tag, attributes, *([node] if node else []))
        innermost = innermost or node["id"]
    assert node is not None
    return said(indexed(b.page(node)).facts(innermost)[2])


@pytest.mark.parametrize(
    ("tag", "attributes", "expected"),
    [
        ("div", {}, ""),
        ("a", {}, ""),
        ("a", {"href": "/x"}, "IS_CONTROL IS_LINK"),
        ("a", {"href": ""}, "IS_CONTROL IS_LINK"),
        ("A", {"href": "/x"}, "IS_CONTROL IS_LINK"),
        ("a", {"href": None}, ""),
        ("a", {"href": "/x", "target": "_blank"}, "IS_CONTROL IS_LINK UNSEEN_EFFECT"),
        ("a", {"href": "/x", "target": "_top"}, "IS_CONTROL IS_LINK"),
        ("a", {"href": "/x", "download": ""}, "IS_CONTROL IS_LINK UNSEEN_EFFECT"),
        ("a", {"href": "mailto:a@b.c"}, "IS_CONTROL IS_LINK UNSEEN_EFFECT"),
        ("a", {"href": "TEL:1"}, "IS_CONTROL IS_LINK UNSEEN_EFFECT"),
        ("a", {"href": "javascript:window.print()"}, "IS_CONTROL IS_LINK UNSEEN_EFFECT"),
        ("a", {"href": "javascript:void(0)"}, "IS_CONTROL IS_LINK"),
        ("a", {"href": "https://x.y/terms.PDF?v=1#a"}, "IS_CONTROL IS_LINK UNSEEN_EFFECT"),
        ("a", {"href": "https://x.y/terms.html"}, "IS_CONTROL IS_LINK"),
        ("a", {"href": "https://x.y/?f=a.pdf"}, "IS_CONTROL IS_LINK"),
        ("a", {"href": "/x", "class": "share-link"}, "IS_CONTROL IS_LINK UNSEEN_EFFECT"),
        ("button", {}, "IS_CONTROL"),
        ("button", {"type": "submit"}, "IS_CONTROL IS_SUBMIT"),
        ("button", {"disabled": ""}, "IS_CONTROL IS_DISABLED"),
        ("button", {"disabled": False}, "IS_CONTROL"),
        ("button", {"aria-disabled": "true"}, "IS_CONTROL IS_DISABLED"),
        ("button", {"class": "copyToClipboard"}, "IS_CONTROL IS_COPY"),
        ("button", {"class": "PrintReceipt"}, "IS_CONTROL UNSEEN_EFFECT"),
        ("button", {"class": "fingerprinting blueprint"}, "IS_CONTROL"),
        ("input", {}, "IS_CONTROL IS_FIELD"),
        ("input", {"type": "email"}, "IS_CONTROL IS_FIELD"),
        ("input", {"type": "password"}, "IS_CONTROL IS_FIELD IS_SECRET"),
        ("input", {"type": "search"}, "IS_CONTROL IS_FIELD IS_SEARCH"),
        ("input", {"name": "q"}, "IS_CONTROL IS_FIELD IS_SEARCH"),
        ("input", {"id": "site-search"}, "IS_CONTROL IS_FIELD IS_SEARCH"),
        ("input", {"name": "research"}, "IS_CONTROL IS_FIELD"),
        ("input", {"type": "checkbox"}, "IS_CHOICE IS_CONTROL"),
        ("input", {"type": "radio"}, "IS_CHOICE IS_CONTROL"),
        ("input", {"type": "submit"}, "IS_CONTROL IS_SUBMIT"),
        ("input", {"type": "image"}, "IS_CONTROL IS_SUBMIT"),
        ("input", {"type": "hidden"}, ""),
        ("input", {"type": "range"}, "IS_CONTROL"),
        ("input", {"type": "file"}, "IS_CONTROL UNSEEN_EFFECT"),
        ("input", {"type": "color"}, "IS_CONTROL UNSEEN_EFFECT"),
        ("input", {"type": "datetime-local"}, "IS_CONTROL IS_FIELD UNSEEN_EFFECT"),
        ("select", {}, "IS_CHOICE IS_CONTROL UNSEEN_EFFECT"),
        ("option", {}, "IS_CHOICE IS_CONTROL"),
        ("textarea", {}, "IS_CONTROL IS_FIELD"),
        ("summary", {}, "IS_CONTROL"),
        ("label", {}, ""),
        ("label", {"for": "x"}, "IS_CONTROL"),
        ("div", {"role": "button"}, "IS_CONTROL"),
        ("div", {"role": "menuitemradio"}, "IS_CHOICE IS_CONTROL"),
        ("div", {"role": "switch"}, "IS_CHOICE IS_CONTROL"),
        ("div", {"role": "link"}, "IS_CONTROL IS_LINK"),
        ("div", {"role": "searchbox"}, "IS_CONTROL IS_FIELD IS_SEARCH"),
        ("div", {"role": "presentation"}, ""),
        ("div", {"contenteditable": ""}, "IS_CONTROL IS_FIELD"),
        ("div", {"contenteditable": "false"}, ""),
        ("video", {}, "IS_SURFACE"),
        ("video", {"controls": ""}, "IS_CONTROL IS_SURFACE"),
        ("canvas", {}, "IS_SURFACE"),
        ("iframe", {"src": "/x"}, "IS_SURFACE UNSEEN_EFFECT"),
        ("embed", {}, "IS_SURFACE UNSEEN_EFFECT"),
        ("svg", {}, ""),
        ("div", {"rr_width": "10px", "rr_height": "10px"}, "UNSEEN_EFFECT"),
        ("div", {"class": "btn"}, "LOOKS_CONTROL"),
        ("div", {"class": "big ctaButton"}, "LOOKS_CONTROL"),
        ("div", {"class": "btn-group"}, ""),
        ("div", {"class": "linkedin"}, ""),
        ("div", {"class": "cursor-pointer"}, "LOOKS_CONTROL"),
        ("div", {"style": "color:red; cursor: pointer"}, "LOOKS_CONTROL"),
        ("div", {"style": "cursor: default"}, ""),
        ("div", {"style": "--my-cursor: pointer"}, ""),
        ("div", {"tabindex": "0"}, "LOOKS_CONTROL"),
        ("div", {"tabindex": "-1"}, ""),
        ("div", {"onclick": "go()"}, "LOOKS_CONTROL"),
        ("span", {"itemprop": "price"}, "IS_PRICE"),
        ("span", {"class": "order__total"}, "IS_PRICE"),
        ("span", {"class": "totally"}, ""),
        ("div", {"class": "leaflet-container"}, "IS_SURFACE"),
        ("div", {"class": "ol-viewport"}, "IS_SURFACE"),
        ("ol", {"class": "site-map"}, ""),
        ("div", {"id": "onetrust-banner-sdk"}, "IS_CONSENT"),
        ("div", {"class": "OneTrust"}, "IS_CONSENT"),
        ("div", {"class": "cookieBar"}, "IS_CONSENT"),
    ],
)
def test_own_facts(tag: str, attributes: dict[str, Any], expected: str) -> None:
    assert facts((tag, attributes)) == expected


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ([("button", {}), ("span", {})], "IS_CONTROL"),
        ([("form", {}), ("button", {}), ("span", {})], "IS_CONTROL IS_SUBMIT"),
        ([("form", {}), ("button", {"type": "button"})], "IS_CONTROL"),
        (
            [("form", {"target": "_blank"}), ("input", {"type": "submit"})],
            "IS_CONTROL IS_SUBMIT UNSEEN_EFFECT",
        ),
        ([("button", {}), ("i", {"class": "icon-download"})], "IS_CONTROL UNSEEN_EFFECT"),
        ([("div", {"class": "share"}), ("p", {}), ("i", {})], ""),
        ([("div", {"class": "btn copy"}), ("i", {})], "IS_COPY LOOKS_CONTROL"),
        ([("a", {"href": "/"}), ("span", {"class": "btn"})], "IS_CONTROL IS_LINK"),
        ([("a", {"href": "/", "target": "_blank"}), ("img", {})], "IS_CONTROL IS_LINK UNSEEN_EFFECT"),
        ([("fieldset", {"disabled": ""}), ("input", {})], "IS_CONTROL IS_DISABLED IS_FIELD"),
        ([("button", {"disabled": ""}), ("span", {})], "IS_CONTROL IS_DISABLED"),
        ([("label", {}), ("input", {"type": "checkbox"})], "IS_CHOICE IS_CONTROL"),
        ([("form", {"role": "search"}), ("input", {})], "IS_CONTROL IS_FIELD IS_SEARCH"),
        ([("div", {"class": "price"}), ("span", {})], "IS_PRICE"),
        ([("div", {"class": "price"}), ("p", {}), ("p", {}), ("span", {})], ""),
        ([("div", {"class": "map"}), ("div", {}), ("div", {})], "IS_SURFACE"),
        ([("div", {"class": "map"}), *[("div", {})] * 8], ""),
        ([("div", {"id": "cookie"}), *[("div", {})] * 30, ("button", {})], "IS_CONSENT IS_CONTROL"),
        ([("div", {"contenteditable": "true"}), ("p", {})], "IS_CONTROL IS_FIELD"),
    ],
)
def test_facts_from_around(chain: list[tuple[str, dict[str, Any]]], expected: str) -> None:
    assert facts(*chain) == expected


def test_a_label_around_its_input_is_a_control() -> None:
    b = Builder()
    words = b.element("span", {}, "I agree")
    label = b.element("label", {}, words, b.element("input", {"type": "checkbox"}))
    index = indexed(b.page(label))
    assert index.facts(words["id"])[0] == label["id"]


def test_a_mutation_of_an_attribute_changes_the_facts_that_it_made() -> None:
    b = Builder()
    link = b.element("a", {"class": "btn", "id": "print-it"}, "x")
    index = indexed(b.page(link))

    def put(**attributes: Any) -> str:
        change = type("Change", (), {})()
        change.id = link["id"]
        change.attributes = {name.replace("_", "-"): raw(value) for name, value in attributes.items()}
        index.mutate([], [change], [], [], 1)
        return said(index.facts(link["id"])[2])

    assert put(title="x") == "LOOKS_CONTROL UNSEEN_EFFECT"
    assert put(href="/") == "IS_CONTROL IS_LINK UNSEEN_EFFECT"
    assert put(href=None, role="tab") == "IS_CONTROL UNSEEN_EFFECT"
    assert put(role=None, **{"class": ""}) == "UNSEEN_EFFECT"
    assert put(style={"cursor": "pointer"}) == "LOOKS_CONTROL UNSEEN_EFFECT"
    assert put(style={"color": "red"}) == "LOOKS_CONTROL UNSEEN_EFFECT"
    assert put(style={"cursor": False}) == "UNSEEN_EFFECT"
    assert put(aria_disabled="true") == "IS_DISABLED UNSEEN_EFFECT"
    assert index.element(link["id"]).name == "a #print-it"
    put(id="other")
    assert index.element(link["id"]).name == "a #other"


def test_names_and_selectors() -> None:
    node = shop_page()
    slow = Slow()
    slow.add(node)
    index = indexed(node)
    described = {number: index.element(number) for number in slow.parent if slow.type[number] == 2}
    by_name = {element.name: element.selector for element in described.values()}
    assert by_name["button pay"] == '[data-testid="pay"]'
    assert by_name["field #email"] == "#email"
    assert by_name["password field password"] == 'input[name="password"]'
    assert by_name["checkbox terms"] == 'input[name="terms"]'
    assert by_name["select size"] == 'select[name="size"]'
    assert by_name["link in nav"] == "body > header > nav > a"
    assert by_name["button .accept in #cookie-banner"] == "#cookie-banner > button"
    assert by_name["button .btn-primary in main #app"].endswith("li:nth-of-type(5) > button")
    assert by_name["form #checkout"] == "#checkout"
    assert by_name["x-map .leaflet-map"] == "body > x-map"
    assert by_name["button"] == "#app > iframe >>> body > button"
    assert by_name["summary"] == "body > details > summary"


def test_a_text_is_called_like_its_element() -> None:
    node = shop_page()
    slow = Slow()
    slow.add(node)
    index = indexed(node)
    for number, kind in slow.type.items():
        if kind == 3:
            assert index.element(number) == index.element(slow.parent[number])
        elif kind == 1:
            assert index.element(number) == Element()
    assert index.element(node["id"]).tag == "#document"


def test_made_up_names_are_passed_over() -> None:
    b = Builder()
    odd = [
        b.element("button", {"id": ":r3:", "class": "css-1x2y3z"}),
        b.element("button", {"id": "item-84711", "class": "Button_root__x7Yz1"}),
        b.element("button", {"id": "c9f0f895fb98", "class": "is-active"}),
    ]
    index = indexed(b.page(b.element("div", {}, *odd)))
    for place, node in enumerate(odd, 1):
        assert index.element(node["id"]) == Element(
            "button", "button", "button", f"body > div > button:nth-of-type({place})"
        )


def test_a_name_that_is_not_unique_is_not_trusted() -> None:
    b = Builder()
    twins = [b.element("button", {"data-testid": "add"}) for _ in range(2)]
    index = indexed(b.page(b.element("div", {}, *twins)))
    assert [index.element(twin["id"]).selector for twin in twins] == [
        f'body > div > [data-testid="add"]:nth-of-type({place})' for place in (1, 2)
    ]


def test_a_name_with_quotes_is_quoted() -> None:
    b = Builder()
    node = b.element("button", {"data-testid": 'a"b\\c'})
    other = b.element("button", {"id": "größe 1"})
    index = indexed(b.page(node, other))
    assert index.element(node["id"]).selector == '[data-testid="a\\"b\\\\c"]'
    assert index.element(other["id"]).selector == '[id="größe 1"]'


def test_a_class_is_told_as_the_element_was_born_with_it() -> None:
    b = Builder()
    node = b.element("button", {"class": "checkout is-idle"})
    index = indexed(b.page(node, b.element("button")))
    before = index.element(node["id"])
    assert before == Element("button", "button", "button .checkout", "body > button.checkout")
    change = type("Change", (), {"id": node["id"], "attributes": {"class": raw("checkout is-busy spinning")}})
    index.mutate([], [change], [], [], 1)
    assert index.element(node["id"]) == before


def test_shadow_roots_and_frames_are_entered() -> None:
    b = Builder()
    inner = b.element("button", {"id": "go"})
    inner["isShadow"] = True
    host = b.element("x-buy", {"id": "buy"}, inner)
    index = indexed(b.page(host))
    assert index.element(inner["id"]).selector == "#buy >>> #go"


def test_selectors_of_real_pages_are_all_different(some_recordings: list[Path]) -> None:
    for node in snapshots_of(some_recordings[::4]):
        slow = Slow()
        slow.add(node)
        index = PageIndex()
        index.snapshot(json.dumps(node).encode(), 0)
        selectors = [index.element(number).selector for number, kind in slow.type.items() if kind == 2]
        assert len(set(selectors)) == len(selectors)
        assert all(re.match(r"\S", selector) for selector in selectors)
