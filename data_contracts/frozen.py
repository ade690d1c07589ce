"""The state of a stream as plain values: what a checkpoint keeps of it, so that it need not be read from its start.

A frozen stream goes on exactly as the stream itself would, as long as the code is the same. Names of elements and
the list of page views are not kept.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class FrozenPage(Struct, frozen=True, array_like=True):
    """A page index: its arrays as bytes, as far as they are used, and their sizes in rows and bytes."""

    sighted: bool
    too_deep: bool
    nodes: bytes
    rows: int
    table: bytes
    arena: bytes
    arena_size: int
    state: bytes
    packed: int


class FrozenViews(Struct, frozen=True, array_like=True):
    """Where the page views of a stream stand."""

    current: int
    address: str
    parsed: bool
    loaded: bool
    leaving: bool


class FrozenStream(Struct, frozen=True, array_like=True):
    """A stream: its number, clock, page, rows that wait, and what it has counted."""

    name: str
    next_seq: int
    latest: int | None
    shift: int
    back: int | None
    timeless: bool
    channels: int
    declared: int
    trust: int
    told: bool
    per_second: dict[int, int]
    waiting: bytes
    counts: dict[str, Any]
    views: FrozenViews
    page: FrozenPage
