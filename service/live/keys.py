"""Keys: who may send, read, annotate or administer. Only their digests are kept, in a small database."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.store.database import SmallDatabase

ROLES: Final = ("write", "read", "annotate", "admin")
"""``write`` is public: it stands in web pages. The others are secret; ``admin`` may do what each of them may."""

FILE: Final = "admission.db"
SITE: Final = "default"
ID_BYTES: Final = 6
SECRET_BYTES: Final = 32

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    role TEXT NOT NULL,
    digest BLOB NOT NULL,
    origins TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Key:
    """One key, without its secret.

    Attributes
    ----------
    id
        Its public part, in hexadecimal.
    digest
        SHA-256 of its secret. 256 random bits need no slow hash: there is nothing to guess.
    origins
        Origins of the pages that may use it, as ``https://shop.example`` or ``https://*.shop.example``; none: any.
    created_at, revoked_at
        Seconds since the epoch.
    """

    id: str
    site: str
    role: str
    digest: bytes
    origins: tuple[str, ...]
    note: str
    created_at: int
    revoked_at: int | None

    def opens_to(self, secret: bytes) -> bool:
        """Whether this is its secret; takes the same time whether it is or not."""
        return hmac.compare_digest(self.digest, hashlib.sha256(secret).digest())

    def allows(self, origin: str | None) -> bool:
        """Whether a page of this origin may use it. It keeps strangers' pages out, not strangers' programs."""
        return not self.origins or (origin is not None and any(_matches(one, origin) for one in self.origins))


def _matches(pattern: str, origin: str) -> bool:
    scheme, star, domain = pattern.partition("://*.")
    if not star:
        return pattern == origin
    return origin.startswith(scheme + "://") and origin.endswith("." + domain)


class Keys(SmallDatabase):
    """The keys of a data folder.

    Parameters
    ----------
    data_dir
        Folder of the service; made if it is missing.

    Raises
    ------
    WatchworthyError
        What the errors of its database mean.
    """

    def __init__(self, data_dir: Path) -> None:
        self._version = -1
        self._known: dict[str, Key] = {}
        self._good: dict[str, Key] = {}  # those that were not revoked, by what stands before the secret
        super().__init__(data_dir / FILE, _TABLE)
        try:
            self.refresh()
        except BaseException:
            self.close()
            raise

    def refresh(self) -> None:
        """Read the keys again if another process has changed them."""
        with self._meant():
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._read()
                self._version = version

    def _read(self) -> None:
        rows = self._connection.execute(
            "SELECT id, site, role, digest, origins, note, created_at, revoked_at FROM keys ORDER BY created_at, id"
        ).fetchall()
        self._known = {
            key_id: Key(key_id, site, role, digest, tuple(origins.split()), note, created, revoked)
            for key_id, site, role, digest, origins, note, created, revoked in rows
        }
        known = self._known.values()
        self._good = {f"ww_{key.role}_{key.id}": key for key in known if key.revoked_at is None}

    def all(self) -> list[Key]:
        """Every key, those revoked too, the oldest first."""
        return list(self._known.values())

    def create(
        self, role: str, site: str = SITE, origins: tuple[str, ...] = (), note: str = ""
    ) -> tuple[str, Key]:
        """Make a key.

        Returns
        -------
        str, Key
            What its owner uses, which is shown this once and kept nowhere; and what is kept.

        Raises
        ------
        ValueError
            For a role that there is not, or an origin that is none.
        """
        if role not in ROLES:
            raise ValueError(f"There is no role {role!r}; choose one of {', '.join(ROLES)}.")
        for origin in origins:
            if "://" not in origin or origin.endswith("/") or any(c.isspace() for c in origin):
                raise ValueError(
                    f"{origin!r} is no origin; write it as https://shop.example, without a path."
                )
        key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_hex(SECRET_BYTES)
        key = Key(
            key_id,
            site,
            role,
            hashlib.sha256(secret.encode()).digest(),
            origins,
            note,
            int(time.time()),
            None,
        )
        with self._meant():
            self._connection.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (key.id, site, role, key.digest, " ".join(origins), note, key.created_at),
            )
            self._read()
        return f"ww_{role}_{key_id}_{secret}", key

    def revoke(self, key_id: str) -> bool:
        """Make a key worthless from now on; False if there is none of this id that is still good."""
        with self._meant():
            done = self._connection.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (int(time.time()), key_id),
            ).rowcount
            self._read()
        return bool(done)

    def find(self, text: str) -> Key | None:
        """The key that this text is, unless it was revoked."""
        named, _, secret = text.rpartition("_")
        key = self._good.get(named)
        if key is None or not secret.isascii():
            return None
        return key if key.opens_to(secret.encode()) else None

    def open_to(self, origin: str) -> bool:
        """Whether any good write key may be used from pages of this origin."""
        return any(key.role == "write" and key.allows(origin) for key in self._good.values())
