"""What an element is called: tag, role, a structural name and a stable selector, none of them from text.

Names and selectors are made only for the few elements that somebody cites. They come from tags, roles and
the attributes that developers write for themselves, so they are the same in every language of the page.
What a build tool or a framework has numbered or hashed is passed over, for it changes with the next build.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from operator import itemgetter
from typing import Final

import msgspec
import numpy as np

from data_contracts import attribute_facts as a
from data_contracts.element_places import is_inside_other_document, place_among, same_type
from data_contracts.lexicon import ATTRIBUTES, ROLES, TAGS, TYPES
from data_contracts.node_facts import FURTHEST
from data_contracts.node_table import (
    DOCUMENT,
    ELEMENT,
    NODE,
    NOWHERE,
    RECORD_HEAD,
    Arena,
    Nodes,
    State,
    Table,
    bearer,
    find,
)
from data_contracts.snapshot_scan import KEPT_TAG


class Element(msgspec.Struct, frozen=True):
    """An element as a person would point at it; empty strings for a node that is not known."""

    tag: str = ""
    role: str = ""
    name: str = ""
    selector: str = ""


ANCHORS: Final = ("data-ww-name", "data-testid", "data-test", "data-cy", "data-qa", "id")
"""Attributes that identify an element, best first."""

CODES: Final = {name: code for code, name in enumerate(ATTRIBUTES)}
_ANCHORS: Final = [(name, CODES[name]) for name in ANCHORS]
PLAIN: Final = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]*\Z")
NUMBERED: Final = re.compile(
    r"\d{4,}"  # database keys and times
    r"|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{6,}"  # hexadecimal hashes
    r"|^:r[0-9a-z]*:|«r|radix-|headlessui-|react-aria|mui-\d|^ember\d|^ext-gen|^yui_|^gwt-uid|^__"
)
HASHED: Final = re.compile(
    r"\d{3,}|^(css|sc|jsx?|svelte|emotion|styled|makeStyles|jss|tss|astro|_)-?[A-Za-z]*\d|__[A-Za-z0-9_-]{5,}$"
    r"|(?=[A-Za-z]*\d)(?=\w*[A-Z])\w{5,}|^[a-z]{1,2}\d|[:/\[\]()!@%.]"
)
STATES: Final = re.compile(
    r"(^|[-_])(is|has|was|js|ng|v)[-_]|(^|[-_])(active|open|opened|closed|hover|focus|focused|selected|current|"
    r"disabled|hidden|hide|show|shown|visible|invisible|loading|loaded|error|err|invalid|valid|checked|"
    r"expanded|collapsed|dragging|enter|leave|animated?|fade|in|out|on|off|dark|light)$"
)
LANDMARKS: Final = {
    "nav": "nav",
    "main": "main",
    "header": "header",
    "footer": "footer",
    "aside": "aside",
    "dialog": "dialog",
    "form": "form",
}
LANDMARK_ROLES: Final = {
    "navigation": "nav",
    "main": "main",
    "banner": "header",
    "contentinfo": "footer",
    "complementary": "aside",
    "dialog": "dialog",
    "alertdialog": "dialog",
    "search": "search",
    "menu": "menu",
    "toolbar": "toolbar",
}
TAG_ROLES: Final = {
    "button": "button",
    "select": "combobox",
    "textarea": "textbox",
    "option": "option",
    "img": "img",
    "nav": "navigation",
    "main": "main",
    "header": "banner",
    "footer": "contentinfo",
    "aside": "complementary",
    "form": "form",
    "dialog": "dialog",
    "ul": "list",
    "ol": "list",
    "li": "listitem",
    "table": "table",
    "search": "search",
    **{f"h{level}": "heading" for level in range(1, 7)},
}
INPUT_ROLES: Final = {
    "checkbox": "checkbox",
    "radio": "radio",
    "range": "slider",
    "search": "searchbox",
    "number": "spinbutton",
    "submit": "button",
    "image": "button",
    "reset": "button",
    "button": "button",
    "file": "button",
    "color": "button",
    "hidden": "",
}
"""Roles of inputs; every other type is a textbox."""

WORDS_OF_ROLES: Final = {
    "textbox": "field",
    "searchbox": "search field",
    "spinbutton": "field",
    "combobox": "select",
    "img": "image",
    "navigation": "nav",
    "banner": "header",
    "contentinfo": "footer",
    "complementary": "aside",
    "menuitem": "menu item",
    "menuitemcheckbox": "menu item",
    "menuitemradio": "menu item",
    "treeitem": "tree item",
    "listitem": "list item",
    "": "",
}
LONGEST_PATH: Final = 24  # steps of a selector: a longer one says less than the page that it is on
LONGEST_NAME: Final = 60
COMPARED: Final = 32  # siblings whose classes are compared; in a longer list a number says more


_read: Final = itemgetter(
    *map(list(NODE.names or ()).index, ("type", "bits", "kept", "kept_size", "tag", "kind", "role"))
)


class _Node:
    """One row of a page, read by Python: slow, and only for what is cited."""

    def __init__(self, nodes: Nodes, arena: Arena, state: State, row: int) -> None:
        self.nodes, self.arena, self.state, self.row = nodes, arena, state, row
        self.type, self.bits, begin, size, tag, kind, role = _read(nodes[row].item())
        self.raw: dict[int, bytes] = {}
        kept, place = arena[begin : begin + size].tobytes(), 0
        while place < len(kept):
            code, size = kept[place], kept[place + 1]
            self.raw[code] = kept[place + RECORD_HEAD : place + RECORD_HEAD + size]
            place += RECORD_HEAD + size
        self.tag = TAGS[tag] or self._text(KEPT_TAG).lower() if self.type == ELEMENT else ""
        self.kind: str = TYPES[kind]
        self.explicit_role: str = ROLES[role]

    def _text(self, code: int) -> str:
        raw = self.raw.get(code)
        if not raw:
            return ""
        try:
            plain = raw.isascii() and b"\\" not in raw and b'"' not in raw and raw.decode().isprintable()
            return raw.decode() if plain else str(json.loads(b'"' + raw + b'"'))
        except ValueError:  # bytes that are no text
            return ""

    def value(self, attribute: str) -> str:
        """Kept value of an attribute, empty if there is none."""
        return self._text(CODES[attribute])

    def parent(self) -> _Node | None:
        up = int(self.nodes[self.row]["parent"])
        return None if up == NOWHERE else _Node(self.nodes, self.arena, self.state, up)

    def siblings(self) -> Iterator[_Node]:
        """Other elements of the same tag below the same parent, on the same side of a shadow root."""
        for link in ("before", "after"):
            row = int(self.nodes[self.row][link])
            while row != NOWHERE:
                if same_type(self.nodes, self.arena, self.row, row):
                    yield _Node(self.nodes, self.arena, self.state, row)
                row = int(self.nodes[row][link])

    def role(self) -> str:
        if self.explicit_role:
            return self.explicit_role
        if self.tag in ("a", "area"):
            return "link" if self.bits & a.HREF else ""
        if self.tag == "input":
            return INPUT_ROLES.get(self.kind, "textbox")
        if self.bits & a.EDITABLE:
            return "textbox"
        return TAG_ROLES.get(self.tag, "")

    def anchor(self) -> tuple[str, str]:
        """Attribute that identifies the element and its value, or two empty strings."""
        for attribute, code in _ANCHORS:
            if (
                code in self.raw
                and (value := self._text(code))
                and (attribute != "id" or looks_stable(value))
            ):
                return attribute, value
        if self.tag in ("input", "select", "textarea", "button") and looks_stable(name := self.value("name")):
            return "name", name
        return "", ""

    def is_only_one_with(self, attribute: str) -> bool:
        """Whether no other node of the page bears this value of the attribute."""
        text = np.frombuffer(self.raw[CODES[attribute]], np.uint8)
        return int(bearer(self.nodes, self.arena, self.state, CODES[attribute], text, self.row)) == NOWHERE

    def classes(self) -> list[str]:
        """Class names that a person chose and that tell no state."""
        return [name for name in self.value("class").split() if looks_chosen(name)]


def looks_stable(value: str) -> bool:
    """Whether an id or name was given by a person, not made up by a framework for this one visit.

    >>> [looks_stable(value) for value in ("checkout", ":r3:", "item-4711-1690", "a3f9c2d1")]
    [True, False, False, False]
    """
    return bool(value) and len(value) <= 80 and not NUMBERED.search(value)


def looks_chosen(name: str) -> bool:
    """Whether a class name was chosen by a person and does not tell a state.

    >>> [looks_chosen(name) for name in ("add-to-cart", "css-1q2w3e", "is-open", "Nav_x__aB3xY")]
    [True, False, False, False]
    """
    return bool(PLAIN.match(name)) and len(name) <= 40 and not HASHED.search(name) and not STATES.search(name)


def is_placed(name: str) -> bool:
    """Whether a structural name says where an element stands: others may bear the same, which its selector tells.

    >>> is_placed("button in form checkout"), is_placed("button apply code")
    (True, False)
    """
    return " in " in name


def element_of(
    nodes: Nodes, table: Table, arena: Arena, state: State, node_id: int, brief: bool = False
) -> Element:
    """Describe a node; a text is described by its parent, a document by ``#document``.

    Parameters
    ----------
    brief
        Without a selector where the name is not that of a place: to make one asks the whole page.
    """
    row = int(find(nodes, table, node_id))
    if row == NOWHERE:
        return Element()
    node = _Node(nodes, arena, state, row)
    if node.type == DOCUMENT:
        return Element("#document", "document", "document", "")
    if node.type != ELEMENT:
        parent = node.parent()
        if parent is None or parent.type != ELEMENT:
            return Element()
        node = parent
    name = structural_name(node)
    return Element(node.tag, node.role(), name, "" if brief and not is_placed(name) else selector(node))


def structural_name(node: _Node) -> str:
    """A few words for an element: what it is, what its developer calls it, or else where it stands."""
    role = node.role()
    words = WORDS_OF_ROLES.get(role, role) or node.tag
    if node.tag == "input" and node.kind == "password":
        words = "password field"
    own = _called(node)
    if own and (own[0] != "." or role not in ("button", "link")):
        return f"{words} {own}"[:LONGEST_NAME]
    place = ""
    above = node.parent()
    for _ in range(FURTHEST):
        if above is None or above.type == DOCUMENT:
            break
        landmark = LANDMARK_ROLES.get(above.explicit_role) or LANDMARKS.get(above.tag, "")
        attribute, value = above.anchor()
        if landmark or (attribute and above.tag not in ("html", "body")):
            called = _mark(attribute, value) if attribute else ""
            place = " ".join(part for part in (landmark, called) if part)
            break
        above = above.parent()
    name = f"{words} {own}" if own else words
    return (f"{name} in {place}" if place else name)[:LONGEST_NAME]


def _called(node: _Node) -> str:
    attribute, value = node.anchor()
    if attribute:
        return _mark(attribute, value)
    classes = node.classes()
    return "." + max(classes, key=len) if classes else ""


def _mark(attribute: str, value: str) -> str:
    return ("#" + value) if attribute == "id" else value


def selector(node: _Node) -> str:
    """CSS selector of an element; `` >>> `` goes into the document of a frame or into a shadow root."""
    steps: list[str] = []
    joint = ""
    here: _Node | None = node
    while here is not None and len(steps) < 2 * LONGEST_PATH:
        if here.type == ELEMENT:
            step, certain = _step(here)
            steps += [joint, step] if joint else [step]
            if certain and not is_inside_other_document(here.nodes, here.row):
                break
            joint = " >>> " if here.bits & a.SHADOW else " > "
            if certain:  # nothing more is needed up to the frame or shadow root that holds it
                while here.type != DOCUMENT and not here.bits & a.SHADOW:
                    above = here.parent()
                    if above is None:
                        break
                    here = above
                joint = " >>> "
        if here.type == DOCUMENT:
            joint = " >>> "
        here = here.parent()
    return "".join(reversed(steps))


def _step(node: _Node) -> tuple[str, bool]:
    """One step of a selector, and whether it alone finds the element in its document."""
    attribute, value = node.anchor()
    step = node.tag
    if node.tag in ("html", "body"):
        return step, node.tag == "body"
    if attribute:
        quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\a ")
        by_id = attribute == "id" and PLAIN.match(value)
        step = f"#{value}" if by_id else f'{node.tag if attribute == "name" else ""}[{attribute}="{quoted}"]'
        if node.is_only_one_with(attribute):
            return step, True
    place, count = place_among(node.nodes, node.arena, node.row)
    if count == 1:
        return step, False
    if count <= COMPARED:
        others = {name for sibling in node.siblings() for name in sibling.value("class").split()}
        for name in node.classes():
            if name not in others:
                return f"{step}.{name}", False
    return f"{step}:nth-of-type({place})", False
