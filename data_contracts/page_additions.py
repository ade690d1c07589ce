"""Nodes that come into a page: each is put in front of its next sibling, below its parent, when both are there.

Recorders send parents and next siblings first. Where a list has them later, a node waits for them, as it does
in rrweb's player. A next sibling that never comes keeps nobody out: the node then stands last below its
parent. (The player leaves such a node out, but it was in the page that the visitor had.) Compiled code.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts import attribute_facts as a
from data_contracts import events
from data_contracts.attribute_facts import Text
from data_contracts.compiled import compiled
from data_contracts.node_facts import ALERT, FURTHEST, is_live
from data_contracts.node_table import (
    LIVE,
    NOWHERE,
    OUSTED,
    ROOT,
    SEEN,
    Arena,
    Nodes,
    State,
    Table,
    bucket,
    find,
    following,
    release,
)
from data_contracts.page_changes import (
    FLAGS,
    NODE_ID,
    OWNER,
    SOURCE,
    START,
    UNKNOWN,
    Links,
    Rows,
    looks_of,
    place_of,
)
from data_contracts.presses import is_pressed
from data_contracts.snapshot_scan import SAW_ALERT, SAW_ERROR, SAW_LIVE, SAW_TEXT, scan_node

WAITING: Final = -1  # as source: the node's parent or next sibling is not in the page yet

# Columns of links.
PARENT: Final = 0
NEXT: Final = 1
BEGIN: Final = 2
NOTHING: Final = -1  # as column: neither is missing

Chain = npt.NDArray[np.int32]
"""Lists of added nodes that wait: of each bucket the first, i4[a power of two]; of each node the next, i4[n];
``NOWHERE`` where there is none."""


@compiled
def linked(nodes: Nodes, table: Table, links: Links, i: int) -> tuple[int, int, int]:
    """Rows of the parent and the next sibling of an added node, and which link leads nowhere yet, if one does."""
    parent = find(nodes, table, links[i, PARENT])
    if parent == NOWHERE:
        return NOWHERE, NOWHERE, PARENT
    if links[i, NEXT] <= 0:
        return parent, NOWHERE, NOTHING
    after = find(nodes, table, links[i, NEXT])
    if after == NOWHERE:
        return parent, NOWHERE, NEXT
    return parent, after if nodes[after]["parent"] == parent else NOWHERE, NOTHING


@compiled
def is_above(nodes: Nodes, upper: int, lower: int) -> bool:
    """Whether one of two nodes contains the other; also where that is too far up to be seen."""
    for row, other in ((upper, lower), (lower, upper)):
        for _ in range(FURTHEST):
            if row == other:
                return True
            row = int(nodes[row]["parent"])
            if row == NOWHERE:
                break
        if row != NOWHERE:
            return True
    return False


@compiled
def put(
    nodes: Nodes,
    table: Table,
    arena: Arena,
    state: State,
    text: Text,
    rows: Rows,
    i: int,
    parent: int,
    after: int,
    t: int,
) -> int:
    """Put one of the added nodes below its parent and in front of ``after``; returns what ``scan_node`` does."""
    rows[i, SOURCE], rows[i, OWNER] = place_of(nodes, state, parent, t)
    end = scan_node(nodes, table, arena, state, text, int(rows[i, START]), parent, after, t)
    root = int(state[ROOT])
    if root == NOWHERE:
        return int(end)
    if end < 0:
        release(nodes, table, state, root)
        state[ROOT] = NOWHERE
        return int(end)
    if state[OUSTED] != NOWHERE and not is_above(nodes, int(state[OUSTED]), root):
        release(nodes, table, state, int(state[OUSTED]))  # put elsewhere without a removal before
    rows[i, NODE_ID] = nodes[root]["id"]
    if is_pressed(state, int(nodes[root]["id"])):  # it was moved
        nodes[root]["bits"] = int(nodes[root]["bits"]) | a.PRESSED
    saw = int(state[SEEN])
    if saw & (SAW_ALERT | SAW_ERROR):
        rows[i, FLAGS] = ALERT
    elif saw & SAW_TEXT:
        rows[i, FLAGS] = is_live(nodes, parent) | (events.IS_MESSAGE if saw & SAW_LIVE else 0)
    rows[i, FLAGS] |= looks_of(nodes, root, t)
    return int(end)


@compiled
def wake(chains: Chain, behind: Chain, awaited: Links, node_id: int, ready: int) -> int:
    """Put those that wait for a node in front of the list ``ready``, first come first; returns its new head."""
    place = bucket(node_id, chains.size - 1)
    newer = NOWHERE
    i = int(chains[place])
    while i != NOWHERE:
        older = int(behind[i])
        if awaited[i] != node_id:
            newer = i
        else:
            if newer == NOWHERE:
                chains[place] = older
            else:
                behind[newer] = older
            behind[i] = ready
            ready = i
        i = older
    return ready


@compiled
def put_waiting(
    nodes: Nodes, table: Table, arena: Arena, state: State, text: Text, links: Links, rows: Rows, t: int
) -> None:
    """Put the nodes that wait, each as soon as what it waits for is there; at last those whose next never came.

    Those that wait for an id hang in the chain of its bucket, so that any order of the list costs the same.
    """
    count = links.shape[0]
    buckets = 2
    while buckets < count:
        buckets *= 2
    behind = np.empty(count, np.int32)
    awaited = np.empty(count, np.int64)
    for waits_for_next in (True, False):
        chains = np.full(buckets, NOWHERE, np.int32)
        ready = NOWHERE
        for i in range(count - 1, -1, -1):
            if rows[i, SOURCE] == WAITING:
                behind[i] = ready
                ready = i
        while ready != NOWHERE:
            i = ready
            ready = int(behind[i])
            parent, after, link = linked(nodes, table, links, i)
            if link == PARENT or (link == NEXT and waits_for_next):
                awaited[i] = links[i, link]
                place = bucket(awaited[i], buckets - 1)
                behind[i] = chains[place]
                chains[place] = i
                continue
            put(nodes, table, arena, state, text, rows, i, parent, after, t)
            top = int(state[ROOT])
            row = top
            while row != NOWHERE:
                ready = wake(chains, behind, awaited, int(nodes[row]["id"]), ready)
                row = following(nodes, top, row)
    for i in range(count):
        if rows[i, SOURCE] == WAITING:
            rows[i, SOURCE] = UNKNOWN


@compiled
def add_nodes(
    nodes: Nodes, table: Table, arena: Arena, state: State, text: Text, links: Links, rows: Rows, t: int
) -> int:
    """Put nodes into the page.

    Parameters
    ----------
    text
        JSON that holds the nodes.
    links
        (parent id, id of the sibling that it stands in front of or 0, where its JSON begins) of each, shape (n, 3).
    rows
        Where source, owner, flags and the id of the node are written, shape (n, COLUMNS).

    Returns
    -------
    int
        Nodes that came in, those below them among them.
    """
    before = int(state[LIVE])
    waiting = 0
    for i in range(links.shape[0]):
        rows[i, OWNER] = 0
        rows[i, FLAGS] = 0
        rows[i, NODE_ID] = 0
        rows[i, START] = links[i, BEGIN]
        parent, after, link = linked(nodes, table, links, i)
        if link == NOTHING:
            put(nodes, table, arena, state, text, rows, i, parent, after, t)
        else:
            rows[i, SOURCE] = WAITING
            waiting += 1
    if waiting:
        put_waiting(nodes, table, arena, state, text, links, rows, t)
    return int(state[LIVE]) - before
