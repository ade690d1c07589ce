"""Secrets of a site: hashes of what askers call things, and the seal of tokens, both under keys kept in the store."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data_contracts.errors import WatchworthyError
from pipelines.store.crypto import NONCE_BYTES, Keys, bound

TOKENS: Final = "~tokens"
HASHES: Final = "~hashes"
"""Names under which the keys are kept; no session has such a name."""

TOKEN_MS: Final = 120_000
LONGEST_TOKEN: Final = 1_024  # characters


class Token(NamedTuple):
    """What a token says: for which session and action, until when (ms since the epoch), and which one it is."""

    session: str
    action: str
    expires_at_ms: int
    nonce: bytes


class Secrets:
    """The secrets of all sites of a store.

    Parameters
    ----------
    keys
        Where they are kept, wrapped by the master key.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._hashing: dict[str, bytes] = {}

    def hashed(self, site: str, kind: str, text: str) -> bytes:
        """A keyed hash: the same text gives the same, and nobody without the store can tell from which text.

        Parameters
        ----------
        kind
            ``reference``, ``subject`` or ``session``: the same text as another kind is another hash.
        """
        return hmac.digest(self.of(site), f"{kind}\0{text}".encode(), hashlib.sha256)

    def of(self, site: str) -> bytes:
        """The secret that what belongs to a site is hashed and drawn under."""
        key = self._hashing.get(site)
        if key is None:
            # One message under this key, ever: what it encrypts to is as random as the key, and always the same.
            key = self._hashing[site] = self._cipher(site, HASHES).encrypt(bytes(NONCE_BYTES), b"hash", b"")
        return key

    def token(self, site: str, session: str, action: str, now_ms: int) -> tuple[str, int]:
        """A token for a session and an action, and when it expires."""
        expires = now_ms + TOKEN_MS
        nonce = os.urandom(NONCE_BYTES)
        told = msgspec.msgpack.encode([session, action, expires])
        sealed = self._cipher(site, TOKENS).encrypt(nonce, told, bound("token", site, ""))
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode(), expires

    def opened(self, site: str, text: str, session: str, action: str, now_ms: int) -> Token:
        """What a token says, if it is one of ours for this session and action, and still good.

        Raises
        ------
        WatchworthyError
            ``token_foreign``, ``token_expired``.
        """
        try:
            if len(text) > LONGEST_TOKEN:
                raise ValueError
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            nonce, sealed = data[:NONCE_BYTES], data[NONCE_BYTES:]
            told = self._cipher(site, TOKENS).decrypt(nonce, sealed, bound("token", site, ""))
        except (ValueError, InvalidTag):
            raise WatchworthyError(
                "token_foreign", "The token is none of this site's; ask for a new one."
            ) from None
        theirs, what, expires = msgspec.msgpack.decode(told)
        if theirs != session or what != action:
            raise WatchworthyError(
                "token_foreign", "The token is for another session or another action; ask for a new one."
            )
        if expires < now_ms:
            raise WatchworthyError("token_expired", "The token was good for two minutes; ask for a new one.")
        return Token(theirs, what, expires, nonce)

    def sealed(self, site: str, data: bytes) -> str:
        """Data that nobody else can read or make up, as text for an address."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher(site, TOKENS).encrypt(nonce, data, bound("cursor", site, ""))
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def unsealed(self, site: str, text: str) -> bytes:
        """The reverse of ``sealed``.

        Raises
        ------
        WatchworthyError
            ``cursor_foreign`` if it is none of ours.
        """
        try:
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return self._cipher(site, TOKENS).decrypt(
                data[:NONCE_BYTES], data[NONCE_BYTES:], bound("cursor", site, "")
            )
        except (ValueError, InvalidTag):
            raise WatchworthyError(
                "cursor_foreign", "The cursor is none of ours; begin the list anew."
            ) from None

    def _cipher(self, site: str, name: str) -> AESGCM:
        self._keys.make([(site, name)])
        return self._keys.of(site, name)
