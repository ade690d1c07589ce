"""Training a head: from data, or from the vectors that ship beside it, to a folder that the scorer loads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, save_head, write_json
from models.bundle import digest_of as digest_of_head
from models.golden import write_golden
from models.head import Boosting, Head
from models.heads import head as head_of
from models.reason_codes import VERSION
from models.signal_rates import digests, names
from models.trees import read
from pipelines.datasets.bot import PEOPLE
from pipelines.datasets.examples import LESS, TAUGHT, TRAIN, Examples, Progress, counted, quiet
from pipelines.training.evaluate import plain
from pipelines.training.fit import SEED, Fitted

Trainer = Callable[[Examples, dict[str, float], int, Progress, Head], Fitted]
VECTORS: Final = "vectors.parquet"
TRAINED_BY_US: Final = ("bot", "frustration")
"""Heads that learn from data that this project gathered; every other learns from a site's own sessions."""


def train_head(
    name: str,
    data: Path | None = None,
    out: Path = STARTER,
    *,
    vectors: Path | None = None,
    lab: Path | None = None,
    seed: int | None = None,
    boosting: Boosting | None = None,
    progress: Progress = quiet,
) -> Path:
    """Train a head and write its folder: model, refits, calibration, points, facts, vectors, measures, card.

    Parameters
    ----------
    name
        ``bot`` or ``frustration``; other heads learn from a site's own sessions: ``train_conversion``, and
        ``pipelines.learning.site_head``.
    data
        Folder with ``data/`` and ``recordings/``.
    out
        Folder of heads; this one is written to ``out / name``.
    vectors
        Train on the vectors of this file instead: from the same ones the same model comes out, bit for bit.
    lab
        Folder of what the lab recorded, with ``families/`` and ``twins/``; what is missing is left out.
    seed
        Fixes every draw; by default that of the vectors, or ours.
    boosting
        Settings of the booster, such as a search found; the head's own by default.
    progress
        Told of what is being done.

    Returns
    -------
    Path
        The head's folder.

    Raises
    ------
    WatchworthyError
        ``training_refused`` if neither data nor vectors are given, or they do not carry the head.
    ValueError
        If there is no such head, or it reads a feature that the catalogue does not have.
    """
    head = head_of(name)
    head = replace(head, boosting=boosting or head.boosting)
    head.columns(names())
    answered: dict[str, float]
    alias, kept = "starter", dict[str, Any]()
    if vectors is not None:
        examples, told = Examples.read(vectors)
        answered = told["answered"]
        seed = told["seed"] if seed is None else seed
        if "training_set" in told:
            alias, kept = "site", {"training_set": told["training_set"]}
        if examples.guessed.any():
            raise WatchworthyError(
                "training_refused",
                "Some labels are guesses, which may only train: train with pipelines.learning.site_head, as "
                "`watchworthy train` does.",
                str(vectors),
            )
        _check(head, examples, told, vectors)
    elif data is not None:
        seed = SEED if seed is None else seed
        examples, answered = _gather(name, data, lab, seed, progress)
    else:
        raise WatchworthyError(
            "training_refused", "Name a folder of data, or a file of vectors, to train on."
        )
    fitted = _trainer(name)(examples, answered, seed, progress, head)
    folder = write_head(out / name, head, fitted, examples, seed, alias=alias, answered=answered, **kept)
    if name == "bot" and data is not None and (data / "data" / f"{PEOPLE}.parquet").exists():
        from pipelines.training.replays import measured

        told = measured(data / "data" / f"{PEOPLE}.parquet", _made(lab, "families"), seed, progress)
        write_json(folder / "replays.json", plain(told))
    if name == "frustration" and data is not None:
        told = {"digest": digest_of_head(folder)} | _replaced(examples, data, lab, seed, progress)
        write_json(folder / "replacement.json", plain(told))
    if name == "frustration":
        from pipelines.training import cited

        told = {"digest": digest_of_head(folder)} | cited.measured(read(str(fitted.model)))
        write_json(folder / "cited.json", plain(told))
    from models.card import write

    write(folder)
    return folder


def write_head(
    folder: Path,
    head: Head,
    fitted: Fitted,
    examples: Examples,
    seed: int,
    *,
    alias: str,
    **kept: Any,
) -> Path:
    """Write what was trained into its folder, all but the card: that is written once everything else is there.

    Parameters
    ----------
    examples
        What it was trained on; the margins of what had not seen a row's group stand beside each row.
    alias
        ``starter``, ``site`` or ``simulated``.
    kept
        Facts of the vectors, beside head, seed and features.
    """
    told = dict(fitted.facts)
    trained = told.pop("trained", {})
    facts = _facts(head, examples, seed, alias) | told
    facts["trained"] |= trained
    digest = save_head(folder, fitted.model, fitted.refits, fitted.calibration, fitted.points, facts)
    write_golden(folder, fitted.model, examples.of(TRAIN).x)
    examples.write(folder / VECTORS, {"head": head.name, "seed": seed, "features": facts["features"]} | kept)
    write_json(folder / "measures.json", {"digest": digest} | fitted.measures)
    return folder


def _gather(
    name: str, data: Path, lab: Path | None, seed: int, progress: Progress
) -> tuple[Examples, dict[str, float]]:
    if not data.is_dir():
        raise WatchworthyError("file_missing", "There is no folder of data of this name.", str(data))
    if name == "bot":
        from pipelines.datasets.bot import bot_examples

        return bot_examples(data, seed, progress, _made(lab, "families"))
    if name == "frustration":
        from pipelines.datasets.frustration import frustration_examples

        return frustration_examples(data, seed, progress, _made(lab, "twins"))
    raise WatchworthyError(
        "training_refused",
        f"The head {name!r} is not trained on this data; it learns from a site's own goals.",
    )


def _replaced(
    examples: Examples, data: Path, lab: Path | None, seed: int, progress: Progress
) -> dict[str, Any]:
    """What calm in place of cited moments does to the margin."""
    from pipelines.datasets.frustration import TWINS
    from pipelines.training.fit import Rows, balanced
    from pipelines.training.replacement import cases, summary

    folders = {"recordings": data / "recordings"}
    if (made := _made(lab, "twins")) is not None:
        folders[TWINS] = made
    of = examples.of(*TAUGHT)
    weight = balanced(of["label"], of["group"], of["source"])
    rows = Rows(of.x, of["label"], weight, of["group"])
    return summary(list(cases(folders, of, rows, seed, progress)))


def _made(lab: Path | None, kind: str) -> Path | None:
    """A folder of the lab's recordings, if it has an index."""
    folder = lab / kind if lab is not None else None
    return folder if folder is not None and (folder / "index.csv").exists() else None


def _trainer(name: str) -> Trainer:
    if name == "bot":
        from pipelines.training.bot import train_bot

        return train_bot
    if name == "frustration":
        from pipelines.training.frustration import train_frustration

        return train_frustration
    raise WatchworthyError("training_refused", f"The head {name!r} does not train on vectors.")


def _check(head: Head, examples: Examples, told: dict[str, Any], path: Path) -> None:
    if examples.names != head.features:
        raise WatchworthyError(
            "vector_mismatch",
            f"The vectors hold other features than the head {head.name!r} reads.",
            str(path),
        )
    changed = [f["name"] for f in told["features"] if digests().get(f["name"]) != f["digest"]]
    if changed:
        raise WatchworthyError(
            "vector_mismatch",
            f"Since these vectors were made, {', '.join(changed)} changed: train on data instead.",
            str(path),
        )


def _facts(head: Head, examples: Examples, seed: int, alias: str) -> dict[str, Any]:
    training = examples.of(TRAIN)
    own = head_of(head.name).boosting
    return {
        "name": head.name,
        "version": head.version,
        "alias": alias,
        "question": head.question,
        "base_rate": head.base_rate,
        "reason_codes": VERSION,
        "features": [{"name": name, "digest": digests()[name]} for name in head.features],
        "trained": {
            "seed": seed,
            "lightgbm": version("lightgbm"),
            "rows": len(training),
            "rows_told_less": int((examples["use"] == LESS).sum()),
            "positives": int(training["label"].sum()),
            "people": len({p for p in examples["person"][examples["source"] != "elsewhere"].tolist() if p}),
            **_named(training, alias),
            "vectors": digest_of(examples),
        }
        # Only where they are not the head's own, so that the same head written again is the same to the last byte.
        | ({"boosting": asdict(head.boosting)} if head.boosting != own else {}),
    }


def _named(training: Examples, alias: str) -> dict[str, Any]:
    """Groups and families by name: of a site's own sessions the groups are its visitors, and only counted."""
    groups = counted(training["group"][training["label"] == 1].tolist())
    families = counted(training["family"].tolist())
    if alias == "starter":
        return {"groups": groups, "families": families}
    return {"families": families} if any(families) else {}


def digest_of(examples: Examples) -> str:
    """Digest of numbers and labels, however they are stored."""
    digest = hashlib.sha256(examples.x.tobytes())
    for name in ("use", "label", "group", "person", "source"):
        digest.update("\0".join(map(str, examples[name].tolist())).encode())
    return digest.hexdigest()[:16]
