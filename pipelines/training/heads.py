"""Training a head: from data, or from the vectors that ship beside it, to a folder that the scorer loads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from data_contracts.errors import WatchworthyError
from models.bundle import STARTER, save_head, write_json
from models.golden import write_golden
from models.head import Head
from models.heads import head as head_of
from models.reason_codes import VERSION
from models.signal_rates import digests, names
from models.trees import read
from pipelines.datasets.bot import PEOPLE
from pipelines.datasets.examples import LESS, TAUGHT, Examples, Progress, counted, quiet
from pipelines.training.evaluate import plain
from pipelines.training.fit import SEED, Fitted

Trainer = Callable[[Examples, dict[str, float], int, Progress], Fitted]


def train_head(
    name: str,
    data: Path | None = None,
    out: Path = STARTER,
    *,
    vectors: Path | None = None,
    lab: Path | None = None,
    seed: int = SEED,
    progress: Progress = quiet,
) -> Path:
    """Train a head and write its folder: model, refits, calibration, points, facts, vectors, measures, card.

    Parameters
    ----------
    name
        ``bot`` or ``frustration``; ``conversion`` learns from a site's own sessions, see ``train_conversion``.
    data
        Folder with ``data/`` and ``recordings/``.
    out
        Folder of heads; this one is written to ``out / name``.
    vectors
        Train on the vectors of this file instead: from the same ones the same model comes out, bit for bit.
    lab
        Folder of what the lab recorded, with ``families/`` and ``twins/``; what is missing is left out.
    seed
        Fixes every draw.
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
    head.columns(names())
    answered: dict[str, float]
    if vectors is not None:
        examples, told = Examples.read(vectors)
        answered, seed = told["answered"], told["seed"]
        _check(head, examples, told, vectors)
    elif data is not None:
        examples, answered = _gather(name, data, lab, seed, progress)
    else:
        raise WatchworthyError(
            "training_refused", "Name a folder of data, or a file of vectors, to train on."
        )
    fitted = _trainer(name)(examples, answered, seed, progress)
    folder = out / name
    facts = _facts(head, examples, seed) | fitted.facts
    digest = save_head(folder, fitted.model, fitted.refits, fitted.calibration, fitted.points, facts)
    write_golden(folder, fitted.model, examples.of("train").x)
    kept = {"head": name, "seed": seed, "features": facts["features"], "answered": answered}
    examples.write(folder / "vectors.parquet", kept)
    write_json(folder / "measures.json", {"digest": digest} | fitted.measures)
    if name == "bot" and data is not None and (data / "data" / f"{PEOPLE}.parquet").exists():
        from pipelines.training.replays import measured

        told = measured(data / "data" / f"{PEOPLE}.parquet", _made(lab, "families"), seed, progress)
        write_json(folder / "replays.json", plain(told))
    if name == "frustration" and data is not None:
        told = {"digest": digest} | _replaced(examples, data, lab, seed, progress)
        write_json(folder / "replacement.json", plain(told))
    if name == "frustration":
        from pipelines.training import cited

        told = {"digest": digest} | cited.measured(read(fitted.model))
        write_json(folder / "cited.json", plain(told))
    from models.card import write

    write(folder)
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


def _facts(head: Head, examples: Examples, seed: int) -> dict[str, Any]:
    training = examples.of("train")
    return {
        "name": head.name,
        "version": head.version,
        "alias": "starter",
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
            "groups": counted(training["group"][training["label"] == 1].tolist()),
            "families": counted(training["family"].tolist()),
            "vectors": digest_of(examples),
        },
    }


def digest_of(examples: Examples) -> str:
    """Digest of numbers and labels, however they are stored."""
    digest = hashlib.sha256(examples.x.tobytes())
    for name in ("use", "label", "group", "person", "source"):
        digest.update("\0".join(map(str, examples[name].tolist())).encode())
    return digest.hexdigest()[:16]
