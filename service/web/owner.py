"""The owner: lets one person in by a link that works once, and knows them again by a cookie. Only digests are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from pipelines.store.database import SmallDatabase

OWNER: Final = "owner"
"""Who says what the one person who is let in says."""
FILE: Final = "owner.db"
TOKEN_BYTES: Final = 32
LINK_S: Final = 86_400  # a link that nobody opens is worthless after a day
VISIT_S: Final = 30 * 86_400  # then the owner signs in anew

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS links (
    digest BLOB PRIMARY KEY,
    site TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS visits (
    digest BLOB PRIMARY KEY,
    site TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
"""


class Visit(NamedTuple):
    """The owner as a request knows them: the site they look at, and what each form of theirs must bear."""

    site: str
    token: str

    @property
    def form_token(self) -> str:
        """What a form must send: no other page can know it, for none can read the cookie."""
        return hmac.new(self.token.encode(), b"form", hashlib.sha256).hexdigest()

    def sent_by(self, form_token: str) -> bool:
        """Whether a form is one of ours."""
        return hmac.compare_digest(self.form_token.encode(), form_token.encode("utf-8", "replace"))


class Owner(SmallDatabase):
    """The links and visits of a data folder.

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
        self._lock = threading.Lock()
        super().__init__(data_dir / FILE, _TABLES)

    @contextmanager
    def _meant(self) -> Iterator[None]:
        """One thread at a time."""
        with self._lock, super()._meant():
            yield

    @property
    def known(self) -> bool:
        """Whether somebody has signed in before."""
        with self._meant():
            return self._connection.execute("SELECT 1 FROM visits LIMIT 1").fetchone() is not None

    def link(self, site: str) -> str:
        """The secret of a new link; those before it that were not used are worthless from now on."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._meant():
            self._connection.execute("DELETE FROM links WHERE used_at IS NULL AND site = ?", (site,))
            self._connection.execute(
                "INSERT INTO links VALUES (?, ?, ?, NULL)", (digest(token), site, int(time.time()) + LINK_S)
            )
        return token

    def good(self, link: str) -> bool:
        """Whether a link can still be used."""
        with self._meant():
            return (
                self._connection.execute(
                    "SELECT 1 FROM links WHERE digest = ? AND used_at IS NULL AND expires_at > ?",
                    (digest(link), int(time.time())),
                ).fetchone()
                is not None
            )

    def enter(self, link: str) -> Visit | None:
        """Use a link up; None if it was used before, is too old, or is none of ours."""
        now = int(time.time())
        with self._meant():
            row = self._connection.execute(
                "UPDATE links SET used_at = ? WHERE digest = ? AND used_at IS NULL AND expires_at > ? RETURNING site",
                (now, digest(link), now),
            ).fetchone()
            if row is None:
                return None
            visit = Visit(row[0], secrets.token_urlsafe(TOKEN_BYTES))
            self._connection.execute(
                "INSERT INTO visits VALUES (?, ?, ?, NULL)", (digest(visit.token), visit.site, now)
            )
        return visit

    def visit(self, token: str) -> Visit | None:
        """Who a cookie belongs to; None if they left, or it is too long ago."""
        with self._meant():
            row = self._connection.execute(
                "SELECT site FROM visits WHERE digest = ? AND ended_at IS NULL AND begun_at > ?",
                (digest(token), int(time.time()) - VISIT_S),
            ).fetchone()
        return None if row is None else Visit(row[0], token)

    def leave(self, visit: Visit) -> None:
        """End a visit: its cookie is worthless from now on."""
        with self._meant():
            self._connection.execute(
                "UPDATE visits SET ended_at = ? WHERE digest = ?", (int(time.time()), digest(visit.token))
            )


def digest(token: str) -> bytes:
    """What is kept of a token. 256 random bits need no slow hash: there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
