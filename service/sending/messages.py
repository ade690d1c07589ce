"""Makes messages for the outbox."""

from __future__ import annotations

import hashlib
import secrets

from data_contracts.messages import Data, encoded
from pipelines.store.units import Outgoing

ID_BYTES = 16


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


def message_id(topic: str, about: str = "") -> str:
    """Id of a message; without a full stop, which parts what is signed."""
    if not about:
        return f"msg_{secrets.token_hex(ID_BYTES)}"
    return f"msg_{hashlib.sha256(f'{topic} {about}'.encode()).hexdigest()[: 2 * ID_BYTES]}"
