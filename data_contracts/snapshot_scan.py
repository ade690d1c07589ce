"""Read the JSON of an rrweb node, megabytes of it, straight into the arrays of a page.

No Python object is made for a node, nothing recurses, and the parents in the page itself serve as the
stack, so that depth costs no memory. Keys may come in any order (``id`` commonly comes after the
children) and with any white space. A key that is written with escapes is unknown, as a browser never
writes one. Compiled code.
"""

from __future__ import annotations

from typing import Final

from data_contracts import attribute_facts as a
from data_contracts import events, lexicon
from data_contracts.attribute_facts import BACKSLASH, BRACE, QUOTE, Text, read_attribute, word_code
from data_contracts.compiled import compiled
from data_contracts.lexicon import ATTRIBUTE, FNV_BASIS, FNV_PRIME, TAG
from data_contracts.node_facts import R_ALERT, R_ALERTDIALOG, weigh
from data_contracts.node_table import (
    DROPPED,
    NOWHERE,
    OUSTED,
    ROOT,
    SEEN,
    TEXT,
    Arena,
    Nodes,
    State,
    Table,
    enter,
    find,
    keep,
    take,
)

CLOSE_BRACE: Final = ord("}")
BRACKET: Final = ord("[")
CLOSE_BRACKET: Final = ord("]")
COLON: Final = ord(":")
COMMA: Final = ord(",")

BROKEN: Final = -1
"""The text is not JSON of a node."""
TOO_DEEP: Final = -2
"""Nodes are nested more deeply than ``DEEPEST``."""
DEEPEST: Final = 16_384  # nodes; browsers themselves stop nesting at 512 when they parse a page

# What a scan met, kept in ``state[SEEN]``.
SAW_TEXT: Final = 1 << 0  # a text; whether it says anything is not read, for it may be masked
SAW_ALERT: Final = 1 << 1  # an element that is an alert as soon as it stands in the page
SAW_LIVE: Final = 1 << 2  # a live region
SAW_ERROR: Final = 1 << 3  # an element whose class or id says error, or a field that is marked invalid

# Keys of a node.
OTHER: Final = 0
KEY_TYPE: Final = 1
KEY_TAG: Final = 2
KEY_ATTRIBUTES: Final = 3
KEY_CHILDREN: Final = 4
KEY_ID: Final = 5
KEY_SHADOW: Final = 6

LARGEST_ID: Final = 2**31 - 1
KEPT_TAG: Final = 0  # under this code the arena keeps a tag name that the lexicon does not hold


@compiled
def after_space(text: Text, i: int) -> int:
    """First place from ``i`` on that holds no white space, or the end."""
    while i < text.size and text[i] <= 32:
        i += 1
    return i


@compiled
def string_end(text: Text, i: int) -> int:
    """Place of the closing quote of the string whose first character is at ``i``, or the end."""
    size = text.size
    while i < size:
        byte = text[i]
        if byte == QUOTE:
            return i
        i += 2 if byte == BACKSLASH else 1
    return size


@compiled
def value_end(text: Text, i: int) -> int:
    """Place just after the value that begins at ``i``, or ``BROKEN``."""
    size = text.size
    depth = 0
    while i < size:
        byte = text[i]
        if byte == QUOTE:
            i = string_end(text, i + 1)
            if i >= size:
                return BROKEN
            i += 1
        elif byte == BRACE or byte == BRACKET:
            depth += 1
            i += 1
        elif byte == CLOSE_BRACE or byte == CLOSE_BRACKET:
            depth -= 1
            if depth < 0:
                return BROKEN
            i += 1
        elif byte == COMMA or byte == COLON or byte <= 32:
            if depth == 0:
                return BROKEN
            i += 1
        else:  # a number or a word
            while (
                i < size
                and text[i] > 32
                and not (text[i] == COMMA or text[i] == CLOSE_BRACE or text[i] == CLOSE_BRACKET)
            ):
                i += 1
        if depth == 0:
            return i
    return i if depth == 0 and i > 0 else BROKEN


@compiled
def same(text: Text, start: int, word: bytes) -> bool:
    """Whether the word stands at ``start``; the caller has made sure that there is room."""
    for i in range(len(word)):  # noqa: SIM110  (compiled code has no generators)
        if text[start + i] != word[i]:
            return False
    return True


@compiled
def node_key(text: Text, start: int, end: int) -> int:
    """Which key of a node ``text[start:end]`` is."""
    size = end - start
    if size == 2:
        return KEY_ID if same(text, start, b"id") else OTHER
    if size == 4:
        return KEY_TYPE if same(text, start, b"type") else OTHER
    if size == 7:
        return KEY_TAG if same(text, start, b"tagName") else OTHER
    if size == 8:
        return KEY_SHADOW if same(text, start, b"isShadow") else OTHER
    if size == 10:
        if same(text, start, b"attributes"):
            return KEY_ATTRIBUTES
        return KEY_CHILDREN if same(text, start, b"childNodes") else OTHER
    return OTHER


@compiled
def whole_number(text: Text, start: int, end: int) -> int:
    """Number of decimal digits, or 0 if ``text[start:end]`` is no positive whole number that fits an id."""
    value = 0
    for i in range(start, end):
        digit = int(text[i]) - 48
        if digit < 0 or digit > 9:
            return 0
        value = value * 10 + digit
        if value > LARGEST_ID:
            return 0
    return value


@compiled
def read_attributes(nodes: Nodes, arena: Arena, state: State, row: int, text: Text, i: int) -> int:
    """Take in the object of attributes that begins at ``i``; returns the place after it, or ``BROKEN``."""
    size = text.size
    i += 1
    while True:
        while i < size and (text[i] <= 32 or text[i] == COMMA):
            i += 1
        if i >= size:
            return BROKEN
        if text[i] == CLOSE_BRACE:
            return i + 1
        if text[i] != QUOTE:
            return BROKEN
        i += 1
        start = i
        digest = FNV_BASIS ^ ATTRIBUTE
        while i < size and text[i] != QUOTE:
            digest = (digest ^ int(text[i])) * FNV_PRIME
            i += 2 if text[i] == BACKSLASH else 1
        i = after_space(text, i + 1)
        if i >= size or text[i] != COLON:
            return BROKEN
        i = after_space(text, i + 1)
        if i >= size:
            return BROKEN
        start = i
        if text[i] == QUOTE:
            i = string_end(text, i + 1) + 1
            if i > size:
                return BROKEN
        else:
            i = value_end(text, i)
            if i == BROKEN:
                return BROKEN
        code = a.look_up(digest)
        if code:
            read_attribute(nodes, arena, state, row, code, text, start, i, True)


@compiled
def settle(nodes: Nodes, table: Table, state: State, row: int) -> None:
    """Finish a node whose keys have all been read: its own flags, its place in the table, what it tells."""
    weigh(nodes, row)
    node = nodes[row]
    if node["id"] > 0 and table.size > 1:  # the table of a snapshot is made when all its nodes are known
        old = find(nodes, table, int(node["id"]))
        if old != NOWHERE:
            state[OUSTED] = old
        enter(nodes, table, row)
    if node["type"] == TEXT:
        state[SEEN] |= SAW_TEXT
    if node["own"] & events.IS_MESSAGE:
        state[SEEN] |= SAW_LIVE
        if node["role"] == R_ALERT or node["role"] == R_ALERTDIALOG:
            state[SEEN] |= SAW_ALERT
    words = int(node["words"])
    bits = int(node["bits"])
    wrong = (words | words >> a.ID_SHIFT) & lexicon.ERROR or bits & a.ARIA_INVALID
    if wrong and not bits & a.ANY_HIDING:
        state[SEEN] |= SAW_ERROR


@compiled
def scan_node(
    nodes: Nodes,
    table: Table,
    arena: Arena,
    state: State,
    text: Text,
    i: int,
    parent: int,
    after: int,
    born: int,
) -> int:
    """Take the node whose JSON begins at ``text[i]``, with all below it, into the page.

    Parameters
    ----------
    nodes, table, arena, state
        The page.
    text
        JSON bytes.
    i
        Where the node begins; white space may come before it.
    parent, after
        Rows of its parent and of the sibling that it stands in front of, or ``NOWHERE``.
    born
        When the nodes entered the page, ms.

    Returns
    -------
    int
        Place after the node, or ``BROKEN`` or ``TOO_DEEP``; ``state[ROOT]`` holds its row (``NOWHERE`` if
        the page is full) and ``state[SEEN]`` what it brought. Nodes that find no room are counted.
    """
    size = text.size
    state[ROOT] = NOWHERE
    state[SEEN] = 0
    state[OUSTED] = NOWHERE
    here = parent
    depth = 0
    lost = 0  # nodes without a row that are open now: everything below the first has none either
    i = after_space(text, i)
    if i >= size or text[i] != BRACE:
        return BROKEN
    in_children = True  # the node itself is read like an only child
    while True:
        while i < size and (text[i] <= 32 or text[i] == COMMA):
            i += 1
        if i >= size:
            return BROKEN
        if in_children:
            if text[i] == BRACE:
                depth += 1
                if depth > DEEPEST:
                    return TOO_DEEP
                row = NOWHERE
                if lost == 0:
                    row = take(nodes, state, here, after if depth == 1 else NOWHERE, born)
                if row == NOWHERE:
                    lost += 1
                    state[DROPPED] += 1
                else:
                    here = row
                if depth == 1:
                    state[ROOT] = row
                in_children = False
                i += 1
            elif text[i] == CLOSE_BRACKET:
                in_children = False
                i += 1
            else:
                i = value_end(text, i)
                if i == BROKEN:
                    return BROKEN
            continue
        if text[i] == CLOSE_BRACE:
            i += 1
            depth -= 1
            if lost:
                lost -= 1
            else:
                settle(nodes, table, state, here)
                here = int(nodes[here]["parent"])
            if depth == 0:
                return i
            in_children = True
            continue
        if text[i] != QUOTE:
            return BROKEN
        start = i + 1
        i = string_end(text, start)
        key = node_key(text, start, i)
        i = after_space(text, i + 1)
        if i >= size or text[i] != COLON:
            return BROKEN
        i = after_space(text, i + 1)
        if i >= size:
            return BROKEN
        if key == KEY_CHILDREN and text[i] == BRACKET:
            in_children = True
            i += 1
            continue
        if key == KEY_ATTRIBUTES and text[i] == BRACE and lost == 0:
            i = read_attributes(nodes, arena, state, here, text, i)
            if i == BROKEN:
                return BROKEN
            continue
        start = i
        if text[i] == QUOTE:
            i = string_end(text, i + 1) + 1
            if i > size:
                return BROKEN
        else:
            i = value_end(text, i)
            if i == BROKEN:
                return BROKEN
        if lost:
            continue
        if key == KEY_ID:
            nodes[here]["id"] = whole_number(text, start, i)
        elif key == KEY_TYPE:
            nodes[here]["type"] = min(whole_number(text, start, i), 255)
        elif key == KEY_TAG and text[start] == QUOTE:
            code = word_code(text, start + 1, i - 1, TAG)
            nodes[here]["tag"] = code
            if code == 0:
                keep(nodes, arena, state, here, KEPT_TAG, text, start + 1, i - 1)
        elif key == KEY_SHADOW and text[start] == ord("t"):
            nodes[here]["bits"] = int(nodes[here]["bits"]) | a.SHADOW
