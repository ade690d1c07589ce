"""The page of one stream: which nodes are in it, what they are, and where its changes come from.

It is filled from full snapshots and mutations, and answers whether a node is a control, what it is inside,
and what it is called. No text of the page ever enters: neither facts nor names nor selectors change when
texts are masked or translated. Kept are 56 to 72 bytes a node and the values of the attributes that make
names (id, name, test ids, class), at most ``64 * max_nodes`` bytes; the snapshot itself is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from data_contracts.batches import readable
from data_contracts.elements import Element, element_of
from data_contracts.events import NEW_PAGE, gathered
from data_contracts.frozen import FrozenPage
from data_contracts.lexicon import ATTRIBUTE_CODES, LAST_KEPT_ATTRIBUTE
from data_contracts.mutation import (
    Addition,
    AttributeChange,
    Removal,
    TextChange,
    state_digest,
)
from data_contracts.mutation import Change as Change
from data_contracts.node_facts import facts_of
from data_contracts.node_table import (
    ALWAYS,
    ARENA_USED,
    DROPPED,
    FREE,
    LARGEST_KEPT_SIZE,
    LEFT_AT,
    LIMIT,
    LIVE,
    NODE,
    NOWHERE,
    STATE_SIZE,
    USED,
    Arena,
    Nodes,
    State,
    Table,
    enter_all,
    find,
    pack,
)
from data_contracts.page_changes import (
    COLUMNS,
    COUNT,
    FLAGS,
    OWNER,
    SOURCE,
    change_attribute,
    change_text,
    change_texts,
    gather,
    is_select,
    is_window,
)
from data_contracts.page_views import remove_and_add
from data_contracts.presses import remember_press
from data_contracts.snapshot_scan import TOO_DEEP, scan_node

T = TypeVar("T")

MAX_NODES: Final = 65_536
KEPT_PER_NODE: Final = 64  # bytes of kept attribute values for each node of the bound; 20 to 40 are usual
FEWEST_ROWS: Final = 64
PADDING: Final = NODE.itemsize - 6  # bytes of a node that hold nothing begin here
SPARE: Final = 1.25  # room beside a snapshot, so that the first mutations do not move it at once


class PageIndex:
    """The page of one stream, bounded.

    Parameters
    ----------
    max_nodes
        Most nodes that it holds; further ones are counted in ``dropped``, and facts of them are unknown.

    Attributes
    ----------
    sighted
        Whether there was a snapshot, and no loss since. An index that is not sighted knows nothing.
    too_deep
        Whether the last snapshot was refused because its nodes were nested too deeply.

    Examples
    --------
    >>> page = PageIndex()
    >>> page.snapshot(b'{"type":2,"tagName":"button","attributes":{"id":"pay"},"childNodes":[],"id":7}', 0)
    1
    >>> page.element(7).name
    'button #pay'
    """

    def __init__(self, max_nodes: int = MAX_NODES) -> None:
        if max_nodes < 1:
            raise ValueError(f"A page of {max_nodes} nodes can hold nothing; max_nodes must be at least 1.")
        self.max_nodes = max_nodes
        self.sighted = False
        self.too_deep = False
        self._empty()

    def _empty(self) -> None:
        rows = min(FEWEST_ROWS, self.max_nodes)
        self._nodes = np.empty(rows, NODE)
        self._table = np.full(_power_of_two(2 * rows), NOWHERE, np.int32)
        self._arena = np.empty(0, np.uint8)
        self._state = np.zeros(STATE_SIZE, np.int64)
        self._state[FREE] = NOWHERE
        self._state[LIMIT] = self.max_nodes
        self._state[LEFT_AT] = ALWAYS
        self._packed = 0

    @property
    def dropped(self) -> int:
        """Nodes that found no room since the last snapshot."""
        return int(self._state[DROPPED])

    @property
    def overflow(self) -> bool:
        """Whether the page outgrew the bound."""
        return self.dropped > 0

    @property
    def nodes(self) -> int:
        """Nodes in the page."""
        return int(self._state[LIVE])

    def freeze(self) -> FrozenPage:
        """Its state as plain values."""
        used, kept = int(self._state[USED]), int(self._state[ARENA_USED])
        nodes = self._nodes[:used].view(np.uint8).reshape(used, NODE.itemsize).copy()
        nodes[:, PADDING:] = 0  # whatever stood in memory before
        return FrozenPage(
            self.sighted,
            self.too_deep,
            nodes.tobytes(),
            self._nodes.size,
            self._table.tobytes(),
            self._arena[:kept].tobytes(),
            self._arena.size,
            self._state.tobytes(),
            self._packed,
        )

    def thaw(self, frozen: FrozenPage) -> None:
        """Take on a frozen state."""
        self.sighted, self.too_deep = frozen.sighted, frozen.too_deep
        self._state = np.frombuffer(frozen.state, np.int64).copy()
        self._table = np.frombuffer(frozen.table, np.int32).copy()
        self._nodes = np.empty(frozen.rows, NODE)
        self._nodes[: int(self._state[USED])] = np.frombuffer(frozen.nodes, NODE)
        self._arena = np.empty(frozen.arena_size, np.uint8)
        self._arena[: int(self._state[ARENA_USED])] = np.frombuffer(frozen.arena, np.uint8)
        self._packed = frozen.packed

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the page takes."""
        return self._nodes.nbytes + self._table.nbytes + self._arena.nbytes + self._state.nbytes

    @property
    def arrays(self) -> tuple[Nodes, Table, Arena, State]:
        """Nodes, table, arena and state, for compiled code that reads them itself."""
        return self._nodes, self._table, self._arena, self._state

    def snapshot(self, node: bytes | memoryview, t: int) -> int:
        """Begin anew from a full snapshot.

        Parameters
        ----------
        node
            JSON text of the snapshot's ``data.node``.
        t
            Time of the event, ms. Nodes of a snapshot count as having been there always.

        Returns
        -------
        int
            Nodes now in the page: 0 if the text is no node or is nested too deeply, and then the page is
            unsighted.
        """
        self._empty()
        self.too_deep = False
        text = readable(node)
        rows = max(1, min(self.max_nodes, int(np.count_nonzero(text == ord("{")))))
        nodes = np.empty(rows, NODE)  # memory that is not written to costs nothing
        arena = np.empty(min(text.size, KEPT_PER_NODE * self.max_nodes), np.uint8)
        end = scan_node(nodes, _NO_TABLE, arena, self._state, text, 0, NOWHERE, NOWHERE, ALWAYS)
        if end < 0:
            self.too_deep = end == TOO_DEEP
            self.sighted = False
            self._empty()
            return 0
        used = int(self._state[USED])
        self._arena = arena[: self._state[ARENA_USED]].copy()
        self._nodes = nodes
        self._resize(min(self.max_nodes, max(FEWEST_ROWS, int(used * SPARE))))
        self.sighted = True
        return used

    def lose(self) -> None:
        """A batch or a snapshot is missing: nothing is known until the next snapshot."""
        self._empty()
        self.sighted = False

    def facts(self, node_id: int) -> tuple[int, int, int]:
        """Nearest control and nearest form at or above a node (ids, 0: none), and the node's flags."""
        if not self.sighted:
            return 0, 0, 0
        result: tuple[int, int, int] = facts_of(self._nodes, self._table, self._state, node_id)
        return result

    def press(self, node_id: int, t: int) -> None:
        """Remember a press at ``t``, in ms, so that later changes in what was pressed are known to be its own."""
        if self.sighted:
            remember_press(self._nodes, self._table, self._arena, self._state, node_id, t)

    def element(self, node_id: int, brief: bool = False) -> Element:
        """Tag, role, structural name and stable selector of a node; all empty if it is not known.

        ``brief`` as ``element_of`` takes it.
        """
        return element_of(self._nodes, self._table, self._arena, self._state, node_id, brief)

    def is_select(self, node_id: int) -> bool:
        """Whether a node, or the element that a text is in, is a select."""
        return bool(is_select(self._nodes, self._table, node_id))

    def is_window(self, node_id: int) -> bool:
        """Whether a node stands for the page itself: its document, html or body, not those of a frame."""
        return bool(is_window(self._nodes, self._table, node_id))

    def __contains__(self, node_id: int) -> bool:
        return find(self._nodes, self._table, node_id) != NOWHERE

    def mutate(
        self,
        texts: Iterable[TextChange],
        attributes: Iterable[AttributeChange],
        removes: Iterable[Removal],
        adds: Iterable[Addition],
        t: int,
    ) -> list[Change]:
        """Take in one mutation, in the order in which a player applies it: removes, adds, texts, attributes.

        ``t`` is when, in ms since the epoch.

        Returns
        -------
        list of Change
            One for each distinct (owner, source), in the order in which they were met.
        """
        texts, attributes = _listed(texts), _listed(attributes)
        removes, adds = _listed(removes), _listed(adds)
        if not self.sighted:
            count = len(texts) + len(removes) + len(adds) + sum(len(a.attributes) for a in attributes)
            return [Change(0, 0, count, 0, 0)] if count else []
        if not removes and not adds:
            if len(texts) == 1 and not attributes:
                source, owner, flags = change_text(self._nodes, self._table, self._state, texts[0].id, t)
                return [Change(source, owner, 1, flags, 0)]
            if len(attributes) == 1 and not texts and len(attributes[0].attributes) == 1:
                ((name, raw),) = attributes[0].attributes.items()
                source, owner, flags = self._attribute(attributes[0].id, name, raw, t)
                return [Change(source, owner, 1, flags, state_digest(name, raw))]
        return self._mutate_many(texts, attributes, removes, adds, t)

    def _mutate_many(
        self,
        texts: list[TextChange],
        attributes: list[AttributeChange],
        removes: list[Removal],
        adds: list[Addition],
        t: int,
    ) -> list[Change]:
        found: dict[tuple[int, int], list[int]] = {}
        new_view = self._remove_and_add(removes, adds, t, found)
        if texts:
            rows = np.empty((len(texts), COLUMNS), np.int64)
            ids = np.array([text.id for text in texts], np.int64)
            change_texts(self._nodes, self._table, self._state, ids, rows, t)
            _gather(found, rows)
        for change in attributes:
            for name, raw in change.attributes.items():
                source, owner, flags = self._attribute(change.id, name, raw, t)
                entry = found.setdefault((owner, source), [0, flags])
                entry[0] += 1
                entry[1] = gathered(entry[1], flags)
        if new_view and found:
            max(found.values())[1] |= NEW_PAGE
        return [Change(source, owner, entry[0], entry[1], 0) for (owner, source), entry in found.items()]

    def _remove_and_add(
        self, removes: list[Removal], adds: list[Addition], t: int, found: dict[tuple[int, int], list[int]]
    ) -> bool:
        """Apply removes and adds; whether together they put another view in the place of the last."""
        if not removes and not adds:
            return False
        goes = _table_of([(removal.parentId, removal.id) for removal in removes], 2)
        blob = b",".join([addition.node for addition in adds])
        text = np.frombuffer(blob, np.uint8)
        links, begin = [], 0
        for addition in adds:
            links.append((addition.parentId, addition.nextId or 0, begin))
            begin += len(memoryview(addition.node)) + 1
        comes = _table_of(links, 3)
        if adds:
            self._make_room(blob.count(b"{"), text.size)
        gone, came = np.empty((len(removes), COLUMNS), np.int64), np.empty((len(adds), COLUMNS), np.int64)
        new_view = bool(remove_and_add(*self.arrays, text, goes, comes, gone, came, t))
        _gather(found, gone)
        _gather(found, came)
        return new_view

    def _attribute(self, node_id: int, name: str, raw: msgspec.Raw, t: int) -> tuple[int, int, int]:
        code = ATTRIBUTE_CODES.get(name, 0)
        text = np.frombuffer(raw, np.uint8) if code else _NOTHING
        if 0 < code < LAST_KEPT_ATTRIBUTE:  # a name that changes: its node's kept values may have to move
            self._make_room(0, text.size + LARGEST_KEPT_SIZE)
        result: tuple[int, int, int] = change_attribute(
            self._nodes, self._table, self._arena, self._state, node_id, code, text, t
        )
        return result

    def _make_room(self, nodes: int, kept: int) -> None:
        """Room for so many further nodes and so many bytes of kept values, as far as the bounds allow."""
        live = int(self._state[LIVE])
        if live + nodes > self._nodes.size and self._nodes.size < self.max_nodes:
            self._resize(min(self.max_nodes, _power_of_two(live + nodes)))
        used, size = int(self._state[ARENA_USED]), self._arena.size
        most = KEPT_PER_NODE * self.max_nodes
        if used + kept > size and (size < most or used - self._packed > size // 8):
            taken = self._nodes[: self._state[USED]]
            needed = int(taken["kept_size"][taken["id"] != 0].sum()) + kept
            arena = np.empty(min(most, _power_of_two(needed + needed // 2)), np.uint8)
            pack(self._nodes, self._arena, arena, self._state)
            self._arena = arena
            self._packed = int(self._state[ARENA_USED])

    def _resize(self, rows: int) -> None:
        """Move the page to arrays of so many rows."""
        used = int(self._state[USED])
        rows = max(rows, used)
        nodes = np.empty(rows, NODE)
        nodes[:used] = self._nodes[:used]
        self._nodes = nodes
        self._table = np.empty(_power_of_two(2 * rows), np.int32)
        enter_all(self._nodes, self._table, self._state)


_NOTHING: Final = np.frombuffer(b"", np.uint8)
_NO_TABLE: Final = np.full(1, NOWHERE, np.int32)


def _table_of(rows: Sequence[tuple[int, ...]], columns: int) -> npt.NDArray[np.int64]:
    return np.array(rows, np.int64).reshape(-1, columns)


def _gather(found: dict[tuple[int, int], list[int]], rows: npt.NDArray[np.int64]) -> None:
    """Add up rows of source, owner and flags by (owner, source)."""
    for row in rows[: gather(rows)].tolist():
        entry = found.setdefault((row[OWNER], row[SOURCE]), [0, row[FLAGS]])
        entry[0] += row[COUNT]
        entry[1] = gathered(entry[1], row[FLAGS])


def _listed(items: Iterable[T]) -> list[T]:
    return items if isinstance(items, list) else list(items)


def _power_of_two(least: int) -> int:
    """Smallest power of two that is at least ``least``, and at least 2."""
    return 1 << max(1, (least - 1).bit_length())
