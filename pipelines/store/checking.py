"""What a session may still take: the limits, checked against what is known of it."""

from __future__ import annotations

from data_contracts.errors import WatchworthyError
from pipelines.store.limits import StoreLimits
from pipelines.store.ranges import Ranges, added, gaps, highest, holds
from pipelines.store.remembered import SessionState, StreamState


def check_limits(
    limits: StoreLimits,
    name: str,
    session: SessionState | None,
    stream: StreamState | None,
    seq: int,
    size: int,
    received_at_ms: int,
) -> None:
    """Refuse a new batch that a session may not take.

    Parameters
    ----------
    name
        The session's, for errors.
    session, stream
        None if it is the first batch of it.
    size
        Bytes of the batch's body.

    Raises
    ------
    WatchworthyError
        ``seq_too_far``, ``too_many_gaps``, ``too_many_streams``, ``session_too_large``, ``session_too_long``.
    """
    held = stream.ranges if stream is not None else []
    if not held or held[-1] != seq:  # else it is the next in order, as nearly always
        _check_number(limits, name, held, seq)
    if size + (session.bytes if session is not None else 0) > limits.session_bytes:
        said = f"The session would hold more than {limits.session_bytes:,} bytes."
        raise _refusal("session_too_large", said, name, seq)
    if session is None:
        return
    if received_at_ms - session.first_received > limits.session_ms:
        hours = limits.session_ms / 3_600_000
        raise _refusal("session_too_long", f"The session began over {hours:g} hours ago.", name, seq)
    if stream is None:
        since = received_at_ms - limits.idle_ms
        opened = sum(not one.ended and one.last_received >= since for one in list(session.streams.values()))
        if opened >= limits.open_streams:
            said = f"The session has {opened} open page loads already."
            raise _refusal("too_many_streams", said, name, seq)


def _check_number(limits: StoreLimits, name: str, held: Ranges, seq: int) -> None:
    if seq > highest(held) + limits.seq_ahead:
        said = (
            f"Number {seq} is more than {limits.seq_ahead} past {highest(held)}, the highest of its stream."
        )
        raise _refusal("seq_too_far", said, name, seq)
    missing = gaps(added(held, seq))
    if missing > limits.gaps and missing > gaps(held):
        said = f"The stream misses more than {limits.gaps} stretches of batches."
        raise _refusal("too_many_gaps", said, name, seq)


def is_next(
    limits: StoreLimits,
    session: SessionState | None,
    stream: StreamState | None,
    seq: int,
    size: int,
    received_at_ms: int,
) -> bool:
    """Whether a batch is the next in order of a stream that is known, within every limit: as nearly always."""
    return (
        session is not None
        and stream is not None
        and stream.ranges[-1:] == [seq]
        and size + session.bytes <= limits.session_bytes
        and received_at_ms - session.first_received <= limits.session_ms
    )


def limit_broken(
    limits: StoreLimits,
    name: str,
    session: SessionState | None,
    stream: str,
    seq: int,
    size: int,
    received_at_ms: int,
) -> WatchworthyError | None:
    """What ``check_limits`` says of a batch of this stream; None if nothing, or if it is a repeat."""
    held = session.streams.get(stream) if session is not None else None
    if held is not None and holds(held.ranges, seq):
        return None
    try:
        check_limits(limits, name, session, held, seq, size, received_at_ms)
    except WatchworthyError as error:
        return error
    return None


def _refusal(code: str, message: str, name: str, seq: int) -> WatchworthyError:
    return WatchworthyError(code, message, f"session {name} seq {seq}")
