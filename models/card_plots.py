"""The pictures of a card: reliability, scores by family, and the trade of hits against false positives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def plots(folder: Path, measures: dict[str, Any]) -> list[tuple[str, str]]:
    """Draw what the measures hold, as small SVG files.

    Returns
    -------
    list of (title, file name)
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import rc_context

    made: list[tuple[str, str]] = []
    with rc_context(
        {"svg.hashsalt": "watchworthy", "svg.fonttype": "none", "font.size": 8, "font.family": "sans-serif"}
    ):
        if measures.get("calibration"):
            made.append(_reliability(folder, measures["calibration"]))
        if measures.get("scores"):
            made.append(_scores(folder, measures["scores"]))
        if (folder / "vectors.parquet").exists():
            made += _roc(folder)
    return made


def _save(figure: Any, folder: Path, name: str) -> str:
    figure.savefig(folder / name, metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    return name


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _reliability(folder: Path, told: dict[str, Any]) -> tuple[str, str]:
    figure, axes = _figure(3.4, 3.0)
    predicted = [max(b["predicted"], 1e-5) for b in told["bins"]]
    observed = [max(b["observed"], 1e-5) for b in told["bins"]]
    axes.plot([1e-5, 1], [1e-5, 1], color="0.7", linewidth=0.8)
    axes.plot(predicted, observed, marker="o", markersize=3, linewidth=1, color="#7a4fbf")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("predicted")
    axes.set_ylabel("observed")
    title = "Reliability at the base rate"
    axes.set_title(title, loc="left")
    return title, _save(figure, folder, "reliability.svg")


def _scores(folder: Path, scores: dict[str, list[float]]) -> tuple[str, str]:
    names = sorted(scores, key=lambda name: scores[name][2])
    figure, axes = _figure(5.2, 0.16 * len(names) + 0.8)
    for i, name in enumerate(names):
        low, lower, middle, upper, high = scores[name]
        axes.plot([low, high], [i, i], color="0.7", linewidth=0.8)
        axes.plot([lower, upper], [i, i], color="#7a4fbf", linewidth=2.5)
        axes.plot([middle], [i], marker="o", color="black", markersize=3)
    axes.axvline(0, color="0.8", linewidth=0.6)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("log-likelihood ratio (median, half, and 90 % of sessions), groups unseen")
    title = "Scores by family" if any(name.startswith("traces") for name in names) else "Scores by scenario"
    axes.set_title(title, loc="left")
    return title, _save(figure, folder, "scores.svg")


def _roc(folder: Path) -> list[tuple[str, str]]:
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "vectors.parquet", columns=["_use", "_label", "_source", "_margin"])
    use, source = (np.array(table[name].to_pylist(), dtype=str) for name in ("_use", "_source"))
    label, margin = table["_label"].to_numpy(), table["_margin"].to_numpy()
    figure, axes = _figure(3.4, 3.0)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8)
    drawn = False
    for where, color in (
        ("recordings", "#7a4fbf"),
        ("traces", "#1b8a8f"),
        ("elsewhere", "#c98500"),
        ("site", "#2f6db5"),
    ):
        rows = (source == where) & (use != "look") & ~np.isnan(margin)
        if len(np.unique(label[rows])) == 2:
            x, y = _curve(label[rows], margin[rows])
            axes.plot(x, y, linewidth=1.2, color=color, label=where)
            drawn = True
    if not drawn:
        return []
    axes.legend(frameon=False, loc="lower right")
    axes.set_xlabel("false positives, share of sessions")
    axes.set_ylabel("hits, share of sessions")
    title = "Hits against false positives, groups unseen"
    axes.set_title(title, loc="left")
    return [(title, _save(figure, folder, "roc.svg"))]


def _curve(label: Any, margin: Any, points: int = 120) -> tuple[Any, Any]:
    cuts = np.quantile(margin, np.linspace(1, 0, points))
    negative, positive = np.sort(margin[label == 0]), np.sort(margin[label == 1])
    return (
        1 - np.searchsorted(negative, cuts, "left") / len(negative),
        1 - np.searchsorted(positive, cuts, "left") / len(positive),
    )
