"""Where a change of the page comes from: its source, the pressed control that it belongs to, its message.

The *source* is the nearest element at or above the change that has stood in the page for ``SETTLED_MS`` or
since the snapshot, so that a ticker that rebuilds its inside is one source. The *owner* is a lately
pressed control in whose subtree the change lies. Compiled code.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts import attribute_facts as a
from data_contracts import lexicon
from data_contracts.attribute_facts import Text, read_attribute
from data_contracts.compiled import also_compiled, compiled
from data_contracts.events import BARE, GONE, UNSEEN
from data_contracts.events import gathered as in_common
from data_contracts.node_facts import (
    ALERT,
    FURTHEST,
    T_BODY,
    T_SELECT,
    is_bare,
    is_live,
    is_unseen,
    weigh,
)
from data_contracts.node_table import (
    DOCUMENT,
    ELEMENT,
    NOWHERE,
    TEXT,
    Arena,
    Nodes,
    State,
    Table,
    find,
    following,
    release,
    size_up_to,
)
from data_contracts.presses import SETTLED_MS, T_HTML, pressed, taken_press

UNHIDDEN: Final = 64  # nodes of an unhidden element that are searched for a message
VIEW: Final = 20  # nodes: what is smaller is no view of a page
GATHERED: Final = 16
REPLACED: Final = 0.7  # share of the nodes of a view that go when it is replaced

T_MAIN: Final = lexicon.TAG_CODES["main"]
R_MAIN: Final = lexicon.ROLE_CODES["main"]

gathered = also_compiled(in_common)

Links = npt.NDArray[np.int64]
"""Node ids as a mutation names them, i8: of texts [n], of what goes [n, 2] (parent, node), of what comes [n, 3]
(parent, next, where its JSON begins)."""
Rows = npt.NDArray[np.int64]
"""What a mutation changed, one row a change, i8[n, COLUMNS]."""

# Columns of the rows that a change is written to.
SOURCE: Final = 0
OWNER: Final = 1
FLAGS: Final = 2
NODE_ID: Final = 3  # of an added node
COUNT: Final = 4  # filled by gather
START: Final = 5  # of an added node: where its JSON begins
COLUMNS: Final = 6
UNKNOWN: Final = 0  # as source: the change is in a part of the page that is not known


@compiled
def place_of(nodes: Nodes, state: State, row: int, t: int) -> tuple[int, int]:
    """Ids of the source and the owner (0: none) of a change at a node."""
    source = 0
    owner = 0
    for _ in range(FURTHEST):
        node = nodes[row]
        if source == 0 and node["born"] <= t - SETTLED_MS and node["type"] != TEXT:
            source = int(node["id"])
        if owner == 0 and node["bits"] & a.PRESSED:
            owner = pressed(state, int(node["id"]), t)
        if source != 0 and owner != 0:
            break
        row = int(node["parent"])
        if row == NOWHERE:
            break
    return source, owner


@compiled
def looks_of(nodes: Nodes, row: int, t: int) -> int:
    """``UNSEEN`` and ``BARE`` of a node that comes, goes or is altered."""
    flags = UNSEEN if is_unseen(nodes, row) else 0
    if nodes[row]["born"] > t - SETTLED_MS and is_bare(nodes, row):
        flags |= BARE
    return flags


@compiled
def change_text(nodes: Nodes, table: Table, state: State, node_id: int, t: int) -> tuple[int, int, int]:
    """Source, owner and flags of a change of a text."""
    row = find(nodes, table, node_id)
    if row == NOWHERE:
        return UNKNOWN, 0, 0
    if nodes[row]["type"] != ELEMENT and nodes[row]["parent"] != NOWHERE:
        row = int(nodes[row]["parent"])
    source, owner = place_of(nodes, state, row, t)
    return source, owner, is_live(nodes, row)


@compiled
def change_texts(nodes: Nodes, table: Table, state: State, ids: Links, rows: Rows, t: int) -> None:
    """``change_text`` of many: ids of shape (n,), rows of shape (n, COLUMNS)."""
    for i in range(ids.size):
        rows[i, SOURCE], rows[i, OWNER], rows[i, FLAGS] = change_text(nodes, table, state, ids[i], t)


@compiled
def is_hidden(nodes: Nodes, row: int) -> bool:
    """Whether an element hides itself, by attribute, style or class."""
    return bool(nodes[row]["bits"] & a.ANY_HIDING) or bool(nodes[row]["words"] & lexicon.HIDE)


@compiled
def reports(nodes: Nodes, row: int) -> int:
    """``IS_MESSAGE`` if an element is a live region or says error, with ``IS_ALERT`` if it warns; else 0."""
    words = int(nodes[row]["words"])
    if (words | words >> a.ID_SHIFT) & lexicon.ERROR:
        return ALERT
    return int(nodes[row]["own"]) & ALERT


@compiled
def change_attribute(
    nodes: Nodes, table: Table, arena: Arena, state: State, node_id: int, code: int, text: Text, t: int
) -> tuple[int, int, int]:
    """Take in one attribute that changed; returns source, owner and flags of the change.

    ``code`` is 0 for an attribute that carries no fact: it counts as a change and is not read.
    """
    row = find(nodes, table, node_id)
    if row == NOWHERE:
        return UNKNOWN, 0, 0
    flags = looks_of(nodes, row, t)
    if code:
        hidden = is_hidden(nodes, row)
        said = int(nodes[row]["words"]) & lexicon.ERROR
        invalid = int(nodes[row]["bits"]) & a.ARIA_INVALID
        # Class names are kept as the element was born with them: later ones mostly tell its state.
        read_attribute(nodes, arena, state, row, code, text, 0, text.size, code != a.C_CLASS)
        weigh(nodes, row)
        flags = gathered(flags, looks_of(nodes, row, t))
        if not said and int(nodes[row]["words"]) & lexicon.ERROR:
            flags |= ALERT
        if not invalid and int(nodes[row]["bits"]) & a.ARIA_INVALID:
            flags |= ALERT
        if hidden and not is_hidden(nodes, row):
            inner = row
            for _ in range(UNHIDDEN):
                if nodes[inner]["type"] == ELEMENT and reports(nodes, inner) and not is_hidden(nodes, inner):
                    flags |= reports(nodes, inner)
                    break
                inner = following(nodes, row, inner)
                if inner == NOWHERE:
                    break
    source, owner = place_of(nodes, state, row, t)
    return source, owner, flags


@compiled
def view_of(nodes: Nodes, row: int) -> int:
    """Row of the nearest main or body at or above a node; the topmost element where there is none."""
    for _ in range(FURTHEST):
        node = nodes[row]
        if node["tag"] == T_MAIN or node["tag"] == T_BODY or node["role"] == R_MAIN:
            break
        up = int(node["parent"])
        if up == NOWHERE or node["type"] == DOCUMENT:
            break
        row = up
    return row


@compiled
def remove_nodes(nodes: Nodes, table: Table, state: State, links: Links, rows: Rows, t: int) -> int:
    """Take nodes out of the page.

    Parameters
    ----------
    links
        (parent id, node id) of each, shape (n, 2).
    rows
        Where source, owner and flags of each are written, shape (n, COLUMNS).

    Returns
    -------
    int
        Nodes that went, if together they were most of a view; else 0.
    """
    gone = 0
    view = NOWHERE
    for i in range(links.shape[0]):
        row = find(nodes, table, links[i, 1])
        parent = find(nodes, table, links[i, 0])
        if row != NOWHERE:
            parent = int(nodes[row]["parent"])
        rows[i, FLAGS] = GONE
        rows[i, SOURCE] = UNKNOWN
        rows[i, OWNER] = 0
        if parent != NOWHERE:
            rows[i, SOURCE], rows[i, OWNER] = place_of(nodes, state, parent, t)
        if row == NOWHERE:
            continue
        if rows[i, OWNER] == 0:
            rows[i, OWNER] = taken_press(nodes, table, state, row, t)
        rows[i, FLAGS] |= looks_of(nodes, row, t)
        gone += release(nodes, table, state, row)
        if parent != NOWHERE:
            view = view_of(nodes, parent)
    if gone < VIEW:
        return 0
    if view == NOWHERE:
        return gone
    left = int(gone * (1 - REPLACED) / REPLACED) + 1
    return gone if size_up_to(nodes, view, left + 1) <= left else 0


@compiled
def gather(rows: Rows) -> int:
    """Put rows of one source and owner together, at the front of ``rows``; returns how many are left.

    Only the last few are looked through, so that a storm costs no more than its length; what is then left
    apart the caller puts together.
    """
    kept = 0
    for i in range(rows.shape[0]):
        found = False
        for k in range(kept - 1, max(-1, kept - 1 - GATHERED), -1):
            if rows[k, SOURCE] == rows[i, SOURCE] and rows[k, OWNER] == rows[i, OWNER]:
                rows[k, FLAGS] = gathered(rows[k, FLAGS], rows[i, FLAGS])
                rows[k, COUNT] += 1
                found = True
                break
        if not found:
            rows[kept, SOURCE] = rows[i, SOURCE]
            rows[kept, OWNER] = rows[i, OWNER]
            rows[kept, FLAGS] = rows[i, FLAGS]
            rows[kept, COUNT] = 1
            kept += 1
    return kept


@compiled
def is_select(nodes: Nodes, table: Table, node_id: int) -> bool:
    """Whether a node, or the element that a text is in, is a select."""
    row = find(nodes, table, node_id)
    if row != NOWHERE and nodes[row]["type"] != ELEMENT:
        row = int(nodes[row]["parent"])
    return row != NOWHERE and nodes[row]["type"] == ELEMENT and nodes[row]["tag"] == T_SELECT


@compiled
def is_window(nodes: Nodes, table: Table, node_id: int) -> bool:
    """Whether a node is the document of the page itself, or its html or body."""
    row = find(nodes, table, node_id)
    if row == NOWHERE:
        return False
    tag = nodes[row]["tag"]
    if nodes[row]["type"] != DOCUMENT and tag != T_HTML and tag != T_BODY:
        return False
    for _ in range(3):  # body, html, document: further up lies a frame's own
        if nodes[row]["parent"] == NOWHERE:
            return True
        row = int(nodes[row]["parent"])
    return False
