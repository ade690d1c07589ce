"""Finding the folder of a head: by path, or by what the registry calls it."""

from __future__ import annotations

from pathlib import Path

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, digest_of
from pipelines.lifecycle.held_out import VECTORS
from pipelines.lifecycle.promoting import Desk


def find(head: str, what: str, data_dir: Path, to: Path) -> Path:
    """Folder of a head.

    Parameters
    ----------
    what
        A folder of heads, the folder of the head itself, or what the registry calls a version: a number, a digest, an
        alias.
    to
        Where a version of the registry is copied to.

    Raises
    ------
    WatchworthyError
        ``model_missing`` if there is none; ``learn_missing``, ``registry_failed``.
    """
    for folder in (Path(what) / head, Path(what)):
        if (folder / "head.json").exists():
            return folder
    if Path(what).exists():
        raise WatchworthyError("model_missing", f"There is no head {head} in this folder.", what)
    from pipelines.lifecycle.registry import Registry

    registry = Registry(data_dir)
    version = registry.find(head, what)
    if version is None:
        there = ", ".join(
            f"{one.number} ({', '.join((one.digest, *one.aliases))})" for one in registry.versions(head)
        )
        raise WatchworthyError(
            "model_missing",
            f"No folder and no version of {head} is called {what!r}; the registry has {there or 'none'}.",
            registry.uri,
        )
    return registry.fetch(version, to)


def champion(head: str, desk: Desk, data_dir: Path, own: Path | None, to: Path) -> Path | None:
    """Folder of the head that scores now, with the vectors that it was trained on where these can be had.

    None if no head of this name scores.

    Raises
    ------
    WatchworthyError
        ``model_missing``, ``learn_missing``, ``registry_failed``.
    """
    now = desk.champion()
    trained = desk.shelf.bundle(now).heads.get(head)
    if trained is None:
        return None
    for folder in (own / head if own is not None else None, STARTER / head, desk.shelf.folder(now) / head):
        if folder is not None and (folder / VECTORS).exists() and digest_of(folder) == trained.digest:
            return folder
    return find(head, trained.digest, data_dir, to)
