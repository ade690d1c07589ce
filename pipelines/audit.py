"""The chain: what decisions were committed to, linked block by block, so that nobody can change the past unseen.

A block covers the decisions that were committed since the one before. Its root is that of a Merkle tree over their
commitments as RFC 6962 has it: leaves and nodes are hashed under different first bytes, so that one cannot pass for the
other. A commitment outlives the erasing of its record, so the chain verifies without it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from data_contracts.decisions import policy_of, read
from data_contracts.errors import WatchworthyError
from pipelines.store.deciding import Told
from pipelines.store.store import Store

LEAF: Final = b"\x00"
NODE: Final = b"\x01"
BLOCK: Final = b"\x02"
NOTHING: Final = bytes(32)
BEFORE_ALL: Final = -(1 << 62)  # below every number of a decision
OPENED: Final = 500  # records that are opened at a time
MOST: Final = 10_000  # decisions of one block


class Block(NamedTuple):
    """A block of the chain.

    Attributes
    ----------
    height
        From 1.
    first, last, many
        Numbers of its first and last decision, and how many there are from one to the other.
    root
        Of the Merkle tree over their commitments.
    previous
        Hash of the block before; zeros for the first.
    at_ms
        When it was made, ms since the epoch.
    """

    height: int
    first: int
    last: int
    many: int
    root: bytes
    previous: bytes
    at_ms: int

    @property
    def hash(self) -> bytes:
        """SHA-256 over all of it."""
        numbers = (self.height, self.first, self.last, self.many, self.at_ms)
        told = b"".join(number.to_bytes(8, "big", signed=True) for number in numbers)
        return hashlib.sha256(BLOCK + told + self.root + self.previous).digest()


class Leaf(NamedTuple):
    """What a block says of a decision, and what of that never changes: number, id, log number, time, commitment."""

    number: int
    name: str
    log_number: int
    created_at_ms: int
    commitment: bytes

    @property
    def hash(self) -> bytes:
        """SHA-256 over all of it."""
        told = f"{self.number}\0{self.name}\0{self.log_number}\0{self.created_at_ms}\0".encode()
        return hashlib.sha256(LEAF + told + self.commitment).digest()


class Fault(NamedTuple):
    """The first place where the chain does not fit: the block, and what is wrong."""

    height: int
    said: str


def merkle_root(hashes: Sequence[bytes]) -> bytes:
    """Root of the Merkle tree over hashes of leaves, in the shape of RFC 6962, 2.1.

    >>> merkle_root([b"a"]) == b"a", merkle_root([b"a", b"b"]) == hashlib.sha256(b"\\x01ab").digest()
    (True, True)
    """
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(NODE + merkle_root(hashes[:split]) + merkle_root(hashes[split:])).digest()


_LEAVES: Final = """
    SELECT id, name, log_number, created_at, commitment FROM decisions WHERE id > ? AND id <= ? ORDER BY id LIMIT ?
"""
_LAST: Final = (
    "SELECT height, first, last, count, root, previous, at, hash FROM chain ORDER BY height DESC LIMIT 1"
)
_BLOCKS: Final = (
    "SELECT height, first, last, count, root, previous, at, hash FROM chain"
    " WHERE height > ? ORDER BY height LIMIT 100"
)


def link(store: Store, now_ms: int) -> Block | None:
    """Link what was committed since the last block; the new block, None if there is nothing."""

    def work(db: sqlite3.Connection) -> Block | None:
        last = db.execute(_LAST).fetchone()
        height, upto, previous = (last[0], last[2], last[7]) if last else (0, BEFORE_ALL, NOTHING)
        leaves = [Leaf._make(row) for row in db.execute(_LEAVES, (upto, 1 << 62, MOST))]
        if not leaves:
            return None
        root = merkle_root([leaf.hash for leaf in leaves])
        block = Block(height + 1, leaves[0].number, leaves[-1].number, len(leaves), root, previous, now_ms)
        db.execute("INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*block, block.hash))
        return block

    return store.write(work, ()).result()


def newest(store: Store) -> tuple[int, bytes] | None:
    """Height and hash of the last block; None if there is none."""
    row = store.read(lambda db: db.execute(_LAST).fetchone())
    return None if row is None else (row[0], row[7])


def verify(
    store: Store, known: tuple[int, bytes] | None = None, progress: Callable[[int], None] | None = None
) -> Fault | None:
    """Walk the chain from its first block; the first fault, None if all fits.

    Parameters
    ----------
    known
        Height and hash of a block that was written down outside: it must be there unchanged.
    progress
        Told how many decisions a block has.
    """
    previous, height, upto = NOTHING, 0, BEFORE_ALL
    met = known is None
    while True:
        rows = _blocks(store, height)
        if not rows:
            break
        for row in rows:
            block, said = Block._make(row[:7]), row[7]
            fault = _fault(store, block, said, previous, height, upto)
            if fault is not None:
                return Fault(block.height, fault)
            if known is not None and block.height == known[0]:
                if said != known[1]:
                    return Fault(block.height, "the block is not the one that was written down outside")
                met = True
            previous, height, upto = said, block.height, block.last
            if progress is not None:
                progress(block.many)
    if not met and known is not None:
        return Fault(height, f"the chain ends here, and block {known[0]} was written down outside")
    return None


def _blocks(store: Store, after: int) -> list[tuple[Any, ...]]:
    return store.read(lambda db: db.execute(_BLOCKS, (after,)).fetchall())


def _fault(store: Store, block: Block, said: bytes, previous: bytes, height: int, upto: int) -> str | None:
    if block.height != height + 1:
        return f"block {height + 1} is missing"
    if block.previous != previous:
        return "the block does not stand on the one before"
    if block.hash != said:
        return "the block was changed"
    leaves = store.read(
        lambda db: [Leaf._make(row) for row in db.execute(_LEAVES, (upto, block.last, block.many + 1))]
    )
    if len(leaves) != block.many:
        return f"it covers {block.many} decisions, and {len(leaves)} are there"
    if merkle_root([leaf.hash for leaf in leaves]) != block.root:
        return "a decision was changed, removed or put in another's place"
    return _changed(store, upto, block.last)


def _changed(store: Store, after: int, last: int) -> str | None:
    """What is wrong with the records of some decisions that are still there: each must be what was committed to."""
    while after < last:
        try:
            found = store.decisions(after, OPENED, upto=last)
            for one in found:
                if one.body is not None and not _fits(one):
                    return f"decision {one.name} does not say what stands beside it"
        except (WatchworthyError, msgspec.MsgspecError) as error:
            return f"the record of a decision cannot be read: {error}"
        if not found:
            return None
        after = found[-1].id
    return None


def _fits(one: Told) -> bool:
    """Whether the record of a decision says what its row does."""
    made = read(one.body or b"")
    said = (made.decision_id, made.site, made.session_id, made.log_number, made.bundle, made.cause)
    return said == (one.name, one.site, one.part, one.log_number, one.bundle, one.cause) and (
        made.created_at_ms == one.created_at_ms and policy_of(made) == one.policy
    )
