"""The shelf of models: bundles kept whole under their digests, and the pointer that says which of them scores."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from data_contracts.errors import WatchworthyError
from models.bundle import SCORED_BY, Bundle, load, load_head

FOLDER: Final = "bundles"
POINTER: Final = "models.json"
BESIDE: Final = ("golden.json", "measures.json", "card.md", "vectors.parquet")
"""Files that do not decide a score, but tell of it, check it, or let it be compared on what it had not seen."""


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """Which bundles score.

    Attributes
    ----------
    champion
        Digest of the bundle that answers.
    challenger
        Digest of the bundle that scores in shadow; None if there is none.
    before
        Digests of the champions before this one, the latest first: what a rollback goes back to.
    since_ms, why
        When it was set, Unix ms, and the reason that was given.
    """

    champion: str
    challenger: str | None = None
    before: tuple[str, ...] = ()
    since_ms: int = 0
    why: str = ""


class Shelf:
    """The bundles of a data folder.

    Parameters
    ----------
    data_dir
        The folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER
        self._pointer = data_dir / POINTER

    def folder(self, digest: str) -> Path:
        """Where a bundle of this digest stands, or would."""
        return self._folder / digest

    def holds(self, digest: str) -> bool:
        """Whether a bundle of this digest was put here."""
        return digest.isalnum() and self.folder(digest).is_dir()

    def put(self, heads: Mapping[str, Path], digest: str = "") -> str:
        """Put a bundle here, whole or not at all, and return its digest.

        Parameters
        ----------
        heads
            Folder of each head by its name.
        digest
            Its digest, if it is known.

        Raises
        ------
        WatchworthyError
            ``model_missing`` if a head cannot be loaded.
        """
        digest = digest or Bundle({name: load_head(folder) for name, folder in heads.items()}).digest
        target = self.folder(digest)
        self._folder.mkdir(parents=True, exist_ok=True)
        if target.exists():
            for name, folder in heads.items():  # what tells of it may have been written since
                _copy(folder, target / name, BESIDE)
            return digest
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="partial-") as partial:
            for name, folder in heads.items():
                _copy(folder, Path(partial) / "whole" / name, (*SCORED_BY, *BESIDE))
            if not target.exists():
                (Path(partial) / "whole").rename(target)
        return digest

    def bundle(self, digest: str) -> Bundle:
        """Load a bundle.

        Raises
        ------
        WatchworthyError
            ``model_missing`` if it is not here, cannot be loaded, or is not what its digest says.
        """
        if not self.holds(digest):
            raise WatchworthyError(
                "model_missing", f"There is no bundle {digest} here.", str(self.folder(digest))
            )
        found = load(self.folder(digest))
        if found.digest != digest:
            raise WatchworthyError(
                "model_missing",
                f"The bundle is damaged: it has the digest {found.digest}.",
                str(self.folder(digest)),
            )
        return found

    def pointer(self) -> Pointer | None:
        """Which bundles score; None where nobody has ever said.

        Raises
        ------
        WatchworthyError
            ``model_missing`` if the file is not a pointer.
        """
        try:
            return msgspec.json.decode(self._pointer.read_bytes(), type=Pointer)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise WatchworthyError(
                "model_missing", f"The pointer to the models cannot be read: {error}.", str(self._pointer)
            ) from error

    def point(self, pointer: Pointer) -> None:
        """Say which bundles score, from one moment to the next.

        Raises
        ------
        WatchworthyError
            ``model_missing`` if one of them is not here.
        """
        for digest in (pointer.champion, pointer.challenger):
            if digest is not None and not self.holds(digest):
                raise WatchworthyError(
                    "model_missing", f"There is no bundle {digest} here.", str(self.folder(digest))
                )
        partial = self._pointer.with_suffix(f".{os.getpid()}.partial")
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(pointer)) + b"\n")
        partial.replace(self._pointer)


def _copy(source: Path, target: Path, names: tuple[str, ...]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (source / name).exists() and source != target:
            partial = target / f"{name}.partial"
            shutil.copy(source / name, partial)
            partial.replace(target / name)
