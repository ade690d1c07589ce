"""Makes messages for the outbox."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from data_contracts.assessments import Verdict
from data_contracts.messages import Data, DecisionWritten, FlagRaised, VerdictChanged, encoded
from pipelines.store.units import Outgoing

ID_BYTES: Final = 16


def outgoing(data: Data, at_ms: int, about: str = "") -> Outgoing:
    """A message of the topic that its data are of.

    Parameters
    ----------
    data
        One of ``data_contracts.messages.KINDS``.
    at_ms
        When it happened, ms since the epoch.
    about
        What it tells of, as the id of a decision: a second message of the same topic on the same thing then has the
        same id, and the store refuses it. Empty: it has an id of its own.

    Examples
    --------
    >>> from data_contracts.messages import FlagRaised
    >>> flag = FlagRaised(session_id="s", site="default", decision_id="de_1", worth=0.8)
    >>> outgoing(flag, 0, "de_1").topic, outgoing(flag, 0, "de_1") == outgoing(flag, 0, "de_1")
    ('flag.raised', True)
    """
    return Outgoing(message_id(data.topic, about), data.topic, encoded(data.topic, data, at_ms))


def of_decision(
    written: DecisionWritten, at_ms: int, before: Verdict = "undetermined", was_flagged: bool = False
) -> tuple[Outgoing, ...]:
    """What a decision gives cause to say: that it was written, and where the verdict or the flag is new, that too.

    Parameters
    ----------
    before, was_flagged
        What the decision before it said of the same session.

    Examples
    --------
    >>> written = DecisionWritten(session_id="s", site="default", decision_id="de_1", verdict="automation")
    >>> [one.topic for one in of_decision(written, 0)]
    ['decision.written', 'verdict.changed']
    """
    named = {
        "session_id": written.session_id,
        "site": written.site,
        "visitor": written.visitor,
        "decision_id": written.decision_id,
    }
    told: list[Data] = [written]
    if written.verdict != before:
        told.append(
            VerdictChanged(
                **named,
                before=before,
                verdict=written.verdict,
                bot=written.bot,
                recommended_action=written.recommended_action,
            )
        )
    if written.flagged and not was_flagged:
        told.append(
            FlagRaised(
                **named,
                worth=written.worth,
                frustration=written.frustration,
                issue=written.issue,
                headline=written.headline,
            )
        )
    return tuple(outgoing(data, at_ms, written.decision_id) for data in told)


def message_id(topic: str, about: str = "") -> str:
    """Id of a message; without a full stop, which parts what is signed."""
    if not about:
        return f"msg_{secrets.token_hex(ID_BYTES)}"
    return f"msg_{hashlib.sha256(f'{topic} {about}'.encode()).hexdigest()[: 2 * ID_BYTES]}"
