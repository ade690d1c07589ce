"""Where an element stands: in which document, and which it is among its siblings of one type."""

from __future__ import annotations

from data_contracts import attribute_facts as a
from data_contracts.compiled import compiled
from data_contracts.node_facts import FURTHEST
from data_contracts.node_table import DOCUMENT, ELEMENT, NOWHERE, RECORD_HEAD, Arena, Nodes, kept_at
from data_contracts.snapshot_scan import KEPT_TAG


@compiled
def is_inside_other_document(nodes: Nodes, row: int) -> bool:
    """Whether an element is in the document of a frame, or below a shadow root."""
    for _ in range(FURTHEST):
        record = nodes[row]
        up = int(record["parent"])
        if up == NOWHERE:
            return False
        if record["type"] == DOCUMENT or record["bits"] & a.SHADOW:
            return True
        row = up
    return False


@compiled
def same_type(nodes: Nodes, arena: Arena, row: int, other: int) -> bool:
    """Whether two siblings are elements of one tag, and both or neither below a shadow root."""
    one, two = nodes[row], nodes[other]
    if two["type"] != ELEMENT or one["tag"] != two["tag"] or (one["bits"] ^ two["bits"]) & a.SHADOW:
        return False
    if one["tag"]:
        return True
    here, there = kept_at(nodes, arena, row, KEPT_TAG), kept_at(nodes, arena, other, KEPT_TAG)
    if here == NOWHERE or there == NOWHERE or arena[here + 1] != arena[there + 1]:
        return here == there
    for i in range(RECORD_HEAD, RECORD_HEAD + int(arena[here + 1])):  # noqa: SIM110  (compiled)
        if arena[here + i] != arena[there + i]:
            return False
    return True


@compiled
def place_among(nodes: Nodes, arena: Arena, row: int) -> tuple[int, int]:
    """Place of an element among its siblings of one type, counted from 1, and how many they are."""
    place = 1
    other = int(nodes[row]["before"])
    while other != NOWHERE:
        place += same_type(nodes, arena, row, other)
        other = int(nodes[other]["before"])
    count = place
    other = int(nodes[row]["after"])
    while other != NOWHERE:
        count += same_type(nodes, arena, row, other)
        other = int(nodes[other]["after"])
    return place, count
