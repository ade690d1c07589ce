"""Takes a plain mutation into the page, as ``page_index`` would, and says what it comes to. Compiled code."""

from __future__ import annotations

from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from data_contracts import page_changes as c
from data_contracts import plain_json as p
from data_contracts.attribute_facts import LAST_KEPT, look_up
from data_contracts.compiled import compiled
from data_contracts.events import NEW_PAGE
from data_contracts.json_walk import Bytes
from data_contracts.lexicon import ATTRIBUTE, STATE_ATTRIBUTES, word_key
from data_contracts.node_table import ARENA_USED, LARGEST_KEPT_SIZE, LIMIT, LIVE, Arena, Nodes, State, Table
from data_contracts.page_views import remove_and_add
from data_contracts.plain_lists import BEGIN, END, KEY, NAME, NAME_END, NEXT, NODE_ID, PARENT, Plan
from data_contracts.plain_others import Said

Found = npt.NDArray[np.int64]
"""What a mutation comes to: a row for each distinct (owner, source), in the order in which they were met:
i8[LISTS * MOST, FOUND]."""

# Columns of found.
FOUND_SOURCE: Final = 0
FOUND_OWNER: Final = 1
FOUND_COUNT: Final = 2
FOUND_FLAGS: Final = 3
FOUND: Final = 4

# Places of the lists in a plan.
TEXTS: Final = 0
ATTRIBUTES: Final = p.ATTRIBUTES - p.TEXTS
REMOVES: Final = p.REMOVES - p.TEXTS
ADDS: Final = p.ADDS - p.TEXTS

STATE_KEYS: Final = np.array(sorted(word_key(ATTRIBUTE, name) for name in STATE_ATTRIBUTES), np.int64)
CRC_START: Final = 0xFFFFFFFF
CRC_STEPS: Final = np.array([crc32(bytes([255 - i])) ^ 0xFF000000 for i in range(256)], np.int64)
"""What each byte does to a CRC-32, read off the checksums of single bytes."""


@compiled
def has_room(text: Bytes, nodes: Nodes, arena: Arena, state: State, said: Said, plan: Plan) -> bool:
    """Whether the page has room for all that a mutation may bring, so that nothing has to be moved for it."""
    braces = 0
    size = 0
    for i in range(said[p.ADDS]):
        begin, end = plan[ADDS, i, BEGIN], plan[ADDS, i, END]
        size += end - begin + (i > 0)
        for place in range(begin, end):
            braces += text[place] == 123
    if braces and state[LIVE] + braces > nodes.size and nodes.size < state[LIMIT]:
        return False
    names = 0
    for i in range(said[p.ATTRIBUTES]):
        if 0 < look_up(plan[ATTRIBUTES, i, KEY]) < LAST_KEPT:
            names += plan[ATTRIBUTES, i, END] - plan[ATTRIBUTES, i, BEGIN] + LARGEST_KEPT_SIZE
    if names and size:  # what nodes bring is not known to the byte before they are read
        return False
    return bool(state[ARENA_USED] + size + names <= arena.size)


@compiled
def note(found: Found, kept: int, source: int, owner: int, flags: int) -> int:
    """Add a change to those of its source and owner; returns how many rows are kept now."""
    for i in range(kept):
        if found[i, FOUND_SOURCE] == source and found[i, FOUND_OWNER] == owner:
            found[i, FOUND_COUNT] += 1
            found[i, FOUND_FLAGS] = c.gathered(found[i, FOUND_FLAGS], flags)
            return kept
    found[kept, FOUND_SOURCE] = source
    found[kept, FOUND_OWNER] = owner
    found[kept, FOUND_COUNT] = 1
    found[kept, FOUND_FLAGS] = flags
    return kept + 1


@compiled
def take_in(
    text: Bytes, nodes: Nodes, table: Table, arena: Arena, state: State,
    said: Said, plan: Plan, found: Found, t: int,
) -> int:  # fmt: skip
    """Take in a mutation in the order in which a player applies it: removes, adds, texts, attributes.

    Returns
    -------
    int
        How many rows of ``found`` were written.
    """
    kept = 0
    new_view = False
    if said[p.REMOVES] or said[p.ADDS]:
        goes = np.empty((said[p.REMOVES], 2), np.int64)
        for i in range(said[p.REMOVES]):
            goes[i, 0] = plan[REMOVES, i, PARENT]
            goes[i, 1] = plan[REMOVES, i, NODE_ID]
        comes = np.empty((said[p.ADDS], 3), np.int64)
        for i in range(said[p.ADDS]):
            comes[i, 0] = plan[ADDS, i, PARENT]
            comes[i, 1] = plan[ADDS, i, NEXT]
            comes[i, 2] = plan[ADDS, i, BEGIN]
        gone = np.empty((said[p.REMOVES], c.COLUMNS), np.int64)
        came = np.empty((said[p.ADDS], c.COLUMNS), np.int64)
        new_view = remove_and_add(nodes, table, arena, state, text, goes, comes, gone, came, t)
        for i in range(said[p.REMOVES]):
            kept = note(found, kept, gone[i, c.SOURCE], gone[i, c.OWNER], gone[i, c.FLAGS])
        for i in range(said[p.ADDS]):
            kept = note(found, kept, came[i, c.SOURCE], came[i, c.OWNER], came[i, c.FLAGS])
    for i in range(said[p.TEXTS]):
        source, owner, flags = c.change_text(nodes, table, state, plan[TEXTS, i, NODE_ID], t)
        kept = note(found, kept, source, owner, flags)
    for i in range(said[p.ATTRIBUTES]):
        one = plan[ATTRIBUTES, i]
        source, owner, flags = c.change_attribute(
            nodes, table, arena, state, one[NODE_ID], look_up(one[KEY]), text[one[BEGIN] : one[END]], t
        )
        kept = note(found, kept, source, owner, flags)
    if new_view and kept:
        most = 0
        for i in range(1, kept):
            more = found[i, FOUND_COUNT] - found[most, FOUND_COUNT]
            if more > 0 or (more == 0 and found[i, FOUND_FLAGS] > found[most, FOUND_FLAGS]):
                most = i
        found[most, FOUND_FLAGS] |= NEW_PAGE
    return kept


@compiled
def only_digest(text: Bytes, said: Said, plan: Plan) -> int:
    """``state_digest`` of the attribute if a mutation changes one and nothing else; else 0."""
    if said[p.ATTRIBUTES] != 1 or said[p.TEXTS] or said[p.REMOVES] or said[p.ADDS]:
        return 0
    one = plan[ATTRIBUTES, 0]
    if not np.any(one[KEY] == STATE_KEYS):
        return 0
    crc = CRC_START
    for i in range(one[NAME], one[NAME_END]):
        crc = crc >> 8 ^ CRC_STEPS[(crc ^ int(text[i])) & 255]
    for i in range(one[BEGIN], one[END]):
        crc = crc >> 8 ^ CRC_STEPS[(crc ^ int(text[i])) & 255]
    return int(crc ^ CRC_START) or 1
