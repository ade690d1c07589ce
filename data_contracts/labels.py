"""Labels: what a session was, as one head asks it, and all that says how far the label may be trusted.

A label is one line of JSON wherever it travels. Kinds of labels are never mixed silently: each says which it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Literal

import msgspec

from data_contracts.annotations import Label as Annotated_as
from data_contracts.errors import WatchworthyError

Kind = Literal["annotation", "goal", "script", "weak"]
"""Where a label is from: a person or a person's system said it; a goal that was seen; the script that played the
session; a function that guesses."""

MAY_TEST: Final[frozenset[str]] = frozenset({"annotation", "goal", "script"})
"""Kinds that may test, calibrate, set thresholds or promote; a guess may only train."""

HEAD_OF: Final[dict[Annotated_as, tuple[str, int]]] = {
    "automation": ("bot", 1),
    "person": ("bot", 0),
    "struggle": ("frustration", 1),
    "calm": ("frustration", 0),
    "converted": ("conversion", 1),
    "not_converted": ("conversion", 0),
}
"""What each label of an annotation says to which head."""

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Time = Annotated[int, msgspec.Meta(ge=0)]
Text = Annotated[str, msgspec.Meta(max_length=2_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Label(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One label.

    Attributes
    ----------
    label_id
        Its name; of an annotation, the annotation's.
    session_id
        ``S``, or ``S.2`` for what follows a pause.
    head
        The head that it answers.
    value
        1: as the head's question asks; 0: not so.
    kind
        Where it is from.
    source
        Who or what said so: a person, a system, a function.
    reason
        Where that is known from, as annotations list it.
    confidence
        How sure the source is, 0..1; null where it did not say.
    from_ms, to_ms
        The span that it is about, ms from the start of the session; null: all of it.
    model_seen
        Digest of the models whose score the source could see when it said so; empty if it saw none.
    recorded_at_ms
        When it became known, ms since the epoch.
    window_closed_ms
        When the time was over within which it could have come out otherwise; null where there is no such time.
    retracted_at_ms
        When it was taken back; null while it stands.
    censored_at_ms
        When its visitor withdrew or was erased, after which nothing is known; null for others.
    """

    label_id: Name
    session_id: Name
    head: Name
    value: Literal[0, 1]
    kind: Kind
    source: Text = ""
    reason: Text = ""
    confidence: Share | None = None
    from_ms: Time | None = None
    to_ms: Time | None = None
    model_seen: Text = ""
    note: Text = ""
    recorded_at_ms: Time = 0
    window_closed_ms: Time | None = None
    retracted_at_ms: Time | None = None
    censored_at_ms: Time | None = None

    def known_by(self, known_at_ms: int) -> bool:
        """Whether by a time, in ms since the epoch, it was on record, its window over, and nobody had taken it back."""
        closed = self.window_closed_ms is None or self.window_closed_ms <= known_at_ms
        stands = self.retracted_at_ms is None or self.retracted_at_ms > known_at_ms
        return self.recorded_at_ms <= known_at_ms and closed and stands


_encoder: Final = msgspec.json.Encoder(order="deterministic")
_decoder: Final = msgspec.json.Decoder(Label)


def to_line(label: Label) -> bytes:
    r"""A label as a line.

    >>> to_line(Label(label_id="a", session_id="s", head="bot", value=1, kind="annotation"))[:32]
    b'{"label_id":"a","session_id":"s"'
    """
    return _encoder.encode(label) + b"\n"


def from_lines(lines: Iterable[bytes], where: str = "") -> Iterator[Label]:
    """Labels of lines; empty lines are passed over.

    Raises
    ------
    WatchworthyError
        ``label_wrong`` for the first line that holds no label; it says which line and what is wrong.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            label = _decoder.decode(line)
            if (label.from_ms is None) != (label.to_ms is None) or (label.from_ms or 0) > (label.to_ms or 0):
                raise ValueError("a span has from_ms and to_ms, in this order - at `$.to_ms`")
        except (ValueError, UnicodeDecodeError) as error:
            raise WatchworthyError("label_wrong", f"{error}.", f"{where} line {number}".strip()) from error
        yield label
