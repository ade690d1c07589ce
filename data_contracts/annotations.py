"""Annotations: what people and their systems know of a session, often long after it, as labels to learn from."""

from __future__ import annotations

from typing import Literal

import msgspec

Label = Literal["automation", "person", "struggle", "calm", "converted", "not_converted"]
"""What a session, or a span of it, was."""

Why = Literal[
    "chargeback",
    "refund",
    "account_takeover",
    "fake_account",
    "scraping",
    "passed_second_factor",
    "paid",
    "known_customer",
    "watched",
    "analyst",
    "user_report",
    "support_ticket",
    "own_test",
    "other",
]
"""Where the knowledge is from; a closed list, so that it can be told apart later."""


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """One annotation as it is kept.

    Attributes
    ----------
    session_id
        ``S``, or ``S.2`` for what follows a pause; empty once the session was erased.
    from_ms, to_ms
        The span that it is about, ms from the start of the session; none: all of it.
    source
        Who or what said so, in the asker's own words.
    retracts
        The annotation that this one takes back.
    retracted
        Whether a later one took this one back.
    recorded_at_ms
        When it became known here.
    confidence
        How sure the source is, 0..1; None where it did not say.
    model_seen
        Digest of the models whose score the source could see; empty if that is not known.
    """

    annotation_id: str
    session_id: str
    label: Label
    reason: Why
    source: str = ""
    assessment_id: str = ""
    from_ms: int | None = None
    to_ms: int | None = None
    note: str = ""
    retracts: str | None = None
    retracted: bool = False
    recorded_at_ms: int = 0
    confidence: float | None = None
    model_seen: str = ""
