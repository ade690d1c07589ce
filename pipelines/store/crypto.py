"""Keys of sessions, in a store apart: payloads are AES-256-GCM, each session under a random key of its own.

Session keys are wrapped by a master key from the environment or a file. To erase a session is to forget its key.
"""

from __future__ import annotations

import base64
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data_contracts.errors import WatchworthyError
from pipelines.store import faults
from pipelines.store.database import check_file, open_database, refusal
from pipelines.store.schema import KEYS
from pipelines.store.units import Name

VARIABLE: Final = "WATCHWORTHY_MASTER_KEY"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # 96 bit, as NIST SP 800-38D recommends for random nonces
REMEMBERED: Final = 8_192  # session keys kept at hand
CHECK: Final = b"watchworthy master key"

encode_json: Final = msgspec.json.Encoder().encode


def encrypt(cipher: AESGCM, data: bytes, bound_to: bytes, nonce: bytes = b"") -> bytes:
    """Nonce, then ciphertext and tag; readable only together with what it is bound to.

    Parameters
    ----------
    nonce
        Random bytes that are used for nothing else, if the caller has drawn some; else they are drawn here.
    """
    nonce = nonce or os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, data, bound_to)


def decrypt(cipher: AESGCM, data: bytes, bound_to: bytes, where: str) -> bytes:
    """The reverse of ``encrypt``.

    Raises
    ------
    WatchworthyError
        ``store_corrupt`` if the data were changed, or belong elsewhere.
    """
    try:
        return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], bound_to)
    except InvalidTag as error:
        raise WatchworthyError(
            "store_corrupt", "What is stored was changed or moved: restore it from a backup.", where
        ) from error


def bound(kind: str, site: str, session: str, *numbers: int) -> bytes:
    """What a payload is bound to: its kind, its session, its log numbers."""
    return encode_json((kind, site, session, *numbers))


def master_key(folder: Path) -> bytes:
    """The key that wraps all others: from ``WATCHWORTHY_MASTER_KEY`` (base64), else from ``master.key``.

    The file is made where there is none, readable by its owner only.

    Raises
    ------
    WatchworthyError
        ``master_key_wrong`` if it is no 32 bytes.
    """
    if said := os.environ.get(VARIABLE):
        return _read(said, VARIABLE)
    path = folder / "master.key"
    try:
        if not path.exists() and not (folder / "keys.db").exists():
            _make(path)
        return _read(path.read_text("ascii"), str(path))
    except FileNotFoundError as error:
        raise WatchworthyError(
            "master_key_wrong",
            f"The master key is gone. Restore the file, or set {VARIABLE}; a new one cannot read what is stored.",
            str(path),
        ) from error
    except UnicodeDecodeError as error:
        raise WatchworthyError("master_key_wrong", "The master key is not base64.", str(path)) from error
    except OSError as error:
        raise refusal(error, path) from error


def _read(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise WatchworthyError("master_key_wrong", "The master key must be 32 bytes in base64.", where)
    return key


def _make(path: Path) -> None:
    """Write a new key whole or not at all; where another process was quicker, its key stands."""
    partial = path.with_suffix(f".{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)
        except FileExistsError:
            return
        sync_folder(path.parent)
    finally:
        partial.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Keys:
    """The keys of all sessions of a data directory; any thread may ask.

    Attributes
    ----------
    turn
        Goes up when another process has made or erased keys: a cipher that was got before may be one that is gone.

    Raises
    ------
    WatchworthyError
        ``master_key_wrong`` if the master key is not the one that the keys were wrapped by.
    """

    def __init__(self, folder: Path) -> None:
        self._master = AESGCM(master_key(folder))
        self._path = folder / "keys.db"
        self._lock = threading.Lock()
        self._known: OrderedDict[Name, AESGCM] = OrderedDict()
        self.turn = 0
        self._version = -1
        self._connection = self._opened()
        try:
            self._check()
        except BaseException:
            self._connection.close()
            raise

    def _opened(self) -> sqlite3.Connection:
        return open_database(self._path, KEYS)

    def _mark(self) -> None:
        mark = encrypt(self._master, CHECK, CHECK)
        self._connection.execute("INSERT OR IGNORE INTO checks VALUES (1, ?)", (mark,))

    def _check(self) -> None:
        try:
            self._mark()
            (wrapped,) = self._connection.execute("SELECT wrapped FROM checks").fetchone()
        except sqlite3.Error as error:
            raise refusal(error, self._path) from error
        try:
            decrypt(self._master, wrapped, CHECK, str(self._path))
        except WatchworthyError as error:
            raise WatchworthyError(
                "master_key_wrong",
                "This is not the master key that the store was made with.",
                str(self._path),
            ) from error

    def of(self, site: str, session: str) -> AESGCM:
        """The cipher of a session.

        Raises
        ------
        WatchworthyError
            ``payload_expired`` if there is no key, or no longer.
        """
        with self._lock:
            self._look()
            cipher = self._find((site, session))
        if cipher is None:
            raise WatchworthyError("payload_expired", "The key is gone, and the recording with it.", session)
        return cipher

    def make(self, names: Iterable[Name]) -> None:
        """Have a key for each of these sessions; when this returns, they are durable."""
        with self._lock:
            made = self._make([name for name in names if name not in self._known])
        if made:
            faults.reach("key_made")

    def made(self, site: str, session: str) -> AESGCM:
        """The cipher of a session, with a new key if there is none.

        Within a transaction of the writer no key goes that is there, because ``erase`` is called in one, too.
        """
        with self._lock:
            cipher = self._find((site, session))
            if cipher is None:
                self._make([(site, session)])
                cipher = self._known[site, session]
            return cipher

    def look(self) -> None:
        """Forget the keys at hand, and raise ``turn``, if another process has made or erased some."""
        with self._lock:
            self._look()

    def erase(self, site: str, session: str) -> None:
        """Forget the key of a session: what it encrypted can never be read again."""
        with self._lock:
            self._known.pop((site, session), None)
            try:
                self._connection.execute("PRAGMA secure_delete = ON")
                self._connection.execute(
                    "DELETE FROM session_keys WHERE site = ? AND session = ?", (site, session)
                )
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the log still had the old page
            except sqlite3.Error as error:
                raise refusal(error, self._path) from error

    def wrap(self, data: bytes, bound_to: bytes) -> bytes:
        """Data under the master key itself, for what belongs to no session; readable only with what it is bound to."""
        return encrypt(self._master, data, bound_to)

    def unwrap(self, data: bytes, bound_to: bytes, where: str) -> bytes:
        """The reverse of ``wrap``.

        Raises
        ------
        WatchworthyError
            ``store_corrupt`` if the data were changed, or belong elsewhere.
        """
        return decrypt(self._master, data, bound_to, where)

    def check(self) -> None:
        """Look through the file.

        Raises
        ------
        WatchworthyError
            ``store_corrupt``, and what else its errors mean.
        """
        check_file(self._path)

    def close(self) -> None:
        """Close the store of keys."""
        with self._lock:
            self._connection.close()

    def _look(self) -> None:
        try:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            raise refusal(error, self._path) from error
        if version != self._version:
            self._version = version
            self._known.clear()
            self.turn += 1

    def _make(self, names: Collection[Name]) -> bool:
        """Make the keys that are lacking; whether there were such."""
        missing = {name for name in names if self._find(name) is None}
        if not missing:
            return False
        rows = [
            (site, session, encrypt(self._master, os.urandom(KEY_BYTES), bound("key", site, session)))
            for site, session in missing
        ]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR IGNORE INTO session_keys VALUES (?, ?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise refusal(error, self._path) from error
        for name in missing:
            self._find(name)
        return True

    def _find(self, name: Name) -> AESGCM | None:
        cipher = self._known.get(name)
        if cipher is not None:
            self._known.move_to_end(name)
            return cipher
        try:
            row = self._connection.execute(
                "SELECT wrapped FROM session_keys WHERE site = ? AND session = ?", name
            ).fetchone()
        except sqlite3.Error as error:
            raise refusal(error, self._path) from error
        if row is None:
            return None
        cipher = AESGCM(decrypt(self._master, row[0], bound("key", *name), str(self._path)))
        self._known[name] = cipher
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return cipher
