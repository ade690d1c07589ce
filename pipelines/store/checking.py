"""What a session may still take: the limits, checked against what is known of it."""

from __future__ import annotations

from data_contracts.errors import WatchworthyError
from pipelines.store.limits import StoreLimits
from pipelines.store.ranges import Ranges, added, gaps, highest, holds
from pipelines.store.remembered import SessionState, StreamState


def within_limits(
    limits: StoreLimits,
    session: SessionState | None,
    stream: StreamState | None,
    seq: int,
    size: int,
    received_at_ms: int,
    name: str,
) -> Ranges:
    """The stream's numbers with a new one, if the session may still grow by this batch.

    Parameters
    ----------
    session, stream
        None if it is the first batch of it.
    size
        Bytes of the batch's body.
    name
        The session's, for errors.

    Raises
    ------
    WatchworthyError
        ``seq_too_far``, ``too_many_gaps``, ``too_many_streams``, ``session_too_large``, ``session_too_long``.
    """
    held = stream.ranges if stream is not None else []
    if seq > highest(held) + limits.seq_ahead:
        raise _refusal(
            "seq_too_far",
            f"Number {seq} is more than {limits.seq_ahead} past {highest(held)}, the highest of its stream.",
            *(name, seq),
        )
    ranges = added(held, seq)
    if len(ranges) > len(held) and gaps(ranges) > limits.gaps and gaps(ranges) > gaps(held):
        raise _refusal(
            "too_many_gaps", f"The stream misses more than {limits.gaps} stretches of batches.", name, seq
        )
    if size + (session.bytes if session is not None else 0) > limits.session_bytes:
        raise _refusal(
            "session_too_large",
            f"The session would hold more than {limits.session_bytes:,} bytes.",
            name,
            seq,
        )
    if session is None:
        return ranges
    if received_at_ms - session.first_received > limits.session_ms:
        hours = limits.session_ms / 3_600_000
        raise _refusal("session_too_long", f"The session began over {hours:g} hours ago.", name, seq)
    if stream is None:
        since = received_at_ms - limits.idle_ms
        opened = sum(not one.ended and one.last_received >= since for one in list(session.streams.values()))
        if opened >= limits.open_streams:
            raise _refusal(
                "too_many_streams", f"The session has {opened} open page loads already.", name, seq
            )
    return ranges


def _refusal(code: str, message: str, name: str, seq: int) -> WatchworthyError:
    return WatchworthyError(code, message, f"session {name} seq {seq}")


def problem(
    limits: StoreLimits,
    name: str,
    session: SessionState | None,
    stream: str,
    seq: int,
    size: int,
    received_at_ms: int,
) -> WatchworthyError | None:
    """What is wrong with a batch of this stream; None if nothing is, or if it is a repeat."""
    held = session.streams.get(stream) if session is not None else None
    if held is not None and holds(held.ranges, seq):
        return None
    try:
        within_limits(limits, session, held, seq, size, received_at_ms, name)
    except WatchworthyError as error:
        return error
    return None
