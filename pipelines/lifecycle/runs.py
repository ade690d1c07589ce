"""Runs: what is written down in the registry when a head is trained, and the starters on first use."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from models.bundle import STARTER, load_head, write_json
from models.head import Head
from models.heads import HEADS
from models.heads import head as head_of
from pipelines.datasets.examples import MARGIN, TRAIN, Examples, Progress, quiet
from pipelines.lifecycle.comparing import groups_of
from pipelines.lifecycle.held_out import VECTORS, weights
from pipelines.lifecycle.measuring import measured
from pipelines.lifecycle.moved import moved
from pipelines.lifecycle.pictures import draw_run
from pipelines.lifecycle.registry import CHAMPION, Registry, Run, Version


def record(registry: Registry, folder: Path, data_dir: Path | None = None) -> Version:
    """Write a trained head down as a run with its pictures, and register it.

    Every measure is of rows whose group the booster that scored them had not seen.

    Parameters
    ----------
    folder
        Of the head.
    data_dir
        Of a service: what it has seen is held against what the head was trained on.

    Raises
    ------
    WatchworthyError
        ``model_missing`` if there is no head in the folder; ``registry_failed``.
    """
    trained = load_head(folder)
    head, facts = head_of(trained.name), trained.facts
    tags = {
        "digest": trained.digest,
        "question": head.question,
        "data_digest": str(facts["trained"].get("vectors", "")),
        "feature_digests": json.dumps({one["name"]: one["digest"] for one in facts["features"]}),
    }
    parameters = _parameters(head, facts)
    if not (folder / VECTORS).exists():
        return registry.record(Run(head.name, folder, parameters, _told(folder), tags))
    examples, _ = Examples.read(folder / VECTORS)
    rows = examples.of(TRAIN)
    rows = rows.take(~np.isnan(rows[MARGIN]))
    group, label, margin = groups_of(rows), rows["label"], rows[MARGIN]
    p = np.array([trained.calibration.probability(m, trained.base_rate) for m in margin.tolist()])
    metrics: dict[str, float] = {}
    for one in measured(p, label, group, trained.base_rate):
        metrics |= {one.name: one.value, f"{one.name}_low": one.low, f"{one.name}_high": one.high}
    metrics |= _points(trained.points)
    drifted, between = moved(head.only(examples.names), examples, data_dir)
    with tempfile.TemporaryDirectory() as temporary:
        beside = Path(temporary)
        weight = weights(label, group, trained.base_rate)
        points = trained.points
        draw_run(beside / "plots", p, margin, label, weight, points, trained.model, rows.x, drifted, between)
        _as_json(folder, beside / "model.json")
        return registry.record(Run(head.name, folder, parameters, metrics, tags, beside))


def register_starters(registry: Registry, progress: Progress = quiet) -> list[Version]:
    """Register every starter that is not yet on record; a head without a champion gets its starter as such."""
    found = []
    names = [head.name for head in HEADS if (STARTER / head.name / "head.json").exists()]
    progress("registering the starters", len(names))
    for name in names:
        version = record(registry, STARTER / name)
        if registry.find(name, CHAMPION) is None:
            registry.alias(version, CHAMPION)
        found.append(version)
        progress("", 0)
    return found


def _parameters(head: Head, facts: dict[str, Any]) -> dict[str, Any]:
    boosting = {
        f"boosting_{name}": getattr(head.boosting, name) for name in head.boosting.__dataclass_fields__
    }
    boosting |= {f"boosting_{k}": v for k, v in facts["trained"].get("boosting", {}).items()}
    told = {k: v for k, v in facts["trained"].items() if not isinstance(v, dict)}
    return boosting | told | {"base_rate": facts["base_rate"], "head_version": facts["version"]}


def _as_json(folder: Path, target: Path) -> None:
    """Write the model as JSON: trees as LightGBM tells them, for whoever reads no text of it, or coefficients."""
    if (folder / "model.txt").exists():
        import lightgbm

        booster = lightgbm.Booster(model_str=(folder / "model.txt").read_text(encoding="utf-8"))
        write_json(target, booster.dump_model())
    elif (folder / "logistic.json").exists():
        shutil.copyfile(folder / "logistic.json", target)


def _points(points: Any) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in points:
        found[f"{one.name}_people_needed"] = float(one.people_needed)
        if one.threshold is not None:
            found |= {f"{one.name}_threshold": one.threshold, f"{one.name}_fpr_upper": one.fpr_upper or 1.0}
    return found


def _told(folder: Path) -> dict[str, float]:
    """Measures of a head that keeps no vectors, as its trainer wrote them."""
    path = folder / "measures.json"
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found = {}
    for name, values in told.items():
        for kind, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, int | float):
                found[f"{name}_{kind}"] = float(value)
    return found
