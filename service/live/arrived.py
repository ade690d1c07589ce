"""A batch that has arrived and is new, as it stands before anything is known of what it comes to."""

from __future__ import annotations

from msgspec import Struct

from data_contracts.batches import Batch
from service.live.batch_body import Header, Read
from service.live.live_sessions import Name


class Arrived(Struct, frozen=True, gc=False):
    """A batch on its way into the store.

    Attributes
    ----------
    name
        Site and session.
    batch
        Its events, to be folded.
    digest
        SHA-256 of its text as it came.
    read, packed
        What was taken of it, and the text of that, packed.
    received_at_ms
        When it came, ms since the epoch.
    large
        Whether it is worked on beside the loop.
    """

    name: Name
    header: Header
    batch: Batch
    digest: bytes
    read: Read
    packed: bytes
    received_at_ms: int
    large: bool
