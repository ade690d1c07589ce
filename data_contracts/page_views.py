"""What leaves a page and what comes in one mutation, and whether together that is another view. Compiled code."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts.attribute_facts import Text
from data_contracts.compiled import compiled
from data_contracts.node_table import ALWAYS, LEFT, LEFT_AT, Arena, Nodes, State, Table, bucket
from data_contracts.page_additions import add_nodes
from data_contracts.page_changes import NODE_ID, Links, Rows, remove_nodes

SAME_VIEW_MS: Final = 1_000  # a view may leave in one event and the next one come in another
ADDED: Final = 0.2  # share of the size of the view that left which makes a view of what comes

CAME: Final = 1
MOVED: Final = 2

Numbers = npt.NDArray[np.int64]
"""Node ids by their hash, i8[a power of two]."""
Marks = npt.NDArray[np.uint8]
"""What is known of each of them, u1 of the same size; 0: the place is free."""


@compiled
def moved(goes: Links, came: Rows) -> int:
    """How many of the nodes taken out were put in again; a node that stands twice in either list is one."""
    places = 2
    while places < 2 * came.shape[0]:
        places *= 2
    ids = np.zeros(places, np.int64)
    met = np.zeros(places, np.uint8)
    for i in range(came.shape[0]):
        place = place_of_id(ids, met, came[i, NODE_ID])
        ids[place] = came[i, NODE_ID]
        met[place] = CAME
    count = 0
    for i in range(goes.shape[0]):
        place = place_of_id(ids, met, goes[i, 1])
        if met[place] == CAME:
            met[place] = MOVED
            count += 1
    return count


@compiled
def place_of_id(ids: Numbers, met: Marks, node_id: int) -> int:
    """Where an id stands among ``ids``, or the free place where it would."""
    place = bucket(node_id, ids.size - 1)
    while met[place] and ids[place] != node_id:
        place = place + 1 & ids.size - 1
    return place


@compiled
def remove_and_add(
    nodes: Nodes, table: Table, arena: Arena, state: State,
    text: Text, goes: Links, comes: Links, gone: Rows, came: Rows, t: int,
) -> bool:  # fmt: skip
    """Take nodes out of the page and put others in.

    Parameters
    ----------
    text
        JSON that holds the nodes that come.
    goes
        As for ``remove_nodes``, shape (n, 2).
    comes
        As for ``add_nodes``, shape (m, 3).
    gone, came
        Where source, owner and flags of each are written, shapes (n, COLUMNS) and (m, COLUMNS).

    Returns
    -------
    bool
        Whether together they put another view in the place of the last.
    """
    left = 0
    if goes.shape[0]:
        left = remove_nodes(nodes, table, state, goes, gone, t)
    if comes.shape[0] == 0:
        if left:
            state[LEFT_AT] = t
            state[LEFT] = left
        return False
    arrived = add_nodes(nodes, table, arena, state, text, comes, came, t)
    if left:
        if 2 * moved(goes, came) > goes.shape[0]:  # the same elements in another order
            return False
    elif 0 <= t - state[LEFT_AT] <= SAME_VIEW_MS:
        left = int(state[LEFT])
    if left and arrived >= ADDED * left:
        state[LEFT_AT] = ALWAYS
        state[LEFT] = 0
        return True
    if goes.shape[0] and left:
        state[LEFT_AT] = t
        state[LEFT] = left
    return False
