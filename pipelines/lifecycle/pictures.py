"""The pictures of a run: reliability, precision and recall, ROC with its operating points, attributions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data_contracts.assessments import OperatingPoint
from models.calibration import Floats
from models.metrics import Labels, reliability

INK, SOFT, HIT, MISS = "#2b2540", "#b9b3c9", "#7a4fbf", "#d9822b"
TITLE: Final = 48  # letters of a line of a title
LEAST_SHARE: Final = 1e-4  # what is less stands at the edge of a picture on log scales
DEPENDENCE: Final = 4  # features whose attribution is drawn against their value
DOTS: Final = 400  # rows that a picture of attributions shows


def figure(width: float = 4.6, height: float = 3.6, title: str = "") -> tuple[Any, Any]:
    """A plain figure with one pair of axes; drawn without a display."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=130, layout="constrained")
    axes = made.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8)
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    return made, axes


def draw_reliability(axes: Any, p: Floats, label: Labels, weight: Floats) -> None:
    """Predicted beside observed share, on log scales, in bins of equal weight of rows."""
    found = reliability(p, label, weight)
    said, came = [one.predicted for one in found], [one.observed for one in found]
    low = max(LEAST_SHARE, min((value for value in (*said, *came) if value > LEAST_SHARE), default=0.1) / 3)
    axes.plot([low, 1], [low, 1], color=SOFT, linewidth=1)
    axes.plot(
        np.maximum(said, low), np.maximum(came, low), marker="o", color=HIT, linewidth=1.4, clip_on=False
    )
    axes.set(xscale="log", yscale="log", xlabel="said", ylabel="was so", xlim=(low, 1), ylim=(low, 1))


def draw_precision_recall(axes: Any, p: Floats, label: Labels, weight: Floats) -> None:
    """Precision against recall at the base rate that the weights carry."""
    order = np.argsort(-p, kind="stable")
    hits, shown = np.cumsum((weight * label)[order]), np.cumsum(weight[order])
    kept = shown > 0
    axes.plot(hits[kept] / hits[-1], hits[kept] / shown[kept], color=HIT, linewidth=1.6)
    axes.axhline((weight * label).sum() / weight.sum(), color=SOFT, linewidth=1)
    axes.set(xlabel="share of positives found", ylabel="share of the found that are right", ylim=(0, 1.02))


def draw_roc(
    axes: Any, margin: Floats, label: Labels, weight: Floats, points: Sequence[OperatingPoint] = ()
) -> None:
    """Hits against false positives; a diamond where an operating point is published."""
    x, y = curve(margin, label, weight)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1)
    axes.plot(x, y, color=HIT, linewidth=1.6)
    for point in points:
        if point.threshold is not None:
            at = tuple(
                float(weight[(label == v) & (margin > point.threshold)].sum() / weight[label == v].sum())
                for v in (0, 1)
            )
            axes.plot(*at, marker="D", color=MISS, markersize=6)
            axes.annotate(
                f"≤ {100 * (point.fpr_upper or 0):.1f} % of people", at, (6, -10),
                textcoords="offset points", fontsize=7, color=INK,
            )  # fmt: skip
    axes.set(xlabel="false positives", ylabel="hits")


def curve(score: Floats, label: Labels, weight: Floats) -> tuple[Floats, Floats]:
    """False positives and hits as the threshold falls."""
    order = np.argsort(-score, kind="stable")
    negative, positive = (np.cumsum((weight * (label == v))[order]) for v in (0, 1))
    return np.append(0.0, negative / negative[-1]), np.append(0.0, positive / positive[-1])


def attributions(model: Any, x: npt.NDArray[np.float32], most: int = DOTS) -> tuple[Any, Any]:
    """Rows spread over ``x``, and the attribution of each of their features in log-odds (TreeSHAP)."""
    rows = np.ascontiguousarray(x[np.linspace(0, len(x) - 1, min(most, len(x))).astype("i8")])
    return rows, np.array([model.contributions(row)[:-1] for row in rows])


def draw_summary(axes: Any, names: Sequence[str], rows: Any, parts: Any, most: int = 12) -> None:
    """A swarm for each feature: how far it moves the margin, coloured by whether its value is low or high."""
    order = np.argsort(-np.abs(parts).mean(axis=0))[:most][::-1]
    rng = np.random.default_rng(0)
    for at, i in enumerate(order):
        value = rows[:, i].astype("f8")
        seen = ~np.isnan(value)
        rank = np.full(len(value), np.nan)
        rank[seen] = np.argsort(np.argsort(value[seen])) / max(1, seen.sum() - 1)
        spot = at + rng.uniform(-0.28, 0.28, len(value))
        axes.scatter(parts[~seen, i], spot[~seen], s=5, color=SOFT, linewidths=0)
        axes.scatter(parts[seen, i], spot[seen], s=6, c=rank[seen], cmap="cool", linewidths=0, alpha=0.8)
    axes.axvline(0, color=SOFT, linewidth=0.8)
    axes.set_yticks(range(len(order)), [names[i] for i in order], fontsize=7)
    axes.set_xlabel("moves the margin by, log-odds (blue: low value, pink: high, grey: missing)", fontsize=8)


def draw_dependence(axes: Any, name: str, value: Any, part: Any) -> None:
    """The attribution of one feature against its value."""
    axes.scatter(value, part, s=7, color=HIT, linewidths=0, alpha=0.6)
    axes.axhline(0, color=SOFT, linewidth=0.8)
    axes.set_xlabel(name, fontsize=8)
    axes.set_ylabel("log-odds", fontsize=8)


def draw_drift(axes: Any, found: Sequence[Any], most: int = 20) -> None:
    """Effect size of each feature's drift; the filled ones are no chance finding."""
    shown = sorted(found, key=lambda one: one.effect)[-most:]
    for at, one in enumerate(shown):
        axes.plot([0, one.effect], [at, at], color=SOFT, linewidth=1)
        face = MISS if one.drifted else "white"
        axes.plot(one.effect, at, "o", color=MISS if one.drifted else INK, markerfacecolor=face, markersize=5)
    axes.set_yticks(range(len(shown)), [one.name for one in shown], fontsize=7)
    axes.set_xlabel("distance moved, in spreads of the reference", fontsize=8)


def draw_run(
    folder: Path,
    p: Floats,
    margin: Floats,
    label: Labels,
    weight: Floats,
    points: Sequence[OperatingPoint],
    model: Any,
    x: npt.NDArray[np.float32],
    drift: Sequence[Any] = (),
    drift_of: str = "",
) -> list[Path]:
    """Draw every picture of a run into a folder, as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []

    def keep(one: Any, name: str) -> None:
        path = folder / f"{name}.png"
        one.savefig(path)
        made.append(path)

    one, axes = figure(title="Is what it says so?")
    draw_reliability(axes, p, label, weight)
    keep(one, "reliability")
    one, axes = figure(title="Precision and recall")
    draw_precision_recall(axes, p, label, weight)
    keep(one, "precision_recall")
    one, axes = figure(title="Hits and false positives")
    draw_roc(axes, margin, label, weight, points)
    keep(one, "roc")
    rows, parts = attributions(model, x)
    one, axes = figure(6.4, 4.6, "What moves it")
    draw_summary(axes, model.names, rows, parts)
    keep(one, "shap_summary")
    for i in np.argsort(-np.abs(parts).mean(axis=0))[:DEPENDENCE]:
        one, axes = figure(title="Attribution against value")
        draw_dependence(axes, model.names[i], rows[:, i], parts[:, i])
        keep(one, f"shap_dependence_{model.names[i]}")
    if drift:
        one, axes = figure(5.6, 4.6, "\n".join(wrap(drift_of, TITLE)))
        draw_drift(axes, drift)
        keep(one, "drift")
    return made
