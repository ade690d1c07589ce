"""Messages that webhooks are sent: what happened, when, and what is known of it, by topic.

What was not computed is ``null``. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Literal

import msgspec

from data_contracts.assessments import Action, Verdict


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What every message knows of; ``topic`` is its type."""

    topic: ClassVar[str]


class OfSession(Data, frozen=True, kw_only=True):
    """What every message on a session knows: the session, its visitor (empty if the page named none), the site."""

    session_id: str
    site: str
    visitor: str = ""


class DecisionWritten(OfSession, frozen=True, kw_only=True):
    """A decision was written: probabilities 0..1, the verdict, the action that is recommended, whether it is flagged.

    ``decision_id`` is the decision's own, ``as_of_ms`` how much of the session it saw.
    """

    topic = "decision.written"

    decision_id: str
    as_of_ms: int = 0
    bot: float | None = None
    frustration: float | None = None
    conversion: float | None = None
    worth: float | None = None
    verdict: Verdict = "undetermined"
    recommended_action: Action = "allow"
    flagged: bool = False
    issue: str = ""
    headline: str = ""


class VerdictChanged(OfSession, frozen=True, kw_only=True):
    """The verdict of a session is another than ``before``; ``bot`` is the probability of automation, 0..1."""

    topic = "verdict.changed"

    decision_id: str
    before: Verdict
    verdict: Verdict
    bot: float | None = None
    recommended_action: Action = "allow"


class FlagRaised(OfSession, frozen=True, kw_only=True):
    """A session became worth watching: how much, 0..1, for which issue, and why in a sentence."""

    topic = "flag.raised"

    decision_id: str
    worth: float | None = None
    frustration: float | None = None
    issue: str = ""
    headline: str = ""


class InterventionShown(OfSession, frozen=True, kw_only=True):
    """The visitor was shown an intervention, by which rule, and in which of its versions."""

    topic = "intervention.shown"

    intervention_id: str
    rule: str
    rule_version: str = ""
    action: str = ""


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    """One value that an alert fired for: how often, and the most messages that it had counted at once."""

    key: str
    times: int
    count: int


class AlertFired(Data, frozen=True, kw_only=True):
    """An alert fired: ``count`` messages within the window met it; ``share`` is of ``of`` messages, 0..1.

    ``key`` is the value of the field that the alert counts by. With ``digest`` it sums up all that fired since the last
    one: ``count`` says how often, ``fired`` for which values, ``more`` how many further values there were.
    """

    topic = "alert.fired"

    alert: str
    site: str
    about: str
    key: str = ""
    count: int = 0
    of: int = 0
    share: float | None = None
    within_minutes: float = 0
    digest: bool = False
    fired: tuple[Fired, ...] = ()
    more: int = 0


Topic = Literal["decision.written", "verdict.changed", "flag.raised", "intervention.shown", "alert.fired"]
KINDS: Final[tuple[type[Data], ...]] = (
    DecisionWritten,
    VerdictChanged,
    FlagRaised,
    InterventionShown,
    AlertFired,
)
"""The data of each topic."""

FIELDS: Final[dict[str, tuple[str, ...]]] = {kind.topic: kind.__struct_fields__ for kind in KINDS}
"""Topic to the fields of its data."""


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """When it happened, ISO 8601."""

    timestamp: str


class DecisionWrittenMessage(_Message, frozen=True, kw_only=True, tag="decision.written"):
    """A decision was written."""

    data: DecisionWritten


class VerdictChangedMessage(_Message, frozen=True, kw_only=True, tag="verdict.changed"):
    """The verdict of a session changed."""

    data: VerdictChanged


class FlagRaisedMessage(_Message, frozen=True, kw_only=True, tag="flag.raised"):
    """A session became worth watching."""

    data: FlagRaised


class InterventionShownMessage(_Message, frozen=True, kw_only=True, tag="intervention.shown"):
    """The visitor was shown an intervention."""

    data: InterventionShown


class AlertFiredMessage(_Message, frozen=True, kw_only=True, tag="alert.fired"):
    """An alert fired."""

    data: AlertFired


Message = (
    DecisionWrittenMessage
    | VerdictChangedMessage
    | FlagRaisedMessage
    | InterventionShownMessage
    | AlertFiredMessage
)
"""What a webhook receives, by its ``type``."""


def iso(at_ms: int) -> str:
    """A moment, in ms since the epoch, as ISO 8601 in UTC.

    >>> iso(1_700_000_000_123)
    '2023-11-14T22:13:20.123Z'
    """
    return (
        datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def encoded(topic: str, data: Data | dict[str, Any], at_ms: int) -> bytes:
    """The JSON of a message that was made at ``at_ms``, in ms since the epoch."""
    return msgspec.json.encode({"type": topic, "timestamp": iso(at_ms), "data": data})
