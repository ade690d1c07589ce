"""Signatures of Standard Webhooks 1.0: an id, a time, and an HMAC over both and the body."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from typing import Final

from standardwebhooks.webhooks import Webhook

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32  # the standard asks for 24 to 64


def new_secret() -> str:
    """A secret that nobody else has."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed(secret: str, message: str, body: bytes, at_s: float) -> dict[str, str]:
    """The headers that tell a receiver whose message it is, and that it is whole.

    Parameters
    ----------
    secret
        Of the webhook, as ``whsec_…``.
    message
        Id of the message.
    at_s
        When it is sent, seconds since the epoch: a receiver refuses what is older than some minutes.
    """
    moment = datetime.fromtimestamp(int(at_s), UTC)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at_s)),
        "webhook-signature": Webhook(secret).sign(message, moment, body.decode()),
    }
