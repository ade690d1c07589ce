"""Reads the lists of a plain mutation: texts, attributes, nodes that go and nodes that come. Compiled code.

A list is ``BAD`` that is longer than the plan, has a field that recorders do not write, or says one thing twice.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from data_contracts import plain_json as p
from data_contracts.compiled import compiled
from data_contracts.json_walk import Bytes, walk_space
from data_contracts.lexicon import ATTRIBUTE, FNV_BASIS, FNV_PRIME
from data_contracts.plain_json import BAD

MOST: Final = 256  # entries of a list, and names of its attributes: what is longer builds a page
LONGEST_NAME: Final = 100  # of an attribute

Plan = npt.NDArray[np.int64]
"""Rows of what a mutation asks for, by list (in the order of ``plain_json``), shape (LISTS, MOST, COLUMNS)."""

LISTS: Final = 4

# Columns of a plan.
NODE_ID: Final = 0
PARENT: Final = 1
NEXT: Final = 2  # 0: last below its parent
BEGIN: Final = 3  # of the JSON of the node, or of the attribute's value
END: Final = 4
NAME: Final = 5  # where the name of the attribute begins
NAME_END: Final = 6
KEY: Final = 7  # of that name in the lexicon
COLUMNS: Final = 8

ALLOWED: Final = np.array(
    [
        1 << p.ID | 1 << p.VALUE,
        1 << p.ID | 1 << p.ATTRIBUTES,
        1 << p.ID | 1 << p.PARENT_ID | 1 << p.IS_SHADOW,
        1 << p.PARENT_ID | 1 << p.NEXT_ID | 1 << p.NODE | 1 << p.PREVIOUS_ID,
    ],
    np.int64,
)
"""Fields that an entry of each list may have, as bits."""
NEEDED: Final = np.array(
    [
        1 << p.ID,
        1 << p.ID | 1 << p.ATTRIBUTES,
        1 << p.ID | 1 << p.PARENT_ID,
        1 << p.PARENT_ID | 1 << p.NODE,
    ],
    np.int64,
)
"""Fields without which it is malformed."""


@compiled
def names_at(text: Bytes, at: int, end: int, rows: Plan, first: int) -> tuple[int, int]:
    """Read names and values of the attributes at ``at`` into rows from ``first`` on: the next row, and their end."""
    if at >= end or text[at] != 123:
        return first, BAD
    at = walk_space(text, at + 1)
    row = first
    while True:
        if row == rows.shape[0] or at >= end or text[at] != 34:
            return row, BAD
        begin = at + 1
        at = begin
        key = FNV_BASIS ^ ATTRIBUTE
        while at < end and text[at] != 34:
            if text[at] < 32 or text[at] > 126 or text[at] == 92 or at - begin > LONGEST_NAME:
                return row, BAD
            key = (key ^ int(text[at])) * FNV_PRIME
            at += 1
        rows[row, NAME] = begin
        rows[row, NAME_END] = at
        rows[row, KEY] = key
        for other in range(first, row):
            if rows[other, KEY] == key:
                return row, BAD
        at = walk_space(text, at + 1)
        if at >= end or text[at] != 58:
            return row, BAD
        at = walk_space(text, at + 1)
        rows[row, BEGIN] = at
        at = p.value_at(text, at, end)
        if at < 0:
            return row, BAD
        rows[row, END] = at
        row += 1
        at, closed = p.next_at(text, at, end, 125)
        if at < 0 or closed:
            return row, at


@compiled
def list_at(text: Bytes, at: int, end: int, which: int, plan: Plan) -> tuple[int, int]:
    """Read the list at ``at``, whose name is ``which``, into its rows of the plan: how many, and where it ends."""
    if at >= end or text[at] != 91:
        return 0, BAD
    at = walk_space(text, at + 1)
    if at < end and text[at] == 93:
        return 0, at + 1
    rows = plan[which - p.TEXTS]
    count = 0
    while True:
        if count >= rows.shape[0] or at >= end or text[at] != 123:
            return 0, BAD
        at = walk_space(text, at + 1)
        first = count
        count += which != p.ATTRIBUTES
        node = 0
        rows[first, NEXT] = 0
        seen = 0
        while True:
            key, at = p.key_at(text, at, end)
            if at < 0 or seen >> key & 1:
                return 0, BAD
            seen |= 1 << key
            if key == p.ID:
                node, at = p.whole_at(text, at, end)
            elif key == p.PARENT_ID:
                rows[first, PARENT], at = p.whole_at(text, at, end)
            elif key == p.NEXT_ID and at < end and text[at] != 110:
                rows[first, NEXT], at = p.whole_at(text, at, end)
            elif key == p.ATTRIBUTES and which == p.ATTRIBUTES:
                count, at = names_at(text, at, end, rows, first)
            elif key == p.NODE:
                rows[first, BEGIN] = at
                at = p.value_at(text, at, end)
                rows[first, END] = at
            elif key == p.NEXT_ID:
                literal, at = p.bool_at(text, at, end)
                if literal != p.NULL:
                    return 0, BAD
            else:
                at = p.value_at(text, at, end)
            if at < 0:
                return 0, BAD
            at, closed = p.next_at(text, at, end, 125)
            if at < 0:
                return 0, BAD
            if closed:
                break
        if seen & ~ALLOWED[which - p.TEXTS] or NEEDED[which - p.TEXTS] & ~seen:
            return 0, BAD
        for i in range(first, count):
            rows[i, NODE_ID] = node
        at, closed = p.next_at(text, at, end, 93)
        if at < 0 or closed:
            return count, at
