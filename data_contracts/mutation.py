"""What one mutation of a page brings, as its decoder hands it over, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol
from zlib import crc32

import msgspec

from data_contracts.lexicon import STATE_ATTRIBUTES

CHANGES_KEPT: Final = 16  # rows of one mutation event; the sources that come last are merged in one


class TextChange(Protocol):
    """One of ``texts`` of a mutation."""

    @property
    def id(self) -> int: ...


class AttributeChange(Protocol):
    """One of ``attributes`` of a mutation; values are raw JSON."""

    @property
    def id(self) -> int: ...
    @property
    def attributes(self) -> Mapping[str, msgspec.Raw]: ...


class Removal(Protocol):
    """One of ``removes`` of a mutation."""

    @property
    def parentId(self) -> int: ...
    @property
    def id(self) -> int: ...


class Addition(Protocol):
    """One of ``adds`` of a mutation; the node is raw JSON."""

    @property
    def parentId(self) -> int: ...
    @property
    def nextId(self) -> int | None: ...
    @property
    def node(self) -> msgspec.Raw: ...


class Change(NamedTuple):
    """What one source changed in one event.

    ``source`` and ``owner`` are node ids (0: unknown, none), ``count`` the changes, ``flags`` those of
    ``events`` (``IS_MESSAGE``, ``NEW_PAGE``), ``detail`` a digest of the new state where the event set
    exactly one text-free attribute, else 0.
    """

    source: int
    owner: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs here
    flags: int
    detail: int


def state_digest(name: str, raw: msgspec.Raw) -> int:
    """Digest of an attribute's new value, only ever compared; 0 for an attribute that may hold text."""
    if name not in STATE_ATTRIBUTES:
        return 0
    return crc32(raw, crc32(name.encode())) or 1
