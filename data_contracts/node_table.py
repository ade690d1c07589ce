"""The nodes of one page as flat arrays: their tree, a table from node id to row, and kept attribute values.

Three arrays hold a page. ``nodes`` has one row a node, linked to its parent, its siblings and its last
child, so that taking out a subtree costs its size and no more. ``table`` maps node ids to rows by open
addressing. ``arena`` holds the few attribute values that make names and selectors (never text). Freed
rows are chained and used again. ``state`` holds the counters. All functions here are compiled.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts.compiled import compiled

NODE: Final = np.dtype(
    [
        ("born", "i8"),  # ms; ALWAYS for nodes of the snapshot
        ("id", "i4"),  # 0: the row is free, or the node has no usable id
        ("parent", "i4"),  # rows; NOWHERE where there is none
        ("before", "i4"),  # previous sibling
        ("after", "i4"),  # next sibling; of a free row: the next free row
        ("last", "i4"),  # last child
        ("bits", "u4"),  # facts of its attributes, see attribute_facts
        ("words", "u4"),  # what its class (low half) and id and name (high half) say
        ("own", "u4"),  # flags of events.py that it has by itself, see node_facts
        ("kept", "i4"),  # where its kept attributes begin in the arena
        ("kept_size", "u2"),
        ("type", "u1"),  # of rrweb: 0 document, 1 doctype, 2 element, 3 text, 4 CDATA, 5 comment
        ("tag", "u1"),  # codes of the lexicon
        ("role", "u1"),
        ("kind", "u1"),  # type of an input
        ("_", "u1", (2,)),
    ],
    align=True,
)
"""One node, 56 bytes; its share of ``table`` is 8 to 16 more."""

Nodes = npt.NDArray[np.void]
"""``NODE[n]``: a node is called by its row; wherever a page is changed, a time ``t`` is in ms, as ``born``."""
Table = npt.NDArray[np.int32]
"""Rows by node id, i4[a power of two]; ``NOWHERE`` is free."""
Arena = npt.NDArray[np.uint8]
"""Kept values, each behind its head of ``RECORD_HEAD`` bytes, u1[n]; or one value, UTF-8."""
State = npt.NDArray[np.int64]
"""Counters, i8[STATE_SIZE], by the places below."""

NOWHERE: Final = -1
ALWAYS: Final = -(1 << 62)

DOCUMENT: Final = 0
ELEMENT: Final = 2
TEXT: Final = 3
COMMENT: Final = 5

# Places in ``state``.
USED: Final = 0  # rows ever taken
FREE: Final = 1  # first free row
LIVE: Final = 2  # nodes in the page
DROPPED: Final = 3  # nodes refused since the snapshot, because the page was full
ARENA_USED: Final = 4
ROOT: Final = 5  # row that the last scan began at
SEEN: Final = 6  # what the last scan met, see snapshot_scan
LIMIT: Final = 7  # most nodes that may be live
OUSTED: Final = 8  # row whose id the last scan gave to another node
PRESSES: Final = 9  # first of the lately pressed, see page_changes
PRESSES_KEPT: Final = 8
PRESS_SIZE: Final = 4
NEXT_PRESS: Final = PRESSES + PRESSES_KEPT * PRESS_SIZE
LEFT_AT: Final = NEXT_PRESS + 1  # when a view left without another in its place, ms; ALWAYS: none did
LEFT: Final = NEXT_PRESS + 2  # and its nodes
STATE_SIZE: Final = NEXT_PRESS + 3

SPREAD: Final = 2654435769  # 2**32 / golden ratio: neighbours in id become strangers in the table
LOW_32: Final = 0xFFFFFFFF
RECORD_HEAD: Final = 2  # bytes before a kept value: attribute code, length
LONGEST_KEPT: Final = 200  # bytes of a value; longer ones name nothing that a person would recognise
LARGEST_KEPT_SIZE: Final = 2_000  # bytes of all kept values of a node


@compiled
def bucket(node_id: int, mask: int) -> int:
    """Bucket at which the search for a node id begins."""
    return ((node_id * SPREAD) & LOW_32) >> 8 & mask


@compiled
def find(nodes: Nodes, table: Table, node_id: int) -> int:
    """Row of a node, or ``NOWHERE``."""
    mask = table.size - 1
    place = bucket(node_id, mask)
    while table[place] != NOWHERE:
        if nodes[table[place]]["id"] == node_id:
            return int(table[place])
        place = place + 1 & mask
    return NOWHERE


@compiled
def enter(nodes: Nodes, table: Table, row: int) -> None:
    """Make a node findable; of two with one id the later is found."""
    mask = table.size - 1
    node_id = nodes[row]["id"]
    place = bucket(node_id, mask)
    while table[place] != NOWHERE and nodes[table[place]]["id"] != node_id:
        place = place + 1 & mask
    table[place] = row


@compiled
def strike(nodes: Nodes, table: Table, row: int) -> None:
    """Make a node unfindable, and close the hole in its chain of probes."""
    mask = table.size - 1
    node_id = nodes[row]["id"]
    hole = bucket(node_id, mask)
    while table[hole] != NOWHERE and nodes[table[hole]]["id"] != node_id:
        hole = hole + 1 & mask
    if table[hole] != row:  # another node bears this id now
        return
    place = hole
    while True:
        place = place + 1 & mask
        if table[place] == NOWHERE:
            break
        home = bucket(nodes[table[place]]["id"], mask)
        if (place - home & mask) >= (place - hole & mask):
            table[hole] = table[place]
            hole = place
    table[hole] = NOWHERE


@compiled
def enter_all(nodes: Nodes, table: Table, state: State) -> None:
    """Fill the table anew from the rows, in their order."""
    table[:] = NOWHERE
    for row in range(state[USED]):
        if nodes[row]["id"] > 0:
            enter(nodes, table, row)


@compiled
def take(nodes: Nodes, state: State, parent: int, after: int, born: int) -> int:
    """Take a row for a node below ``parent``, before its child ``after`` or last; ``NOWHERE`` if full."""
    row = state[FREE]
    if state[LIVE] >= state[LIMIT]:
        return NOWHERE
    if row != NOWHERE:
        state[FREE] = nodes[row]["after"]
    elif state[USED] < nodes.size:
        row = state[USED]
        state[USED] += 1
    else:
        return NOWHERE
    state[LIVE] += 1
    node = nodes[row]
    node["born"] = born
    node["id"] = 0
    node["parent"] = parent
    node["last"] = NOWHERE
    node["bits"] = 0
    node["words"] = 0
    node["own"] = 0
    node["kept"] = 0
    node["kept_size"] = 0
    node["type"] = ELEMENT
    node["tag"] = 0
    node["role"] = 0
    node["kind"] = 0
    node["before"] = NOWHERE
    node["after"] = after
    if after != NOWHERE:
        node["before"] = nodes[after]["before"]
        nodes[after]["before"] = row
    elif parent != NOWHERE:
        node["before"] = nodes[parent]["last"]
        nodes[parent]["last"] = row
    if node["before"] != NOWHERE:
        nodes[node["before"]]["after"] = row
    return int(row)


@compiled
def following(nodes: Nodes, top: int, row: int) -> int:
    """Row after ``row`` in a walk through the subtree of ``top``, parents first; ``NOWHERE`` at its end."""
    if nodes[row]["last"] != NOWHERE:
        return int(nodes[row]["last"])
    while row != top:
        if nodes[row]["before"] != NOWHERE:
            return int(nodes[row]["before"])
        row = nodes[row]["parent"]
    return NOWHERE


@compiled
def size_up_to(nodes: Nodes, top: int, most: int) -> int:
    """Nodes in the subtree of ``top``, itself among them, counted no further than ``most``."""
    row = top
    count = 0
    while row != NOWHERE and count < most:
        count += 1
        row = following(nodes, top, row)
    return count


@compiled
def release(nodes: Nodes, table: Table, state: State, top: int) -> int:
    """Take a subtree out of the page and free its rows; returns how many."""
    before, after, parent = nodes[top]["before"], nodes[top]["after"], nodes[top]["parent"]
    if before != NOWHERE:
        nodes[before]["after"] = after
    if after != NOWHERE:
        nodes[after]["before"] = before
    elif parent != NOWHERE:
        nodes[parent]["last"] = before
    count = 0
    row = top
    while True:  # deepest last child first: a row is freed when it has no child left
        while nodes[row]["last"] != NOWHERE:
            row = nodes[row]["last"]
        up, left = nodes[row]["parent"], nodes[row]["before"]
        if nodes[row]["id"] > 0:
            strike(nodes, table, row)
        nodes[row]["id"] = 0
        nodes[row]["after"] = state[FREE]
        state[FREE] = row
        count += 1
        if row == top:
            break
        nodes[up]["last"] = left
        row = up
    state[LIVE] -= count
    return count


@compiled
def keep(
    nodes: Nodes, arena: Arena, state: State, row: int, code: int, text: Arena, start: int, end: int
) -> None:
    """Keep the value of one attribute of a node; in a full arena, or if it is long, it is not kept."""
    forget(nodes, arena, row, code)
    size = end - start
    node = nodes[row]
    held = int(node["kept_size"])
    if size < 1 or size > LONGEST_KEPT or held + RECORD_HEAD + size > LARGEST_KEPT_SIZE:
        return
    used = state[ARENA_USED]
    moved = 0 if node["kept"] + held == used else held  # records of a node lie side by side
    if used + moved + RECORD_HEAD + size > arena.size:
        return
    for i in range(moved):
        arena[used + i] = arena[node["kept"] + i]
    if moved or held == 0:
        node["kept"] = used
    used += moved
    arena[used] = code
    arena[used + 1] = size
    for i in range(size):
        arena[used + RECORD_HEAD + i] = text[start + i]
    node["kept_size"] = held + RECORD_HEAD + size
    state[ARENA_USED] = used + RECORD_HEAD + size


@compiled
def kept_at(nodes: Nodes, arena: Arena, row: int, code: int) -> int:
    """Where the record of an attribute of a node begins in the arena, or ``NOWHERE``."""
    place = int(nodes[row]["kept"])
    end = place + int(nodes[row]["kept_size"])
    while place < end:
        if arena[place] == code:
            return place
        place += RECORD_HEAD + int(arena[place + 1])
    return NOWHERE


@compiled
def forget(nodes: Nodes, arena: Arena, row: int, code: int) -> None:
    """Drop the kept value of one attribute of a node, if there is one."""
    place = kept_at(nodes, arena, row, code)
    if place == NOWHERE:
        return
    node = nodes[row]
    size = RECORD_HEAD + int(arena[place + 1])
    for i in range(place, int(node["kept"]) + int(node["kept_size"]) - size):
        arena[i] = arena[i + size]
    node["kept_size"] = int(node["kept_size"]) - size


@compiled
def pack(nodes: Nodes, old: Arena, new: Arena, state: State) -> None:
    """Move the kept values of living nodes from one arena to another, as far as they fit."""
    used = 0
    for row in range(state[USED]):
        node = nodes[row]
        size = int(node["kept_size"])
        if node["id"] == 0 or size == 0 or used + size > new.size:
            node["kept_size"] = 0
            continue
        for i in range(size):
            new[used + i] = old[node["kept"] + i]
        node["kept"] = used
        used += size
    state[ARENA_USED] = used


@compiled
def bearer(nodes: Nodes, arena: Arena, state: State, code: int, text: Arena, skip: int) -> int:
    """First living node but ``skip`` that keeps ``text`` as its attribute ``code``, or ``NOWHERE``."""
    for row in range(state[USED]):
        if nodes[row]["id"] <= 0 or nodes[row]["kept_size"] == 0 or row == skip:
            continue
        place = kept_at(nodes, arena, row, code)
        if place == NOWHERE or arena[place + 1] != text.size:
            continue
        same = True
        for i in range(text.size):
            if arena[place + RECORD_HEAD + i] != text[i]:
                same = False
                break
        if same:
            return row
    return NOWHERE
