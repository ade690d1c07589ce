"""The store of sealed recordings: a local folder by default, or whatever fsspec reaches by URL."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from data_contracts.errors import WatchworthyError
from pipelines.store import faults
from pipelines.store.crypto import sync_folder
from pipelines.store.database import refusal

SUFFIX: Final = ".recording"
PARTIAL: Final = ".partial"


class Objects:
    """Objects named by SHA-256 of their bytes, as ``3f/3fa9….recording``.

    Parameters
    ----------
    url
        A folder, or a URL such as ``s3://bucket/recordings``; other schemes need their fsspec package.

    Raises
    ------
    WatchworthyError
        ``store_failed`` for a scheme that is unknown, or whose package is missing.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            filesystem, root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise WatchworthyError(
                "store_failed", f"Recordings cannot be kept there: {error}.", url
            ) from error
        self._files: Any = filesystem  # fsspec has no types
        self._root = root.rstrip("/")
        self._local = isinstance(filesystem, LocalFileSystem)

    def put(self, data: bytes) -> str:
        """Write an object whole or not at all, and return its name; when this returns, it is durable."""
        digest = hashlib.sha256(data).hexdigest()
        name = f"{digest[:2]}/{digest}{SUFFIX}"
        path = self._path(name)
        partial = f"{path}.{secrets.token_hex(4)}{PARTIAL}"
        half = len(data) // 2
        try:
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self._files.open(partial, "wb") as file:
                file.write(data[:half])
                faults.reach("seal_half_written")
                file.write(data[half:])
                if self._local:
                    file.flush()
                    os.fsync(file.fileno())
            if self._local:
                os.replace(partial, path)
                folder = Path(path).parent
                sync_folder(folder)
                sync_folder(folder.parent)
            else:
                self._files.mv(partial, path)
        except OSError as error:
            self._discard(partial)
            raise refusal(error, Path(self._root)) from error
        return name

    def read(self, name: str, begin: int, end: int) -> bytes:
        """Bytes from ``begin`` to before ``end``.

        Raises
        ------
        WatchworthyError
            ``object_missing``, ``store_failed``.
        """
        try:
            data: bytes = self._files.cat_file(self._path(name), start=begin, end=end)
        except FileNotFoundError as error:
            raise WatchworthyError("object_missing", "The sealed recording is not there.", name) from error
        except OSError as error:
            raise refusal(error, Path(self._root)) from error
        return data

    def size(self, name: str) -> int:
        """Length in bytes.

        Raises
        ------
        WatchworthyError
            ``object_missing``.
        """
        try:
            return int(self._files.size(self._path(name)))
        except FileNotFoundError as error:
            raise WatchworthyError("object_missing", "The sealed recording is not there.", name) from error

    def delete(self, name: str) -> None:
        """Delete an object, if it is there."""
        self._discard(self._path(name))

    def older(self, age_ms: int) -> Iterator[str]:
        """Names of all objects, half-written ones too, that were written more than ``age_ms`` ago."""
        self._files.invalidate_cache()
        try:
            found = self._files.find(self._root, detail=True)
        except FileNotFoundError:
            return
        for path, facts in found.items():
            if path.endswith((SUFFIX, PARTIAL)) and (time.time() - _written(facts)) * 1_000 > age_ms:
                yield path[len(self._root) + 1 :]

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _discard(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self._files.rm_file(path)


def _written(facts: dict[str, Any]) -> float:
    """When a file was written, s since the epoch, by what its file system calls it; now if it does not say."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created"):
        said = facts.get(name)
        if isinstance(said, datetime):
            return said.timestamp()
        if isinstance(said, str):
            return datetime.fromisoformat(said).timestamp()
        if isinstance(said, int | float):
            return float(said)
    return time.time()
