"""How much the store takes in, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """Bounds and times of one store; times in ms, sizes in bytes.

    Parameters
    ----------
    seq_ahead
        How far past a stream's highest number the next may lie; a recorder that lost more has lost its queue.
    gaps
        Missing stretches of numbers that a stream may have at once.
    open_streams
        Page loads of a session that are still open: they have not said their end, and were heard within ``idle_ms``.
    session_bytes
        Decompressed bytes of all batches of a session.
    session_ms
        From the first batch received to the last.
    idle_ms
        A session ends so long after its last batch was received.
    seal_after_ms
        A session whose streams have all said their end is sealed so long after its last batch: the next page load
        of the same visit follows within seconds.
    queue_bytes, queue_ms
        What may wait for the writer, and how long; beyond either, ``busy``.
    group_units
        Units of one transaction.
    disk_free_bytes
        With less free space, ``disk_full`` before the disk is.
    lease_ms
        How long a sealer may take; objects are not swept before twice this age.
    frame_bytes
        Decompressed bytes of a frame of a sealed recording: what a replay reads at least.
    checkpoints
        Checkpoints kept of a session, the latest.
    tally_batches
        Batches of a session that the log may be ahead of the session's own row; so many are read to know it as it is.
    remembered
        Sessions that the writer remembers, the last used.
    """

    seq_ahead: int = 256
    gaps: int = 64
    open_streams: int = 32
    session_bytes: int = 256 << 20
    session_ms: int = 24 * 3_600_000
    idle_ms: int = 30 * 60_000
    seal_after_ms: int = 60_000
    queue_bytes: int = 64 << 20
    queue_ms: int = 2_000
    group_units: int = 256
    disk_free_bytes: int = 256 << 20
    lease_ms: int = 600_000
    frame_bytes: int = 256 << 10
    checkpoints: int = 4
    tally_batches: int = 64
    remembered: int = 8_192
