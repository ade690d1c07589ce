"""Versions of the recorder: that of this release, and each that a page may still name, kept in the data folder."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
from pathlib import Path
from typing import Final, NamedTuple

from service.web.build import BUILT

FOLDER: Final = "recorder"
NAME: Final = "watchworthy"
HASH_DIGITS: Final = 16
SOURCE: Final = BUILT / "recorder" / f"{NAME}.js"


class Version(NamedTuple):
    """One version: its name in addresses, the script, the same packed, and its digest as browsers check it."""

    name: str
    script: bytes
    packed: bytes
    integrity: str


def version_of(script: bytes) -> Version:
    """The version that a script is.

    >>> version_of(b"").name
    'e3b0c44298fc1c14'
    """
    name = hashlib.sha256(script).hexdigest()[:HASH_DIGITS]
    integrity = "sha384-" + base64.b64encode(hashlib.sha384(script).digest()).decode("ascii")
    return Version(name, script, gzip.compress(script, 9, mtime=0), integrity)


class Versions:
    """The versions in a data folder; that of this release is put into it.

    Parameters
    ----------
    data_dir
        Folder of the service.
    source
        The script of this release.

    Attributes
    ----------
    newest
        That of this release, or None where nothing was built.
    """

    def __init__(self, data_dir: Path, source: Path = SOURCE) -> None:
        self._folder = data_dir / FOLDER
        self._known: dict[str, Version] = {}
        self.newest = version_of(source.read_bytes()) if source.is_file() else None
        for path in sorted(self._folder.glob(f"{NAME}.*.js")):
            kept = version_of(path.read_bytes())
            if path.name == f"{NAME}.{kept.name}.js":  # what was changed on disk is not what pages have named
                self._known[kept.name] = kept
        if self.newest and self.newest.name not in self._known:
            self._keep(self.newest)
            self._known[self.newest.name] = self.newest

    def find(self, name: str) -> Version | None:
        """The version of this name."""
        return self._known.get(name)

    def _keep(self, version: Version) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{NAME}.{version.name}.js"
            beside = path.with_suffix(".part")
            beside.write_bytes(version.script)
            os.replace(beside, path)
        except OSError:
            return  # a folder that cannot be written to keeps no older versions, and serves this one all the same
