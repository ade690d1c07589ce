"""The last few presses, and what in the page belongs to each: so a later change is known as their answer.

Compiled code.
"""

from __future__ import annotations

from typing import Final

from data_contracts import attribute_facts as a
from data_contracts import events, lexicon
from data_contracts.compiled import compiled
from data_contracts.node_facts import FURTHEST, NEAR, T_BODY, T_LABEL, T_SUMMARY, is_control
from data_contracts.node_table import (
    ELEMENT,
    NEXT_PRESS,
    NOWHERE,
    PRESS_SIZE,
    PRESSES,
    PRESSES_KEPT,
    RECORD_HEAD,
    Arena,
    Nodes,
    State,
    Table,
    bearer,
    find,
    kept_at,
    size_up_to,
)

SETTLED_MS: Final = 5_000  # the catalogue's silence before a reaction
PRESS_MS: Final = 10_000  # four reaction windows: nobody reads a later change as an answer
LARGE_TARGET: Final = 64  # a press on an area of more nodes is aimed at the page, and owns nothing in it

T_HTML: Final = lexicon.TAG_CODES["html"]
T_DETAILS: Final = lexicon.TAG_CODES["details"]


@compiled
def pressed(state: State, node_id: int, t: int) -> int:
    """Id that the latest press within ``PRESS_MS`` on or about a node is reported under, or 0."""
    latest = 0
    when = t - PRESS_MS
    for i in range(PRESSES, PRESSES + PRESSES_KEPT * PRESS_SIZE, PRESS_SIZE):
        theirs = state[i] != 0 and (state[i + 2] == node_id or state[i + 3] == node_id)
        if theirs and when <= state[i + 1] <= t:
            latest = int(state[i])
            when = state[i + 1]
    return latest


@compiled
def is_pressed(state: State, node_id: int) -> bool:
    """Whether one of the remembered presses was on or about a node."""
    for i in range(PRESSES, PRESSES + PRESSES_KEPT * PRESS_SIZE, PRESS_SIZE):
        if node_id != 0 and (state[i + 2] == node_id or state[i + 3] == node_id):
            return True
    return False


@compiled
def remember_press(nodes: Nodes, table: Table, arena: Arena, state: State, node_id: int, t: int) -> None:
    """Remember the control of a press, or the pressed node itself where there is none.

    A press also stands for what its control speaks for: the details of a summary, the label around an
    input, the input of a label, the element that ``aria-controls`` names.
    """
    row = find(nodes, table, node_id)
    if row == NOWHERE:
        return
    top = row
    dressed = NOWHERE
    for step in range(FURTHEST):
        if is_control(nodes, top):
            break
        if dressed == NOWHERE and step < NEAR and nodes[top]["own"] & events.LOOKS_CONTROL:
            dressed = top
        top = int(nodes[top]["parent"])
        if top == NOWHERE:
            break
    reported = node_id
    if top != NOWHERE and is_control(nodes, top):
        reported = int(nodes[top]["id"])
    else:
        top = row if dressed == NOWHERE else dressed
        tag = nodes[top]["tag"]
        if tag == T_HTML or tag == T_BODY or nodes[top]["type"] != ELEMENT:
            return
        if size_up_to(nodes, top, LARGE_TARGET + 1) > LARGE_TARGET:
            return
    other = spoken_for(nodes, arena, state, top)
    nodes[top]["bits"] = int(nodes[top]["bits"]) | a.PRESSED
    place = PRESSES + int(state[NEXT_PRESS]) * PRESS_SIZE
    state[NEXT_PRESS] = (state[NEXT_PRESS] + 1) % PRESSES_KEPT
    state[place] = reported
    state[place + 1] = t
    state[place + 2] = nodes[top]["id"]
    state[place + 3] = 0
    if other != NOWHERE:
        nodes[other]["bits"] = int(nodes[other]["bits"]) | a.PRESSED
        state[place + 3] = nodes[other]["id"]


@compiled
def spoken_for(nodes: Nodes, arena: Arena, state: State, row: int) -> int:
    """Row of the other element that a control speaks for, or ``NOWHERE``."""
    parent = int(nodes[row]["parent"])
    if nodes[row]["tag"] == T_SUMMARY and parent != NOWHERE and nodes[parent]["tag"] == T_DETAILS:
        return parent
    named = kept_at(nodes, arena, row, a.C_FOR if nodes[row]["tag"] == T_LABEL else a.C_ARIA_CONTROLS)
    if named != NOWHERE:
        start = named + RECORD_HEAD
        end = start
        while end < start + int(arena[named + 1]) and arena[end] > 32:  # aria-controls may name several
            end += 1
        return bearer(nodes, arena, state, a.C_ID, arena[start:end], row)
    for _ in range(NEAR):
        if parent == NOWHERE:
            break
        if nodes[parent]["tag"] == T_LABEL:
            return parent
        parent = int(nodes[parent]["parent"])
    return NOWHERE


@compiled
def taken_press(nodes: Nodes, table: Table, state: State, top: int, t: int) -> int:
    """Pressed control that goes with the subtree of ``top``, or 0.

    A dialog that closes takes its button with it, and that is the button's answer. A control that was
    itself put there within ``SETTLED_MS`` owns nothing this way: whatever rebuilds it would do so anyway.
    """
    for i in range(PRESSES, PRESSES + PRESSES_KEPT * PRESS_SIZE, PRESS_SIZE):
        if state[i] == 0 or not t - PRESS_MS <= state[i + 1] <= t:
            continue
        row = find(nodes, table, int(state[i + 2]))
        if row == NOWHERE or nodes[row]["born"] > t - SETTLED_MS:
            continue
        for _ in range(FURTHEST):
            if row == top:
                return int(state[i])
            row = int(nodes[row]["parent"])
            if row == NOWHERE:
                break
    return 0
