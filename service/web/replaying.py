"""A replay in a notebook: asks a running service for an address that plays one session, and frames it."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from typing import Final

import httpx

SERVICE: Final = "http://127.0.0.1:8700"
TIMEOUT_S: Final = 10.0
ADDRESS: Final = "WATCHWORTHY_URL"
KEY: Final = "WATCHWORTHY_READ_KEY"


@dataclass(frozen=True)
class Replay:
    """What a notebook shows as a player; the address can be opened within two minutes."""

    address: str
    height: int = 640

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{html.escape(self.address)}" title="Replay" width="100%" height="{self.height}"'
            ' sandbox="allow-scripts allow-same-origin" allow="fullscreen" referrerpolicy="no-referrer"'
            ' style="border:0"></iframe>'
        )


def replay(
    session: str,
    t_ms: int | None = None,
    service: str | None = None,
    key: str | None = None,
    height: int = 640,
) -> Replay:
    """The replay of a session that a service holds.

    Parameters
    ----------
    session
        Its id.
    t_ms
        Where it begins, ms from the start of the session.
    service
        Where the service runs; ``$WATCHWORTHY_URL``, or this machine's port 8700.
    key
        A read key; ``$WATCHWORTHY_READ_KEY``.

    Raises
    ------
    ValueError
        If there is no key, or the service refuses, or does not answer; the message says which.
    """
    place = (service or os.environ.get(ADDRESS) or SERVICE).rstrip("/")
    secret = key or os.environ.get(KEY)
    if not secret:
        raise ValueError(
            f"A replay needs a read key: `watchworthy keys create --role read` makes one; give it as key= or ${KEY}."
        )
    asked = {"session": session} | ({} if t_ms is None else {"t_ms": t_ms})
    headers = {"authorization": f"Bearer {secret}"}
    try:
        answer = httpx.post(f"{place}/v1/replays", json=asked, headers=headers, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise ValueError(
            f"The service at {place} does not answer ({error}); is `watchworthy serve` running?"
        ) from error
    if answer.status_code != 200:
        raise ValueError(f"The service at {place} says: {answer.json()['error']['message']}")
    return Replay(str(answer.json()["address"]), height)
